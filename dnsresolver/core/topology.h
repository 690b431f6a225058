// What the resolver steers between: resources and their endpoints, as plain values. Pure.
#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "absl/strings/string_view.h"
#include "dnsresolver/core/profile.h"

namespace nonet::dns {

class RoundTrips;

// An endpoint's monitor status, in Azure Traffic Manager's words.
enum class MonitorStatus : uint8_t {
  kOnline,            // The last probe succeeded, or too few failed since.
  kDegraded,          // More consecutive probes failed than are tolerated.
  kCheckingEndpoint,  // No verdict yet; counts as healthy.
  kDisabled,          // Taken out of DNS by configuration; not probed.
  kStopped,           // Its data plane is stopped; not probed.
  kInactive,          // Not provisioned (yet, or any more), or in no enabled profile; not probed.
  kUnmonitored,       // Always served, by configuration; not probed.
};
inline constexpr int kMonitorStatuses = 7;
absl::string_view MonitorStatusName(MonitorStatus status);  // "Online"
std::optional<MonitorStatus> ParseMonitorStatus(absl::string_view name);

using Ipv4 = std::array<uint8_t, 4>;

// What the profiles of a resource want to know of an instance.
enum class Probing : uint8_t {
  kProbed,
  kAlwaysServed,  // Whoever names it serves it whatever its health.
  kUnused,        // No enabled profile names it.
};

// One instance: the primary's or a replica's.
struct Endpoint {
  std::string name;             // "resources/contoso/replicas/westus"
  std::string host_name;        // "contoso-westus-1a2b3c4d.webpubsub.azure.com"
  int region = 0;               // Number in common/regions.
  std::optional<Ipv4> address;  // Unknown until the instance first reported.
  uint16_t http_port = 0;
  uint16_t https_port = 0;
  bool enabled = true;
  bool stopped = false;
  bool provisioned = true;         // Provisioning state Succeeded, or kept.
  bool kept = false;               // By KeepServing.
  std::string provisioning_state;  // "Creating": for the explanation.
  Probing probing = Probing::kProbed;

  friend bool operator==(const Endpoint&, const Endpoint&) = default;
};

struct ResourceTopology {
  std::string name;       // "resources/contoso"
  std::string host_name;  // "contoso.webpubsub.azure.com"
  int primary_region = 0;
  std::vector<Endpoint> endpoints;  // Sorted by name: the primary's first.
  // Parents before children, the top one first. Empty: by performance, over all endpoints.
  std::vector<Profile> profiles;

  // Supposed ones to steer by; nullptr: the built-in ones.
  std::shared_ptr<const RoundTrips> round_trips;

  friend bool operator==(const ResourceTopology&, const ResourceTopology&) = default;
};

struct Topology {
  std::vector<ResourceTopology> resources;  // Sorted by name.
  uint64_t revision = 0;
  // False before any configuration was seen: then nothing can be said not to exist.
  bool known = true;

  friend bool operator==(const Topology&, const Topology&) = default;
};

// Whether answers of both are compiled alike: they differ in nothing but what decides the endpoints'
// statuses.
bool AnswersAlike(const ResourceTopology& a, const ResourceTopology& b);

// The status that configuration alone decides; nullopt: the endpoint is probed.
std::optional<MonitorStatus> ConfiguredStatus(const Endpoint& endpoint);

// Static stability: what the control plane says of provisioning never leaves a resource without an endpoint
// that it had. When none is in service, those that an operator neither disabled, stopped nor is deleting, and
// that were in service once (their address is known), go on.
void KeepServing(ResourceTopology& resource);

std::optional<Ipv4> ParseIpv4(absl::string_view text);
std::string FormatIpv4(const Ipv4& address);

}  // namespace nonet::dns
