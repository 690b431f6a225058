// The running cluster of a directory: who answers where.
//
//   ASSIGN_OR_RETURN(Cluster cluster, Connect(context.dir));
//   ASSIGN_OR_RETURN(const auto list, cluster.control->List(...));
#pragma once

#include <memory>
#include <optional>
#include <string>

#include "absl/status/statusor.h"
#include "tools/cli/client/child_client.h"
#include "tools/cli/client/control_client.h"
#include "tools/cli/client/fault_client.h"
#include "tools/cli/client/steering_client.h"
#include "tools/cli/client/supervisor_client.h"

namespace nonet::cli {

struct Addresses {
  int supervisor_pid = 0;  // 0: it is not running; everything else may be.
  std::string supervisor;  // "ip:port" each; empty when unknown.
  std::string control;
  std::string steering;
  std::string dns;
  std::string token;  // The bearer token that changes need; empty when there is none.
};

struct Cluster {
  Addresses addresses;
  std::unique_ptr<ControlClient> control;  // Never null: without an address, calls say UNAVAILABLE.
  std::unique_ptr<ChildClient> children;
  std::unique_ptr<SteeringClient> steering;
  std::unique_ptr<SupervisorClient> supervisor;
  std::unique_ptr<FaultClient> fault;
};

// The supervisor that runs for this directory now. nullopt when its file is stale.
std::optional<Addresses> FindSupervisor(const std::string& dir);

// From ready files, cluster.json and the supervisor, in this order. NOT_RUNNING when no process of the
// directory runs.
absl::StatusOr<Addresses> FindAddresses(const std::string& dir);

Cluster ConnectTo(const Addresses& addresses);
absl::StatusOr<Cluster> Connect(const std::string& dir);

}  // namespace nonet::cli
