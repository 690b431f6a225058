// nonet.steering.v1.SteeringService: what the DNS answers are and why. Unary calls read the status board on
// gRPC's threads; watchers are fed by the event feed. Nothing here needs the loop, so a stop cannot hang on
// it.
//
//   SteeringService service(board, feed, settings);
//   rpc::Server::Start({.port = 7854}, {service.grpc()});
#pragma once

#include <memory>

#include "dnsresolver/core/monitor.h"
#include "dnsresolver/server/event_feed.h"
#include "dnsresolver/server/status_board.h"

namespace grpc {
class Service;
}

namespace nonet::dns {

class SteeringService {  // Thread-safe.
 public:
  // Board and feed outlive the service.
  SteeringService(const StatusBoard& board, EventFeed& feed, MonitorSettings settings);
  ~SteeringService();  // After the server that serves it. Close the feed before.

  grpc::Service* grpc();

 private:
  class Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace nonet::dns
