// Plans and tables that share with the ones before answer as if compiled anew; hints change nothing.
#include <gtest/gtest.h>

#include <array>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "common/base/random.h"
#include "dnsresolver/core/lookahead.h"
#include "dnsresolver/core/name_index.h"
#include "dnsresolver/core/responder.h"
#include "tests/unit/dnsresolver/fixture.h"

namespace nonet::dns {
namespace {

const std::vector<std::string> kRegionNames = {"eastus", "westus", "westeurope", "japaneast", "brazilsouth"};

Topology RandomTopology(Random& random, uint64_t revision) {
  Topology topology;
  topology.revision = revision;
  for (int i = 0; i < 12; ++i) {
    if (random.Below(4) == 0) continue;
    std::vector<std::string> regions;
    for (const std::string& region : kRegionNames) {
      if (random.Below(5) != 0) regions.push_back(region);
    }
    if (regions.empty()) continue;
    topology.resources.push_back(MakeResource(absl::StrCat("res", 100 + i), regions));
    for (Endpoint& endpoint : topology.resources.back().endpoints) {
      endpoint.enabled = random.Below(5) != 0;
      if (random.Below(5) == 0) endpoint.address.reset();
    }
  }
  return topology;
}

Health RandomHealth(const Topology& topology, Random& random) {
  Health health;
  for (const ResourceTopology& resource : topology.resources) {
    std::vector<MonitorStatus>& statuses = health.emplace_back();
    for (size_t i = 0; i < resource.endpoints.size(); ++i) {
      statuses.push_back(
          ConfiguredStatus(resource.endpoints[i])
              .value_or(random.Below(4) == 0 ? MonitorStatus::kDegraded : MonitorStatus::kOnline));
    }
  }
  return health;
}

std::string AnswerOf(const AnswerTable& table, const Packet& query, const IpPrefix& source) {
  std::array<uint8_t, kAnswerBytesMax> out;
  const Response response = Respond(table, query, source, Transport::kUdp, out);
  return std::string(out.begin(), out.begin() + static_cast<std::ptrdiff_t>(response.bytes));
}

TEST(Reuse, AnswersEqualThoseOfTablesCompiledAnew) {
  Random random(7);
  std::shared_ptr<const AnswerTable> before;
  for (uint64_t revision = 1; revision < 60; ++revision) {
    // Now a configuration, now a verdict.
    const bool keep = before != nullptr && random.Below(3) == 0;
    Topology topology = keep ? before->plan().topology() : RandomTopology(random, revision);
    const auto shared_plan =
        keep ? before->shared_plan()
             : std::make_shared<const AnswerPlan>(DefaultSettings(), topology, BuiltInPrefixes(),
                                                  before == nullptr ? nullptr : &before->plan());
    const Health health = RandomHealth(topology, random);
    const auto table = std::make_shared<const AnswerTable>(shared_plan, health, before.get());
    const AnswerTable anew(
        std::make_shared<const AnswerPlan>(DefaultSettings(), std::move(topology), BuiltInPrefixes()),
        health);
    for (int i = 0; i < 12; ++i) {
      const std::string id = absl::StrCat("res", 100 + i);
      for (const uint16_t type : {kTypeA, kTypeAaaa}) {
        for (const std::string& name : {absl::StrCat(id, ".", kZone), HostOf(id, "japaneast")}) {
          const Packet query = MakeQuery(name, type);
          const IpPrefix source = Ip(absl::StrCat("10.", random.Below(64), ".0.1"));
          ASSERT_EQ(AnswerOf(*table, query, source), AnswerOf(anew, query, source))
              << name << " " << revision;
        }
      }
    }
    before = table;
  }
}

TEST(Reuse, UnchangedResourcesAreShared) {
  Topology topology;
  topology.resources = {MakeResource("aaa", kRegionNames), MakeResource("bbb", kRegionNames)};
  const AnswerPlan first(DefaultSettings(), topology, BuiltInPrefixes());
  topology.resources[0].endpoints[0].enabled = false;  // A matter of statuses alone.
  topology.resources[1].endpoints[0].address.reset();
  const AnswerPlan second(DefaultSettings(), topology, BuiltInPrefixes(), &first);
  EXPECT_EQ(&second.resource(0), &first.resource(0));
  EXPECT_NE(&second.resource(1), &first.resource(1));
  AnswerSettings other = DefaultSettings();
  other.ttl_s = 7;
  const AnswerPlan third(other, topology, BuiltInPrefixes(), &second);
  EXPECT_NE(&third.resource(0), &second.resource(0)) << "other settings, other answers";
}

TEST(LookAhead, TakesWhateverComes) {
  std::vector<ResourceTopology> resources;
  for (int i = 0; i < 300; ++i) resources.push_back(MakeResource(absl::StrCat("res", 100 + i), kRegionNames));
  const auto plan = MakePlan(std::move(resources));
  const AnswerTable table(plan, AllOf(*plan, MonitorStatus::kStopped));
  std::vector<Packet> packets = {{}, Packet(12, 0), Packet(40, 0xC0), MakeQuery("nobody.example", kTypeA)};
  for (int i = 0; i < 40; ++i) packets.push_back(MakeQuery(absl::StrCat("res", 100 + i, ".", kZone), kTypeA));
  std::vector<Received> received(packets.size());
  for (size_t i = 0; i < packets.size(); ++i) Read(packets[i], received[i]);
  LookAhead(table, received, Ip("127.143.0.1"));
  LookAhead(table, {}, Ip("::1"));
}

TEST(NameIndex, FindsEveryKeyAndNoOther) {
  std::vector<std::string> keys;
  for (int i = 0; i < 5000; ++i) keys.push_back(absl::StrCat("key", i));
  NameIndex<int> index;
  EXPECT_EQ(index.Find("key1"), nullptr);
  index.Reserve(keys.size());
  for (int i = 0; i < 5000; ++i) index.Add(keys[static_cast<size_t>(i)], i);
  const std::string again = "key17";
  index.Add(again, -1);
  index.Add("", -1);
  for (int i = 0; i < 5000; ++i) {
    const int* value = index.Find(absl::StrCat("key", i));
    ASSERT_NE(value, nullptr);
    ASSERT_EQ(*value, i);
  }
  for (const char* other : {"", "key", "key5000", "Key1", "key11111"}) EXPECT_EQ(index.Find(other), nullptr);
}

}  // namespace
}  // namespace nonet::dns
