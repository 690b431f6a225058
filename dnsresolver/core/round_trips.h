// Round trips between regions to steer by: the built-in P50 matrix, or a supposed one over it. Pure;
// immutable after construction.
//
//   absl::StatusOr<RoundTrips> other = RoundTrips::Make("other.csv", regions, ms);
//   RttMs(&*other, from, to);
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "common/regions/regions.h"

namespace nonet::dns {

class RoundTrips {
 public:
  // `ms` row by row (from), as wide as `regions`; 0 is not known. What the matrix lacks keeps the built-in
  // figure. ROUND_TRIPS_INVALID for an unknown or repeated region, a matrix that is not square, a figure out
  // of range.
  static absl::StatusOr<RoundTrips> Make(std::string label, std::span<const std::string> regions,
                                         std::span<const uint32_t> ms);

  int Ms(const Region& from, const Region& to) const;
  const std::string& label() const { return label_; }

 private:
  std::string label_;
  std::vector<uint16_t> ms_;  // By region number, row by row; kUnknown.
};

// Of the supposed matrix, if there is one.
inline int RttMs(const RoundTrips* supposed, const Region& from, const Region& to) {
  return supposed != nullptr ? supposed->Ms(from, to) : nonet::RttMs(from, to);
}

}  // namespace nonet::dns
