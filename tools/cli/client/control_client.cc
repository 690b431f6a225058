#include "tools/cli/client/control_client.h"

#include "absl/strings/str_cat.h"
#include "common/rpc/channel.h"
#include "nonet/resource/v1/operation.grpc.pb.h"
#include "nonet/resource/v1/resource_service.grpc.pb.h"
#include "tools/cli/client/call.h"

namespace nonet::cli {
namespace {

class GrpcControlClient final : public ControlClient {
  using Service = resource::v1::ResourceService;
  using Operations = resource::v1::OperationService;

 public:
  GrpcControlClient(const std::string& address, const std::string& token)
      : peer_(absl::StrCat("the control plane at ", address)),
        channel_(rpc::MakeChannel(address, {.token = token})),
        stub_(channel_),
        operations_(channel_) {}

  absl::StatusOr<Resource> Create(const resource::v1::CreateResourceRequest& r, CallPolicy p) override {
    return Do(&Service::Stub::CreateResource, r, p);
  }
  absl::StatusOr<Resource> Get(const resource::v1::GetResourceRequest& r, CallPolicy p) override {
    return Do(&Service::Stub::GetResource, r, p);
  }
  absl::StatusOr<resource::v1::ListResourcesResponse> List(const resource::v1::ListResourcesRequest& r,
                                                           CallPolicy p) override {
    return Do(&Service::Stub::ListResources, r, p);
  }
  absl::StatusOr<Resource> Update(const resource::v1::UpdateResourceRequest& r, CallPolicy p) override {
    return Do(&Service::Stub::UpdateResource, r, p);
  }
  absl::StatusOr<Resource> Delete(const resource::v1::DeleteResourceRequest& r, CallPolicy p) override {
    return Do(&Service::Stub::DeleteResource, r, p);
  }
  absl::StatusOr<Resource> Restart(const resource::v1::RestartResourceRequest& r, CallPolicy p) override {
    return Do(&Service::Stub::RestartResource, r, p);
  }
  absl::StatusOr<Replica> Create(const resource::v1::CreateReplicaRequest& r, CallPolicy p) override {
    return Do(&Service::Stub::CreateReplica, r, p);
  }
  absl::StatusOr<Replica> Get(const resource::v1::GetReplicaRequest& r, CallPolicy p) override {
    return Do(&Service::Stub::GetReplica, r, p);
  }
  absl::StatusOr<resource::v1::ListReplicasResponse> List(const resource::v1::ListReplicasRequest& r,
                                                          CallPolicy p) override {
    return Do(&Service::Stub::ListReplicas, r, p);
  }
  absl::StatusOr<Replica> Update(const resource::v1::UpdateReplicaRequest& r, CallPolicy p) override {
    return Do(&Service::Stub::UpdateReplica, r, p);
  }
  absl::StatusOr<Replica> Delete(const resource::v1::DeleteReplicaRequest& r, CallPolicy p) override {
    return Do(&Service::Stub::DeleteReplica, r, p);
  }
  absl::StatusOr<Replica> Restart(const resource::v1::RestartReplicaRequest& r, CallPolicy p) override {
    return Do(&Service::Stub::RestartReplica, r, p);
  }
  absl::StatusOr<AccessKeys> Get(const resource::v1::GetAccessKeysRequest& r, CallPolicy p) override {
    return Do(&Service::Stub::GetAccessKeys, r, p);
  }
  absl::StatusOr<AccessKeys> Regenerate(const resource::v1::RegenerateAccessKeyRequest& r,
                                        CallPolicy p) override {
    return Do(&Service::Stub::RegenerateAccessKey, r, p);
  }
  absl::StatusOr<resource::v1::EffectiveConfiguration> Effective(
      const resource::v1::GetEffectiveConfigurationRequest& r, CallPolicy p) override {
    return Do(&Service::Stub::GetEffectiveConfiguration, r, p);
  }
  absl::StatusOr<resource::v1::WaitForConvergenceResponse> Wait(
      const resource::v1::WaitForConvergenceRequest& r, CallPolicy p) override {
    return Do(&Service::Stub::WaitForConvergence, r, p);
  }
  absl::StatusOr<resource::v1::ListSubscribersResponse> Subscribers(CallPolicy p) override {
    return Do(&Service::Stub::ListSubscribers, google::protobuf::Empty(), p);
  }
  absl::StatusOr<resource::v1::CapacityReport> Capacity(const resource::v1::GetCapacityReportRequest& r,
                                                        CallPolicy p) override {
    return Do(&Service::Stub::GetCapacityReport, r, p);
  }
  absl::StatusOr<resource::v1::Operation> Get(const resource::v1::GetOperationRequest& r,
                                              CallPolicy p) override {
    return Call(*channel_, operations_, &Operations::Stub::GetOperation, r, peer_, p);
  }
  absl::StatusOr<resource::v1::ListOperationsResponse> List(const resource::v1::ListOperationsRequest& r,
                                                            CallPolicy p) override {
    return Call(*channel_, operations_, &Operations::Stub::ListOperations, r, peer_, p);
  }

 private:
  template <typename Request, typename Response>
  absl::StatusOr<Response> Do(grpc::Status (Service::Stub::*method)(grpc::ClientContext*, const Request&,
                                                                    Response*),
                              const Request& request, const CallPolicy& policy) {
    return Call(*channel_, stub_, method, request, peer_, policy);
  }

  const std::string peer_;
  const std::shared_ptr<grpc::Channel> channel_;
  Service::Stub stub_;
  Operations::Stub operations_;
};

}  // namespace

std::unique_ptr<ControlClient> ConnectControl(const std::string& address, const std::string& token) {
  return std::make_unique<GrpcControlClient>(address, token);
}

}  // namespace nonet::cli
