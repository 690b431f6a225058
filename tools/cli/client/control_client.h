// The control plane, as calls that block. Thread-safe. A fake takes its place in tests of commands.
//
//   auto control = ConnectControl("127.0.0.1:7800");
//   ASSIGN_OR_RETURN(const Resource r, control->GetResource(request));
#pragma once

#include <memory>
#include <string>

#include "absl/status/statusor.h"
#include "nonet/resource/v1/operation.pb.h"
#include "nonet/resource/v1/resource_service.pb.h"
#include "tools/cli/client/policy.h"

namespace nonet::cli {

class ControlClient {
 public:
  virtual ~ControlClient() = default;
  using Resource = resource::v1::Resource;
  using Replica = resource::v1::Replica;
  using AccessKeys = resource::v1::AccessKeys;

  virtual absl::StatusOr<Resource> Create(const resource::v1::CreateResourceRequest&, CallPolicy = {}) = 0;
  virtual absl::StatusOr<Resource> Get(const resource::v1::GetResourceRequest&, CallPolicy = {}) = 0;
  virtual absl::StatusOr<resource::v1::ListResourcesResponse> List(const resource::v1::ListResourcesRequest&,
                                                                   CallPolicy = {}) = 0;
  virtual absl::StatusOr<Resource> Update(const resource::v1::UpdateResourceRequest&, CallPolicy = {}) = 0;
  virtual absl::StatusOr<Resource> Delete(const resource::v1::DeleteResourceRequest&, CallPolicy = {}) = 0;
  virtual absl::StatusOr<Resource> Restart(const resource::v1::RestartResourceRequest&, CallPolicy = {}) = 0;

  virtual absl::StatusOr<Replica> Create(const resource::v1::CreateReplicaRequest&, CallPolicy = {}) = 0;
  virtual absl::StatusOr<Replica> Get(const resource::v1::GetReplicaRequest&, CallPolicy = {}) = 0;
  virtual absl::StatusOr<resource::v1::ListReplicasResponse> List(const resource::v1::ListReplicasRequest&,
                                                                  CallPolicy = {}) = 0;
  virtual absl::StatusOr<Replica> Update(const resource::v1::UpdateReplicaRequest&, CallPolicy = {}) = 0;
  virtual absl::StatusOr<Replica> Delete(const resource::v1::DeleteReplicaRequest&, CallPolicy = {}) = 0;
  virtual absl::StatusOr<Replica> Restart(const resource::v1::RestartReplicaRequest&, CallPolicy = {}) = 0;

  virtual absl::StatusOr<AccessKeys> Get(const resource::v1::GetAccessKeysRequest&, CallPolicy = {}) = 0;
  virtual absl::StatusOr<AccessKeys> Regenerate(const resource::v1::RegenerateAccessKeyRequest&,
                                                CallPolicy = {}) = 0;
  virtual absl::StatusOr<resource::v1::EffectiveConfiguration> Effective(
      const resource::v1::GetEffectiveConfigurationRequest&, CallPolicy = {}) = 0;
  virtual absl::StatusOr<resource::v1::WaitForConvergenceResponse> Wait(
      const resource::v1::WaitForConvergenceRequest&, CallPolicy = {}) = 0;
  virtual absl::StatusOr<resource::v1::ListSubscribersResponse> Subscribers(CallPolicy = {}) = 0;
  virtual absl::StatusOr<resource::v1::CapacityReport> Capacity(const resource::v1::GetCapacityReportRequest&,
                                                                CallPolicy = {}) = 0;
  virtual absl::StatusOr<resource::v1::Operation> Get(const resource::v1::GetOperationRequest&,
                                                      CallPolicy = {}) = 0;
  virtual absl::StatusOr<resource::v1::ListOperationsResponse> List(
      const resource::v1::ListOperationsRequest&, CallPolicy = {}) = 0;
};

// Does not connect yet. `address` is "ip:port"; `token` the cluster's bearer token, which changes need.
std::unique_ptr<ControlClient> ConnectControl(const std::string& address, const std::string& token = {});

}  // namespace nonet::cli
