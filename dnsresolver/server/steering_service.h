// nonet.steering.v1.SteeringService: what the DNS answers are and why. Unary calls read the status board on
// gRPC's threads; watchers are fed by the event feed. Nothing here needs the loop, so a stop cannot hang on
// it.
//
//   SteeringService service(board, history, feed, settings);
//   rpc::Server::Start({.port = 7854}, {service.grpc()});
#pragma once

#include <memory>

#include "dnsresolver/core/monitor.h"
#include "dnsresolver/server/cache_journal.h"
#include "dnsresolver/server/event_feed.h"
#include "dnsresolver/server/history_store.h"
#include "dnsresolver/server/status_board.h"

namespace grpc {
class Service;
}

namespace nonet::dns {

class SteeringService {  // Thread-safe.
 public:
  // All outlive the service. Without `caches` explanations say nothing of them.
  SteeringService(const StatusBoard& board, const HistoryStore& history, EventFeed& feed,
                  MonitorSettings settings, const CacheJournal* caches = nullptr);
  ~SteeringService();  // After the server that serves it. Close the feed before.

  grpc::Service* grpc();

 private:
  class Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace nonet::dns
