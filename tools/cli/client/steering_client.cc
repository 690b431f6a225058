#include "tools/cli/client/steering_client.h"

#include "absl/strings/str_cat.h"
#include "common/rpc/channel.h"
#include "nonet/steering/v1/steering.grpc.pb.h"
#include "tools/cli/client/call.h"
#include "tools/cli/client/event_reader.h"

namespace nonet::cli {
namespace {

class GrpcSteeringClient final : public SteeringClient {
  using Service = steering::v1::SteeringService;

 public:
  explicit GrpcSteeringClient(const std::string& address)
      : peer_(absl::StrCat("the resolver at ", address)),
        channel_(rpc::MakeChannel(address)),
        stub_(channel_) {}

  absl::StatusOr<steering::v1::ResolveResponse> Resolve(const steering::v1::ResolveRequest& r,
                                                        CallPolicy p) override {
    return Call(*channel_, stub_, &Service::Stub::Resolve, r, peer_, p);
  }
  absl::StatusOr<steering::v1::ExplainResponse> Explain(const steering::v1::ResolveRequest& r,
                                                        CallPolicy p) override {
    return Call(*channel_, stub_, &Service::Stub::Explain, r, peer_, p);
  }
  absl::StatusOr<steering::v1::ListEndpointsResponse> ListEndpoints(
      const steering::v1::ListEndpointsRequest& r, CallPolicy p) override {
    return Call(*channel_, stub_, &Service::Stub::ListEndpoints, r, peer_, p);
  }
  absl::StatusOr<steering::v1::ListTablesResponse> ListTables(const steering::v1::ListTablesRequest& r,
                                                              CallPolicy p) override {
    return Call(*channel_, stub_, &Service::Stub::ListTables, r, peer_, p);
  }
  absl::StatusOr<steering::v1::DiffTablesResponse> DiffTables(const steering::v1::DiffTablesRequest& r,
                                                              CallPolicy p) override {
    return Call(*channel_, stub_, &Service::Stub::DiffTables, r, peer_, p);
  }
  std::unique_ptr<EventStream> Watch(
      int64_t after_ns, std::function<void(const steering::v1::SteeringEvent&)> on_event) override {
    using Reader = EventReader<Service::Stub, steering::v1::WatchEventsRequest, steering::v1::SteeringEvent>;
    return std::make_unique<Reader>(channel_, after_ns, std::move(on_event));
  }

 private:
  const std::string peer_;
  const std::shared_ptr<grpc::Channel> channel_;
  Service::Stub stub_;
};

}  // namespace

std::unique_ptr<SteeringClient> ConnectSteering(const std::string& address) {
  return std::make_unique<GrpcSteeringClient>(address);
}

}  // namespace nonet::cli
