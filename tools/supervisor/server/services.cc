#include "tools/supervisor/server/services.h"

#include <grpcpp/grpcpp.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <deque>
#include <optional>
#include <utility>

#include "absl/synchronization/mutex.h"
#include "common/base/error.h"
#include "common/rpc/status.h"
#include "nonet/fault/v1/fault.grpc.pb.h"
#include "nonet/supervisor/v1/supervisor.grpc.pb.h"
#include "tools/supervisor/core/errors.h"
#include "tools/supervisor/core/limits.h"

namespace nonet::supervisor {
namespace {

using google::protobuf::Empty;
using grpc::CallbackServerContext;
using grpc::ServerUnaryReactor;

void SetTime(int64_t wall_ns, google::protobuf::Timestamp* time) {
  time->set_seconds(wall_ns / kNanosPerSecond);
  time->set_nanos(static_cast<int32_t>(wall_ns % kNanosPerSecond));
}

// `held`: a kill that lasts.
fault::v1::Fault ToProto(const Fault& fault, bool held, const Supervisor& supervisor) {
  fault::v1::Fault proto;
  proto.set_name(fault.name);
  SetTime(fault.start_wall_ns, proto.mutable_start_time());
  const std::string process = fault.name.substr(fault.name.find('/') + 1);
  switch (fault.kind) {
    case Fault::Kind::kRegionDown:
      proto.mutable_region_down()->set_region(fault.subject);
      proto.mutable_region_down()->set_mode(fault.mode == RegionDownMode::kHang
                                                ? fault::v1::REGION_DOWN_MODE_HANG
                                                : fault::v1::REGION_DOWN_MODE_REFUSE);
      break;
    case Fault::Kind::kPause:
      proto.set_paused_process(process);
      break;
    case Fault::Kind::kKill:
      held ? proto.set_held_process(process) : proto.set_killed_process(process);
      break;
    case Fault::Kind::kLink:
      proto.mutable_link()->set_kind(ToProto(fault.link.kind));
      proto.mutable_link()->set_a(supervisor.SideName(fault.link.a));
      proto.mutable_link()->set_b(supervisor.SideName(fault.link.b));
      proto.mutable_link()->set_one_way(fault.link.one_way);
      proto.mutable_link()->set_amount(fault.link.amount);
      break;
  }
  return proto;
}

void ToProto(const std::vector<Fault>& faults, const Supervisor& supervisor,
             fault::v1::ListFaultsResponse* response) {
  for (const Fault& fault : faults) *response->add_faults() = ToProto(fault, /*held=*/true, supervisor);
}

// Answers a unary call from the loop with what `call()` returns there.
template <typename Call>
ServerUnaryReactor* OnLoop(EventLoop& loop, CallbackServerContext* context, Call call) {
  ServerUnaryReactor* reactor = context->DefaultReactor();
  loop.Post([reactor, call = std::move(call)]() mutable { reactor->Finish(rpc::ToGrpc(call())); });
  return reactor;
}

// The same for a call that answers later: `call(reactor)` sees to it.
template <typename Call>
ServerUnaryReactor* LaterOnLoop(EventLoop& loop, CallbackServerContext* context, Call call) {
  ServerUnaryReactor* reactor = context->DefaultReactor();
  loop.Post([reactor, call = std::move(call)]() mutable { call(reactor); });
  return reactor;
}

class FaultServiceImpl final : public fault::v1::FaultService::CallbackService {
 public:
  FaultServiceImpl(EventLoop& loop, Supervisor& supervisor) : loop_(loop), supervisor_(supervisor) {}

