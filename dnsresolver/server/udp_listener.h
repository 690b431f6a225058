// Answers DNS queries on one UDP socket, in a thread of its own: batches in, batches out, no lock and no
// allocation a query. Several of one address share its queries (SO_REUSEPORT).
//
//   ASSIGN_OR_RETURN(auto listener, UdpListener::Bind(address));
//   listener->Start(publisher.AddReader(), metrics, clock, options);
#pragma once

#include <memory>

#include "absl/status/statusor.h"
#include "common/clock/clock.h"
#include "dnsresolver/core/rate_limiter.h"
#include "dnsresolver/server/cache_journal.h"
#include "dnsresolver/server/cookie_keeper.h"
#include "dnsresolver/server/query_metrics.h"
#include "dnsresolver/server/socket_address.h"
#include "dnsresolver/server/table_publisher.h"

namespace nonet::dns {

struct UdpOptions {
  const CookieKeeper* cookies = nullptr;  // nullptr: COOKIE is ignored. Outlives the listener.
  RateLimitSettings rate_limit{};         // Of this listener alone.
  SipKey rate_limit_key{};                // Secret, or buckets can be aimed at.
  uint64_t draw_seed = 0;                 // Of the draws that weighted profiles pick by.
  CacheJournal* caches = nullptr;  // Takes note of answers; outlives the listener. nullptr: nobody does.
};

class UdpListener {
 public:
  // Binds (port 0 picks a free one) but does not answer yet. UNAVAILABLE with errno's words.
  // `shared`: others, shared too, may bind the same address.
  static absl::StatusOr<std::unique_ptr<UdpListener>> Bind(const SocketAddress& address, bool shared = false);
  ~UdpListener();  // Ends the thread.

  // At most once. Reader, metrics and clock outlive the listener.
  void Start(TablePublisher::Reader& reader, QueryMetrics& metrics, const Clock& clock,
             UdpOptions options = {});
  const SocketAddress& address() const;  // With the port bound.

 private:
  struct Impl;
  explicit UdpListener(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace nonet::dns
