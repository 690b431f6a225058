#include "dnsresolver/core/explain.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <vector>

#include "common/base/error.h"
#include "common/base/random.h"
#include "dnsresolver/core/errors.h"
#include "tests/unit/dnsresolver/fixture.h"

namespace nonet::dns {
namespace {

using testing::AllOf;
using testing::HasSubstr;

std::string Target(const AnswerTable& table, absl::string_view source) {
  const Asked asked = Ask(table, MakeQuery("contoso.webpubsub.azure.com", kTypeA), source);
  return asked.decoded.answers.empty() ? "" : asked.decoded.answers[0].data;
}

// For every region and every combination of statuses, what is spoken is what is answered.
TEST(Explain, EqualsTheTableForEveryRegionAndStatusCombination) {
  const auto plan = MakePlan({MakeResource("contoso", {"eastus", "westus", "westeurope", "southeastasia"})});
  int combinations = 1;
  for (int i = 0; i < 4; ++i) combinations *= kMonitorStatuses;
  for (int c = 0; c < combinations; ++c) {
    Health health = {{}};
    for (int i = 0, rest = c; i < 4; ++i, rest /= kMonitorStatuses) {
      health[0].push_back(static_cast<MonitorStatus>(rest % kMonitorStatuses));
    }
    const AnswerTable table(plan, health);
    const AnswerPlan::ResourcePlan& compiled = plan->resource(0);
    for (const Region& region : Regions()) {
      const Explanation why = *Explain(table, "contoso", ClientRegion{region.number});
      const int order = compiled.order_of_region[static_cast<size_t>(region.number)];
      const int pick = table.Pick(0, region.number);
      const Endpoint* chosen =
          pick < 0 ? nullptr : &plan->topology().resources[0].endpoints[static_cast<size_t>(pick)];
      ASSERT_EQ(why.cname, chosen == nullptr ? "" : chosen->host_name) << region.name << " combination " << c;
      ASSERT_EQ(why.candidates.size(), 4u);
      for (size_t i = 0; i < 4; ++i) {
        const auto& endpoint =
            plan->topology().resources[0].endpoints[compiled.orders[static_cast<size_t>(order)][i]];
        ASSERT_EQ(why.candidates[i].name, endpoint.name);
        ASSERT_EQ(why.candidates[i].chosen, endpoint.host_name == why.cname);
      }
    }
    // On the wire, from a few places; everywhere would take minutes.
    for (const char* source : {"127.143.0.1", "127.0.0.1", "10.3.0.1", "fd00:20::1"}) {
      ASSERT_EQ(Explain(table, "contoso", Ip(source))->cname, Target(table, source)) << source;
    }
  }
}

TEST(Explain, ScopeIsWhatTheWireSays) {
  Random random(3);
  const auto plan = MakePlan({MakeResource("contoso", {"eastus", "westus", "westeurope", "japaneast"})});
  const AnswerTable table(plan, AllOf(*plan, MonitorStatus::kOnline));
  for (int i = 0; i < 120; ++i) {
    const bool v6 = i % 3 == 0;
    Packet address =
        v6 ? Packet{0xfd, 0, 0, static_cast<uint8_t>(random.Below(64)), 0, 0, 0}
           : Packet{static_cast<uint8_t>(i % 2 == 0 ? 10 : 127), static_cast<uint8_t>(random.Below(256)),
                    static_cast<uint8_t>(random.Below(256))};
    const uint8_t source = v6 ? 56 : 24;
    const Packet query =
        MakeQuery("contoso.webpubsub.azure.com", kTypeA, {.options = Subnet(v6 ? 2 : 1, source, 0, address)});
    const IpPrefix prefix = IpPrefix::FromBytes(v6 ? IpFamily::kV6 : IpFamily::kV4, address, source);
    const Explanation why = *Explain(table, "contoso", prefix);
    const Asked asked = Ask(table, query);
    ASSERT_EQ(why.scope_prefix_length, asked.decoded.subnet->scope) << prefix.ToText();
    ASSERT_EQ(why.cname, asked.decoded.answers.at(0).data) << prefix.ToText();
  }
}

TEST(Explain, SpeaksOfPlaceCandidatesAndChoice) {
  const auto plan = MakePlan({MakeResource("contoso", {"eastus", "westus", "westeurope"})});
  const AnswerTable table(plan,
                          {{MonitorStatus::kDegraded, MonitorStatus::kOnline, MonitorStatus::kDisabled}});
  const Explanation why = *Explain(table, "contoso", Ip("10.15.3.0/24"));
  EXPECT_EQ(why.client_region, "eastus");
  EXPECT_EQ(why.matched_prefix, "10.15.0.0/16");
  EXPECT_FALSE(why.fail_open);
  EXPECT_EQ(why.cname, HostOf("contoso", "westeurope"));
  EXPECT_EQ(why.address, "127.80.0.3");
  EXPECT_EQ(why.ttl_s, 90u);
  EXPECT_EQ(why.revision, 7u);
  ASSERT_EQ(why.candidates.size(), 3u);
  EXPECT_EQ(why.candidates[0].region, "eastus");
  EXPECT_EQ(why.candidates[0].rtt_ms, 0);
  EXPECT_THAT(why.candidates[0].excluded_because, HasSubstr("failed"));
  const std::string all = absl::StrJoin(why.sentences, "\n");
  EXPECT_THAT(all, testing::AllOf(HasSubstr("10.15.0.0/16"), HasSubstr("Degraded"),
                                  HasSubstr("its region endpoint is disabled"),
                                  HasSubstr(HostOf("contoso", "westeurope"))));
}

TEST(Explain, SaysFailOpen) {
  const auto plan = MakePlan({MakeResource("contoso", {"eastus", "westus"})});
  const AnswerTable table(plan, AllOf(*plan, MonitorStatus::kDegraded));
  const Explanation why = *Explain(table, "contoso", ClientRegion{RegionNumber("westus")});
  EXPECT_TRUE(why.fail_open);
  EXPECT_EQ(why.cname, HostOf("contoso", "westus"));
  EXPECT_EQ(why.candidates[0].excluded_because, "");
}

TEST(Explain, SaysWhoseFiguresStandIn) {
  const Region* borrower = nullptr;
  for (const Region& region : Regions()) {
    if (region.rtt_from != region.name) borrower = &region;
  }
  ASSERT_NE(borrower, nullptr);
  const auto plan = MakePlan({MakeResource("contoso", {"eastus", std::string(borrower->name)})});
  const AnswerTable table(plan, AllOf(*plan, MonitorStatus::kOnline));
  const Explanation why = *Explain(table, "contoso", ClientRegion{borrower->number});
  EXPECT_EQ(why.candidates[0].client_region_borrowed_from, borrower->rtt_from);
  EXPECT_EQ(why.candidates[0].region_borrowed_from, borrower->rtt_from);
  EXPECT_EQ(why.candidates[1].region_borrowed_from, "");
}

TEST(Explain, KnowsEveryKindOfName) {
  const AnswerTable table = ContosoTable();
  EXPECT_TRUE(Explain(table, "CONTOSO.webpubsub.azure.com.", ClientUnknown{})->exists);
  const Explanation instance = *Explain(table, HostOf("contoso", "westus"), ClientUnknown{});
  EXPECT_TRUE(instance.exists);
  EXPECT_EQ(instance.cname, "");
  EXPECT_EQ(instance.address, "127.80.0.2");
  EXPECT_EQ(instance.ttl_s, 60u);
  const Explanation absent = *Explain(table, "fabrikam", ClientUnknown{});
  EXPECT_FALSE(absent.exists);
  EXPECT_EQ(absent.name, "fabrikam.webpubsub.azure.com");
  EXPECT_TRUE(Explain(table, kZone, ClientUnknown{})->exists);
  EXPECT_EQ(Explain(table, "ns", ClientUnknown{})->address, "127.0.0.1");
  EXPECT_EQ(ErrorReason(Explain(table, "", ClientUnknown{}).status()), "NAME_REQUIRED");
  EXPECT_EQ(ErrorReason(Explain(table, "a..b", ClientUnknown{}).status()), "NAME_INVALID");
  EXPECT_EQ(ErrorReason(Explain(table, "example.com", ClientUnknown{}).status()), "NAME_OUTSIDE_ZONE");
}

}  // namespace
}  // namespace nonet::dns
