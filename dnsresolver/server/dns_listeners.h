// The DNS listeners of a resolver: for each address, UDP in a thread of its own and TCP on the loop, on the
// same port.
#pragma once

#include <functional>
#include <memory>
#include <vector>

#include "absl/status/statusor.h"
#include "common/loop/event_loop.h"
#include "common/process/metrics.h"
#include "dnsresolver/server/socket_address.h"
#include "dnsresolver/server/table_publisher.h"
#include "dnsresolver/server/tcp_listener.h"
#include "dnsresolver/server/udp_listener.h"

namespace nonet::dns {

class DnsListeners {  // The loop thread only.
 public:
  // Binds everything or nothing; port 0 picks one that is free for both.
  static absl::StatusOr<std::unique_ptr<DnsListeners>> Start(EventLoop& loop,
                                                             const std::vector<SocketAddress>& addresses,
                                                             TablePublisher& publisher, Metrics& metrics);
  ~DnsListeners();

  // As given, with the ports bound.
  const std::vector<SocketAddress>& addresses() const { return addresses_; }

 private:
  DnsListeners(TablePublisher& publisher, Metrics& metrics);
  absl::Status Open(EventLoop& loop, const SocketAddress& address);

  TablePublisher& publisher_;
  QueryMetrics udp_metrics_, tcp_metrics_;
  std::vector<SocketAddress> addresses_;
  std::vector<std::unique_ptr<UdpListener>> udp_;
  std::vector<std::unique_ptr<TcpListener>> tcp_;
};

}  // namespace nonet::dns
