// Answers DNS queries on one UDP socket, in a thread of its own: batches in, batches out, no lock and no
// allocation a query.
//
//   auto listener = UdpListener::Start(address, publisher.AddReader(), metrics);
#pragma once

#include <memory>

#include "absl/status/statusor.h"
#include "dnsresolver/server/query_metrics.h"
#include "dnsresolver/server/socket_address.h"
#include "dnsresolver/server/table_publisher.h"

namespace nonet::dns {

class UdpListener {
 public:
  // Binds (port 0 picks a free one) but does not answer yet. UNAVAILABLE with errno's words.
  static absl::StatusOr<std::unique_ptr<UdpListener>> Bind(const SocketAddress& address);
  ~UdpListener();  // Ends the thread.

  // At most once. Reader and metrics outlive the listener.
  void Start(TablePublisher::Reader& reader, QueryMetrics& metrics);
  const SocketAddress& address() const;  // With the port bound.

 private:
  struct Impl;
  explicit UdpListener(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace nonet::dns
