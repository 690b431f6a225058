#include "dnsresolver/server/dns_listeners.h"

#include <utility>

#include "common/base/status_macros.h"

namespace nonet::dns {
namespace {

// A port that is free for UDP may be taken for TCP; another one is then tried.
constexpr int kPortTriesMax = 32;

}  // namespace

DnsListeners::DnsListeners(TablePublisher& publisher, Metrics& metrics)
    : publisher_(publisher), udp_metrics_(metrics, "udp"), tcp_metrics_(metrics, "tcp") {}

DnsListeners::~DnsListeners() = default;

absl::Status DnsListeners::Open(EventLoop& loop, const SocketAddress& address) {
  absl::Status last;
  for (int i = 0; i < (address.port == 0 ? kPortTriesMax : 1); ++i) {
    ASSIGN_OR_RETURN(std::unique_ptr<UdpListener> udp, UdpListener::Bind(address));
    absl::StatusOr<std::unique_ptr<TcpListener>> tcp = TcpListener::Listen(
        loop, udp->address(), [this] { return publisher_.current(); }, tcp_metrics_);
    if (!tcp.ok()) {
      last = tcp.status();
      continue;
    }
    addresses_.push_back(udp->address());
    udp_.push_back(std::move(udp));
    tcp_.push_back(*std::move(tcp));
    return absl::OkStatus();
  }
  return last;
}

absl::StatusOr<std::unique_ptr<DnsListeners>> DnsListeners::Start(EventLoop& loop,
                                                                  const std::vector<SocketAddress>& addresses,
                                                                  TablePublisher& publisher,
                                                                  Metrics& metrics) {
  std::unique_ptr<DnsListeners> listeners(new DnsListeners(publisher, metrics));
  for (const SocketAddress& address : addresses) {
    RETURN_IF_ERROR(listeners->Open(loop, address));
  }
  for (const auto& udp : listeners->udp_) udp->Start(publisher.AddReader(), listeners->udp_metrics_);
  return listeners;
}

}  // namespace nonet::dns
