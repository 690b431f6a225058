#include "dnsresolver/codec/record.h"

#include <optional>

namespace nonet::dns {

bool ReadRecord(Bytes message, size_t at, Record& record) {
  const std::optional<size_t> owner_end = ReadName(message, at, record.owner);
  constexpr size_t kFixedBytes = 10;  // Type, class, TTL, length.
  if (!owner_end.has_value() || message.size() - *owner_end < kFixedBytes) return false;
  record.type = ReadU16(message, *owner_end);
  record.record_class = ReadU16(message, *owner_end + 2);
  record.ttl = ReadU32(message, *owner_end + 4);
  const size_t rdata_bytes = ReadU16(message, *owner_end + 8);
  record.rdata_at = *owner_end + kFixedBytes;
  if (message.size() - record.rdata_at < rdata_bytes) return false;
  record.rdata = message.subspan(record.rdata_at, rdata_bytes);
  record.end = record.rdata_at + rdata_bytes;
  return true;
}

}  // namespace nonet::dns
