#include "tools/cli/args/duration.h"

#include <gtest/gtest.h>

#include "common/clock/clock.h"
#include "tools/cli/errors.h"

namespace nonet::cli {
namespace {

TEST(Duration, ReadsNumbersWithUnits) {
  EXPECT_EQ(ParseDuration("90s").value(), 90 * kNanosPerSecond);
  EXPECT_EQ(ParseDuration("1m30s").value(), 90 * kNanosPerSecond);
  EXPECT_EQ(ParseDuration("1.5s").value(), 1500 * kNanosPerMilli);
  EXPECT_EQ(ParseDuration("250ms").value(), 250 * kNanosPerMilli);
  EXPECT_EQ(ParseDuration("24h").value(), 24 * 3600 * kNanosPerSecond);
}

TEST(Duration, RefusesWhatItWouldHaveToGuess) {
  for (const char* text : {"", "90", "0", "0s", "-1s", "24h1s", "inf", "soon", "5 s", "1d", "s"}) {
    const auto parsed = ParseDuration(text);
    ASSERT_FALSE(parsed.ok()) << text;
    EXPECT_EQ(ExitCode(parsed.status()), kExitUsage) << text;
  }
}

TEST(Duration, IsWrittenAsItIsTyped) {
  EXPECT_EQ(FormatDuration(90 * kNanosPerSecond), "90s");
  EXPECT_EQ(FormatDuration(1500 * kNanosPerMilli), "1.5s");
  EXPECT_EQ(FormatDuration(250 * kNanosPerMilli), "250ms");
  EXPECT_EQ(FormatDuration(1500 * kNanosPerMicro), "1.5ms");
  EXPECT_EQ(FormatDuration(0), "0s");
}

}  // namespace
}  // namespace nonet::cli
