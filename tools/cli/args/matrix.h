// A matrix of round trips as a CSV file holds it, in the shape of common/regions/data: a first line "source"
// and the regions, then a line a region with its figures in milliseconds; an empty cell is not known. Pure.
//
//   ASSIGN_OR_RETURN(steering::v1::RoundTrips matrix, ParseMatrix(content, "other.csv"));
#pragma once

#include <cstddef>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "nonet/steering/v1/steering.pb.h"

namespace nonet::cli {

inline constexpr size_t kMatrixBytesMax = 1024 * 1024;

// Lines may come in any order and may lack, as may columns. A usage error names the line.
absl::StatusOr<steering::v1::RoundTrips> ParseMatrix(absl::string_view csv, absl::string_view label);

}  // namespace nonet::cli
