#include "controlplane/server/resource_service.h"

#include <grpcpp/grpcpp.h>

#include <algorithm>
#include <atomic>
#include <utility>

#include "absl/strings/match.h"
#include "absl/synchronization/mutex.h"
#include "common/rpc/status.h"
#include "controlplane/core/validate.h"
#include "nonet/resource/v1/resource_service.grpc.pb.h"

namespace nonet::controlplane {
namespace {

using namespace resource::v1;  // The whole file is about these.
using Context = grpc::CallbackServerContext;
using grpc::ServerUnaryReactor;

void Take(Object&& object, Resource& response) { response = std::move(*object.mutable_resource()); }
void Take(Object&& object, Replica& response) { response = std::move(*object.mutable_replica()); }
void Take(Object&& object, AccessKeys& response) { response = std::move(*object.mutable_access_keys()); }

// Answers before the caller gives up, so that it hears why.
int64_t WaitNs(const Context& context, int64_t wall_ns) {
  const gpr_timespec deadline = gpr_convert_clock_type(context.raw_deadline(), GPR_CLOCK_REALTIME);
  if (gpr_time_cmp(deadline, gpr_inf_future(GPR_CLOCK_REALTIME)) == 0) return kWaitMaxNs;
  const int64_t left = deadline.tv_sec * kNanosPerSecond + deadline.tv_nsec - wall_ns;
  return std::clamp<int64_t>(left - std::min<int64_t>(left / 10, 250 * kNanosPerMilli), 0, kWaitMaxNs);
}

class WaitReactor final : public ServerUnaryReactor {
 public:
  WaitReactor(Engine& engine, ConvergenceWaiters& waiters, ConvergenceWaiters::Id id)
      : engine_(engine), waiters_(waiters), id_(id) {}

 private:
  void OnCancel() override {
    engine_.SubmitEnd([&waiters = waiters_, id = id_](Engine::Turn&) { waiters.Cancel(id); });
  }
  void OnDone() override { delete this; }

  Engine& engine_;
  ConvergenceWaiters& waiters_;
  const ConvergenceWaiters::Id id_;
};

class ResourceServiceImpl final : public ResourceService::CallbackService {
 public:
  ResourceServiceImpl(Engine& engine, ConvergenceWaiters& waiters) : engine_(engine), waiters_(waiters) {}

  ServerUnaryReactor* CreateResource(Context* context, const CreateResourceRequest* request,
                                     Resource* response) override {
    return Mutate(context, *request, response);
  }
  ServerUnaryReactor* UpdateResource(Context* context, const UpdateResourceRequest* request,
                                     Resource* response) override {
    return Mutate(context, *request, response);
  }
  ServerUnaryReactor* DeleteResource(Context* context, const DeleteResourceRequest* request,
                                     Resource* response) override {
    return Mutate(context, *request, response);
  }
  ServerUnaryReactor* RestartResource(Context* context, const RestartResourceRequest* request,
                                      Resource* response) override {
    return Mutate(context, *request, response);
  }
  ServerUnaryReactor* CreateReplica(Context* context, const CreateReplicaRequest* request,
                                    Replica* response) override {
    return Mutate(context, *request, response);
  }
  ServerUnaryReactor* UpdateReplica(Context* context, const UpdateReplicaRequest* request,
                                    Replica* response) override {
    return Mutate(context, *request, response);
  }
  ServerUnaryReactor* DeleteReplica(Context* context, const DeleteReplicaRequest* request,
                                    Replica* response) override {
    return Mutate(context, *request, response);
  }
  ServerUnaryReactor* RestartReplica(Context* context, const RestartReplicaRequest* request,
                                     Replica* response) override {
    return Mutate(context, *request, response);
  }
  ServerUnaryReactor* RegenerateAccessKey(Context* context, const RegenerateAccessKeyRequest* request,
                                          AccessKeys* response) override {
    return Mutate(context, *request, response);
  }

  ServerUnaryReactor* GetResource(Context* context, const GetResourceRequest* request,
                                  Resource* response) override {
    return Read(context, [request, response](const ControlPlane& plane) {
      const auto found = plane.resources().GetResource(request->name(), request->resource_group());
      if (found.ok()) *response = (*found)->resource();
      return found.status();
    });
  }

  ServerUnaryReactor* ListResources(Context* context, const ListResourcesRequest* request,
                                    ListResourcesResponse* response) override {
    return Read(context, [request, response](const ControlPlane& plane) {
      for (const auto& [name, object] : plane.resources().objects()) {
        if (!object.has_resource()) continue;
        const std::string& group = object.resource().resource_group();
        if (!request->resource_group().empty() && !absl::EqualsIgnoreCase(group, request->resource_group())) {
          continue;
        }
        *response->add_resources() = object.resource();
      }
      return absl::OkStatus();
    });
  }

