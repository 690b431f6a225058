// OperationService over gRPC: what became of changes.
#pragma once

#include <memory>

#include "controlplane/server/engine.h"

namespace grpc {
class Service;
}

namespace nonet::controlplane {

// The engine outlives the service.
std::unique_ptr<grpc::Service> MakeOperationService(Engine& engine);

}  // namespace nonet::controlplane
