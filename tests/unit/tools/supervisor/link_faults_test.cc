#include "tools/supervisor/core/link_faults.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "common/base/error.h"
#include "common/regions/regions.h"
#include "tests/unit/tools/supervisor/fleet_harness.h"
#include "tools/supervisor/core/fleet.h"
#include "tools/supervisor/core/limits.h"

namespace nonet::supervisor {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

const std::string kWestObject = "resources/contoso/replicas/westus";

class LinkFaults : public ::testing::Test {
 protected:
  LinkFaults() { h_.Set({Instance("contoso", "", "eastus"), Instance("contoso", "westus", "westus")}); }

  absl::StatusOr<Fault> Set(LinkFaultKind kind, const std::string& a, const std::string& b,
                            uint64_t amount = 0, bool one_way = false) {
    absl::StatusOr<Fault> fault;
    h_.Run([&](Effects& e) { fault = h_.fleet.SetLinkFault(kind, a, b, one_way, amount, h_.now, e); });
    return fault;
  }
  absl::Status Cut(const std::string& a, const std::string& b) {
    return Set(LinkFaultKind::kPartition, a, b).status();
  }
  absl::StatusOr<std::vector<Fault>> Heal(const std::string& a, const std::string& b) {
    absl::StatusOr<std::vector<Fault>> ended;
    h_.Run([&](Effects& e) { ended = h_.fleet.HealLink(a, b, e); });
    return ended;
  }
  std::vector<std::string> Names() const {
    std::vector<std::string> names;
    for (const Fault& fault : h_.fleet.ListFaults()) names.push_back(fault.name);
    return names;
  }

  FleetHarness h_;
};

TEST_F(LinkFaults, SidesAreRegionsInstancesClientsAndProbes) {
  ASSERT_TRUE(Cut("westus", "eastus").ok());
  ASSERT_TRUE(Cut("contoso/westus", "contoso").ok());
  ASSERT_TRUE(Cut("clients", "contoso").ok());
  ASSERT_TRUE(Cut("dnsresolver", "westus").ok());
  EXPECT_THAT(Names(), ElementsAre("partition/contoso/clients", "partition/contoso/contoso/westus",
                                   "partition/eastus/westus", "partition/westus/dnsresolver"));
  bool instance = false;
  for (const LinkFault& link : h_.fleet.LinkFaults()) {
    instance |= link.b == LinkSide{.kind = LinkSide::Kind::kInstance, .name = kWestObject};
  }
  EXPECT_TRUE(instance);
}

TEST_F(LinkFaults, TheOrderOfTheSidesMattersOnlyOneWay) {
  ASSERT_TRUE(Cut("westus", "eastus").ok());
  ASSERT_TRUE(Cut("eastus", "westus").ok());
  EXPECT_EQ(Names().size(), 1u);
  ASSERT_TRUE(Set(LinkFaultKind::kLoss, "westus", "eastus", 10, true).ok());
  ASSERT_TRUE(Set(LinkFaultKind::kLoss, "eastus", "westus", 20, true).ok());
  EXPECT_THAT(Names(), ElementsAre("loss/eastus->westus", "loss/westus->eastus", "partition/eastus/westus"));
}

TEST_F(LinkFaults, TheSameKindAgainReplacesTheAmountAndZeroEndsIt) {
  ASSERT_TRUE(Set(LinkFaultKind::kLatency, "eastus", "westus", 1'000).ok());
  ASSERT_TRUE(Set(LinkFaultKind::kLatency, "westus", "eastus", 2'000).ok());
  ASSERT_EQ(h_.fleet.LinkFaults().size(), 1u);
  EXPECT_EQ(h_.fleet.LinkFaults()[0].amount, 2'000u);
  ASSERT_TRUE(Set(LinkFaultKind::kLatency, "eastus", "westus", 0).ok());
  EXPECT_THAT(Names(), IsEmpty());
  EXPECT_EQ(ErrorReason(Set(LinkFaultKind::kLatency, "eastus", "westus", 0).status()), "LINK_NOT_FAULTY");
}

TEST_F(LinkFaults, HealEndsEveryKindBetweenTheTwoAndNothingElse) {
  ASSERT_TRUE(Cut("westus", "eastus").ok());
  ASSERT_TRUE(Set(LinkFaultKind::kLoss, "westus", "eastus", 10, true).ok());
  ASSERT_TRUE(Set(LinkFaultKind::kBandwidth, "westus", "uksouth", 10).ok());
  const auto ended = Heal("eastus", "westus");
  ASSERT_TRUE(ended.ok());
  EXPECT_EQ(ended->size(), 2u);
  EXPECT_THAT(Names(), ElementsAre("bandwidth/uksouth/westus"));
  EXPECT_EQ(ErrorReason(Heal("eastus", "westus").status()), "LINK_NOT_FAULTY");
}

TEST_F(LinkFaults, WhatMakesNoSenseIsNamedAndChangesNothing) {
  EXPECT_EQ(ErrorReason(Cut("eastus", "atlantis")), "UNKNOWN_LINK_SIDE");
  EXPECT_EQ(ErrorReason(Cut("eastus", "eastus")), "SAME_LINK_SIDE");
  EXPECT_EQ(ErrorReason(Cut("contoso", "resources/contoso")), "SAME_LINK_SIDE");
  EXPECT_EQ(ErrorReason(Cut("clients", "dnsresolver")), "NO_SUCH_LINK");
  EXPECT_EQ(ErrorReason(Cut("controlplane", "eastus")), "CONTROLPLANE_HAS_NO_LINKS");
  EXPECT_EQ(ErrorReason(Set(LinkFaultKind::kLoss, "eastus", "westus", kPartsPerMillion + 1).status()),
            "BAD_LINK_AMOUNT");
  EXPECT_EQ(ErrorReason(Set(LinkFaultKind::kPartition, "eastus", "westus", 1).status()), "BAD_LINK_AMOUNT");
  EXPECT_EQ(ErrorReason(Set(LinkFaultKind::kLatency, "eastus", "westus", kLinkLatencyNsMax + 1).status()),
            "BAD_LINK_AMOUNT");
  EXPECT_THAT(Names(), IsEmpty());
}

TEST_F(LinkFaults, AreBounded) {
  // Both directions and six kinds between any two of the regions.
  size_t set = 0;
  for (const Region& a : Regions()) {
    for (const Region& b : Regions()) {
      if (a.number == b.number || set == kLinkFaultsMax) continue;
      const std::string from(a.name), to(b.name);
      ASSERT_TRUE(Set(LinkFaultKind::kLoss, from, to, 1, true).ok());
      ++set;
    }
  }
  EXPECT_EQ(ErrorReason(Cut("eastus", "westus")), "TOO_MANY_LINK_FAULTS");
  h_.Run([&](Effects& e) { h_.fleet.ClearFaults(h_.now, e); });
  EXPECT_TRUE(Cut("eastus", "westus").ok());
}

TEST_F(LinkFaults, OutliveTheSupervisor) {
  ASSERT_TRUE(Cut("westus", "contoso").ok());
  ASSERT_TRUE(Set(LinkFaultKind::kLoss, "clients", "contoso/westus", 500, true).ok());
  const State state = h_.fleet.state(h_.now);
  Fleet next({.net = "127.80"});
  next.Restore(state, h_.now);
  EXPECT_EQ(next.LinkFaults(), h_.fleet.LinkFaults());
  EXPECT_EQ(next.ListFaults().size(), 2u);
}

}  // namespace
}  // namespace nonet::supervisor
