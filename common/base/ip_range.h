// A range of IP addresses, as operators write one: a prefix, one address, or first-last. Pure.
//
//   absl::StatusOr<IpRange> range = IpRange::Parse("10.1.2.0-10.1.2.99");
#pragma once

#include "absl/numeric/int128.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

namespace nonet {

struct IpRange {
  bool v6 = false;
  absl::uint128 first = 0;  // The address as a number; IPv4 in the low 32 bits.
  absl::uint128 last = 0;   // Inclusive.

  // INVALID_ARGUMENT says what is wrong: no address, a length out of range, bits past the length, two
  // families, the last before the first.
  static absl::StatusOr<IpRange> Parse(absl::string_view text);

  bool Overlaps(const IpRange& other) const {
    return v6 == other.v6 && first <= other.last && other.first <= last;
  }
  friend bool operator==(const IpRange&, const IpRange&) = default;
};

}  // namespace nonet
