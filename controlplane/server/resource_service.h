// ResourceService over gRPC: every call is one piece of work for the engine, answered after its turn is
// durable.
#pragma once

#include <memory>

#include "controlplane/server/convergence.h"
#include "controlplane/server/engine.h"

namespace grpc {
class Service;
}

namespace nonet::controlplane {

// Engine and waiters outlive the service.
std::unique_ptr<grpc::Service> MakeResourceService(Engine& engine, ConvergenceWaiters& waiters);

}  // namespace nonet::controlplane
