// Reads a query as an authoritative server must: what is malformed, what is refused, what is asked, with
// its EDNS options. Pure; allocates nothing; bounded by the packet's size.
//
//   Query query;
//   switch (ParseQuery(packet, query)) { ... }
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

#include "dnsresolver/codec/name.h"
#include "dnsresolver/codec/wire.h"

namespace nonet::dns {

// EDNS Client Subnet (RFC 7871 section 6), already validated.
struct ClientSubnet {
  bool present = false;
  uint16_t family = 0;  // 1 IPv4, 2 IPv6; 0 only with source 0 (what `dig +subnet=0` sends).
  uint8_t source_bits = 0;
  uint8_t address_bytes = 0;  // ceil(source_bits / 8).
  std::array<uint8_t, 16> address{};
};

// The COOKIE option (RFC 7873 section 4), its length already checked; what it says is not.
struct Cookie {
  bool present = false;
  std::array<uint8_t, kClientCookieBytes> client{};
  uint8_t server_bytes = 0;  // 0, or 8 to 32.
  std::array<uint8_t, 32> server{};
};

struct Query {
  uint16_t id = 0;
  uint8_t opcode = 0;
  bool recursion_desired = false;
  bool checking_disabled = false;

  // The question as sent, at offset 12 of the packet; 0 bytes when the answer must not echo one.
  size_t question_bytes = 0;
  Name name;  // Lower case.
  uint16_t type = 0;
  uint16_t question_class = 0;

  bool has_opt = false;
  uint8_t edns_version = 0;
  uint16_t udp_bytes_max = kUdpBytesWithoutEdns;  // What the client takes; at least 512.
  bool dnssec_ok = false;
  bool nsid_asked = false;
  bool keepalive_asked = false;
  Cookie cookie;
  ClientSubnet subnet;

  Rcode error = Rcode::kNoError;  // For QueryVerdict::kError.
};

enum class QueryVerdict {
  kDrop,    // Too short for a header, or itself a response: answering would make loops.
  kError,   // Answer with Query::error and no records.
  kAnswer,  // Class IN, opcode QUERY, one question of an ordinary type.
  kChaos,   // The same of class CH: a question about the server.
  kCookie,  // No question, but a cookie: only that is wanted (RFC 7873 section 5.4).
};

QueryVerdict ParseQuery(Bytes packet, Query& query);

}  // namespace nonet::dns
