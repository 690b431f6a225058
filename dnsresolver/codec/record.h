// Walks the resource records of a message in place. Pure; allocates nothing.
//
//   size_t at = ...;  // After the question.
//   Record record;
//   while (at < message.size() && ReadRecord(message, at, record)) { ... at = record.end; }
#pragma once

#include <cstddef>
#include <cstdint>

#include "dnsresolver/codec/name.h"
#include "dnsresolver/codec/wire.h"

namespace nonet::dns {

struct Record {
  Name owner;
  uint16_t type = 0;
  uint16_t record_class = 0;  // OPT: the sender's UDP payload size.
  uint32_t ttl = 0;           // OPT: extended RCODE, version, flags.
  size_t rdata_at = 0;        // Offset in the message: names inside may point back.
  Bytes rdata;
  size_t end = 0;  // Offset after the record.
};

// False when the record at `at` is malformed or cut short.
[[nodiscard]] bool ReadRecord(Bytes message, size_t at, Record& record);

}  // namespace nonet::dns
