// ChildResourceService over gRPC: hubs, shared private links, private endpoint connections, certificates and
// domains.
#pragma once

#include <memory>

#include "controlplane/server/engine.h"

namespace grpc {
class Service;
}

namespace nonet::controlplane {

// The engine outlives the service.
std::unique_ptr<grpc::Service> MakeChildResourceService(Engine& engine);

}  // namespace nonet::controlplane
