#include "tools/cli/args/duration.h"

#include "absl/strings/str_cat.h"
#include "absl/time/time.h"
#include "common/clock/clock.h"
#include "tools/cli/errors.h"

namespace nonet::cli {
namespace {

constexpr absl::Duration kDurationMax = absl::Hours(24);

}  // namespace

absl::StatusOr<int64_t> ParseDuration(absl::string_view text) {
  absl::Duration duration;
  if (text.empty() || text == "0" || !absl::ParseDuration(text, &duration)) {
    return errors::Usage(absl::StrCat("\"", text, "\" is not a duration"),
                         "a number with a unit, such as 90s, 250ms or 1m30s");
  }
  if (duration <= absl::ZeroDuration() || duration > kDurationMax) {
    return errors::Usage(absl::StrCat("\"", text, "\" is out of range"),
                         "a duration above zero and at most 24h");
  }
  return absl::ToInt64Nanoseconds(duration);
}

std::string FormatDuration(int64_t ns) {
  if (ns % kNanosPerSecond == 0) return absl::StrCat(ns / kNanosPerSecond, "s");
  if (ns > kNanosPerSecond) return absl::StrCat(static_cast<double>(ns) / kNanosPerSecond, "s");
  if (ns % kNanosPerMilli == 0) return absl::StrCat(ns / kNanosPerMilli, "ms");
  return absl::StrCat(static_cast<double>(ns) / kNanosPerMilli, "ms");
}

}  // namespace nonet::cli
