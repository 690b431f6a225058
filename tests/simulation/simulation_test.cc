// The simulation itself: it replays, and its checkers see what a broken engine does. The seeds of the right
// engine are run by the program sync_simulation.
#include <gtest/gtest.h>

#include <string>

#include "tests/simulation/run.h"

namespace nonet::sync_sim {
namespace {

// Within so many seeds each mutation has to be caught.
constexpr uint64_t kSeedsToCatch = 3;

// The checker that saw it first; empty: none did.
std::string CaughtBy(Mutation mutation) {
  for (uint64_t seed = 1; seed <= kSeedsToCatch; ++seed) {
    const RunReport report = sync_sim::Run({.seed = seed, .mutation = mutation});
    if (!report.violations.empty()) return report.violations.front().checker;
  }
  return "";
}

bool CaughtBy(Mutation mutation, const std::string& checker) {
  for (uint64_t seed = 1; seed <= kSeedsToCatch; ++seed) {
    for (const auto& violation : Run({.seed = seed, .mutation = mutation}).violations) {
      if (violation.checker == checker) return true;
    }
  }
  return false;
}

TEST(Simulation, ReplaysToTheSameDigest) {
  const RunReport first = sync_sim::Run({.seed = 7});
  EXPECT_EQ(sync_sim::Run({.seed = 7}).digest, first.digest);
  EXPECT_NE(sync_sim::Run({.seed = 8}).digest, first.digest);
  EXPECT_TRUE(first.ok()) << first.Text();
}

TEST(Simulation, CatchesAnEngineThatSuppressesNoDuplicates) {
  EXPECT_TRUE(CaughtBy(Mutation::kNoDedup, "duplicate"));
}

TEST(Simulation, CatchesAnEngineThatAcknowledgesBeforeItDelivers) {
  EXPECT_TRUE(CaughtBy(Mutation::kAckBeforeDeliver, "promise"));
  EXPECT_EQ(CaughtBy(Mutation::kAckBeforeDeliver), "conservation");
}

TEST(Simulation, CatchesAnEngineThatResumesOutOfOrder) {
  EXPECT_TRUE(CaughtBy(Mutation::kUnorderedResume, "order"));
}

TEST(Simulation, CatchesAnEngineThatForwardsWhatItReceived) {
  EXPECT_TRUE(CaughtBy(Mutation::kForwardTwice, "duplicate"));
}

// A run that proves nothing fails, and says how to see it again.
TEST(Simulation, AFailureSaysHowToReplayIt) {
  RunReport report;
  report.seed = 42;
  EXPECT_TRUE(report.ok());
  report.vacuous = "too few faults fired";
  EXPECT_FALSE(report.ok());
  EXPECT_NE(report.Text().find("sync_simulation --seeds 42-42"), std::string::npos);
  report.vacuous.clear();
  report.violations.push_back({"order", "x"});
  EXPECT_FALSE(report.ok());
}

}  // namespace
}  // namespace nonet::sync_sim
