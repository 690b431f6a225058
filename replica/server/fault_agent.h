// nonet.fault.v1.FaultAgent of one instance: takes link plans from the supervisor. gRPC's threads only post;
// the plan is applied on the loop.
//
//   FaultAgent agent(loop, links, tls);
//   rpc::Server::Start(options, {agent.service(), ...});
#pragma once

#include <memory>

#include "common/loop/event_loop.h"
#include "replica/server/link_table.h"

namespace grpc {
class Service;
}

namespace nonet::rpc {
struct TlsIdentity;
}

namespace nonet::replica {

class FaultAgent {
 public:
  // The loop and the table outlive the calls. With `tls` only the supervisor may call; without, anybody on
  // this machine, which is all that a server without TLS listens to.
  FaultAgent(EventLoop& loop, LinkTable& links, std::shared_ptr<const rpc::TlsIdentity> tls);
  ~FaultAgent();
  grpc::Service* service();

 private:
  class Impl;
  const std::unique_ptr<Impl> impl_;
};

}  // namespace nonet::replica
