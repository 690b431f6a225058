#include "tools/supervisor/server/link_pusher.h"

#include <grpcpp/grpcpp.h>

#include <chrono>
#include <map>
#include <string>
#include <utility>

#include "absl/strings/str_cat.h"
#include "common/rpc/channel.h"
#include "common/rpc/status.h"
#include "common/rpc/tls.h"
#include "nonet/fault/v1/link.grpc.pb.h"
#include "tools/supervisor/core/limits.h"

namespace nonet::supervisor {
namespace {

class GrpcLinkPusher final : public LinkPusher {
 public:
  GrpcLinkPusher(EventLoop& loop, std::shared_ptr<const rpc::TlsIdentity> tls)
      : loop_(loop), tls_(std::move(tls)) {}

  void Push(const std::string& object, const std::string& address, const fault::v1::LinkPlan& plan,
            Done done) override {
    auto call = std::make_shared<LinkCall>();  // Held by its own callback.
    call->channel = rpc::MakeChannel(address, {.tls = tls_, .server_uri = rpc::UriOf(object)});
    call->stub = fault::v1::FaultAgent::NewStub(call->channel);
    call->request = plan;
    call->done = std::move(done);
    call->context.set_deadline(std::chrono::system_clock::time_point(
        std::chrono::nanoseconds(loop_.clock().WallNs() + kLinkPushWaitNs)));
    call->stub->async()->SetLinks(
        &call->context, &call->request, &call->response,
        [&loop = loop_, alive = std::weak_ptr<int>(alive_), call,
         address](const grpc::Status& status) mutable {
          loop.Post([alive, call = std::move(call), result = rpc::FromGrpc(status, address)] {
            if (alive.expired()) return;
            if (result.ok()) return call->done(call->response.number());
            call->done(result);
          });
        });
  }

 private:
  struct LinkCall {
    std::shared_ptr<grpc::Channel> channel;
    std::unique_ptr<fault::v1::FaultAgent::Stub> stub;
    grpc::ClientContext context;
    fault::v1::LinkPlan request;
    fault::v1::LinkState response;
    Done done;
  };
  EventLoop& loop_;
  const std::shared_ptr<const rpc::TlsIdentity> tls_;
  const std::shared_ptr<int> alive_ = std::make_shared<int>(0);
};

}  // namespace

std::unique_ptr<LinkPusher> MakeGrpcLinkPusher(EventLoop& loop, std::shared_ptr<const rpc::TlsIdentity> tls) {
  return std::make_unique<GrpcLinkPusher>(loop, std::move(tls));
}

}  // namespace nonet::supervisor
