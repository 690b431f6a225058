#include "replica/server/fault_agent.h"

#include <grpcpp/grpcpp.h>

#include <utility>

#include "absl/strings/str_cat.h"
#include "common/process/log.h"
#include "common/rpc/status.h"
#include "common/rpc/tls.h"
#include "nonet/fault/v1/link.grpc.pb.h"
#include "replica/core/errors.h"
#include "replica/server/link_codec.h"

namespace nonet::replica {

class FaultAgent::Impl final : public fault::v1::FaultAgent::CallbackService {
 public:
  Impl(EventLoop& loop, LinkTable& links, std::shared_ptr<const rpc::TlsIdentity> tls)
      : loop_(loop), links_(links), tls_(std::move(tls)) {}

  grpc::ServerUnaryReactor* SetLinks(grpc::CallbackServerContext* context, const fault::v1::LinkPlan* request,
                                     fault::v1::LinkState* response) override {
    grpc::ServerUnaryReactor* reactor = context->DefaultReactor();
    absl::StatusOr<LinkPlan> plan = FromProto(*request);
    if (const absl::Status allowed = Allow(*context); !allowed.ok()) plan = allowed;
    if (!plan.ok()) {
      reactor->Finish(rpc::ToGrpc(plan.status()));
      return reactor;
    }
    loop_.Post([this, reactor, response, plan = *std::move(plan)]() mutable {
      const uint64_t number = plan.number;
      const size_t faults = plan.faults.size();
      if (links_.SetPlan(std::move(plan))) {
        log::Info("links",
                  {{"plan", number}, {"faults", faults}, {"wan", links_.plan().wan ? "measured" : "off"}});
      }
      *response = ToProto(links_);
      reactor->Finish(grpc::Status::OK);
    });
    return reactor;
  }

  grpc::ServerUnaryReactor* GetLinks(grpc::CallbackServerContext* context, const google::protobuf::Empty*,
                                     fault::v1::LinkState* response) override {
    grpc::ServerUnaryReactor* reactor = context->DefaultReactor();
    if (const absl::Status allowed = Allow(*context); !allowed.ok()) {
      reactor->Finish(rpc::ToGrpc(allowed));
      return reactor;
    }
    loop_.Post([this, reactor, response] {
      *response = ToProto(links_);
      reactor->Finish(grpc::Status::OK);
    });
    return reactor;
  }

 private:
  absl::Status Allow(const grpc::CallbackServerContext& context) const {
    if (tls_ == nullptr) return absl::OkStatus();
    const absl::StatusOr<rpc::Holder> caller = rpc::CallerOf(context, *tls_);
    if (!caller.ok()) return caller.status();
    return caller->Is(rpc::kSupervisorUri) ? absl::OkStatus() : errors::NotTheSupervisor();
  }

  EventLoop& loop_;
  LinkTable& links_;
  const std::shared_ptr<const rpc::TlsIdentity> tls_;
};

FaultAgent::FaultAgent(EventLoop& loop, LinkTable& links, std::shared_ptr<const rpc::TlsIdentity> tls)
    : impl_(std::make_unique<Impl>(loop, links, std::move(tls))) {}
FaultAgent::~FaultAgent() = default;
grpc::Service* FaultAgent::service() { return impl_.get(); }

}  // namespace nonet::replica
