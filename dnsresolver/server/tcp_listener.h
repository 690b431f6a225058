// Answers DNS queries over TCP (RFC 7766) on an event loop: several queries a connection, answered in order,
// each with its length in one write.
#pragma once

#include <functional>
#include <memory>

#include "absl/status/statusor.h"
#include "common/loop/event_loop.h"
#include "dnsresolver/core/answer_table.h"
#include "dnsresolver/core/limits.h"
#include "dnsresolver/server/cache_journal.h"
#include "dnsresolver/server/cookie_keeper.h"
#include "dnsresolver/server/endpoint_counters.h"
#include "dnsresolver/server/query_metrics.h"
#include "dnsresolver/server/socket_address.h"

namespace nonet::dns {

struct TcpListenerOptions {
  size_t connections_max = kTcpConnectionsMax;                        // One more is closed at once.
  size_t connections_per_address_max = kTcpConnectionsPerAddressMax;  // Likewise.
  int64_t idle_ns = kTcpIdleNs;           // Without a byte read or written the connection is closed.
  const CookieKeeper* cookies = nullptr;  // nullptr: COOKIE is ignored. Outlives the listener.
  uint64_t draw_seed = 0;                 // Of the draws that weighted profiles pick by.
  CacheJournal* caches = nullptr;  // Takes note of answers; outlives the listener. nullptr: nobody does.
  // Those of the table that `table` gave last; may be empty.
  std::function<const EndpointCounters*()> counters{};
};

class TcpListener {  // The loop thread only.
 public:
  // `table` gives the table to answer from. Metrics outlive the listener. Port 0 picks a free one.
  static absl::StatusOr<std::unique_ptr<TcpListener>> Listen(
      EventLoop& loop, const SocketAddress& address,
      std::function<std::shared_ptr<const AnswerTable>()> table, QueryMetrics& metrics,
      TcpListenerOptions options = {});
  ~TcpListener();  // Closes every connection.

  SocketAddress address() const;  // With the port bound.
  size_t connections() const;

 private:
  struct Impl;
  explicit TcpListener(std::shared_ptr<Impl> impl);
  std::shared_ptr<Impl> impl_;  // Shared with the accept that is under way.
};

}  // namespace nonet::dns
