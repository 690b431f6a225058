// The shortest way from a query to its decoded answer.
#pragma once

#include <gtest/gtest.h>

#include <array>
#include <cstddef>

#include "dnsresolver/core/responder.h"
#include "tests/unit/dnsresolver/message.h"
#include "tests/unit/dnsresolver/topologies.h"

namespace nonet::dns {

struct Asked {
  Response response;
  Packet bytes;
  Decoded decoded;  // Fails the test when malformed.
};

inline Asked AskAs(const AnswerTable& table, const Packet& query, const Asker& asker) {
  std::array<uint8_t, kAnswerBytesMax> out;
  Asked asked;
  asked.response = Respond(table, query, asker, out);
  asked.bytes.assign(out.begin(), out.begin() + static_cast<std::ptrdiff_t>(asked.response.bytes));
  if (asked.bytes.empty()) return asked;
  const auto decoded = Decode(asked.bytes);
  EXPECT_TRUE(decoded.has_value()) << "the answer is malformed";
  if (decoded) asked.decoded = *decoded;
  return asked;
}

inline Asked Ask(const AnswerTable& table, const Packet& query, absl::string_view source = "127.0.0.1",
                 Transport transport = Transport::kUdp) {
  return AskAs(table, query, {.source = Ip(source), .transport = transport});
}

}  // namespace nonet::dns
