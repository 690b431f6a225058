#include "controlplane/store/log_tail.h"

#include <algorithm>
#include <boost/crc.hpp>
#include <cstdint>

namespace nonet::controlplane {
namespace {

constexpr size_t kBlockBytes = 32 * 1024;
constexpr size_t kHeaderBytes = 7;
enum Type : uint8_t { kFull = 1, kFirst = 2, kMiddle = 3, kLast = 4 };

using Crc32c = boost::crc_optimal<32, 0x1EDC6F41, 0xFFFFFFFF, 0xFFFFFFFF, true, true>;

uint8_t Byte(absl::string_view bytes, size_t at) { return static_cast<uint8_t>(bytes[at]); }

// A record, or a fragment of one.
struct Fragment {
  bool fits = false;   // It is one by its type, and ends in its block and in the file.
  bool whole = false;  // And its checksum is right.
  uint8_t type = 0;
  size_t end = 0;
};

Fragment ReadFragment(absl::string_view log, size_t at) {
  Fragment fragment;
  const size_t room = std::min(kBlockBytes - at % kBlockBytes, log.size() - at);
  if (room < kHeaderBytes) return fragment;
  const size_t bytes = Byte(log, at + 4) + size_t{256} * Byte(log, at + 5);
  fragment.type = Byte(log, at + 6);
  fragment.end = at + kHeaderBytes + bytes;
  fragment.fits = fragment.type >= kFull && fragment.type <= kLast && kHeaderBytes + bytes <= room;
  if (!fragment.fits) return fragment;
  Crc32c crc;
  crc.process_bytes(log.data() + at + 6, 1 + bytes);
  const uint32_t plain = crc.checksum();
  const uint32_t masked = ((plain >> 15) | (plain << 17)) + 0xa282ead8u;
  uint32_t stored = 0;
  for (size_t i = 4; i-- > 0;) stored = stored << 8 | Byte(log, at + i);
  fragment.whole = stored == masked;
  return fragment;
}

bool BeginsRecord(const Fragment& fragment) { return fragment.type == kFull || fragment.type == kFirst; }

// Whether a record begins anywhere in it, even where no other leads there.
bool HasRecord(absl::string_view log, size_t from) {
  for (size_t at = from; at + kHeaderBytes <= log.size(); ++at) {
    const uint8_t type = Byte(log, at + 6);
    if (type != kFull && type != kFirst) continue;
    if (ReadFragment(log, at).whole) return true;
  }
  return false;
}

}  // namespace

LogTail FindLogTail(absl::string_view log) {
  LogTail tail;
  size_t at = 0;
  bool within = false;  // A record of which more has to follow.
  Fragment fragment;
  while (true) {
    const size_t room = kBlockBytes - at % kBlockBytes;
    if (room < kHeaderBytes) at = std::min(at + room, log.size());  // Too little for a header: unused.
    fragment = ReadFragment(log, at);
    if (!fragment.whole || BeginsRecord(fragment) == within) break;
    at = fragment.end;
    within = fragment.type == kFirst || fragment.type == kMiddle;
    if (!within) tail.end = at;
  }
  tail.broken = at;
  const absl::string_view rest = log.substr(tail.end);
  if (std::all_of(rest.begin(), rest.end(), [](char byte) { return byte == '\0'; })) return tail;
  // A log that was closed ends with its last record, whole; one that was not ends with zeros.
  const bool closed = fragment.fits && !fragment.whole && fragment.end == log.size();
  tail.kind = closed || HasRecord(log, at) ? LogTail::Kind::kDamaged : LogTail::Kind::kTorn;
  return tail;
}

}  // namespace nonet::controlplane
