// The steering data that peers are configured with, so that all servers answer alike: for every region its
// IPv4 prefixes and contoso's nine regions, nearest first by the measured round trips.
//
//   dns_peer_maps        "10.15.0.0/16 eastus centralus ...", a line a prefix; "default ..." at the end
#include <algorithm>
#include <iostream>
#include <string>
#include <tuple>
#include <vector>

#include "bench/dns/contoso.h"
#include "common/regions/regions.h"

namespace nonet::bench {
namespace {

std::string NearestFirst(const Region& from) {
  std::vector<const Region*> regions;
  for (const absl::string_view name : kContosoRegions) regions.push_back(FindRegion(name));
  const auto key = [&](const Region* to) {
    return std::make_tuple(RttMs(from, *to), to->number != from.number, to->name != kContosoRegions[0],
                           to->name);
  };
  std::sort(regions.begin(), regions.end(),
            [&](const Region* a, const Region* b) { return key(a) < key(b); });
  std::string text;
  for (const Region* region : regions) text += " " + std::string(region->name);
  return text;
}

}  // namespace
}  // namespace nonet::bench

int main() {
  for (const nonet::Region& region : nonet::Regions()) {
    const std::string order = nonet::bench::NearestFirst(region);
    std::cout << nonet::PrivatePrefix(region) << order << "\n"
              << nonet::LoopbackPrefix(region) << order << "\n";
  }
  std::cout << "default" << nonet::bench::NearestFirst(*nonet::FindRegion(nonet::bench::kContosoRegions[0]))
            << "\n";
}
