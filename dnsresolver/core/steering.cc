#include "dnsresolver/core/steering.h"

#include <algorithm>
#include <tuple>

#include "common/regions/regions.h"
#include "dnsresolver/core/round_trips.h"

namespace nonet::dns {

PreferenceOrder OrderFor(const ResourceTopology& resource, int client_region) {
  const Region& from = Regions()[static_cast<size_t>(client_region)];
  const auto key = [&](uint8_t index) {
    const Endpoint& endpoint = resource.endpoints[index];
    const Region& to = Regions()[static_cast<size_t>(endpoint.region)];
    return std::tuple<int, bool, const std::string&>(RttMs(resource.round_trips.get(), from, to),
                                                     endpoint.region != client_region, endpoint.name);
  };
  PreferenceOrder order(resource.endpoints.size());
  for (size_t i = 0; i < order.size(); ++i) order[i] = static_cast<uint8_t>(i);
  std::sort(order.begin(), order.end(), [&](uint8_t a, uint8_t b) { return key(a) < key(b); });
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
