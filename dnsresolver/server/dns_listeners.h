// The DNS listeners of a resolver: for each address, UDP in threads of its own and TCP on the loop, on the
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

struct DnsListenerOptions {
  int udp_threads = 1;                    // An address; 1 to kUdpThreadsMax.
  const CookieKeeper* cookies = nullptr;  // nullptr: COOKIE is ignored. Outlives the listeners.
  RateLimitSettings rate_limit{};         // Of an address; its threads share it evenly.
  SipKey rate_limit_key{};
  uint64_t draw_seed = 0;  // Every thread and address draws on its own from it.
  int64_t tcp_idle_ns = kTcpIdleNs;
  CacheJournal* caches = nullptr;  // Takes note of answers; outlives the listeners. nullptr: nobody does.
};

class DnsListeners {  // The loop thread only.
 public:
  // Binds everything or nothing; port 0 picks one that is free for both.
  static absl::StatusOr<std::unique_ptr<DnsListeners>> Start(EventLoop& loop,
                                                             const std::vector<SocketAddress>& addresses,
                                                             TablePublisher& publisher, Metrics& metrics,
                                                             DnsListenerOptions options = {});
  ~DnsListeners();

  // As given, with the ports bound.
  const std::vector<SocketAddress>& addresses() const { return addresses_; }

 private:
  DnsListeners(TablePublisher& publisher, Metrics& metrics, DnsListenerOptions options);
  absl::Status Open(EventLoop& loop, const SocketAddress& address);
  absl::Status OpenUdp(const SocketAddress& address, std::vector<std::unique_ptr<UdpListener>>& opened) const;
  UdpOptions OfOneThread() const;

  TablePublisher& publisher_;
  const DnsListenerOptions options_;
  QueryMetrics udp_metrics_, tcp_metrics_;
  std::vector<SocketAddress> addresses_;
  std::vector<std::unique_ptr<UdpListener>> udp_;
  std::vector<std::unique_ptr<TcpListener>> tcp_;
};

}  // namespace nonet::dns
