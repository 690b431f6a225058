// The steps of `nonet up`.
#pragma once

#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "tools/cli/args/options.h"
#include "tools/cli/commands/cluster.h"
#include "tools/cli/commands/context.h"
#include "tools/supervisor/core/settings.h"

namespace nonet::cli {

// What the directory was made with; nullopt for a new one.
absl::StatusOr<std::optional<supervisor::Settings>> ReadSettings(const std::string& dir);

// The supervisor's command line for what was given; the rest it has saved or knows.
std::vector<std::string> SupervisorArguments(const std::string& dir, const supervisor::GivenSettings& given);

// Starts the supervisor and waits for its ready file. Its pid and address, or why it ended, from its log.
absl::StatusOr<Addresses> StartSupervisor(const std::string& dir, const supervisor::GivenSettings& given,
                                          int64_t timeout_ns);

// Waits until the control plane answers; gives up early when it crashes again and again, with its last error.
absl::StatusOr<Cluster> AwaitControlPlane(const std::string& dir, Addresses addresses, int64_t timeout_ns);

// Makes the resource and the replicas that are not there, and waits until everything is ready and in DNS.
absl::Status MakeResources(const Context& context, Cluster& cluster, const std::string& name,
                           const UpOptions& options);

}  // namespace nonet::cli
