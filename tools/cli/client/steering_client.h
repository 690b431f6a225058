// The resolver's steering service, as calls that block. Thread-safe.
#pragma once

#include <functional>
#include <memory>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "nonet/steering/v1/steering.pb.h"
#include "tools/cli/client/event_stream.h"
#include "tools/cli/client/policy.h"

namespace nonet::cli {

class SteeringClient {
 public:
  virtual ~SteeringClient() = default;
  virtual absl::StatusOr<steering::v1::ResolveResponse> Resolve(const steering::v1::ResolveRequest&,
                                                                CallPolicy = {}) = 0;
  virtual absl::StatusOr<steering::v1::ExplainResponse> Explain(const steering::v1::ResolveRequest&,
                                                                CallPolicy = {}) = 0;
  virtual absl::StatusOr<steering::v1::ListEndpointsResponse> ListEndpoints(
      const steering::v1::ListEndpointsRequest&, CallPolicy = {}) = 0;
  virtual absl::StatusOr<steering::v1::ListTablesResponse> ListTables(const steering::v1::ListTablesRequest&,
                                                                      CallPolicy = {}) = 0;
  virtual absl::StatusOr<steering::v1::DiffTablesResponse> DiffTables(const steering::v1::DiffTablesRequest&,
                                                                      CallPolicy = {}) = 0;
  // Calls `on_event` on another thread for each event until the stream is destroyed. Reconnects by itself.
  virtual std::unique_ptr<EventStream> Watch(
      int64_t after_ns, std::function<void(const steering::v1::SteeringEvent&)> on_event) = 0;
};

std::unique_ptr<SteeringClient> ConnectSteering(const std::string& address);

}  // namespace nonet::cli
