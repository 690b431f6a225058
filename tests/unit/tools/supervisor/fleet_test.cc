#include "tools/supervisor/core/fleet.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/unit/tools/supervisor/fleet_harness.h"

namespace nonet::supervisor {
namespace {

using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;

const std::string kPrimary = "resources/contoso";
const std::string kWest = "resources/contoso/replicas/westus";

std::vector<InstanceSpec> Two() {
  return {Instance("contoso", "", "eastus"), Instance("contoso", "westus", "westus")};
}

TEST(Fleet, StartsControlPlaneAndResolverByItself) {
  FleetHarness h;
  ASSERT_EQ(h.launches.size(), 2u);
  EXPECT_EQ(h.launches[0].kind, ProcessKind::kControlplane);
  EXPECT_EQ(h.launches[1].kind, ProcessKind::kDnsresolver);
}

TEST(Fleet, LaunchesEveryInstanceOnAnAddressOfItsRegionAndAcknowledges) {
  FleetHarness h;
  h.Set(Two());
  ASSERT_EQ(h.launches.size(), 4u);
  EXPECT_EQ(h.View("contoso").address, "127.80.15.1");  // eastus is region 15.
  EXPECT_THAT(h.View("westus").address, HasSubstr("127.80."));
  EXPECT_EQ(h.acknowledged, 1u);
}

TEST(Fleet, SameInstancesAgainChangeNothing) {
  FleetHarness h;
  h.Set(Two());
  h.Set(Two());
  EXPECT_EQ(h.launches.size(), 4u);
  EXPECT_THAT(h.signals, IsEmpty());
  EXPECT_EQ(h.acknowledged, 2u);
}

TEST(Fleet, RestartsWithinTheSameAddressWhenTheGenerationDiffers) {
  FleetHarness h;
  h.Set(Two());
  const std::string address = h.View("westus").address;
  std::vector<InstanceSpec> specs = Two();
  specs[1].generation = 1;
  h.Set(specs);
  EXPECT_THAT(h.signals, ElementsAre(kWest + " TERM"));
  EXPECT_EQ(h.acknowledged, 1u);  // Not before the new process is there.
  h.Exit(kWest, "exited with code 0");
  ASSERT_EQ(h.LaunchesOf(kWest), 2u);
  EXPECT_EQ(h.launches.back().generation, 1u);
  EXPECT_EQ(h.View("westus").address, address);
  EXPECT_EQ(h.acknowledged, 2u);
  EXPECT_EQ(h.View("westus").restarts, 1u);
}

TEST(Fleet, StopsAStoppedInstanceAndStartsItAgainWithoutBackoff) {
  FleetHarness h;
  h.Set(Two());
  std::vector<InstanceSpec> specs = Two();
  specs[1].stopped = true;
  h.Set(specs);
  EXPECT_THAT(h.signals, ElementsAre(kWest + " TERM"));
  h.Exit(kWest);
  EXPECT_EQ(h.acknowledged, 2u);
  EXPECT_EQ(h.View("westus").state, ProcessState::kHeld);
  EXPECT_EQ(h.LaunchesOf(kWest), 1u);
  h.Set(Two());
  EXPECT_EQ(h.LaunchesOf(kWest), 2u);
}

TEST(Fleet, KillsWhatDoesNotStopWithinFiveSeconds) {
  FleetHarness h;
  h.Set(Two());
  std::vector<InstanceSpec> specs = Two();
  specs[1].stopped = true;
  h.Set(specs);
  h.Advance(kStopGraceNs - 1);
  EXPECT_THAT(h.signals, ElementsAre(kWest + " TERM"));
  h.Advance(1);
  EXPECT_THAT(h.signals, ElementsAre(kWest + " TERM", kWest + " KILL"));
  h.Advance(60 * kNanosPerSecond);
  EXPECT_EQ(h.signals.size(), 2u);
}

TEST(Fleet, AcknowledgesADeletionOnlyOnceTheProcessIsGoneAndThenRemovesItsState) {
  FleetHarness h;
  h.Set(Two());
  std::vector<InstanceSpec> specs = Two();
  specs[1].deleting = true;
  h.Set(specs);
  EXPECT_THAT(h.signals, ElementsAre(kWest + " TERM"));
  EXPECT_EQ(h.acknowledged, 1u);
  h.Exit(kWest);
  EXPECT_EQ(h.acknowledged, 2u);
  EXPECT_THAT(h.removed, IsEmpty());  // The object is still there.
  h.Set({Two()[0]});
  EXPECT_THAT(h.removed, ElementsAre("instances/contoso/westus"));
  EXPECT_EQ(h.acknowledged, 3u);
  EXPECT_THAT(h.fleet.names().All(), ElementsAre("controlplane", "dnsresolver", "contoso"));
}

TEST(Fleet, EndsAnInstanceWhoseObjectVanishedAndRemovesItsStateAfterwards) {
  FleetHarness h;
  h.Set(Two());
  h.Set({Two()[0]});
  EXPECT_THAT(h.signals, ElementsAre(kWest + " TERM"));
  EXPECT_THAT(h.removed, IsEmpty());
  h.Exit(kWest);
  EXPECT_THAT(h.removed, ElementsAre("instances/contoso/westus"));
  EXPECT_EQ(h.LaunchesOf(kWest), 1u);
}

TEST(Fleet, LaterChangesWaitBehindAnUnfinishedOne) {
  FleetHarness h;
  h.Set(Two());
  h.Set({Two()[0]});
  h.Set({Two()[0], Instance("contoso", "northeurope", "northeurope")});
  EXPECT_EQ(h.launches.back().instance.replica_id, "northeurope");  // Carried out at once,
  EXPECT_EQ(h.acknowledged, 1u);                                    // but acknowledged in order.
  h.Exit(kWest);
  EXPECT_EQ(h.acknowledged, 3u);
}

TEST(Fleet, MoreUnfinishedChangesThanTheLimitAreAcknowledgedTogether) {
  FleetHarness h;
  h.Set(Two());
  for (size_t i = 0; i < kPendingChangesMax + 10; ++i) h.Set({Two()[0]});
  EXPECT_EQ(h.acknowledged, 1u);
  h.Exit(kWest);
  EXPECT_EQ(h.acknowledged, h.token);
}

TEST(Fleet, AnotherUidUnderTheSameNameIsANewInstanceWithAnotherAddress) {
  FleetHarness h;
  h.Set(Two());
  const std::string address = h.View("westus").address;
  std::vector<InstanceSpec> specs = Two();
  specs[1].uid = "another";
  h.Set(specs);
  EXPECT_THAT(h.signals, ElementsAre(kWest + " TERM"));
  h.Exit(kWest);
  EXPECT_THAT(h.removed, ElementsAre("instances/contoso/westus"));
  EXPECT_EQ(h.LaunchesOf(kWest), 2u);
  EXPECT_NE(h.View("westus").address, address);
}

TEST(Fleet, RestartsACrashedProcessAfterADelayThatDoublesUpToTenSeconds) {
  FleetHarness h;
  const std::vector<int64_t> expected_ms = {100, 200, 400, 800, 1'600, 3'200, 6'400, 10'000, 10'000};
  for (const int64_t ms : expected_ms) {
    const size_t before = h.LaunchesOf(kControlplaneKey);
    h.Exit(kControlplaneKey);
    EXPECT_EQ(h.View("controlplane").state, ProcessState::kBackoff);
    h.Advance(ms * kNanosPerMilli - 1);
    EXPECT_EQ(h.LaunchesOf(kControlplaneKey), before) << ms;
    h.Advance(1);
    EXPECT_EQ(h.LaunchesOf(kControlplaneKey), before + 1) << ms;
  }
}

TEST(Fleet, BackoffBeginsAnewAfterThirtySecondsUp) {
  FleetHarness h;
  for (int i = 0; i < 5; ++i) {
    h.Exit(kControlplaneKey);
    h.Advance(kBackoffMaxNs);
  }
  h.Advance(kBackoffResetNs);
  const size_t before = h.LaunchesOf(kControlplaneKey);
  h.Exit(kControlplaneKey);
  h.Advance(kBackoffFirstNs);
  EXPECT_EQ(h.LaunchesOf(kControlplaneKey), before + 1);
}

TEST(Fleet, AFailedLaunchBacksOffLikeACrash) {
  FleetHarness h(/*start=*/false);
  h.launch_error = absl::NotFoundError("no such program");
  h.Start();
  EXPECT_EQ(h.View("controlplane").state, ProcessState::kBackoff);
  EXPECT_THAT(h.View("controlplane").detail, HasSubstr("no such program"));
  h.launch_error = absl::OkStatus();
  h.Advance(kBackoffFirstNs);
  EXPECT_NE(h.View("controlplane").identity.pid, 0);
}

TEST(Fleet, OneThatFallsDueWhileAnotherIsBeingLaunchedIsNotForgotten) {
  FleetHarness h;
  h.launch_cost_ns = 5 * kNanosPerMilli;
  h.Exit(kControlplaneKey);
  h.Advance(kNanosPerMilli);
  h.Exit(kDnsresolverKey);
  h.launch_error = absl::NotFoundError("no such program");
  h.Advance(kBackoffFirstNs);
  EXPECT_EQ(h.LaunchesOf(kControlplaneKey), 2u);
  EXPECT_EQ(h.LaunchesOf(kDnsresolverKey), 2u);
}

TEST(Fleet, IgnoresTheExitOfAnotherLife) {
  FleetHarness h;
  h.Run([&](Effects& e) {
    h.fleet.OnExited(kControlplaneKey, {.pid = h.alive[kControlplaneKey].pid, .start_time = 1}, "x", h.now,
                     e);
  });
  EXPECT_EQ(h.View("controlplane").identity, h.alive[kControlplaneKey]);
}

TEST(Fleet, ReadinessOfAnOldPidDoesNotCount) {
  FleetHarness h;
  h.Run([&](Effects& e) { h.fleet.OnReady(kControlplaneKey, 1, e); });
  EXPECT_EQ(h.View("controlplane").state, ProcessState::kStarting);
  h.Ready(kControlplaneKey);
  EXPECT_EQ(h.View("controlplane").state, ProcessState::kReady);
}

TEST(Fleet, MissingNamesWhatShouldRunAndIsNotReady) {
  FleetHarness h;
  h.Set(Two());
  h.Ready(kControlplaneKey);
  h.Ready(kDnsresolverKey);
  h.Ready(kPrimary);
  EXPECT_THAT(h.fleet.Missing(h.now), ElementsAre("westus (starting)"));
  h.Ready(kWest);
  EXPECT_THAT(h.fleet.Missing(h.now), IsEmpty());
  std::vector<InstanceSpec> specs = Two();
  specs[1].stopped = true;
  h.Set(specs);
  h.Exit(kWest);
  EXPECT_THAT(h.fleet.Missing(h.now), IsEmpty());  // It should not run.
}

TEST(Fleet, MissingStaysTrueForAHeldControlPlane) {
  FleetHarness h;
  h.Ready(kDnsresolverKey);
  h.Run([&](Effects& e) { EXPECT_TRUE(h.fleet.Kill("controlplane", true, h.now, e).ok()); });
  EXPECT_THAT(h.fleet.Missing(h.now), ElementsAre(HasSubstr("held down by kill/controlplane")));
}

TEST(Fleet, ShutdownAsksAllAtOnceKillsTheRestAndTellsTheEnd) {
  FleetHarness h;
  h.Set(Two());
  h.Run([&](Effects& e) { h.fleet.Shutdown(h.now, e); });
  EXPECT_THAT(h.signals,
              ElementsAre("controlplane TERM", "dnsresolver TERM", kPrimary + " TERM", kWest + " TERM"));
  h.Exit(kControlplaneKey);
  h.Exit(kDnsresolverKey);
  h.Exit(kPrimary);
  EXPECT_FALSE(h.all_stopped);
  h.Advance(kStopGraceNs);
  EXPECT_EQ(h.signals.back(), kWest + " KILL");
  h.Exit(kWest);
  EXPECT_TRUE(h.all_stopped);
  h.Advance(60 * kNanosPerSecond);
  EXPECT_EQ(h.launches.size(), 4u);
}

TEST(Fleet, ShutdownWithNothingRunningEndsAtOnce) {
  FleetHarness h(/*start=*/false);
  h.Run([&](Effects& e) { h.fleet.Shutdown(h.now, e); });
  EXPECT_TRUE(h.all_stopped);
}

TEST(Fleet, RestoreAdoptsWhatRunsAndLaunchesOnlyWhatIsGone) {
  FleetHarness old;
  old.Set(Two());
  State state = old.fleet.state(old.now);
  for (State::Process& process : state.processes) {
    if (process.key == kWest) process.identity = {};  // Died meanwhile.
  }
  FleetHarness h(/*start=*/false);
  h.fleet.Restore(state, h.now);
  h.Start();
  ASSERT_EQ(h.launches.size(), 1u);
  EXPECT_EQ(h.launches[0].key, kWest);
  EXPECT_EQ(h.launches[0].address, old.View("westus").address);
  EXPECT_EQ(h.View("contoso").identity, old.alive[kPrimary]);
  EXPECT_THAT(h.signals, IsEmpty());
}

TEST(Fleet, RestoreRestartsAnAdoptedProcessOfAnOldGeneration) {
  FleetHarness old;
  old.Set(Two());
  State state = old.fleet.state(old.now);
  for (State::Process& process : state.processes) {
    if (process.key == kWest) process.instance.generation = 3;
  }
  FleetHarness h(/*start=*/false);
  h.fleet.Restore(state, h.now);
  h.Start();
  EXPECT_THAT(h.signals, ElementsAre(kWest + " TERM"));
}

TEST(Fleet, AReplicaCalledLikeItsResourceDoesNotTakeTheResourcesStateAway) {
  FleetHarness h;
  h.Set({Instance("contoso", "", "eastus"), Instance("contoso", "contoso", "westus")});
  h.Set({Instance("contoso", "", "eastus")});
  h.Exit("resources/contoso/replicas/contoso");
  EXPECT_THAT(h.removed, IsEmpty());
}

}  // namespace
}  // namespace nonet::supervisor
