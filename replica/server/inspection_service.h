// nonet.inspect.v1 of one instance: gaps, counts, and what became of a message. gRPC's threads only post; the
// core is read on the loop.
//
//   InspectionService inspection(loop, core, clock_now);
//   rpc::Server::Start(options, {inspection.service(), ...});
#pragma once

#include <functional>
#include <memory>

#include "common/loop/event_loop.h"
#include "replica/core/replica_core.h"

namespace grpc {
class Service;
}

namespace nonet::replica {

class InspectionService {
 public:
  // The loop and the core outlive the calls; `now` runs on the loop.
  InspectionService(EventLoop& loop, const ReplicaCore& core, std::function<Now()> now);
  ~InspectionService();
  grpc::Service* service();

 private:
  class Impl;
  const std::unique_ptr<Impl> impl_;
};

}  // namespace nonet::replica