  ServerUnaryReactor* GetReplica(Context* context, const GetReplicaRequest* request,
                                 Replica* response) override {
    return Read(context, [request, response](const ControlPlane& plane) {
      const auto found = plane.resources().GetReplica(request->name(), request->resource_group());
      if (found.ok()) *response = (*found)->replica();
      return found.status();
    });
  }

  ServerUnaryReactor* ListReplicas(Context* context, const ListReplicasRequest* request,
                                   ListReplicasResponse* response) override {
    return Read(context, [request, response](const ControlPlane& plane) {
      const auto parent = plane.resources().GetResource(request->parent(), request->resource_group());
      if (!parent.ok()) return parent.status();
      for (const Object* replica : plane.resources().ListReplicas(request->parent())) {
        *response->add_replicas() = replica->replica();
      }
      return absl::OkStatus();
    });
  }

  ServerUnaryReactor* GetAccessKeys(Context* context, const GetAccessKeysRequest* request,
                                    AccessKeys* response) override {
    return Read(context, [request, response](const ControlPlane& plane) {
      const auto found = plane.resources().GetKeys(request->name(), request->resource_group());
      if (found.ok()) *response = (*found)->access_keys();
      return found.status();
    });
  }

  ServerUnaryReactor* GetEffectiveConfiguration(Context* context,
                                                const GetEffectiveConfigurationRequest* request,
                                                EffectiveConfiguration* response) override {
    return Read(context, [request, response](const ControlPlane& plane) {
      auto effective = plane.Effective(request->name());
      if (effective.ok()) *response = *std::move(effective);
      return effective.status();
    });
  }

  ServerUnaryReactor* ListSubscribers(Context* context, const google::protobuf::Empty*,
                                      ListSubscribersResponse* response) override {
    return Read(context, [response](const ControlPlane& plane) {
      *response = plane.ListSubscribers();
      return absl::OkStatus();
    });
  }

  ServerUnaryReactor* WaitForConvergence(Context* context, const WaitForConvergenceRequest* request,
                                         WaitForConvergenceResponse* response) override {
    const ConvergenceWaiters::Id id = next_wait_.fetch_add(1);
    auto* reactor = new WaitReactor(engine_, waiters_, id);  // Deletes itself in OnDone.
    const Now now = engine_.now();
    const int64_t deadline_ns = now.steady_ns + WaitNs(*context, now.wall_ns);
    const absl::Status taken =
        engine_.Submit([this, id, request, response, reactor, deadline_ns](Engine::Turn&) {
          waiters_.Add(id, request->name(), request->revision(), deadline_ns,
                       [response, reactor](absl::StatusOr<WaitForConvergenceResponse> result) {
                         if (result.ok()) *response = *std::move(result);
                         reactor->Finish(rpc::ToGrpc(result.status()));
                       });
        });
    if (!taken.ok()) reactor->Finish(rpc::ToGrpc(taken));
    return reactor;
  }

 private:
  // gRPC keeps request and response until the reactor finishes, which each work makes it do exactly once.
  template <typename Request, typename Response>
  ServerUnaryReactor* Mutate(Context* context, const Request& request, Response* response) {
    ServerUnaryReactor* reactor = context->DefaultReactor();
    const absl::Status taken = engine_.Submit([&request, response, reactor](Engine::Turn& turn) {
      absl::StatusOr<Object> answer = turn.plane.Mutate(request, turn.now, DrawRandoms(), turn.effects);
      turn.Then([response, reactor, answer = std::move(answer)](const absl::Status& committed) mutable {
        const absl::Status status = committed.ok() ? answer.status() : committed;
        if (status.ok()) Take(*std::move(answer), *response);
        reactor->Finish(rpc::ToGrpc(status));
      });
    });
    if (!taken.ok()) reactor->Finish(rpc::ToGrpc(taken));
    return reactor;
  }

  // A read sees what commands before it in the same turn changed, so it is answered after the commit too.
  template <typename Reader>
  ServerUnaryReactor* Read(Context* context, Reader reader) {
    ServerUnaryReactor* reactor = context->DefaultReactor();
    const absl::Status taken = engine_.Submit([reader, reactor](Engine::Turn& turn) {
      turn.Then([reactor, status = reader(turn.plane)](const absl::Status& committed) {
        reactor->Finish(rpc::ToGrpc(committed.ok() ? status : committed));
      });
    });
    if (!taken.ok()) reactor->Finish(rpc::ToGrpc(taken));
    return reactor;
  }

  Engine& engine_;
  ConvergenceWaiters& waiters_;
  std::atomic<uint64_t> next_wait_{1};
};

}  // namespace

std::unique_ptr<grpc::Service> MakeResourceService(Engine& engine, ConvergenceWaiters& waiters) {
  return std::make_unique<ResourceServiceImpl>(engine, waiters);
}

}  // namespace nonet::controlplane
