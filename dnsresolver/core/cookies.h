// DNS cookies (RFC 7873) of the kind that servers share (RFC 9018): who shows one was able to receive our
// earlier answer, so its address is not forged. Pure; allocates nothing.
//
//   CookieState state = CheckCookie(secrets, query.cookie, source, wall_s);
//   ServerCookie fresh = MakeServerCookie(secrets.current, query.cookie.client, source, wall_s);
#pragma once

#include <array>
#include <cstdint>
#include <optional>

#include "dnsresolver/codec/query.h"
#include "dnsresolver/core/ip_prefix.h"
#include "dnsresolver/core/siphash.h"

namespace nonet::dns {

// New cookies are made with the first; the one before stays good, so that a rollover breaks nobody.
struct CookieSecrets {
  SipKey current{};
  std::optional<SipKey> previous;

  friend bool operator==(const CookieSecrets&, const CookieSecrets&) = default;
};

using ClientCookie = std::array<uint8_t, kClientCookieBytes>;
using ServerCookie = std::array<uint8_t, kServerCookieBytes>;

enum class CookieState : uint8_t {
  kNone,    // The query has none, or cookies are off.
  kClient,  // Only the client's half: a first contact.
  kWrong,   // Not ours, another client's, or too old.
  kGood,
};

// RFC 9018 section 4: version 1, three zero bytes, the time in seconds, and the hash over all of that, the
// client's cookie and its address. `client` has its full length; `wall_s` is Unix time.
ServerCookie MakeServerCookie(const SipKey& secret, const ClientCookie& cookie, const IpPrefix& client,
                              int64_t wall_s);

// Good for an hour, and five minutes ahead of our clock (section 4.3).
CookieState CheckCookie(const CookieSecrets& secrets, const Cookie& cookie, const IpPrefix& client,
                        int64_t wall_s);

}  // namespace nonet::dns
