// What every Clock promises: the real one and the simulated one pass the same suite.
#include "common/clock/clock.h"

#include <gtest/gtest.h>

#include <functional>
#include <memory>
#include <string>

#include "common/clock/simulated_clock.h"
#include "common/real/real_clock.h"

namespace nonet {
namespace {

struct Subject {
  const Clock* clock = nullptr;
  std::function<void()> pass;  // Lets at least a millisecond go by.
};

class ClockContract : public testing::TestWithParam<std::string> {
 protected:
  Subject Make() {
    if (GetParam() == "Simulated") {
      return {&simulated_, [this] { simulated_.AdvanceNs(kNanosPerMilli); }};
    }
    return {&RealClock(), [] {
              const int64_t end = RealClock().SteadyNs() + kNanosPerMilli;
              while (RealClock().SteadyNs() < end) {
              }
            }};
  }
  SimulatedClock simulated_;
};

TEST_P(ClockContract, NeverGoesBack) {
  const Subject subject = Make();
  int64_t last = subject.clock->SteadyNs();
  for (int i = 0; i < 1000; ++i) {
    const int64_t now = subject.clock->SteadyNs();
    ASSERT_GE(now, last);
    last = now;
  }
}

TEST_P(ClockContract, PassesInNanoseconds) {
  const Subject subject = Make();
  const int64_t steady = subject.clock->SteadyNs();
  const int64_t wall = subject.clock->WallNs();
  subject.pass();
  EXPECT_GE(subject.clock->SteadyNs() - steady, kNanosPerMilli);
  EXPECT_LT(subject.clock->SteadyNs() - steady, 5 * kNanosPerSecond);
  EXPECT_GE(subject.clock->WallNs() - wall, kNanosPerMilli / 2);
}

TEST_P(ClockContract, TellsUnixTime) {
  const Subject subject = Make();
  EXPECT_GE(subject.clock->WallNs(), 1'700'000'000 * kNanosPerSecond);  // November 2023.
  EXPECT_LT(subject.clock->WallNs(), 5'000'000'000 * kNanosPerSecond);
}

INSTANTIATE_TEST_SUITE_P(Both, ClockContract, testing::Values("Real", "Simulated"),
                         [](const auto& info) { return info.param; });

TEST(SimulatedClock, StandsStillUntilAdvanced) {
  SimulatedClock clock(5);
  EXPECT_EQ(clock.WallNs(), 5);
  EXPECT_EQ(clock.SteadyNs(), 0);
  clock.AdvanceNs(7);
  EXPECT_EQ(clock.WallNs(), 12);
  EXPECT_EQ(clock.SteadyNs(), 7);
}

}  // namespace
}  // namespace nonet
