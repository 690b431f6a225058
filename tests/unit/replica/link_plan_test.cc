// Which fault and which delay concern which traffic.
#include "replica/core/link_plan.h"

#include <gtest/gtest.h>

#include "common/regions/regions.h"

namespace nonet::replica {
namespace {

const LinkEnd kEast{.kind = LinkEnd::Kind::kInstance, .instance = "resources/contoso", .region = "eastus"};
const LinkEnd kWest{
    .kind = LinkEnd::Kind::kInstance, .instance = "resources/contoso/replicas/westus", .region = "westus"};
const LinkEnd kClientInWest{.kind = LinkEnd::Kind::kClient, .region = "westus"};
const LinkEnd kClientNowhere{.kind = LinkEnd::Kind::kClient};
const LinkEnd kProbeInWest{.kind = LinkEnd::Kind::kProbe, .region = "westus"};

LinkSide RegionSide(std::string name) { return {LinkSide::Kind::kRegion, std::move(name)}; }

LinkPlan With(LinkFault fault) { return {.number = 1, .faults = {std::move(fault)}}; }

bool Cut(const LinkPlan& plan, const LinkEnd& from, const LinkEnd& to) {
  const bool inbound = Resolve(plan, to, from, LinkDirection::kInbound).cut;
  EXPECT_EQ(inbound, Resolve(plan, from, to, LinkDirection::kOutbound).cut) << "both ends agree";
  return inbound;
}

TEST(LinkPlan, ARegionsPartitionCutsPeersClientsAndProbesOfIt) {
  const LinkPlan plan =
      With({.kind = LinkFaultKind::kPartition, .a = RegionSide("westus"), .b = RegionSide("eastus")});
  for (const LinkEnd& remote : {kWest, kClientInWest, kProbeInWest}) {
    EXPECT_TRUE(Cut(plan, remote, kEast));
    EXPECT_TRUE(Cut(plan, kEast, remote));
  }
  EXPECT_FALSE(Cut(plan, kClientNowhere, kEast));
  EXPECT_FALSE(Cut(plan, kClientInWest, kWest)) << "within the region";
}

TEST(LinkPlan, OneWayCutsOnlyWhatGoesFromAToB) {
  const LinkPlan plan = With({.kind = LinkFaultKind::kPartition,
                              .a = RegionSide("westus"),
                              .b = RegionSide("eastus"),
                              .one_way = true});
  EXPECT_TRUE(Cut(plan, kWest, kEast));
  EXPECT_FALSE(Cut(plan, kEast, kWest));
}

TEST(LinkPlan, ClientsAndProbesAreToldApart) {
  const LinkPlan clients = With({.a = {LinkSide::Kind::kClients}, .b = RegionSide("eastus")});
  EXPECT_TRUE(Cut(clients, kClientInWest, kEast));
  EXPECT_TRUE(Cut(clients, kClientNowhere, kEast)) << "wherever they are";
  EXPECT_FALSE(Cut(clients, kProbeInWest, kEast));
  EXPECT_FALSE(Cut(clients, kWest, kEast));
  const LinkPlan probes = With({.a = {LinkSide::Kind::kProbes}, .b = RegionSide("eastus")});
  EXPECT_TRUE(Cut(probes, kProbeInWest, kEast));
  EXPECT_FALSE(Cut(probes, kClientInWest, kEast));
}

TEST(LinkPlan, AnInstanceIsOnlyItsOwnLinks) {
  const LinkPlan plan = With(
      {.a = {LinkSide::Kind::kInstance, kWest.instance}, .b = {LinkSide::Kind::kInstance, kEast.instance}});
  EXPECT_TRUE(Cut(plan, kWest, kEast));
  EXPECT_FALSE(Cut(plan, kClientInWest, kEast));
}

TEST(LinkPlan, MeasuredDelaysComeFromTheMatrix) {
  const LinkPlan plan{.number = 1, .wan = true};
  const Region &east = *FindRegion("eastus"), &west = *FindRegion("westus");
  const LinkQuality quality = Resolve(plan, kEast, kClientInWest, LinkDirection::kInbound);
  EXPECT_EQ(quality.rtt_ns, RttMs(east, west) * kNanosPerMilli);
  EXPECT_GT(quality.rtt_ns, 0);
  EXPECT_GE(quality.rtt_p95_ns, quality.rtt_ns);
  EXPECT_EQ(quality.jitter_seed, Resolve(plan, kWest, kEast, LinkDirection::kOutbound).jitter_seed);
  EXPECT_TRUE(Resolve(plan, kEast, kClientNowhere, LinkDirection::kInbound).clear());
  EXPECT_TRUE(Resolve(plan, kEast, kEast, LinkDirection::kInbound).clear()) << "no delay within a region";
}

TEST(LinkPlan, SeveralFaultsAddUp) {
  LinkPlan plan;
  const LinkSide east = RegionSide("eastus"), west = RegionSide("westus");
  plan.faults = {
      {LinkFaultKind::kLatency, east, west, false, 30'000'000},
      {LinkFaultKind::kLatency, west, {LinkSide::Kind::kInstance, kEast.instance}, false, 20'000'000},
      {LinkFaultKind::kLoss, east, west, false, 500'000},
      {LinkFaultKind::kLoss, west, {LinkSide::Kind::kInstance, kEast.instance}, false, 500'000},
      {LinkFaultKind::kBandwidth, east, west, false, 5'000},
      {LinkFaultKind::kBandwidth, west, {LinkSide::Kind::kInstance, kEast.instance}, false, 9'000}};
  const LinkQuality quality = Resolve(plan, kEast, kWest, LinkDirection::kInbound);
  EXPECT_EQ(quality.added_rtt_ns, 50'000'000);
  EXPECT_EQ(quality.loss_ppm, 750'000u);
  EXPECT_EQ(quality.bytes_per_second, 5'000u);
}

TEST(LinkPlan, KnowsAClientsRegionByItsAddress) {
  const std::string east = LoopbackAddress(*FindRegion("eastus"), 7);
  EXPECT_EQ(EndOfClient(east).region, "eastus");
  EXPECT_EQ(EndOfClient(east).kind, LinkEnd::Kind::kClient);
  EXPECT_EQ(EndOfClient(LoopbackAddress(*FindRegion("eastus"), kProbeSourceHost)).kind,
            LinkEnd::Kind::kProbe);
  EXPECT_EQ(EndOfClient("10.15.200.3").region, "eastus");
  for (const char* nowhere : {"127.0.0.1", "127.80.15.1", "127.186.0.1", "10.58.0.1", "192.0.2.1", "::1", "",
                              "127.143.0", "127.143.0.x"}) {
    EXPECT_EQ(EndOfClient(nowhere).region, "") << nowhere;
    EXPECT_EQ(EndOfClient(nowhere).kind, LinkEnd::Kind::kClient) << nowhere;
  }
}

}  // namespace
}  // namespace nonet::replica
