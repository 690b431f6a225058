// `nonet status`: what four services say, joined on one screen. Pure; thread-safe.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "nonet/fault/v1/fault.pb.h"
#include "nonet/resource/v1/resource.pb.h"
#include "nonet/resource/v1/resource_service.pb.h"
#include "nonet/steering/v1/steering.pb.h"
#include "nonet/supervisor/v1/supervisor.pb.h"
#include "tools/cli/render/format.h"

namespace nonet::cli {

struct ResourceTree {
  resource::v1::Resource resource;
  std::vector<resource::v1::Replica> replicas;
};

// Whoever did not answer is absent, and said so in `silent`.
struct StatusReport {
  std::string dir;
  int supervisor_pid = 0;   // 0: not running.
  std::string dns_address;  // "127.0.0.1:7853"
  std::optional<supervisor::v1::Cluster> cluster;
  std::optional<std::vector<ResourceTree>> resources;
  std::optional<resource::v1::ListSubscribersResponse> subscribers;
  std::vector<resource::v1::CapacityReport> capacity;  // One a resource.
  std::optional<steering::v1::ListEndpointsResponse> endpoints;
  std::optional<fault::v1::ListFaultsResponse> faults;
  std::vector<std::string> silent;  // "control plane at 127.0.0.1:7800: connection refused"
};

// What should be up and is not, one sentence each; empty is healthy. Stopped on purpose (resourceStopped)
// and disabled are healthy; held by a fault is not.
std::vector<std::string> Unhealthy(const StatusReport& report);

// Which instance would overflow if a region fell, one sentence each. Not unhealthy: nothing has fallen yet.
std::vector<std::string> Warnings(const StatusReport& report);

View Status(const StatusReport& report, const Style& style);

// "ready", "held", ...
std::string ProcessStateName(supervisor::v1::State state);

}  // namespace nonet::cli
