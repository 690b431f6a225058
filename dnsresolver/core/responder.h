// From a query's bytes to the answer's bytes: parse, look up, copy, patch. Pure; reads one immutable table;
// allocates nothing, unless the switch `explain` is on: then an explanation is put into words.
//
//   Received question;
//   Read(packet, question);
//   std::array<uint8_t, kAnswerBytesMax> out;
//   Response response = Respond(table, question, {.source = source}, out);
//   if (response.bytes > 0) send(out, response.bytes);
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

#include "dnsresolver/codec/query.h"
#include "dnsresolver/codec/wire.h"
#include "dnsresolver/core/answer_table.h"
#include "dnsresolver/core/cookies.h"
#include "dnsresolver/core/ip_prefix.h"

namespace nonet::dns {

enum class Transport : uint8_t { kUdp, kTcp };

// Who asks, and by what way.
struct Asker {
  IpPrefix source;  // The whole address. EDNS Client Subnet, when sent, goes before it.
  Transport transport = Transport::kUdp;
  const CookieSecrets* cookies = nullptr;  // nullptr: COOKIE is ignored like any unknown option.
  int64_t wall_s = 0;                      // Unix time, for cookies.
  int64_t tcp_idle_ns = kTcpIdleNs;        // What TCP keepalive is told (RFC 7828).
  uint32_t draw = 0;                       // Random, new for each query: weighted profiles pick by it.
};

enum class AnswerKind : uint8_t { kNone, kRecords, kNoData, kNoName, kError };

struct Response {
  size_t bytes = 0;  // 0: do not answer.
  Rcode rcode = Rcode::kNoError;
  AnswerKind kind = AnswerKind::kNone;
  CookieState cookie = CookieState::kNone;
  // The endpoint that a resource's name led to, as indexes of the table's topology; -1: none.
  int32_t resource = -1;
  int32_t endpoint = -1;
  IpPrefix holds_for;  // Whom a cache may give that to: a block around the client subnet; length 0: anybody.
  uint64_t name = 0;   // Tells the names that exist apart; of records only.
  size_t opt_at = 0;   // Where in the message OPT begins; 0: there is none.
  size_t opt_bytes = 0;
  size_t question_end = 0;
};

// A packet and what it says. Reading comes first, for a whole batch, so that LookAhead need not do it again.
struct Received {
  Bytes packet;  // Outlives this.
  Query query;
  QueryVerdict verdict = QueryVerdict::kDrop;
};
// `question` is new.
inline void Read(Bytes packet, Received& question) {
  question.packet = packet;
  question.verdict = ParseQuery(packet, question.query);
}

// `out` has room for kAnswerBytesMax.
Response Respond(const AnswerTable& table, const Received& question, const Asker& asker,
                 std::span<uint8_t> out);
// The same, read here.
Response Respond(const AnswerTable& table, Bytes packet, const Asker& asker, std::span<uint8_t> out);
Response Respond(const AnswerTable& table, Bytes packet, const IpPrefix& source, Transport transport,
                 std::span<uint8_t> out);

// What counts as one kind of answer for rate limiting: the name that exists and its records; for negative
// answers and errors the whole zone, however many names are tried.
uint64_t RateKind(const Response& response);

// Turns the answer in `out` into the one that goes out now and then over the limit, without any records:
// BADCOOKIE for who has half a cookie, so that the next query shows a whole one, and TC for others.
void MakeSlip(Response& response, std::span<uint8_t> out);

}  // namespace nonet::dns
