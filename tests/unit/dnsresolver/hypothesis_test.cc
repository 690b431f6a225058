// What is supposed is answered as if it were so, and comparing tables finds who is answered otherwise.
#include "dnsresolver/core/hypothesis.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "common/base/error.h"
#include "common/base/random.h"
#include "dnsresolver/core/explain.h"
#include "dnsresolver/core/explain_profile.h"
#include "dnsresolver/core/table_diff.h"
#include "tests/unit/dnsresolver/fixture.h"
#include "tests/unit/dnsresolver/profile_oracle.h"

namespace nonet::dns {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

std::shared_ptr<const RoundTrips> Matrix(std::vector<std::string> regions, std::vector<uint32_t> ms) {
  return std::make_shared<const RoundTrips>(*RoundTrips::Make("other.csv", regions, ms));
}

Hypothesis Down(const std::string& subject) {
  Hypothesis hypothesis;
  hypothesis.health = {{subject, "down"}};
  return hypothesis;
}

// For every region and status combination, with everything supposed at once: what is spoken is what the table
// that is compiled for the hypothesis answers.
TEST(Hypothesis, IsExplainedAsItsTableAnswersForEveryRegionAndStatusCombination) {
  const auto plan = MakePlan({MakeResource("contoso", {"eastus", "westus", "westeurope"})});
  const AnswerTable table(plan, AllOf(*plan, MonitorStatus::kOnline));
  const ResourceTopology& resource = plan->topology().resources[0];
  Hypothesis hypothesis;
  hypothesis.ttl_s = 30;
  hypothesis.round_trips = Matrix({"eastus", "japaneast", "westeurope"}, {0, 1, 2, 400, 0, 3, 5, 6, 0});
  int combinations = 1;
  for (int i = 0; i < 3; ++i) combinations *= kMonitorStatuses;
  for (int c = 0; c < combinations; ++c) {
    hypothesis.health.clear();
    for (int i = 0, rest = c; i < 3; ++i, rest /= kMonitorStatuses) {
      const auto status = static_cast<MonitorStatus>(rest % kMonitorStatuses);
      hypothesis.health.push_back(
          {resource.endpoints[static_cast<size_t>(i)].host_name, std::string(MonitorStatusName(status))});
    }
    const std::shared_ptr<const AnswerTable> supposed = *Suppose(table, hypothesis, "contoso");
    for (const Region& region : Regions()) {
      const Explanation why = *Explain(*supposed, "contoso", ClientRegion{region.number});
      const int pick = supposed->Pick(0, region.number);
      ASSERT_EQ(why.cname, pick < 0 ? "" : resource.endpoints[static_cast<size_t>(pick)].host_name)
          << region.name << " combination " << c;
      ASSERT_EQ(why.ttl_s, 30u);
    }
  }
}

TEST(Hypothesis, DownAndUpLeaveAloneWhatIsNotProbed) {
  const auto plan = MakePlan({MakeResource("contoso", {"eastus", "westus", "westeurope"})});
  const AnswerTable table(plan,
                          {{MonitorStatus::kOnline, MonitorStatus::kDisabled, MonitorStatus::kDegraded}});
  EXPECT_EQ((*Suppose(table, Down("westeurope"), "contoso"))->health()[0][1], MonitorStatus::kDisabled);
  EXPECT_EQ((*Suppose(table, Down("eastus"), "contoso"))->health()[0][0], MonitorStatus::kDegraded);
  EXPECT_EQ((*Suppose(table, Down("contoso"), "contoso"))->health()[0][0], MonitorStatus::kDegraded);
  Hypothesis up;
  up.health = {{"westus", "up"}, {"eastus", "Stopped"}};
  const auto supposed = *Suppose(table, up, "");
  EXPECT_EQ(supposed->health()[0][2], MonitorStatus::kOnline);
  EXPECT_EQ(supposed->health()[0][0], MonitorStatus::kStopped);
  EXPECT_EQ(HypothesisSentence(up), "Suppose that westus is up and eastus is Stopped.");
}

TEST(Hypothesis, CompilesOnlyTheResourceAskedAbout) {
  const auto plan = MakePlan({MakeResource("contoso", {"eastus"}), MakeResource("fabrikam", {"westus"})});
  const AnswerTable table(plan, AllOf(*plan, MonitorStatus::kOnline));
  Hypothesis hypothesis;
  hypothesis.ttl_s = 5;
  EXPECT_EQ((*Suppose(table, hypothesis, "fabrikam"))->plan().topology().resources.size(), 1u);
  EXPECT_EQ((*Suppose(table, hypothesis, HostOf("fabrikam", "westus")))->plan().topology().resources.size(),
            1u);
  EXPECT_EQ((*Suppose(table, hypothesis, ""))->plan().topology().resources.size(), 2u);
  EXPECT_FALSE(Explain(**Suppose(table, hypothesis, "absent"), "absent", ClientUnknown{})->exists);
}

TEST(Hypothesis, SaysWhichSubjectOrStatusIsUnknown) {
  const AnswerTable table = ContosoTable();
  const absl::Status subject = Suppose(table, Down("westindia"), "contoso").status();
  EXPECT_EQ(ErrorReason(subject), "SUPPOSED_HEALTH_INVALID");
  EXPECT_THAT(subject.message(), HasSubstr("westindia"));
  Hypothesis hypothesis;
  hypothesis.health = {{"westus", "sick"}};
  EXPECT_THAT(Suppose(table, hypothesis, "contoso").status().message(), HasSubstr("'sick'"));
}

TEST(RoundTrips, RefusesWhatIsNoMatrixOfRegions) {
  const auto reason = [](std::vector<std::string> regions, std::vector<uint32_t> ms) {
    return std::string(RoundTrips::Make("m", regions, ms).status().message());
  };
  EXPECT_EQ(reason({"eastus"}, {0}), "");
  EXPECT_THAT(reason({}, {}), HasSubstr("1 to 128 regions"));
  EXPECT_THAT(reason({"eastus", "westus"}, {0, 1, 2}), HasSubstr("not square"));
  EXPECT_THAT(reason({"eastsu"}, {0}), HasSubstr("did you mean eastus"));
  EXPECT_THAT(reason({"eastus", "eastus"}, {0, 1, 1, 0}), HasSubstr("twice"));
  EXPECT_THAT(reason({"eastus", "westus"}, {0, 60'001, 1, 0}), HasSubstr("more than 60000"));
}

TEST(RoundTrips, KeepsTheBuiltInFigureWhereItKnowsNone) {
  const auto matrix = Matrix({"eastus", "westus"}, {0, 7, 0, 0});
  const Region &east = *FindRegion("eastus"), &west = *FindRegion("westus"),
               &europe = *FindRegion("westeurope");
  EXPECT_EQ(matrix->Ms(east, west), 7);
  EXPECT_EQ(matrix->Ms(west, east), nonet::RttMs(west, east));
  EXPECT_EQ(matrix->Ms(east, europe), nonet::RttMs(east, europe));
  EXPECT_EQ(matrix->Ms(east, east), 0);
}

TEST(TableDiff, FindsExactlyTheRegionsWhoseAnswerChanged) {
  const auto plan = MakePlan({MakeResource("contoso", {"eastus", "westus", "westeurope"})});
  const AnswerTable before(plan, AllOf(*plan, MonitorStatus::kOnline));
  const AnswerTable after(plan, {{MonitorStatus::kOnline, MonitorStatus::kOnline, MonitorStatus::kDegraded}});
  const TableDiff diff = DiffTables(before, after);
  EXPECT_EQ(diff.compared, Regions().size());
  size_t listed = 0;
  for (const TableDiff::Change& change : diff.changes) {
    EXPECT_EQ(change.from, HostOf("contoso", "westus"));
    EXPECT_NE(change.to, change.from);
    EXPECT_EQ(change.prefixes.size(), std::min(change.regions.size() * 3, kPrefixesListedMax));
    listed += change.regions.size();
    for (const std::string& name : change.regions) {
      const int number = FindRegion(name)->number;
      EXPECT_NE(before.Pick(0, number), after.Pick(0, number)) << name;
    }
  }
  size_t changed = 0;
  for (const Region& region : Regions())
    changed += before.Pick(0, region.number) != after.Pick(0, region.number);
  EXPECT_EQ(listed, changed);
  EXPECT_GT(changed, 0u);
  EXPECT_TRUE(DiffTables(before, before).changes.empty());
}

TEST(TableDiff, ShowsResourcesThatCameOrWent) {
  const auto one = MakePlan({MakeResource("contoso", {"eastus"})});
  const auto two = MakePlan({MakeResource("contoso", {"eastus"}), MakeResource("fabrikam", {"westus"})});
  const AnswerTable a(one, AllOf(*one, MonitorStatus::kOnline)), b(two, AllOf(*two, MonitorStatus::kOnline));
  const TableDiff diff = DiffTables(a, b);
  ASSERT_EQ(diff.changes.size(), 1u);
  EXPECT_EQ(diff.changes[0].resource, "resources/fabrikam");
  EXPECT_EQ(diff.changes[0].from, "");
  EXPECT_EQ(diff.changes[0].regions.size(), Regions().size());
}

// ---- Profiles ----

constexpr RoutingMethod kMethods[] = {RoutingMethod::kPerformance, RoutingMethod::kPriority,
                                      RoutingMethod::kWeighted,    RoutingMethod::kGeographic,
                                      RoutingMethod::kMultivalue,  RoutingMethod::kSubnet,
                                      RoutingMethod::kFrontDoor};

// A profile of the first method over instance 0 and one, by the second method, over the others.
ResourceTopology Nested(RoutingMethod outer, RoutingMethod inner) {
  ResourceTopology resource = MakeResource("contoso", {"eastus", "westus", "westeurope", "japaneast"});
  const auto endpoint = [&](int instance, uint32_t place) {
    ProfileEndpoint made;
    made.name = absl::StrCat("e", place);
    made.instance = instance;
    made.region = resource.endpoints[static_cast<size_t>(std::max(instance, 0))].region;
    made.priority = place;
    made.weight = place * 10;
    if (place == 1) made.geo = {"WORLD"};
    if (place == 2) {
      made.geo = {"GEO-EU"};
      made.subnets = {Ip("10.32.0.0/11")};
    }
    if (place == 3) made.subnets = {Ip("10.15.0.0/16")};
    return made;
  };
  Profile top, child;
  top.name = "top";
  top.method = outer;
  child.name = "child";
  child.method = inner;
  top.latency_sensitivity_ms = child.latency_sensitivity_ms = 60;
  top.endpoints = {endpoint(0, 1), endpoint(-1, 2)};
  top.endpoints[1].nested = 1;
  top.endpoints[1].min_child_endpoints = 2;
  child.endpoints = {endpoint(1, 1), endpoint(2, 2), endpoint(3, 3)};
  resource.profiles = {top, child};
  return resource;
}

TEST(ExplainProfile, SpeaksAsTheOracleForEveryMethodRegionAndStatus) {
  Random random(8);
  for (const RoutingMethod outer : kMethods) {
    if (outer == RoutingMethod::kMultivalue) continue;  // Cannot be a parent.
    for (const RoutingMethod inner : kMethods) {
      const ResourceTopology resource = Nested(outer, inner);
      for (int round = 0; round < 60; ++round) {
        std::vector<MonitorStatus> statuses;
        std::vector<std::string> words;
        for (int i = 0; i < 4; ++i) {
          statuses.push_back(static_cast<MonitorStatus>(random.Below(kMonitorStatuses)));
          words.emplace_back(MonitorStatusName(statuses.back()));
        }
        const Region& region = Regions()[random.Below(Regions().size())];
        const IpPrefix address = IpPrefix::FromBytes(
            IpFamily::kV4, std::array<uint8_t, 4>{10, static_cast<uint8_t>(region.number), 0, 1}, 32);
        const ProfileStory story = TellProfiles(resource, statuses, {region.number, address}, {});
        ProfileOracle::Chances told;
        for (const ProfileStory::Way& way : story.ways) {
          std::string text = way.no_name             ? "nxdomain"
                             : way.instances.empty() ? "nodata"
                             : way.addresses         ? "addresses"
                                                     : "instance";
          for (const uint8_t instance : way.instances) absl::StrAppend(&text, " ", instance);
          told[text] += way.share;
        }
        const ProfileOracle::Chances wanted = ProfileOracle(resource, region.number, address).Ask(words);
        for (const auto& [outcome, chance] : wanted) {
          ASSERT_NEAR(told[outcome], chance, 1e-9)
              << RoutingMethodName(outer) << "/" << RoutingMethodName(inner) << " " << outcome << " "
              << absl::StrJoin(words, " ") << " from " << region.name;
        }
        ASSERT_EQ(told.size(), wanted.size());
        ASSERT_FALSE(story.sentences.empty());
      }
    }
  }
}

TEST(ExplainProfile, SaysMethodSharesAndWhoIsLeftOut) {
  const auto plan = MakePlan({Nested(RoutingMethod::kWeighted, RoutingMethod::kPriority)});
  const AnswerTable table(plan, AllOf(*plan, MonitorStatus::kOnline));
  const Explanation why = *Explain(table, "contoso", ClientRegion{RegionNumber("eastus")});
  EXPECT_EQ(why.method, "weighted");
  ASSERT_EQ(why.possible.size(), 2u);
  EXPECT_NEAR(why.possible[0].share, 2.0 / 3, 1e-9);
  const std::string all = absl::StrJoin(why.sentences, "\n");
  EXPECT_THAT(all, HasSubstr("Profile top steers by weighted"));
  EXPECT_THAT(all, HasSubstr("e1 33 %, e2 67 %"));
  EXPECT_THAT(all, HasSubstr("Profile child steers by priority"));
}

}  // namespace
}  // namespace nonet::dns
