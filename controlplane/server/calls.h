// What every call of the control plane's gRPC services does: become one piece of work for the engine, and be
// answered after its turn is durable. For .cc files of services only: it includes gRPC.
//
//   return Mutate(engine_, context, *request, [](const ControlPlane& plane, Object&& answer) { ... });
#pragma once

#include <grpcpp/grpcpp.h>

#include <utility>

#include "common/rpc/status.h"
#include "controlplane/server/engine.h"

namespace nonet::controlplane {

// `take(object)` makes the response of the changed object; it runs in the turn. gRPC keeps request and
// response until the reactor finishes, which each work makes it do exactly once.
template <typename Request, typename Response, typename Take>
grpc::ServerUnaryReactor* MutateCall(Engine& engine, grpc::CallbackServerContext* context,
                                     const Request& request, Response* response, Take take) {
  grpc::ServerUnaryReactor* reactor = context->DefaultReactor();
  const absl::Status taken = engine.Submit([&request, response, reactor, take](Engine::Turn& turn) {
    absl::StatusOr<Object> answer = turn.plane.Mutate(
        request, turn.now, kNeedsNoRandoms<Request> ? Randoms() : DrawRandoms(), turn.effects);
    turn.Tell([&request, response, reactor, take,
               answer = std::move(answer)](const absl::Status& committed) mutable {
      const absl::Status status = committed.ok() ? answer.status() : committed;
      if (status.ok()) take(request, *std::move(answer), *response);
      reactor->Finish(rpc::ToGrpc(status));
    });
  });
  if (!taken.ok()) reactor->Finish(rpc::ToGrpc(taken));
  return reactor;
}

// `reader(plane)` answers a StatusOr of the response. A read sees what commands before it in the same turn
// changed, so it is answered after the commit too.
template <typename Response, typename Reader>
grpc::ServerUnaryReactor* ReadCall(Engine& engine, grpc::CallbackServerContext* context, Response* response,
                                   Reader reader) {
  grpc::ServerUnaryReactor* reactor = context->DefaultReactor();
  const absl::Status taken = engine.Submit([response, reactor, reader](Engine::Turn& turn) {
    auto answer = reader(turn.plane);
    if (answer.ok()) *response = *std::move(answer);
    turn.Tell([reactor, status = answer.status()](const absl::Status& committed) {
      reactor->Finish(rpc::ToGrpc(committed.ok() ? status : committed));
    });
  });
  if (!taken.ok()) reactor->Finish(rpc::ToGrpc(taken));
  return reactor;
}

}  // namespace nonet::controlplane
