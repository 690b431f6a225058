#include "controlplane/server/resource_service.h"

#include <grpcpp/grpcpp.h>

#include <algorithm>
#include <atomic>
#include <utility>

#include "absl/synchronization/mutex.h"
#include "common/base/status_macros.h"
#include "common/rpc/status.h"
#include "controlplane/core/lists.h"
#include "controlplane/server/calls.h"
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
    return ReadCall(
        engine_, context, response, [request](const ControlPlane& plane) -> absl::StatusOr<Resource> {
          ASSIGN_OR_RETURN(const Object* found,
                           plane.resources().GetResource(request->name(), request->resource_group()));
          return found->resource();
        });
  }

  ServerUnaryReactor* GetReplica(Context* context, const GetReplicaRequest* request,
                                 Replica* response) override {
    return ReadCall(
        engine_, context, response, [request](const ControlPlane& plane) -> absl::StatusOr<Replica> {
          ASSIGN_OR_RETURN(const Object* found,
                           plane.resources().GetReplica(request->name(), request->resource_group()));
          return found->replica();
        });
  }

  ServerUnaryReactor* GetAccessKeys(Context* context, const GetAccessKeysRequest* request,
                                    AccessKeys* response) override {
    return ReadCall(engine_, context, response,
                    [request](const ControlPlane& plane) -> absl::StatusOr<AccessKeys> {
                      ASSIGN_OR_RETURN(const Object* found,
                                       plane.resources().GetKeys(request->name(), request->resource_group()));
                      return found->access_keys();
                    });
  }

  ServerUnaryReactor* ListResources(Context* context, const ListResourcesRequest* request,
                                    ListResourcesResponse* response) override {
    return ReadCall(engine_, context, response, [request](const ControlPlane& plane) {
      return controlplane::ListResources(plane.resources(), *request);
    });
  }

  ServerUnaryReactor* ListReplicas(Context* context, const ListReplicasRequest* request,
                                   ListReplicasResponse* response) override {
    return ReadCall(engine_, context, response, [request](const ControlPlane& plane) {
      return controlplane::ListReplicas(plane.resources(), *request);
    });
  }

  ServerUnaryReactor* GetEffectiveConfiguration(Context* context,
                                                const GetEffectiveConfigurationRequest* request,
                                                EffectiveConfiguration* response) override {
    return ReadCall(engine_, context, response,
                    [request](const ControlPlane& plane) { return plane.Effective(request->name()); });
  }

  ServerUnaryReactor* GetCapacityReport(Context* context, const GetCapacityReportRequest* request,
                                        CapacityReport* response) override {
    return ReadCall(engine_, context, response, [request](const ControlPlane& plane) {
      return plane.Capacity(request->name(), request->resource_group());
    });
  }

  ServerUnaryReactor* CheckNameAvailability(Context* context, const CheckNameAvailabilityRequest* request,
                                            CheckNameAvailabilityResponse* response) override {
    return ReadCall(engine_, context, response, [request](const ControlPlane& plane) {
      return controlplane::CheckNameAvailability(plane.resources(), *request);
    });
  }

  ServerUnaryReactor* ListSkus(Context* context, const ListSkusRequest* request,
                               ListSkusResponse* response) override {
    return ReadCall(engine_, context, response, [request](const ControlPlane& plane) {
      return controlplane::ListSkus(plane.resources(), *request);
    });
  }

  ServerUnaryReactor* ListUsages(Context* context, const ListUsagesRequest* request,
                                 ListUsagesResponse* response) override {
    return ReadCall(engine_, context, response, [request](const ControlPlane& plane) {
      return controlplane::ListUsages(plane.resources(), *request);
    });
  }

  ServerUnaryReactor* ListSubscribers(Context* context, const google::protobuf::Empty*,
                                      ListSubscribersResponse* response) override {
    return ReadCall(engine_, context, response,
                    [](const ControlPlane& plane) -> absl::StatusOr<ListSubscribersResponse> {
                      return plane.ListSubscribers();
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
  template <typename Request, typename Response>
  ServerUnaryReactor* Mutate(Context* context, const Request& request, Response* response) {
    return MutateCall(engine_, context, request, response,
                      [](const Request&, Object&& answer, Response& out) { Take(std::move(answer), out); });
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
