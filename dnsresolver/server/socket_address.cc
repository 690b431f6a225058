#include "dnsresolver/server/socket_address.h"

#include <algorithm>
#include <array>
#include <cstring>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "absl/strings/strip.h"
#include "dnsresolver/core/errors.h"
#include "dnsresolver/core/limits.h"

namespace nonet::dns {
namespace {

std::array<uint8_t, 16> LeftAlignedBytes(const absl::uint128& bits) {
  std::array<uint8_t, 16> bytes;
  for (int i = 0; i < 16; ++i) bytes[static_cast<size_t>(i)] = static_cast<uint8_t>(bits >> (120 - 8 * i));
  return bytes;
}

bool IsLoopback(const IpPrefix& ip) {
  const absl::uint128 top = ip.bits >> 120;
  return ip.family == IpFamily::kV4 ? top == absl::uint128(127) : ip.bits == absl::uint128(1);
}

absl::StatusOr<SocketAddress> ParseOne(absl::string_view text) {
  const auto bad = [&](absl::string_view rule) { return errors::FlagInvalid("dns_listen", text, rule); };
  const size_t colon = text.rfind(':');
  if (colon == absl::string_view::npos) return bad("each address has the form ip:port or [ip]:port");
  absl::string_view ip = text.substr(0, colon);
  uint32_t port = 0;
  if (!absl::SimpleAtoi(text.substr(colon + 1), &port) || port > 65535) return bad("a port is 0 to 65535");
  const bool bracketed = absl::ConsumePrefix(&ip, "[") && absl::ConsumeSuffix(&ip, "]");
  const absl::StatusOr<IpPrefix> parsed = IpPrefix::Parse(ip);
  if (!parsed.ok() || parsed->length != BitsOf(parsed->family) ||
      bracketed != (parsed->family == IpFamily::kV6)) {
    return bad("each address has the form ip:port or [ip]:port, with the ip as a number");
  }
  if (!IsLoopback(*parsed)) return bad("without TLS the resolver listens on loopback addresses only");
  return SocketAddress{*parsed, static_cast<uint16_t>(port)};
}

}  // namespace

std::string SocketAddress::IpText() const {
  const std::string prefix = ip.ToText();
  return prefix.substr(0, prefix.find('/'));
}

std::string SocketAddress::ToText() const {
  return ip.family == IpFamily::kV4 ? absl::StrCat(IpText(), ":", port)
                                    : absl::StrCat("[", IpText(), "]:", port);
}

socklen_t SocketAddress::ToSockaddr(sockaddr_storage& out) const {
  std::memset(&out, 0, sizeof(out));
  const std::array<uint8_t, 16> bytes = LeftAlignedBytes(ip.bits);
  if (ip.family == IpFamily::kV4) {
    auto& v4 = reinterpret_cast<sockaddr_in&>(out);
    v4.sin_family = AF_INET;
    v4.sin_port = htons(port);
    std::memcpy(&v4.sin_addr, bytes.data(), 4);
    return sizeof(v4);
  }
  auto& v6 = reinterpret_cast<sockaddr_in6&>(out);
  v6.sin6_family = AF_INET6;
  v6.sin6_port = htons(port);
  std::memcpy(&v6.sin6_addr, bytes.data(), 16);
  return sizeof(v6);
}

SocketAddress SocketAddress::FromSockaddr(const sockaddr_storage& in) {
  if (in.ss_family == AF_INET6) {
    const auto& v6 = reinterpret_cast<const sockaddr_in6&>(in);
    const Bytes bytes(reinterpret_cast<const uint8_t*>(&v6.sin6_addr), 16);
    return {IpPrefix::FromBytes(IpFamily::kV6, bytes, 128), ntohs(v6.sin6_port)};
  }
  const auto& v4 = reinterpret_cast<const sockaddr_in&>(in);
  const Bytes bytes(reinterpret_cast<const uint8_t*>(&v4.sin_addr), 4);
  return {IpPrefix::FromBytes(IpFamily::kV4, bytes, 32), ntohs(v4.sin_port)};
}

absl::StatusOr<std::vector<SocketAddress>> ParseListenAddresses(absl::string_view flag) {
  std::vector<SocketAddress> addresses;
  for (const absl::string_view text : absl::StrSplit(flag, ',', absl::SkipWhitespace())) {
    const absl::StatusOr<SocketAddress> address = ParseOne(absl::StripAsciiWhitespace(text));
    if (!address.ok()) return address.status();
    const bool twice = std::any_of(addresses.begin(), addresses.end(), [&](const SocketAddress& other) {
      return other.ip == address->ip && other.port == address->port && other.port != 0;
    });
    if (twice) return errors::FlagInvalid("dns_listen", flag, absl::StrCat(text, " is given twice"));
    addresses.push_back(*address);
  }
  if (addresses.empty()) return errors::FlagInvalid("dns_listen", flag, "at least one address is needed");
  if (addresses.size() > kListenersMax) {
    return errors::FlagInvalid("dns_listen", flag, absl::StrCat("at most ", kListenersMax, " addresses"));
  }
  return addresses;
}

}  // namespace nonet::dns
