#include "dnsresolver/server/dns_listeners.h"

#include <algorithm>
#include <iterator>
#include <utility>

#include "common/base/random.h"
#include "common/base/status_macros.h"

namespace nonet::dns {
namespace {

// A port that is free for UDP may be taken for TCP; another one is then tried.
constexpr int kPortTriesMax = 32;

}  // namespace

DnsListeners::DnsListeners(TablePublisher& publisher, Metrics& metrics, DnsListenerOptions options)
    : publisher_(publisher),
      options_(std::move(options)),
      udp_metrics_(metrics, "udp"),
      tcp_metrics_(metrics, "tcp") {}

DnsListeners::~DnsListeners() = default;

// All on the port that the first was given.
absl::Status DnsListeners::OpenUdp(const SocketAddress& address,
                                   std::vector<std::unique_ptr<UdpListener>>& opened) const {
  SocketAddress bound = address;
  for (int i = 0; i < options_.udp_threads; ++i) {
    ASSIGN_OR_RETURN(std::unique_ptr<UdpListener> udp, UdpListener::Bind(bound, options_.udp_threads > 1));
    bound = udp->address();
    opened.push_back(std::move(udp));
  }
  return absl::OkStatus();
}

absl::Status DnsListeners::Open(EventLoop& loop, const SocketAddress& address) {
  const TcpListenerOptions tcp_options{.idle_ns = options_.tcp_idle_ns,
                                       .cookies = options_.cookies,
                                       .draw_seed = options_.draw_seed + addresses_.size(),
                                       .caches = options_.caches,
                                       .counters = [this] { return publisher_.counters(); }};
  absl::Status last;
  for (int i = 0; i < (address.port == 0 ? kPortTriesMax : 1); ++i) {
    std::vector<std::unique_ptr<UdpListener>> opened;
    RETURN_IF_ERROR(OpenUdp(address, opened));
    const SocketAddress bound = opened.front()->address();
    // Nothing shares a TCP port, so a second resolver on the same address ends here.
    absl::StatusOr<std::unique_ptr<TcpListener>> tcp = TcpListener::Listen(
        loop, bound, [this] { return publisher_.current(); }, tcp_metrics_, tcp_options);
    if (!tcp.ok()) {
      last = tcp.status();
      continue;
    }
    addresses_.push_back(bound);
    std::move(opened.begin(), opened.end(), std::back_inserter(udp_));
    tcp_.push_back(*std::move(tcp));
    return absl::OkStatus();
  }
  return last;
}

UdpOptions DnsListeners::OfOneThread() const {
  UdpOptions options{.cookies = options_.cookies,
                     .rate_limit = options_.rate_limit,
                     .rate_limit_key = options_.rate_limit_key};
  options.caches = options_.caches;
  // The kernel spreads clients over the threads; each limits its share.
  uint32_t& rate = options.rate_limit.responses_per_second;
  if (rate > 0) rate = std::max<uint32_t>(1, rate / static_cast<uint32_t>(options_.udp_threads));
  return options;
}

absl::StatusOr<std::unique_ptr<DnsListeners>> DnsListeners::Start(EventLoop& loop,
                                                                  const std::vector<SocketAddress>& addresses,
                                                                  TablePublisher& publisher, Metrics& metrics,
                                                                  DnsListenerOptions options) {
  std::unique_ptr<DnsListeners> listeners(new DnsListeners(publisher, metrics, std::move(options)));
  for (const SocketAddress& address : addresses) {
    RETURN_IF_ERROR(listeners->Open(loop, address));
  }
  Random seeds(listeners->options_.draw_seed);
  for (const auto& udp : listeners->udp_) {
    UdpOptions udp_options = listeners->OfOneThread();
    udp_options.draw_seed = seeds.Next();
    udp->Start(publisher.AddReader(), listeners->udp_metrics_, loop.clock(), std::move(udp_options));
  }
  return listeners;
}

}  // namespace nonet::dns
