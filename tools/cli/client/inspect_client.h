// One instance's inspection service, as calls that block. Thread-safe.
#pragma once

#include <memory>
#include <string>

#include "absl/status/statusor.h"
#include "nonet/inspect/v1/inspect.pb.h"
#include "tools/cli/client/policy.h"

namespace nonet::cli {

class InspectClient {
 public:
  virtual ~InspectClient() = default;
  virtual absl::StatusOr<inspect::v1::ListGapsResponse> ListGaps(CallPolicy = {}) = 0;
  virtual absl::StatusOr<inspect::v1::Audit> GetAudit(CallPolicy = {}) = 0;
  virtual absl::StatusOr<inspect::v1::Why> GetWhy(const std::string& message_id, CallPolicy = {}) = 0;
};

// `name` is the instance's, for messages; `address` is "ip:port".
std::unique_ptr<InspectClient> ConnectInspect(const std::string& name, const std::string& address);

}  // namespace nonet::cli
