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

struct InspectTarget {
  std::string name;     // The instance's, for messages.
  std::string address;  // "ip:port"
  // Where the port wants a certificate: the directory with the supervisor's, the authority's file, and the
  // object that has to answer ("resources/contoso"). All empty: plain.
  std::string certificates = {};
  std::string authority_file = {};
  std::string object = {};
};

// FAILED_PRECONDITION when a certificate cannot be read.
absl::StatusOr<std::unique_ptr<InspectClient>> ConnectInspect(const InspectTarget& target);

}  // namespace nonet::cli
