#include "tools/cli/client/fault_client.h"

#include "absl/strings/str_cat.h"
#include "common/rpc/channel.h"
#include "nonet/fault/v1/fault.grpc.pb.h"
#include "tools/cli/client/call.h"

namespace nonet::cli {
namespace {

class GrpcFaultClient final : public FaultClient {
  using Service = fault::v1::FaultService;

 public:
  GrpcFaultClient(const std::string& address, const std::string& token)
      : peer_(absl::StrCat("the supervisor at ", address)),
        channel_(rpc::MakeChannel(address, {.token = token})),
        stub_(channel_) {}

  absl::StatusOr<fault::v1::Fault> RegionDown(const fault::v1::SetRegionDownRequest& r,
                                              CallPolicy p) override {
    return Do(&Service::Stub::SetRegionDown, r, p);
  }
  absl::Status RegionUp(const fault::v1::SetRegionUpRequest& r, CallPolicy p) override {
    return Do(&Service::Stub::SetRegionUp, r, p).status();
  }
  absl::StatusOr<fault::v1::Fault> Kill(const fault::v1::KillRequest& r, CallPolicy p) override {
    return Do(&Service::Stub::Kill, r, p);
  }
  absl::StatusOr<fault::v1::Fault> Pause(const fault::v1::PauseRequest& r, CallPolicy p) override {
    return Do(&Service::Stub::Pause, r, p);
  }
  absl::Status Resume(const fault::v1::ResumeRequest& r, CallPolicy p) override {
    return Do(&Service::Stub::Resume, r, p).status();
  }
  absl::StatusOr<fault::v1::Fault> SetLink(const fault::v1::SetLinkFaultRequest& r, CallPolicy p) override {
    return Do(&Service::Stub::SetLinkFault, r, p);
  }
  absl::StatusOr<fault::v1::ListFaultsResponse> Heal(const fault::v1::HealLinkRequest& r,
                                                     CallPolicy p) override {
    return Do(&Service::Stub::HealLink, r, p);
  }
  absl::StatusOr<fault::v1::ListFaultsResponse> List(CallPolicy p) override {
    return Do(&Service::Stub::ListFaults, google::protobuf::Empty(), p);
  }
  absl::StatusOr<fault::v1::ListFaultsResponse> Clear(CallPolicy p) override {
    return Do(&Service::Stub::ClearFaults, google::protobuf::Empty(), p);
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
};

}  // namespace

std::unique_ptr<FaultClient> ConnectFault(const std::string& address, const std::string& token) {
  return std::make_unique<GrpcFaultClient>(address, token);
}

}  // namespace nonet::cli
