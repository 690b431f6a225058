#include "dnsresolver/core/profile.h"

#include <algorithm>
#include <array>
#include <tuple>

#include "common/base/check.h"
#include "common/regions/geo.h"
#include "common/regions/regions.h"
#include "dnsresolver/core/limits.h"
#include "dnsresolver/core/round_trips.h"
#include "dnsresolver/core/topology.h"

namespace nonet::dns {
namespace {

constexpr std::array<absl::string_view, 7> kMethodNames = {
    "performance", "priority", "weighted", "geographic", "multivalue", "subnet", "front door"};

// Ties go to the client's own region, then to the lower priority value, then by name.
Ranking ByLatency(const Profile& profile, int client, const RoundTrips* supposed) {
  const auto rtt = [&](uint8_t index) {
    return RttMs(supposed, RegionAt(client), RegionAt(profile.endpoints[index].region));
  };
  const auto key = [&](uint8_t index) {
    const ProfileEndpoint& endpoint = profile.endpoints[index];
    return std::make_tuple(rtt(index), endpoint.region != client, endpoint.priority,
                           absl::string_view(endpoint.name), index);
  };
  Ranking ranking;
  const auto count = static_cast<uint8_t>(profile.endpoints.size());
  for (uint8_t i = 0; i < count; ++i) ranking.order.push_back(i);
  std::sort(ranking.order.begin(), ranking.order.end(),
            [&](uint8_t a, uint8_t b) { return key(a) < key(b); });
  if (profile.method != RoutingMethod::kFrontDoor) return ranking;
  for (uint8_t i = 0; i < count; ++i) {
    uint32_t within = 0;
    for (uint8_t j = 0; j < count; ++j) {
      const int64_t most = int64_t{rtt(i)} + profile.latency_sensitivity_ms;
      if (rtt(j) <= most) within |= uint32_t{1} << j;
    }
    ranking.within.push_back(within);
  }
  return ranking;
}

Ranking ByGeography(const Profile& profile, std::optional<int> client) {
  const std::vector<std::string> codes =
      client.has_value() ? GeoCodesOf(RegionAt(*client)) : std::vector<std::string>{"WORLD"};
  Ranking ranking;
  for (const std::string& code : codes) {
    for (size_t i = 0; i < profile.endpoints.size(); ++i) {
      const std::vector<std::string>& geo = profile.endpoints[i].geo;
      const auto index = static_cast<uint8_t>(i);
      if (std::find(geo.begin(), geo.end(), code) == geo.end()) continue;
      if (std::find(ranking.order.begin(), ranking.order.end(), index) == ranking.order.end()) {
        ranking.order.push_back(index);
      }
    }
  }
  return ranking;
}

Ranking BySubnet(const Profile& profile, const IpPrefix& client) {
  Ranking ranking;
  for (size_t i = 0; i < profile.endpoints.size(); ++i) {
    const std::vector<IpPrefix>& subnets = profile.endpoints[i].subnets;
    if (std::any_of(subnets.begin(), subnets.end(),
                    [&](const IpPrefix& subnet) { return subnet.Contains(client); })) {
      ranking.order.push_back(static_cast<uint8_t>(i));
    }
  }
  for (size_t i = 0; i < profile.endpoints.size(); ++i) {
    if (profile.endpoints[i].subnets.empty()) ranking.order.push_back(static_cast<uint8_t>(i));
  }
  return ranking;
}

}  // namespace

absl::string_view RoutingMethodName(RoutingMethod method) {
  return kMethodNames[static_cast<size_t>(method)];
}

Rankings RankingsFor(const ResourceTopology& resource, std::optional<int> region, const IpPrefix& client) {
  Rankings rankings;
  for (const Profile& profile : resource.profiles) {
    NONET_CHECK(profile.endpoints.size() <= kProfileEndpointsMax);
    switch (profile.method) {
      case RoutingMethod::kPerformance:
      case RoutingMethod::kFrontDoor:
        rankings.push_back(
            ByLatency(profile, region.value_or(resource.primary_region), resource.round_trips.get()));
        break;
      case RoutingMethod::kGeographic:
        rankings.push_back(ByGeography(profile, region));
        break;
      case RoutingMethod::kSubnet:
        rankings.push_back(BySubnet(profile, client));
        break;
      case RoutingMethod::kPriority:
      case RoutingMethod::kWeighted:
      case RoutingMethod::kMultivalue:
        rankings.emplace_back();
        break;
    }
  }
  return rankings;
}

std::vector<IpPrefix> PrefixesOf(bool v6, absl::uint128 first, absl::uint128 last) {
  const IpFamily family = v6 ? IpFamily::kV6 : IpFamily::kV4;
  const int bits = BitsOf(family);
  std::vector<IpPrefix> prefixes;
  while (true) {
    // The widest block that begins at `first` and ends by `last`.
    int host = 0;
    while (host < bits) {
      const absl::uint128 mask = host + 1 == 128 ? ~absl::uint128(0) : (absl::uint128(1) << (host + 1)) - 1;
      if ((first & mask) != 0 || (first | mask) > last) break;
      ++host;
    }
    prefixes.push_back({family, bits - host, first << (128 - bits)});
    const absl::uint128 end = first | (host == 128 ? ~absl::uint128(0) : (absl::uint128(1) << host) - 1);
    if (end >= last) return prefixes;
    first = end + 1;
  }
}

}  // namespace nonet::dns
