// Points in time as people type them: "10:42:07" (the last time a clock here showed that), "10:42",
// "2026-11-21T10:42:07Z", "2026-11-21 10:42:07" (local), "-5m" or "5m" (ago), "now". Pure; thread-safe.
//
//   ASSIGN_OR_RETURN(const int64_t unix_ns, ParseMoment("-5m", now_ns, absl::LocalTimeZone()));
#pragma once

#include <cstdint>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"

namespace nonet::cli {

// Unix time in nanoseconds; never later than `now_ns`. A usage error says what is accepted.
absl::StatusOr<int64_t> ParseMoment(absl::string_view text, int64_t now_ns, absl::TimeZone zone);

}  // namespace nonet::cli
