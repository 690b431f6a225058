#include "dnsresolver/core/steering.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <vector>

#include "common/base/random.h"
#include "common/regions/regions.h"
#include "tests/unit/dnsresolver/fixture.h"

namespace nonet::dns {
namespace {

constexpr std::array kStatuses = {MonitorStatus::kOnline,           MonitorStatus::kDegraded,
                                  MonitorStatus::kCheckingEndpoint, MonitorStatus::kDisabled,
                                  MonitorStatus::kStopped,          MonitorStatus::kInactive};

// The rule of the reference, written the other way round: throw out, then take the least.
Choice Oracle(const ResourceTopology& resource, int client, const std::vector<MonitorStatus>& statuses) {
  std::vector<int> healthy, degraded;
  for (int i = 0; i < static_cast<int>(statuses.size()); ++i) {
    const MonitorStatus status = statuses[static_cast<size_t>(i)];
    if (status == MonitorStatus::kOnline || status == MonitorStatus::kCheckingEndpoint) healthy.push_back(i);
    if (status == MonitorStatus::kDegraded) degraded.push_back(i);
  }
  const std::vector<int>& eligible = healthy.empty() ? degraded : healthy;
  int best = -1;
  for (const int i : eligible) {
    const auto rtt = [&](int e) {
      return RttMs(Regions()[static_cast<size_t>(client)],
                   Regions()[static_cast<size_t>(resource.endpoints[static_cast<size_t>(e)].region)]);
    };
    const auto name = [&](int e) { return resource.endpoints[static_cast<size_t>(e)].name; };
    const auto foreign = [&](int e) { return resource.endpoints[static_cast<size_t>(e)].region != client; };
    if (best < 0 || rtt(i) < rtt(best) ||
        (rtt(i) == rtt(best) &&
         (foreign(i) < foreign(best) || (foreign(i) == foreign(best) && name(i) < name(best))))) {
      best = i;
    }
  }
  return {best, best >= 0 && healthy.empty()};
}

const std::vector<std::string> kNine = {"eastus",        "westus",      "westeurope",
                                        "southeastasia", "brazilsouth", "australiaeast",
                                        "japaneast",     "uksouth",     "westindia"};

TEST(Steering, PicksTheNearestOfAllOnline) {
  const ResourceTopology resource = MakeResource("contoso", {"eastus", "westus", "westeurope"});
  const std::vector<MonitorStatus> statuses(3, MonitorStatus::kOnline);
  const auto region_for = [&](absl::string_view client) {
    const Choice choice = Choose(OrderFor(resource, RegionNumber(client)), statuses);
    return std::string(
        Regions()[static_cast<size_t>(resource.endpoints[static_cast<size_t>(choice.endpoint)].region)].name);
  };
  EXPECT_EQ(region_for("eastus"), "eastus");
  EXPECT_EQ(region_for("westus2"), "westus");
  EXPECT_EQ(region_for("francecentral"), "westeurope");
}

TEST(Steering, SkipsDisabledReplicaEvenWhenNearest) {
  const ResourceTopology resource = MakeResource("contoso", {"eastus", "westus"});
  const Choice choice = Choose(OrderFor(resource, RegionNumber("westus")),
                               std::vector{MonitorStatus::kOnline, MonitorStatus::kDisabled});
  EXPECT_EQ(choice, (Choice{0, false}));
}

TEST(Steering, FailsOpenToTheNearestDegradedOnlyWhenNothingElseIsEligible) {
  const ResourceTopology resource = MakeResource("contoso", {"eastus", "westus", "westeurope"});
  const PreferenceOrder order = OrderFor(resource, RegionNumber("westus"));
  using enum MonitorStatus;
  EXPECT_EQ(Choose(order, std::vector{kDegraded, kDegraded, kDegraded}), (Choice{2, true}));
  EXPECT_EQ(Choose(order, std::vector{kDegraded, kStopped, kDisabled}), (Choice{0, true}));
  EXPECT_EQ(Choose(order, std::vector{kCheckingEndpoint, kDegraded, kDegraded}), (Choice{0, false}));
  EXPECT_EQ(Choose(order, std::vector{kStopped, kDisabled, kInactive}), (Choice{-1, false}));
}

TEST(Steering, OwnRegionWinsATieWithOneThatBorrowsItsFigures) {
  // A region without figures borrows its neighbour's, so both are 0 ms from the neighbour.
  for (const Region& region : Regions()) {
    if (region.rtt_from == region.name) continue;
    const ResourceTopology resource =
        MakeResource("contoso", {std::string(region.name), std::string(region.rtt_from)});
    for (const absl::string_view client : {region.name, region.rtt_from}) {
      const PreferenceOrder order = OrderFor(resource, RegionNumber(client));
      EXPECT_EQ(resource.endpoints[order[0]].region, RegionNumber(client)) << client;
    }
  }
}

TEST(Steering, EqualsTheOracleForEveryStatusCombinationUpToFourEndpoints) {
  for (size_t n = 1; n <= 4; ++n) {
    const ResourceTopology resource =
        MakeResource("contoso", std::vector<std::string>(kNine.begin(), kNine.begin() + static_cast<int>(n)));
    for (const Region& client : Regions()) {
      const PreferenceOrder order = OrderFor(resource, client.number);
      size_t combinations = 1;
      for (size_t i = 0; i < n; ++i) combinations *= kStatuses.size();
      for (size_t c = 0; c < combinations; ++c) {
        std::vector<MonitorStatus> statuses;
        for (size_t i = 0, rest = c; i < n; ++i, rest /= kStatuses.size()) {
          statuses.push_back(kStatuses[rest % kStatuses.size()]);
        }
        ASSERT_EQ(Choose(order, statuses), Oracle(resource, client.number, statuses))
            << client.name << " combination " << c;
      }
    }
  }
}

TEST(Steering, EqualsTheOracleForSampledCombinationsOfNineEndpoints) {
  const ResourceTopology resource = MakeResource("contoso", kNine);
  Random random(9);
  for (int i = 0; i < 50'000; ++i) {
    const int client = static_cast<int>(random.Below(Regions().size()));
    std::vector<MonitorStatus> statuses;
    for (size_t e = 0; e < kNine.size(); ++e) statuses.push_back(kStatuses[random.Below(kStatuses.size())]);
    const Choice choice = Choose(OrderFor(resource, client), statuses);
    ASSERT_EQ(choice, Oracle(resource, client, statuses)) << "sample " << i;
    // Never empty while an enabled, started instance exists.
    const bool any = std::any_of(statuses.begin(), statuses.end(),
                                 [](MonitorStatus s) { return s <= MonitorStatus::kCheckingEndpoint; });
    ASSERT_EQ(choice.endpoint >= 0, any);
  }
}

TEST(Topology, StatusOfConfigurationGoesBeforeProbes) {
  Endpoint endpoint = MakeResource("contoso", {"eastus"}).endpoints[0];
  EXPECT_EQ(ConfiguredStatus(endpoint), std::nullopt);
  endpoint.address.reset();
  EXPECT_EQ(ConfiguredStatus(endpoint), MonitorStatus::kInactive);
  endpoint.stopped = true;
  EXPECT_EQ(ConfiguredStatus(endpoint), MonitorStatus::kStopped);
  endpoint.enabled = false;
  EXPECT_EQ(ConfiguredStatus(endpoint), MonitorStatus::kDisabled);
}

}  // namespace
}  // namespace nonet::dns
