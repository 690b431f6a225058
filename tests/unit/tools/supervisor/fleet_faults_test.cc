#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "common/base/error.h"
#include "tests/unit/tools/supervisor/fleet_harness.h"
#include "tools/supervisor/core/fleet.h"

namespace nonet::supervisor {
namespace {

using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

const std::string kPrimary = "resources/contoso";
const std::string kWest = "resources/contoso/replicas/westus";

class Faults : public ::testing::Test {
 protected:
  Faults() { h.Set({Instance("contoso", "", "eastus"), Instance("contoso", "westus", "westus")}); }

  void RegionDown(const std::string& region, RegionDownMode mode) {
    h.Run([&](Effects& e) { EXPECT_TRUE(h.fleet.SetRegionDown(region, mode, h.now, e).ok()); });
  }
  absl::Status RegionUp(const std::string& region) {
    absl::Status status;
    h.Run([&](Effects& e) { status = h.fleet.SetRegionUp(region, h.now, e).status(); });
    return status;
  }
  absl::Status Kill(const std::string& name, bool hold) {
    absl::Status status;
    h.Run([&](Effects& e) { status = h.fleet.Kill(name, hold, h.now, e).status(); });
    return status;
  }
  absl::Status Pause(const std::string& name) {
    absl::Status status;
    h.Run([&](Effects& e) { status = h.fleet.Pause(name, h.now, e).status(); });
    return status;
  }
  absl::Status Resume(const std::string& name) {
    absl::Status status;
    h.Run([&](Effects& e) { status = h.fleet.Resume(name, h.now, e).status(); });
    return status;
  }
  std::vector<std::string> Names() const {
    std::vector<std::string> names;
    for (const Fault& fault : h.fleet.ListFaults()) names.push_back(fault.name);
    return names;
  }

