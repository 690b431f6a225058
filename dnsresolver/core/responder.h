// From a query's bytes to the answer's bytes: parse, look up, copy, patch. Pure; allocates nothing; reads
// one immutable table.
//
//   std::array<uint8_t, kAnswerBytesMax> out;
//   Response response = Respond(table, packet, source, Transport::kUdp, out);
//   if (response.bytes > 0) send(out, response.bytes);
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

#include "dnsresolver/codec/wire.h"
#include "dnsresolver/core/answer_table.h"
#include "dnsresolver/core/ip_prefix.h"

namespace nonet::dns {

enum class Transport : uint8_t { kUdp, kTcp };

struct Response {
  size_t bytes = 0;  // 0: do not answer.
  Rcode rcode = Rcode::kNoError;
};

// `source` is the whole address the query came from; EDNS Client Subnet, when sent, goes before it.
// `out` has room for kAnswerBytesMax.
Response Respond(const AnswerTable& table, Bytes packet, const IpPrefix& source, Transport transport,
                 std::span<uint8_t> out);

}  // namespace nonet::dns