  ServerUnaryReactor* SetRegionDown(CallbackServerContext* context,
                                    const fault::v1::SetRegionDownRequest* request,
                                    fault::v1::Fault* response) override {
    return LaterOnLoop(loop_, context, [this, request, response](ServerUnaryReactor* reactor) {
      RegionDownMode mode = RegionDownMode::kRefuse;
      switch (request->mode()) {
        case fault::v1::REGION_DOWN_MODE_UNSPECIFIED:
        case fault::v1::REGION_DOWN_MODE_REFUSE:
          break;
        case fault::v1::REGION_DOWN_MODE_HANG:
          mode = RegionDownMode::kHang;
          break;
        default:
          return reactor->Finish(rpc::ToGrpc(UnknownMode()));
      }
      supervisor_.SetRegionDown(request->region(), mode, [=, this](absl::StatusOr<Fault> fault) {
        reactor->Finish(rpc::ToGrpc(Put(fault, false, response)));
      });
    });
  }

  ServerUnaryReactor* SetRegionUp(CallbackServerContext* context,
                                  const fault::v1::SetRegionUpRequest* request, Empty*) override {
    return LaterOnLoop(loop_, context, [this, request](ServerUnaryReactor* reactor) {
      supervisor_.SetRegionUp(request->region(), [=](const absl::StatusOr<std::vector<Fault>>& ended) {
        reactor->Finish(rpc::ToGrpc(ended.status()));
      });
    });
  }

  ServerUnaryReactor* Kill(CallbackServerContext* context, const fault::v1::KillRequest* request,
                           fault::v1::Fault* response) override {
    return LaterOnLoop(loop_, context, [this, request, response](ServerUnaryReactor* reactor) {
      supervisor_.Kill(request->process(), request->hold(), [=, this](absl::StatusOr<Fault> fault) {
        reactor->Finish(rpc::ToGrpc(Put(fault, request->hold(), response)));
      });
    });
  }

  ServerUnaryReactor* Pause(CallbackServerContext* context, const fault::v1::PauseRequest* request,
                            fault::v1::Fault* response) override {
    return OnLoop(loop_, context, [this, request, response] {
      return Put(supervisor_.Pause(request->process()), false, response);
    });
  }

  ServerUnaryReactor* Resume(CallbackServerContext* context, const fault::v1::ResumeRequest* request,
                             Empty*) override {
    return LaterOnLoop(loop_, context, [this, request](ServerUnaryReactor* reactor) {
      supervisor_.Resume(request->process(), [=](const absl::StatusOr<std::vector<Fault>>& ended) {
        reactor->Finish(rpc::ToGrpc(ended.status()));
      });
    });
  }

  ServerUnaryReactor* SetLinkFault(CallbackServerContext* context,
                                   const fault::v1::SetLinkFaultRequest* request,
                                   fault::v1::Fault* response) override {
    return LaterOnLoop(loop_, context, [this, request, response](ServerUnaryReactor* reactor) {
      const absl::StatusOr<LinkFaultKind> kind = KindFromProto(request->kind());
      if (!kind.ok()) return reactor->Finish(rpc::ToGrpc(kind.status()));
      supervisor_.SetLinkFault(*kind, request->a(), request->b(), request->one_way(), request->amount(),
                               [=, this](absl::StatusOr<Fault> fault) {
                                 reactor->Finish(rpc::ToGrpc(Put(fault, false, response)));
                               });
    });
  }

  ServerUnaryReactor* HealLink(CallbackServerContext* context, const fault::v1::HealLinkRequest* request,
                               fault::v1::ListFaultsResponse* response) override {
    return LaterOnLoop(loop_, context, [this, request, response](ServerUnaryReactor* reactor) {
      supervisor_.HealLink(request->a(), request->b(),
                           [=, this](const absl::StatusOr<std::vector<Fault>>& ended) {
                             if (ended.ok()) ToProto(*ended, supervisor_, response);
                             reactor->Finish(rpc::ToGrpc(ended.status()));
                           });
    });
  }

  ServerUnaryReactor* ListFaults(CallbackServerContext* context, const Empty*,
                                 fault::v1::ListFaultsResponse* response) override {
    return OnLoop(loop_, context, [this, response] {
      ToProto(supervisor_.ListFaults(), supervisor_, response);
      return absl::OkStatus();
    });
  }

