// Durations as people type them: "90s", "1m30s", "250ms", "2h", "1.5s". Pure; thread-safe.
#pragma once

#include <cstdint>
#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

namespace nonet::cli {

// Nanoseconds, above zero and at most 24 h. A bare number has no unit and is refused: it would be guessed
// wrong half of the time. INVALID_ARGUMENT with a sentence that starts with the text itself.
absl::StatusOr<int64_t> ParseDuration(absl::string_view text);

// The shortest form that says it exactly: "90s", "1.5s", "250ms". Seconds are never folded into minutes, so
// that a TTL reads as it is written on the wire.
std::string FormatDuration(int64_t ns);

}  // namespace nonet::cli
