// An IPv4 or IPv6 prefix as one value: both families share the same bit arithmetic. Pure.
//
//   absl::StatusOr<IpPrefix> prefix = IpPrefix::Parse("10.15.0.0/16");
#pragma once

#include <cstdint>
#include <string>

#include "absl/numeric/int128.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "dnsresolver/codec/wire.h"

namespace nonet::dns {

enum class IpFamily : uint8_t { kV4, kV6 };

inline constexpr int BitsOf(IpFamily family) { return family == IpFamily::kV4 ? 32 : 128; }

struct IpPrefix {
  IpFamily family = IpFamily::kV4;
  int length = 0;          // Bits: 0 to BitsOf(family).
  absl::uint128 bits = 0;  // Left-aligned: bit 0 is the topmost, for IPv4 too. Zero past `length`.

  // "10.15.0.0/16", "fd00:f::/32", or an address alone (its full length). INVALID_ARGUMENT says what is
  // wrong: bad address, bad length, bits beyond the length.
  static absl::StatusOr<IpPrefix> Parse(absl::string_view text);
  // The first `length` bits of `address` (network order); missing bytes are zero.
  static IpPrefix FromBytes(IpFamily family, Bytes address, int length);
  std::string ToText() const;

  bool Contains(const IpPrefix& other) const {
    return family == other.family && length <= other.length &&
           ((bits ^ other.bits) & MaskOf(length)) == absl::uint128(0);
  }
  // The topmost `length` bits set.
  static absl::uint128 MaskOf(int length) {
    return length == 0 ? absl::uint128(0) : ~absl::uint128(0) << (128 - length);
  }

  friend bool operator==(const IpPrefix&, const IpPrefix&) = default;
};

// 0 or 1: the bit `at` places below the highest, 0 <= at < 128.
inline size_t BitAt(const absl::uint128& bits, int at) {
  return at < 64 ? absl::Uint128High64(bits) >> (63 - at) & 1 : absl::Uint128Low64(bits) >> (127 - at) & 1;
}

}  // namespace nonet::dns