  FleetHarness h;
};

TEST_F(Faults, RegionDownKillsItsInstancesAtOnceAndHoldsThem) {
  RegionDown("eastus", RegionDownMode::kRefuse);
  EXPECT_THAT(h.signals, ElementsAre(kPrimary + " KILL"));
  h.Exit(kPrimary);
  h.Advance(3'600 * kNanosPerSecond);
  EXPECT_EQ(h.LaunchesOf(kPrimary), 1u);
  EXPECT_EQ(h.View("contoso").state, ProcessState::kHeld);
  EXPECT_EQ(h.View("contoso").detail, "held down by region-down/eastus");
}

TEST_F(Faults, AFaultTookEffectOnceTheProcessIsGoneAndTheBlackHoleStands) {
  const auto took_effect = [&](const char* name) {
    for (const Fault& fault : h.fleet.ListFaults()) {
      if (fault.name == name) return h.fleet.TookEffect(fault);
    }
    return false;
  };
  RegionDown("westus", RegionDownMode::kRefuse);
  EXPECT_FALSE(took_effect("region-down/westus"));
  h.Exit(kWest);
  EXPECT_TRUE(took_effect("region-down/westus"));
  RegionDown("eastus", RegionDownMode::kHang);
  h.Exit(kPrimary);
  EXPECT_FALSE(took_effect("region-down/eastus"));
  h.Ready(kPrimary);
  EXPECT_TRUE(took_effect("region-down/eastus"));
}

TEST_F(Faults, AKillTookEffectOnceTheProcessIsGone) {
  absl::StatusOr<Fault> fault;
  h.Run([&](Effects& e) { fault = h.fleet.Kill("westus", false, h.now, e); });
  ASSERT_TRUE(fault.ok());
  EXPECT_FALSE(h.fleet.TookEffect(*fault));
  h.Exit(kWest);
  EXPECT_TRUE(h.fleet.TookEffect(*fault));
}

TEST_F(Faults, RegionUpStartsNewProcessesWithoutDelay) {
  RegionDown("eastus", RegionDownMode::kRefuse);
  h.Exit(kPrimary);
  EXPECT_TRUE(RegionUp("eastus").ok());
  EXPECT_EQ(h.LaunchesOf(kPrimary), 2u);
  EXPECT_THAT(Names(), IsEmpty());
}

TEST_F(Faults, AHangingRegionGetsBlackHolesOnTheSameAddresses) {
  RegionDown("eastus", RegionDownMode::kHang);
  h.Exit(kPrimary);
  ASSERT_EQ(h.LaunchesOf(kPrimary), 2u);
  EXPECT_TRUE(h.launches.back().blackhole);
  EXPECT_EQ(h.launches.back().address, h.launches[2].address);
  EXPECT_EQ(h.View("contoso").state, ProcessState::kHeld);
  EXPECT_THAT(h.fleet.RunningObjects(), ElementsAre(kWest));
  h.signals.clear();
  EXPECT_TRUE(RegionUp("eastus").ok());
  EXPECT_THAT(h.signals, ElementsAre(kPrimary + " KILL"));
  h.Exit(kPrimary);
  EXPECT_FALSE(h.launches.back().blackhole);
  EXPECT_EQ(h.View("contoso").restarts, 1u);  // The black hole is none.
}

TEST_F(Faults, AnotherModeReplacesTheFirst) {
  RegionDown("eastus", RegionDownMode::kHang);
  h.Exit(kPrimary);
  h.signals.clear();
  RegionDown("eastus", RegionDownMode::kRefuse);
  EXPECT_THAT(h.signals, ElementsAre(kPrimary + " KILL"));
  h.Exit(kPrimary);
  EXPECT_EQ(h.LaunchesOf(kPrimary), 2u);
  EXPECT_THAT(Names(), ElementsAre("region-down/eastus"));
}

TEST_F(Faults, ANewInstanceInADownedRegionIsHeldFromTheStartAndAcknowledged) {
  RegionDown("northeurope", RegionDownMode::kRefuse);
  h.Set({Instance("contoso", "", "eastus"), Instance("contoso", "westus", "westus"),
         Instance("contoso", "northeurope", "northeurope")});
  EXPECT_EQ(h.LaunchesOf("resources/contoso/replicas/northeurope"), 0u);
  EXPECT_EQ(h.View("northeurope").state, ProcessState::kHeld);
  EXPECT_EQ(h.acknowledged, h.token);
}

TEST_F(Faults, AStoppedInstanceInAHangingRegionStaysStopped) {
  std::vector<InstanceSpec> specs = {Instance("contoso", "", "eastus"),
                                     Instance("contoso", "westus", "westus")};
  specs[1].stopped = true;
  h.Set(specs);
  h.Exit(kWest);
  RegionDown("westus", RegionDownMode::kHang);
  EXPECT_EQ(h.LaunchesOf(kWest), 1u);
}

TEST_F(Faults, DeletingAnInstanceOfAHangingRegionEndsTheBlackHole) {
  RegionDown("westus", RegionDownMode::kHang);
  h.Exit(kWest);
  h.signals.clear();
  std::vector<InstanceSpec> specs = {Instance("contoso", "", "eastus"),
                                     Instance("contoso", "westus", "westus")};
  specs[1].deleting = true;
  h.Set(specs);
  EXPECT_THAT(h.signals, ElementsAre(kWest + " KILL"));
  h.Exit(kWest);
  EXPECT_EQ(h.acknowledged, h.token);
}

TEST_F(Faults, AnUnknownRegionIsRefusedAndARegionThatIsUpCannotComeUp) {
  absl::Status status;
  h.Run([&](Effects& e) {
    status = h.fleet.SetRegionDown("atlantis", RegionDownMode::kRefuse, h.now, e).status();
  });
  EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument);
  EXPECT_EQ(ErrorReason(status), "UNKNOWN_REGION");
  EXPECT_EQ(ErrorReason(RegionUp("eastus")), "REGION_NOT_DOWN");
  EXPECT_EQ(RegionUp("eastus").code(), absl::StatusCode::kNotFound);
  EXPECT_THAT(h.signals, IsEmpty());
}

TEST_F(Faults, AKilledProcessComesBackAsAfterAnyCrash) {
  EXPECT_TRUE(Kill("westus", false).ok());
  EXPECT_THAT(h.signals, ElementsAre(kWest + " KILL"));
  h.Exit(kWest);
  EXPECT_EQ(h.View("westus").state, ProcessState::kBackoff);
  h.Advance(kBackoffFirstNs);
  EXPECT_EQ(h.LaunchesOf(kWest), 2u);
  EXPECT_THAT(Names(), IsEmpty());
}

TEST_F(Faults, AHeldKillLastsUntilResume) {
  EXPECT_TRUE(Kill("controlplane", true).ok());
  h.Exit(kControlplaneKey);
  h.Advance(3'600 * kNanosPerSecond);
  EXPECT_EQ(h.LaunchesOf(kControlplaneKey), 1u);
  EXPECT_THAT(Names(), ElementsAre("kill/controlplane"));
  EXPECT_TRUE(Resume("controlplane").ok());
  EXPECT_EQ(h.LaunchesOf(kControlplaneKey), 2u);
}

TEST_F(Faults, KillingWhatDoesNotRunIsRefusedButHoldingItIsNot) {
  RegionDown("westus", RegionDownMode::kRefuse);
  h.Exit(kWest);
  const absl::Status status = Kill("westus", false);
  EXPECT_EQ(status.code(), absl::StatusCode::kFailedPrecondition);
  EXPECT_THAT(std::string(status.message()), HasSubstr("region-down/westus"));
  EXPECT_TRUE(Kill("westus", true).ok());
  EXPECT_TRUE(RegionUp("westus").ok());
  EXPECT_EQ(h.LaunchesOf(kWest), 1u);
}

TEST_F(Faults, AnUnknownProcessIsAnsweredWithTheNamesThereAre) {
  for (const absl::Status& status : {Kill("nobody", false), Pause("nobody"), Resume("nobody")}) {
    EXPECT_EQ(status.code(), absl::StatusCode::kNotFound);
    EXPECT_EQ(GetErrorDetails(status).next_step, "use one of: controlplane, dnsresolver, contoso, westus");
  }
}

TEST_F(Faults, PauseFreezesAndResumeContinues) {
  EXPECT_TRUE(Pause("westus").ok());
  EXPECT_TRUE(Pause("westus").ok());  // Once more changes nothing.
  EXPECT_EQ(h.View("westus").state, ProcessState::kPaused);
  EXPECT_TRUE(Resume("westus").ok());
  EXPECT_THAT(h.signals, ElementsAre(kWest + " STOP", kWest + " CONT"));
  EXPECT_EQ(ErrorReason(Resume("westus")), "PROCESS_NOT_HELD");
}

TEST_F(Faults, APausedProcessIsContinuedSoThatItCanStop) {
  EXPECT_TRUE(Pause("westus").ok());
  h.Set({Instance("contoso", "", "eastus")});
  EXPECT_THAT(h.signals, ElementsAre(kWest + " STOP", kWest + " TERM", kWest + " CONT"));
  h.Exit(kWest);
  EXPECT_THAT(Names(), IsEmpty());
}

TEST_F(Faults, APauseEndsWithItsProcess) {
  EXPECT_TRUE(Pause("westus").ok());
  EXPECT_TRUE(Kill("westus", false).ok());
  h.Exit(kWest);
  EXPECT_THAT(Names(), IsEmpty());
  EXPECT_THAT(h.records, Contains("pause/westus: fault cleared"));
}

TEST_F(Faults, FaultsSurviveTheSupervisorAndAreEnforcedAgain) {
  RegionDown("eastus", RegionDownMode::kRefuse);
  h.Exit(kPrimary);
  EXPECT_TRUE(Pause("westus").ok());
  EXPECT_TRUE(Kill("dnsresolver", true).ok());
  h.Exit(kDnsresolverKey);
  FleetHarness next(/*start=*/false);
  next.fleet.Restore(h.fleet.state(h.now), next.now);
  next.Start();
  EXPECT_THAT(next.launches, IsEmpty());
  EXPECT_THAT(next.signals, ElementsAre(kWest + " STOP"));
  EXPECT_EQ(next.fleet.ListFaults().size(), 3u);
}

TEST_F(Faults, ClearEndsEveryFault) {
  RegionDown("eastus", RegionDownMode::kRefuse);
  h.Exit(kPrimary);
  EXPECT_TRUE(Pause("westus").ok());
  EXPECT_TRUE(Kill("dnsresolver", true).ok());
  h.Exit(kDnsresolverKey);
  std::vector<std::string> ended;
  h.Run([&](Effects& e) {
    for (const Fault& fault : h.fleet.ClearFaults(h.now, e)) ended.push_back(fault.name);
  });
  EXPECT_THAT(ended, ElementsAre("kill/dnsresolver", "pause/westus", "region-down/eastus"));
  EXPECT_THAT(h.signals, Contains(kWest + " CONT"));
  EXPECT_EQ(h.LaunchesOf(kPrimary), 2u);
  EXPECT_EQ(h.LaunchesOf(kDnsresolverKey), 2u);
  EXPECT_THAT(Names(), IsEmpty());
}

TEST_F(Faults, WhatAFaultHeldIsBackOnceItIsReadyUnlessAnotherFaultHoldsIt) {
  RegionDown("eastus", RegionDownMode::kRefuse);
  h.Exit(kPrimary);
  EXPECT_TRUE(Kill("westus", true).ok());
  h.Exit(kWest);
  const std::vector<Fault> both = h.fleet.ListFaults();
  EXPECT_THAT(h.fleet.NotBack(both, h.now), IsEmpty());  // Held: nothing to wait for.
  EXPECT_TRUE(RegionUp("eastus").ok());
  EXPECT_THAT(h.fleet.NotBack(both, h.now), ElementsAre(HasSubstr("contoso (starting)")));
  h.Ready(kPrimary);
  EXPECT_THAT(h.fleet.NotBack(both, h.now), IsEmpty());
}

TEST_F(Faults, FaultsOfADeletedInstanceEndWithIt) {
  EXPECT_TRUE(Kill("westus", true).ok());
  h.Exit(kWest);
  h.Set({Instance("contoso", "", "eastus")});
  EXPECT_THAT(Names(), IsEmpty());
}

}  // namespace
}  // namespace nonet::supervisor
