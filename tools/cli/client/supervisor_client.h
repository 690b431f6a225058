// The supervisor, as calls that block. Thread-safe.
#pragma once

#include <functional>
#include <memory>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "nonet/supervisor/v1/supervisor.pb.h"
#include "tools/cli/client/event_stream.h"
#include "tools/cli/client/policy.h"

namespace nonet::cli {

class SupervisorClient {
 public:
  virtual ~SupervisorClient() = default;
  virtual absl::StatusOr<supervisor::v1::Cluster> GetCluster(CallPolicy = {}) = 0;
  virtual absl::StatusOr<supervisor::v1::Cluster> WaitUntilReady(CallPolicy) = 0;
  virtual absl::Status Shutdown(CallPolicy) = 0;
  // Calls `on_event` on another thread for each event until the stream is destroyed. Reconnects by itself.
  virtual std::unique_ptr<EventStream> Watch(
      int64_t after_ns, std::function<void(const supervisor::v1::ProcessEvent&)> on_event) = 0;
};

std::unique_ptr<SupervisorClient> ConnectSupervisor(const std::string& address,
                                                    const std::string& token = {});

}  // namespace nonet::cli
