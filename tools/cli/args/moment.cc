#include "tools/cli/args/moment.h"

#include <optional>
#include <string>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "tools/cli/args/duration.h"
#include "tools/cli/errors.h"

namespace nonet::cli {
namespace {

constexpr char kMomentForms[] = "10:42:07, 2026-11-21T10:42:07Z, \"2026-11-21 10:42:07\" or -5m";

// With a zone in the text, or in `zone`.
std::optional<absl::Time> ParseDated(absl::string_view text, absl::TimeZone zone) {
  absl::Time time;
  std::string ignored;
  for (const char* form : {"%Y-%m-%dT%H:%M:%E*S%Ez", "%Y-%m-%d %H:%M:%E*S%Ez", "%Y-%m-%dT%H:%M:%E*S",
                           "%Y-%m-%d %H:%M:%E*S", "%Y-%m-%dT%H:%M", "%Y-%m-%d %H:%M"}) {
    if (absl::ParseTime(form, text, zone, &time, &ignored)) return time;
  }
  return std::nullopt;
}

// A time of the day: today's, or yesterday's when that is still to come.
std::optional<absl::Time> ParseClock(absl::string_view text, absl::Time now, absl::TimeZone zone) {
  const absl::CivilDay today(absl::ToCivilDay(now, zone));
  for (const char* form : {"%H:%M:%E*S", "%H:%M"}) {
    absl::Time of_day;
    std::string ignored;
    // Of 1970-01-01 UTC: what is left is the time of the day.
    if (!absl::ParseTime(form, text, absl::UTCTimeZone(), &of_day, &ignored)) continue;
    const absl::CivilSecond clock = absl::ToCivilSecond(of_day, absl::UTCTimeZone());
    const absl::Duration fraction = of_day - absl::FromCivil(clock, absl::UTCTimeZone());
    for (const int days_ago : {0, 1}) {
      const absl::CivilDay day = today - days_ago;
      const absl::CivilSecond at(day.year(), day.month(), day.day(), clock.hour(), clock.minute(),
                                 clock.second());
      const absl::Time time = absl::FromCivil(at, zone) + fraction;
      if (time <= now) return time;
    }
  }
  return std::nullopt;
}

}  // namespace

absl::StatusOr<int64_t> ParseMoment(absl::string_view text, int64_t now_ns, absl::TimeZone zone) {
  if (text == "now") return now_ns;
  const absl::Time now = absl::FromUnixNanos(now_ns);
  if (absl::StartsWith(text, "-")) {
    const absl::StatusOr<int64_t> ago = ParseDuration(text.substr(1));
    if (!ago.ok()) return errors::Usage(absl::StrCat("\"", text, "\" is no time ago"), "-5m, -90s or -1h30m");
    return now_ns - *ago;
  }
  std::optional<absl::Time> time = ParseDated(text, zone);
  if (!time) time = ParseClock(text, now, zone);
  if (const absl::StatusOr<int64_t> ago = ParseDuration(text); !time && ago.ok()) return now_ns - *ago;
  if (!time) return errors::Usage(absl::StrCat("\"", text, "\" is not a time"), kMomentForms);
  if (*time > now) return errors::Usage(absl::StrCat("\"", text, "\" is still to come"), kMomentForms);
  return absl::ToUnixNanos(*time);
}

}  // namespace nonet::cli
