#include "dnsresolver/core/steering.h"

#include <algorithm>
#include <tuple>

#include "absl/container/inlined_vector.h"
#include "absl/strings/string_view.h"
#include "common/regions/regions.h"
#include "dnsresolver/core/round_trips.h"

namespace nonet::dns {

PreferenceOrder OrderFor(const ResourceTopology& resource, int client_region) {
  const Region& from = Regions()[static_cast<size_t>(client_region)];
  // Round trip in ms, then whether it is elsewhere, then the name.
  using Key = std::tuple<int, bool, absl::string_view, uint8_t>;
  absl::InlinedVector<Key, 16> keys;
  for (const Endpoint& endpoint : resource.endpoints) {
    const Region& to = Regions()[static_cast<size_t>(endpoint.region)];
    keys.emplace_back(RttMs(resource.round_trips.get(), from, to), endpoint.region != client_region,
                      endpoint.name, static_cast<uint8_t>(keys.size()));
  }
  std::sort(keys.begin(), keys.end());
  PreferenceOrder order;
  order.reserve(keys.size());
  for (const Key& key : keys) order.push_back(std::get<uint8_t>(key));
  return order;
}

Choice Choose(std::span<const uint8_t> order, std::span<const MonitorStatus> statuses) {
  Choice degraded;
  for (const uint8_t index : order) {
    switch (statuses[index]) {
      case MonitorStatus::kOnline:
      case MonitorStatus::kCheckingEndpoint:
      case MonitorStatus::kUnmonitored:
        return {index, false};
      case MonitorStatus::kDegraded:
        if (degraded.endpoint < 0) degraded = {index, true};
        break;
      case MonitorStatus::kDisabled:
      case MonitorStatus::kStopped:
      case MonitorStatus::kInactive:
        break;
    }
  }
  return degraded;
}

}  // namespace nonet::dns
