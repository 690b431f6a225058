// What is to be said about a query, and its wire form: header, question, records, OPT. Pure; allocates
// nothing.
//
//   WriteMessage(plan, query, question, content, asker, bytes_max, buffer, response);
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "dnsresolver/codec/query.h"
#include "dnsresolver/core/responder.h"

namespace nonet::dns {

// With the switch `explain` only: kept apart, so that other answers need not build and move it.
struct Spoken {
  std::vector<uint8_t> text;  // The data of a TXT record, instead of sections.
  std::optional<uint16_t> error;
  std::string error_text;
};

// What goes between question and OPT, and what OPT says about it.
struct Content {
  Rcode rcode = Rcode::kNoError;
  bool authoritative = false;
  const Sections* sections = nullptr;  // None when null.
  bool negative = false;               // The zone's SOA in authority: the last name has no such data.
  uint8_t scope_bits = 0;              // RFC 7871: 0 is "holds for everybody".
  int32_t resource = -1, endpoint = -1;
  uint64_t name = 0;
  std::unique_ptr<Spoken> spoken{};  // Nothing when null.

  bool has_text() const { return spoken != nullptr && !spoken->text.empty(); }
};

// Header, question, records, OPT. When that is too long the extended error goes, then the records (and TC
// says so).
void WriteMessage(const AnswerPlan& plan, const Query& query, Bytes question, const Content& content,
                  const Asker& asker, size_t bytes_max, std::span<uint8_t> buffer, Response& response);

}  // namespace nonet::dns
