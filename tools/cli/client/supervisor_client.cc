#include "tools/cli/client/supervisor_client.h"

#include "absl/strings/str_cat.h"
#include "common/rpc/channel.h"
#include "nonet/supervisor/v1/supervisor.grpc.pb.h"
#include "tools/cli/client/call.h"
#include "tools/cli/client/event_reader.h"

namespace nonet::cli {
namespace {

class GrpcSupervisorClient final : public SupervisorClient {
  using Service = supervisor::v1::SupervisorService;

 public:
  GrpcSupervisorClient(const std::string& address, const std::string& token)
      : peer_(absl::StrCat("the supervisor at ", address)),
        channel_(rpc::MakeChannel(address, {.token = token})),
        stub_(channel_) {}

  absl::StatusOr<supervisor::v1::Cluster> GetCluster(CallPolicy p) override {
    return Call(*channel_, stub_, &Service::Stub::GetCluster, google::protobuf::Empty(), peer_, p);
  }
  absl::StatusOr<supervisor::v1::Cluster> WaitUntilReady(CallPolicy p) override {
    return Call(*channel_, stub_, &Service::Stub::WaitUntilReady, google::protobuf::Empty(), peer_, p);
  }
  absl::Status Shutdown(CallPolicy p) override {
    return Call(*channel_, stub_, &Service::Stub::Shutdown, google::protobuf::Empty(), peer_, p).status();
  }
  std::unique_ptr<EventStream> Watch(
      int64_t after_ns, std::function<void(const supervisor::v1::ProcessEvent&)> on_event) override {
    using Reader =
        EventReader<Service::Stub, supervisor::v1::WatchEventsRequest, supervisor::v1::ProcessEvent>;
    return std::make_unique<Reader>(channel_, after_ns, std::move(on_event));
  }

 private:
  const std::string peer_;
  const std::shared_ptr<grpc::Channel> channel_;
  Service::Stub stub_;
};

}  // namespace

std::unique_ptr<SupervisorClient> ConnectSupervisor(const std::string& address, const std::string& token) {
  return std::make_unique<GrpcSupervisorClient>(address, token);
}

}  // namespace nonet::cli
