// The supervisor's fault service, as calls that block. Thread-safe.
#pragma once

#include <memory>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "nonet/fault/v1/fault.pb.h"
#include "tools/cli/client/policy.h"

namespace nonet::cli {

class FaultClient {
 public:
  virtual ~FaultClient() = default;
  virtual absl::StatusOr<fault::v1::Fault> RegionDown(const fault::v1::SetRegionDownRequest&,
                                                      CallPolicy = {}) = 0;
  virtual absl::Status RegionUp(const fault::v1::SetRegionUpRequest&, CallPolicy = {}) = 0;
  virtual absl::StatusOr<fault::v1::Fault> Kill(const fault::v1::KillRequest&, CallPolicy = {}) = 0;
  virtual absl::StatusOr<fault::v1::Fault> Pause(const fault::v1::PauseRequest&, CallPolicy = {}) = 0;
  virtual absl::Status Resume(const fault::v1::ResumeRequest&, CallPolicy = {}) = 0;
  virtual absl::StatusOr<fault::v1::Fault> SetLink(const fault::v1::SetLinkFaultRequest&,
                                                   CallPolicy = {}) = 0;
  virtual absl::StatusOr<fault::v1::ListFaultsResponse> Heal(const fault::v1::HealLinkRequest&,
                                                             CallPolicy = {}) = 0;
  virtual absl::StatusOr<fault::v1::ListFaultsResponse> List(CallPolicy = {}) = 0;
  virtual absl::StatusOr<fault::v1::ListFaultsResponse> Clear(CallPolicy = {}) = 0;
};

// `address` is the supervisor's.
std::unique_ptr<FaultClient> ConnectFault(const std::string& address);

}  // namespace nonet::cli