  ServerUnaryReactor* ClearFaults(CallbackServerContext* context, const Empty*,
                                  fault::v1::ListFaultsResponse* response) override {
    return LaterOnLoop(loop_, context, [this, response](ServerUnaryReactor* reactor) {
      supervisor_.ClearFaults([this, response, reactor](const absl::StatusOr<std::vector<Fault>>& ended) {
        if (!ended.ok()) return reactor->Finish(rpc::ToGrpc(ended.status()));
        ToProto(*ended, supervisor_, response);
        supervisor_.WhenLinksTold([reactor] { reactor->Finish(grpc::Status::OK); });
      });
    });
  }

 private:
  static absl::Status UnknownMode() {
    return MakeError(absl::StatusCode::kInvalidArgument, "UNKNOWN_MODE", "there is no such region-down mode",
                     {.next_step = "use refuse or hang"});
  }
  absl::Status Put(const absl::StatusOr<Fault>& fault, bool held, fault::v1::Fault* response) const {
    if (!fault.ok()) return fault.status();
    *response = ToProto(*fault, held, supervisor_);
    return absl::OkStatus();
  }

  EventLoop& loop_;
  Supervisor& supervisor_;
};

// One WatchEvents call. Events are pushed by the loop, writes end on gRPC's threads: mu_ guards the queue.
// Lock order: the hub's, then mu_.
class EventStream final : public grpc::ServerWriteReactor<v1::ProcessEvent>, public EventSubscriber {
 public:
  EventStream(EventHub& hub, int64_t after_wall_ns) : hub_(hub) {
    StartSendInitialMetadata();
    const absl::Status status = hub_.Subscribe(this, after_wall_ns);
    if (!status.ok()) OnClose(status);
  }

  void OnEvent(const v1::ProcessEvent& event) override {
    absl::MutexLock lock(&mu_);
    if (end_.has_value()) return;
    if (queue_.size() >= kEventQueueMax) {
      End(SlowSubscriber(kEventQueueMax));
      return;
    }
    queue_.push_back(event);
    if (queue_.size() == 1) StartWrite(&queue_.front());
  }
  void OnClose(const absl::Status& why) override {
    absl::MutexLock lock(&mu_);
    End(why);
  }

  void OnWriteDone(bool ok) override {
    absl::MutexLock lock(&mu_);
    if (!ok) {
      if (!end_.has_value()) end_ = absl::CancelledError("the subscriber went away");
      FinishOnce();
      return;
    }
    queue_.pop_front();
    if (end_.has_value()) {
      FinishOnce();
    } else if (!queue_.empty()) {
      StartWrite(&queue_.front());
    }
  }
  void OnCancel() override {
    absl::MutexLock lock(&mu_);
    End(absl::CancelledError("the subscriber went away"));
  }
  void OnDone() override {
    hub_.Unsubscribe(this);
    delete this;
  }

 private:
  // What is being written is finished first.
  void End(const absl::Status& why) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mu_) {
    if (!end_.has_value()) end_ = why;
    if (queue_.empty()) FinishOnce();
  }
  void FinishOnce() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mu_) {
    if (!std::exchange(finished_, true)) Finish(rpc::ToGrpc(*end_));
  }

  EventHub& hub_;
  absl::Mutex mu_;
  std::deque<v1::ProcessEvent> queue_ ABSL_GUARDED_BY(mu_);  // The first is being written.
  std::optional<absl::Status> end_ ABSL_GUARDED_BY(mu_);
  bool finished_ ABSL_GUARDED_BY(mu_) = false;
};

