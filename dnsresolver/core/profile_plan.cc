#include "dnsresolver/core/profile_plan.h"

#include <algorithm>
#include <array>
#include <map>
#include <optional>
#include <set>
#include <tuple>
#include <utility>

#include "common/base/check.h"
#include "dnsresolver/codec/name.h"
#include "dnsresolver/codec/wire.h"
#include "dnsresolver/codec/writer.h"

namespace nonet::dns {
namespace {

// A prefix that something begins at: a region, subnets, or both.
struct Place {
  IpPrefix prefix;
  std::optional<int> region;
  int subnet = -1;  // Tells subnets apart; -1: it is none.
};

bool AsksForThePlace(const Profile& profile) {
  return profile.method != RoutingMethod::kPriority && profile.method != RoutingMethod::kWeighted &&
         profile.method != RoutingMethod::kMultivalue;
}

std::vector<Place> PlacesOf(const ResourceTopology& resource, const PrefixTable& prefixes) {
  std::vector<Place> places;
  for (const PrefixTable::Entry& entry : prefixes.entries())
    places.push_back({entry.prefix, entry.region, -1});
  int subnets = 0;
  for (const Profile& profile : resource.profiles) {
    for (const ProfileEndpoint& endpoint : profile.endpoints) {
      for (const IpPrefix& subnet : endpoint.subnets) places.push_back({subnet, std::nullopt, subnets++});
    }
  }
  // Wider ones first: each comes after all that contain it. Of equal ones the region's comes last.
  const auto key = [](const Place& place) {
    return std::make_tuple(place.prefix.family, place.prefix.bits, place.prefix.length,
                           place.region.has_value());
  };
  std::stable_sort(places.begin(), places.end(),
                   [&](const Place& a, const Place& b) { return key(a) < key(b); });
  return places;
}

// `before` goes first; the addresses belong to the name at `owner_at` of the message.
Sections AddressRecords(const ResourceTopology& resource, std::span<const uint8_t> instances, uint32_t ttl_s,
                        size_t owner_at, const Sections& before) {
  std::array<uint8_t, 512> buffer;  // An alias, and at most 10 records of 16 bytes.
  Writer out(buffer);
  out.Raw(before.bytes);
  uint16_t records = before.answers;
  for (const uint8_t index : instances) {
    const std::optional<Ipv4>& address = resource.endpoints[index].address;
    if (!address.has_value()) continue;  // Cannot be: without one it is Inactive.
    out.U16(PointerTo(owner_at));
    out.U16(kTypeA);
    out.U16(kClassIn);
    out.U32(ttl_s);
    out.U16(static_cast<uint16_t>(address->size()));
    out.Raw(*address);
    ++records;
  }
  NONET_CHECK(!out.overflowed());
  return {records, 0, {buffer.begin(), buffer.begin() + static_cast<std::ptrdiff_t>(out.size())}};
}

}  // namespace

ProfilePlan::ProfilePlan(const ResourceTopology& resource, const PrefixTable& prefixes) {
  NONET_CHECK(!resource.profiles.empty());
  std::map<Rankings, int> numbers;
  const auto kind_of = [&](std::optional<int> region, const IpPrefix& client) {
    Rankings rankings = RankingsFor(resource, region, client);
    const auto [it, inserted] = numbers.try_emplace(rankings, static_cast<int>(kinds_.size()));
    if (inserted) kinds_.push_back(std::move(rankings));
    return it->second;
  };
  const int otherwise = kind_of(std::nullopt, {IpFamily::kV4, 0, 0});
  if (std::none_of(resource.profiles.begin(), resource.profiles.end(), AsksForThePlace)) {
    blocks_ = BlockTree({}, otherwise);  // One block, however many prefixes there are.
    return;
  }
  // The region and the innermost subnet decide: one look for each pair, whatever the number of prefixes.
  std::map<std::pair<std::optional<int>, int>, int> known;
  std::vector<Place> open;  // Those that contain the present one, each with what is in force there.
  std::vector<BlockTree::Mark> marks;
  for (Place& place : PlacesOf(resource, prefixes)) {
    while (!open.empty() && !open.back().prefix.Contains(place.prefix)) open.pop_back();
    if (!open.empty()) {
      if (!place.region.has_value()) place.region = open.back().region;
      if (place.subnet < 0) place.subnet = open.back().subnet;
    }
    const auto [it, inserted] = known.try_emplace({place.region, place.subnet}, 0);
    if (inserted) it->second = kind_of(place.region, place.prefix);
    marks.push_back({place.prefix, it->second});
    open.push_back(place);
  }
  blocks_ = BlockTree(marks, otherwise);
}

ProfileAnswers::ProfileAnswers(std::shared_ptr<const ProfilePlan> plan, const ResourceTopology& resource,
                               std::span<const MonitorStatus> health, const SteeringSwitches& switches,
                               const Form& form)
    : plan_(std::move(plan)), states_(StatesOf(resource.profiles, health)) {
  for (const Rankings& rankings : plan_->kinds()) {
    ByKind& kind = kinds_.emplace_back();
    kind.steered = Evaluate(resource.profiles, states_, rankings, switches);
    for (const std::vector<uint8_t>& set : kind.steered.addresses) {
      kind.addresses.push_back(AddressRecords(resource, set, form.ttl_s, kHeaderBytes, Sections()));
      if (form.alias == nullptr || form.alias->answers == 0) continue;
      // The alias is the CNAME's data, after the question and the record's head.
      const size_t alias_at = kHeaderBytes + form.name_bytes + 4 + 12;
      kind.chained.push_back(AddressRecords(resource, set, form.ttl_s, alias_at, *form.alias));
    }
  }
}

}  // namespace nonet::dns
