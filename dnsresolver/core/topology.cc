#include "dnsresolver/core/topology.h"

#include <algorithm>

#include "absl/strings/ascii.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"

namespace nonet::dns {
namespace {

constexpr std::array<absl::string_view, kMonitorStatuses> kStatusNames = {
    "Online", "Degraded", "CheckingEndpoint", "Disabled", "Stopped", "Inactive", "Unmonitored"};

}  // namespace

absl::string_view MonitorStatusName(MonitorStatus status) {
  return kStatusNames[static_cast<size_t>(status)];
}

std::optional<MonitorStatus> ParseMonitorStatus(absl::string_view name) {
  for (size_t i = 0; i < kStatusNames.size(); ++i) {
    if (kStatusNames[i] == name) return static_cast<MonitorStatus>(i);
  }
  return std::nullopt;
}

bool AnswersAlike(const ResourceTopology& a, const ResourceTopology& b) {
  const auto alike = [](const Endpoint& x, const Endpoint& y) {
    return x.name == y.name && x.host_name == y.host_name && x.region == y.region && x.address == y.address;
  };
  return a.name == b.name && a.host_name == b.host_name && a.primary_region == b.primary_region &&
         a.profiles == b.profiles && a.round_trips == b.round_trips &&
         std::equal(a.endpoints.begin(), a.endpoints.end(), b.endpoints.begin(), b.endpoints.end(), alike);
}

std::optional<MonitorStatus> ConfiguredStatus(const Endpoint& endpoint) {
  if (!endpoint.enabled) return MonitorStatus::kDisabled;
  if (endpoint.stopped) return MonitorStatus::kStopped;
  if (!endpoint.provisioned || !endpoint.address.has_value()) return MonitorStatus::kInactive;
  if (endpoint.probing == Probing::kUnused) return MonitorStatus::kInactive;
  if (endpoint.probing == Probing::kAlwaysServed) return MonitorStatus::kUnmonitored;
  return std::nullopt;
}

void KeepServing(ResourceTopology& resource) {
  for (const Endpoint& endpoint : resource.endpoints) {
    const std::optional<MonitorStatus> status = ConfiguredStatus(endpoint);
    if (!status.has_value() || *status == MonitorStatus::kUnmonitored) return;
  }
  for (Endpoint& endpoint : resource.endpoints) {
    const bool never_served = endpoint.provisioning_state == "Creating" || !endpoint.address.has_value();
    const bool by_operator =
        !endpoint.enabled || endpoint.stopped || endpoint.provisioning_state == "Deleting";
    if (endpoint.provisioned || never_served || by_operator) continue;
    endpoint.provisioned = true;
    endpoint.kept = true;
  }
}

std::optional<Ipv4> ParseIpv4(absl::string_view text) {
  const std::vector<absl::string_view> parts = absl::StrSplit(text, '.');
  if (parts.size() != 4) return std::nullopt;
  Ipv4 address;
  for (size_t i = 0; i < 4; ++i) {
    if (parts[i].empty() || parts[i].size() > 3 || (parts[i].size() > 1 && parts[i][0] == '0')) {
      return std::nullopt;
    }
    uint32_t value = 0;
    for (const char c : parts[i]) {
      if (!absl::ascii_isdigit(static_cast<unsigned char>(c))) return std::nullopt;
      value = value * 10 + static_cast<uint32_t>(c - '0');
    }
    if (value > 255) return std::nullopt;
    address[i] = static_cast<uint8_t>(value);
  }
  return address;
}

std::string FormatIpv4(const Ipv4& address) {
  return absl::StrCat(address[0], ".", address[1], ".", address[2], ".", address[3]);
}

}  // namespace nonet::dns
