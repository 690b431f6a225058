#include "tools/cli/args/moment.h"

#include <gtest/gtest.h>

#include <string>

#include "common/clock/clock.h"

namespace nonet::cli {
namespace {

// 2026-11-21 10:45:00 in a zone that is two hours east.
const absl::TimeZone kZone = absl::FixedTimeZone(2 * 3600);
const absl::Time kNow = absl::FromCivil(absl::CivilSecond(2026, 11, 21, 10, 45, 0), kZone);

// "2026-11-21 10:42:07.123" in the zone, or why not.
std::string Read(absl::string_view text) {
  const absl::StatusOr<int64_t> ns = ParseMoment(text, absl::ToUnixNanos(kNow), kZone);
  if (!ns.ok()) return "error: " + std::string(ns.status().message());
  return absl::FormatTime("%Y-%m-%d %H:%M:%E*S", absl::FromUnixNanos(*ns), kZone);
}

TEST(Moment, AClockTimeIsTheLastOneThatWas) {
  EXPECT_EQ(Read("10:42:07"), "2026-11-21 10:42:07");
  EXPECT_EQ(Read("10:42:07.250"), "2026-11-21 10:42:07.25");
  EXPECT_EQ(Read("10:42"), "2026-11-21 10:42:00");
  EXPECT_EQ(Read("10:45"), "2026-11-21 10:45:00");
  EXPECT_EQ(Read("23:59:59"), "2026-11-20 23:59:59");
}

TEST(Moment, IsoTimesWithAndWithoutAZone) {
  EXPECT_EQ(Read("2026-11-21T08:42:07Z"), "2026-11-21 10:42:07");
  EXPECT_EQ(Read("2026-11-21T08:42:07.5Z"), "2026-11-21 10:42:07.5");
  EXPECT_EQ(Read("2026-11-21T10:42:07+02:00"), "2026-11-21 10:42:07");
  EXPECT_EQ(Read("2026-11-21T10:42:07"), "2026-11-21 10:42:07");
  EXPECT_EQ(Read("2026-11-20 10:42:07"), "2026-11-20 10:42:07");
  EXPECT_EQ(Read("2026-11-20 10:42"), "2026-11-20 10:42:00");
}

TEST(Moment, SoLongAgo) {
  EXPECT_EQ(Read("-5m"), "2026-11-21 10:40:00");
  EXPECT_EQ(Read("5m"), "2026-11-21 10:40:00");
  EXPECT_EQ(Read("-1h30m"), "2026-11-21 09:15:00");
  EXPECT_EQ(Read("now"), "2026-11-21 10:45:00");
}

TEST(Moment, RefusesTheFutureAndNonsense) {
  EXPECT_EQ(Read("2026-11-21T08:45:01Z"), "error: \"2026-11-21T08:45:01Z\" is still to come");
  for (const char* text : {"", "25:00:00", "10:61", "yesterday", "10", "12:30:61", "2026-13-01T00:00:00Z"}) {
    EXPECT_EQ(Read(text), "error: \"" + std::string(text) + "\" is not a time") << text;
  }
  EXPECT_EQ(Read("-x"), "error: \"-x\" is no time ago");
}

}  // namespace
}  // namespace nonet::cli
