// BackupService over gRPC: a checkpoint between two turns of the owner thread, then its bytes at the pace of
// whoever reads them.
#pragma once

#include <memory>
#include <string>

#include "controlplane/server/engine.h"

namespace grpc {
class Service;
}

namespace nonet::controlplane {

// Both outlive the service. `directory`, which is on the store's disk, is made and removed at will.
std::unique_ptr<grpc::Service> MakeBackupService(Engine& engine, Store& store, std::string directory);

}  // namespace nonet::controlplane
