// "127.0.0.1:7853", "[::1]:7853": parsed, checked and turned into what sockets take. Pure but for the
// system's address types.
#pragma once

#include <netinet/in.h>
#include <sys/socket.h>

#include <cstdint>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "dnsresolver/core/ip_prefix.h"

namespace nonet::dns {

struct SocketAddress {
  IpPrefix ip;  // Full length.
  uint16_t port = 0;

  // "ip:port".
  std::string ToText() const;
  std::string IpText() const;
  // Returns the length to pass along.
  socklen_t ToSockaddr(sockaddr_storage& out) const;
  static SocketAddress FromSockaddr(const sockaddr_storage& in);
};

// The value of --dns_listen: one or more, comma separated. INVALID_ARGUMENT when one is no loopback address
// (without TLS nothing of ours listens beyond this machine), is given twice, or when there are more than
// kListenersMax.
absl::StatusOr<std::vector<SocketAddress>> ParseListenAddresses(absl::string_view flag);

}  // namespace nonet::dns
