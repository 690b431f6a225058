#include "dnsresolver/core/cookies.h"

#include <algorithm>

#include "dnsresolver/codec/writer.h"
#include "dnsresolver/core/limits.h"

namespace nonet::dns {
namespace {

constexpr uint8_t kVersion = 1;
constexpr size_t kHashedServerBytes = 8;  // Version, reserved, time.

uint64_t Hash(const SipKey& secret, const ClientCookie& cookie, Bytes server_head, const IpPrefix& client) {
  std::array<uint8_t, kClientCookieBytes + kHashedServerBytes + 16> buffer;
  Writer input(buffer);
  input.Raw(cookie);
  input.Raw(server_head);
  const int address_bytes = BitsOf(client.family) / 8;
  for (int i = 0; i < address_bytes; ++i) input.U8(static_cast<uint8_t>(client.bits >> (120 - 8 * i)));
  return SipHash24(secret, Bytes(buffer).first(input.size()));
}

}  // namespace

ServerCookie MakeServerCookie(const SipKey& secret, const ClientCookie& cookie, const IpPrefix& client,
                              int64_t wall_s) {
  ServerCookie server;
  Writer out(server);
  out.U8(kVersion);
  out.U8(0);
  out.U16(0);
  out.U32(static_cast<uint32_t>(wall_s));
  const uint64_t hash = Hash(secret, cookie, Bytes(server).first(kHashedServerBytes), client);
  for (int i = 0; i < 8; ++i) out.U8(static_cast<uint8_t>(hash >> (8 * i)));
  return server;
}

CookieState CheckCookie(const CookieSecrets& secrets, const Cookie& cookie, const IpPrefix& client,
                        int64_t wall_s) {
  if (!cookie.present) return CookieState::kNone;
  if (cookie.server_bytes == 0) return CookieState::kClient;
  if (cookie.server_bytes != kServerCookieBytes || cookie.server[0] != kVersion) return CookieState::kWrong;
  const Bytes server(cookie.server.data(), kServerCookieBytes);
  // The difference of 32-bit times, which wrap (RFC 1982).
  const auto age_s = static_cast<int32_t>(static_cast<uint32_t>(wall_s) - ReadU32(server, 4));
  if (age_s > kCookieAgeSecondsMax || age_s < -kCookieAheadSecondsMax) return CookieState::kWrong;
  uint64_t shown = 0;
  for (size_t i = 0; i < 8; ++i) shown |= uint64_t{server[8 + i]} << (8 * i);
  const Bytes head = server.first(kHashedServerBytes);
  const bool good =
      shown == Hash(secrets.current, cookie.client, head, client) ||
      (secrets.previous.has_value() && shown == Hash(*secrets.previous, cookie.client, head, client));
  return good ? CookieState::kGood : CookieState::kWrong;
}

}  // namespace nonet::dns