// One WaitUntilReady call. The supervisor answers exactly once, also when the caller goes away.
class ReadyWait final : public ServerUnaryReactor {
 public:
  ReadyWait(EventLoop& loop, Supervisor& supervisor, CallbackServerContext* context, uint64_t id,
            v1::Cluster* response)
      : loop_(loop), supervisor_(supervisor), id_(id) {
    const auto since_epoch = context->deadline().time_since_epoch();
    const int64_t deadline_wall_ns =
        std::chrono::duration_cast<std::chrono::nanoseconds>(since_epoch).count();
    loop_.Post([this, &supervisor, deadline_wall_ns, id, response] {
      const Clock& clock = loop_.clock();
      const int64_t left = deadline_wall_ns - clock.WallNs() - kReadyWaitMarginNs;
      const int64_t wait = std::clamp<int64_t>(left, 0, kReadyWaitDefaultNs);
      supervisor.WaitUntilReady(id, clock.SteadyNs() + wait,
                                [this, response](absl::StatusOr<v1::Cluster> cluster) {
                                  if (cluster.ok()) *response = *std::move(cluster);
                                  Finish(rpc::ToGrpc(cluster.status()));
                                });
    });
  }
  // May run beside the answer; then the number is not known any more.
  void OnCancel() override {
    loop_.Post([&supervisor = supervisor_, id = id_] { supervisor.CancelWait(id); });
  }
  void OnDone() override { delete this; }

 private:
  EventLoop& loop_;
  Supervisor& supervisor_;
  const uint64_t id_;
};

class SupervisorServiceImpl final : public v1::SupervisorService::CallbackService {
 public:
  SupervisorServiceImpl(EventLoop& loop, Supervisor& supervisor, absl::AnyInvocable<void()> exit)
      : loop_(loop), supervisor_(supervisor), exit_(std::move(exit)) {}

  ServerUnaryReactor* GetCluster(CallbackServerContext* context, const Empty*,
                                 v1::Cluster* response) override {
    return OnLoop(loop_, context, [this, response] {
      *response = supervisor_.GetCluster();
      return absl::OkStatus();
    });
  }

  ServerUnaryReactor* WaitUntilReady(CallbackServerContext* context, const Empty*,
                                     v1::Cluster* response) override {
    return new ReadyWait(loop_, supervisor_, context, ++last_waiter_, response);
  }

  ServerUnaryReactor* Shutdown(CallbackServerContext*, const Empty*, Empty*) override {
    // The answer has left when OnDone runs; then it is our turn to end.
    class Reactor final : public ServerUnaryReactor {
     public:
      explicit Reactor(SupervisorServiceImpl& service) : service_(service) {}
      void OnDone() override {
        service_.loop_.Post([&service = service_] {
          if (service.exit_) std::exchange(service.exit_, nullptr)();
        });
        delete this;
      }

     private:
      SupervisorServiceImpl& service_;
    };
    auto* reactor = new Reactor(*this);
    loop_.Post([this, reactor] { supervisor_.Shutdown([reactor] { reactor->Finish(grpc::Status::OK); }); });
    return reactor;
  }

  grpc::ServerWriteReactor<v1::ProcessEvent>* WatchEvents(CallbackServerContext*,
                                                          const v1::WatchEventsRequest* request) override {
    const int64_t after = request->after().seconds() * kNanosPerSecond + request->after().nanos();
    return new EventStream(supervisor_.events(), after);
  }

 private:
  EventLoop& loop_;
  Supervisor& supervisor_;
  absl::AnyInvocable<void()> exit_;  // The loop thread only.
  std::atomic<uint64_t> last_waiter_{0};
};

class ServicesImpl final : public Services {
 public:
  ServicesImpl(EventLoop& loop, Supervisor& supervisor, absl::AnyInvocable<void()> exit)
      : supervisor_service_(loop, supervisor, std::move(exit)), fault_service_(loop, supervisor) {}
  std::vector<grpc::Service*> All() override { return {&supervisor_service_, &fault_service_}; }

 private:
  SupervisorServiceImpl supervisor_service_;
  FaultServiceImpl fault_service_;
};

}  // namespace

std::unique_ptr<Services> Services::Make(EventLoop& loop, Supervisor& supervisor,
                                         absl::AnyInvocable<void()> exit) {
  return std::make_unique<ServicesImpl>(loop, supervisor, std::move(exit));
}

}  // namespace nonet::supervisor
