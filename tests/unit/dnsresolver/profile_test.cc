#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <array>
#include <map>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "common/base/random.h"
#include "common/regions/regions.h"
#include "dnsresolver/core/profile_steering.h"
#include "tests/unit/dnsresolver/fixture.h"
#include "tests/unit/dnsresolver/profile_oracle.h"

namespace nonet::dns {
namespace {

using enum MonitorStatus;
using Statuses = std::vector<MonitorStatus>;

const std::vector<std::string> kNine = {"eastus",        "westus",      "westeurope",
                                        "southeastasia", "brazilsouth", "australiaeast",
                                        "japaneast",     "uksouth",     "westindia"};
constexpr std::array kMethods = {RoutingMethod::kPerformance, RoutingMethod::kPriority,
                                 RoutingMethod::kWeighted,    RoutingMethod::kGeographic,
                                 RoutingMethod::kMultivalue,  RoutingMethod::kSubnet,
                                 RoutingMethod::kFrontDoor};
// {enabled, disabled, stopped} x {online, checking, degraded}: what is off hides what the probes say.
constexpr std::array kNineStates = {kOnline,   kCheckingEndpoint, kDegraded, kDisabled, kDisabled,
                                    kDisabled, kStopped,          kStopped,  kStopped};
// Of every endpoint: a place and a subnet of its own, so that any method can use it.
const std::vector<std::vector<std::string>> kGeo = {{"US-VA", "CA"}, {"US"}, {"GEO-EU"}, {"GEO-AS"}, {"BR"},
                                                    {"WORLD"},       {"JP"}, {"GB"},     {"IN"}};
const std::vector<std::string> kSubnets = {"10.15.0.0/16",  "10.0.0.0/13",  "fd00::/28",
                                           "10.32.0.0/14",  "10.40.7.0/24", "",
                                           "127.128.0.0/9", "192.0.2.0/24", "10.50.0.0/15"};

ProfileEndpoint Use(const ResourceTopology& resource, size_t instance) {
  ProfileEndpoint endpoint;
  endpoint.instance = static_cast<int>(instance);
  endpoint.name = resource.endpoints[instance].name;
  endpoint.region = resource.endpoints[instance].region;
  endpoint.priority = static_cast<uint32_t>(9 - instance);
  endpoint.weight = static_cast<uint32_t>(instance * instance + 1);
  return endpoint;
}

void GivePlace(ProfileEndpoint& endpoint, RoutingMethod method, size_t i) {
  if (method == RoutingMethod::kGeographic) endpoint.geo = kGeo[i];
  if (method == RoutingMethod::kSubnet && !kSubnets[i].empty()) endpoint.subnets = {Ip(kSubnets[i])};
  if (method == RoutingMethod::kFrontDoor) endpoint.priority = static_cast<uint32_t>(i % 2 + 1);
}

// One profile over the first n regions.
ResourceTopology Flat(RoutingMethod method, size_t n) {
  ResourceTopology resource =
      MakeResource("contoso", std::vector<std::string>(kNine.begin(), kNine.begin() + static_cast<int>(n)));
  Profile profile;
  profile.name = "top";
  profile.method = method;
  profile.max_return = 3;
  profile.latency_sensitivity_ms = 80;
  for (size_t i = 0; i < n; ++i) {
    profile.endpoints.push_back(Use(resource, i));
    GivePlace(profile.endpoints.back(), method, i);
  }
  resource.profiles = {profile};
  return resource;
}

std::vector<std::string> Words(const Statuses& statuses) {
  std::vector<std::string> words;
  for (const MonitorStatus status : statuses) words.emplace_back(MonitorStatusName(status));
  return words;
}

std::string Text(const Steered& steered, const Outcome& outcome) {
  switch (outcome.kind) {
    case Outcome::Kind::kNoData:
      return "nodata";
    case Outcome::Kind::kNoName:
      return "nxdomain";
    case Outcome::Kind::kInstance:
      return absl::StrCat("instance ", outcome.index);
    case Outcome::Kind::kAddresses: {
      std::string text = "addresses";
      for (const uint8_t i : steered.addresses[outcome.index]) absl::StrAppend(&text, " ", i);
      return text;
    }
  }
  return "";
}

ProfileOracle::Chances ChancesOf(const Steered& steered) {
  ProfileOracle::Chances chances;
  int64_t before = -1;
  for (const Share& share : steered.shares) {
    EXPECT_GT(int64_t{share.last}, before);
    chances[Text(steered, share.outcome)] += static_cast<double>(int64_t{share.last} - before) / 4294967296.0;
    before = share.last;
  }
  EXPECT_EQ(before, 0xFFFFFFFF);
  return chances;
}

// Whether what is compiled is what the oracle says, for one client.
testing::AssertionResult Same(const ResourceTopology& resource, std::optional<int> region,
                              const IpPrefix& client, const Statuses& statuses,
                              const SteeringSwitches& switches = {}) {
  const Steered steered = Evaluate(resource.profiles, StatesOf(resource.profiles, statuses),
                                   RankingsFor(resource, region, client), switches);
  const auto got = ChancesOf(steered);
  const auto want = ProfileOracle(resource, region, client, switches).Ask(Words(statuses));
  bool same = got.size() == want.size();
  for (const auto& [text, chance] : want) {
    same = same && got.contains(text) && std::abs(got.at(text) - chance) < 1e-8;
  }
  if (same) return testing::AssertionSuccess();
  return testing::AssertionFailure() << testing::PrintToString(got) << ", not "
                                     << testing::PrintToString(want) << " for "
                                     << testing::PrintToString(Words(statuses));
}

TEST(Profile, EqualsTheOracleForEveryStateOfUpToFourEndpointsByEveryMethod) {
  for (const RoutingMethod method : kMethods) {
    for (size_t n = 1; n <= 4; ++n) {
      const ResourceTopology resource = Flat(method, n);
      size_t combinations = 1;
      for (size_t i = 0; i < n; ++i) combinations *= kNineStates.size();
      for (size_t c = 0; c < combinations; ++c) {
        Statuses statuses;
        for (size_t i = 0, rest = c; i < n; ++i, rest /= kNineStates.size()) {
          statuses.push_back(kNineStates[rest % kNineStates.size()]);
        }
        const Region& region = Regions()[c % Regions().size()];
        ASSERT_TRUE(Same(resource, region.number, Ip(PrivatePrefix(region)), statuses))
            << RoutingMethodName(method) << " from " << region.name;
      }
    }
  }
}

TEST(Profile, EqualsTheOracleForSampledStatesOfFiveToNineEndpointsByEveryMethod) {
  Random random(5);
  for (const RoutingMethod method : kMethods) {
    for (size_t n = 5; n <= 9; ++n) {
      const ResourceTopology resource = Flat(method, n);
      for (int i = 0; i < 3'000; ++i) {
        Statuses statuses;
        for (size_t e = 0; e < n; ++e) statuses.push_back(kNineStates[random.Below(9)]);
        const Region& region = Regions()[random.Below(Regions().size())];
        const bool known = random.Below(10) > 0;
        SteeringSwitches switches{random.Below(2) == 0, random.Below(2) == 0, random.Below(2) == 0};
        ASSERT_TRUE(Same(resource, known ? std::optional<int>(region.number) : std::nullopt,
                         Ip(PrivatePrefix(region)), statuses, switches))
            << RoutingMethodName(method) << " from " << region.name;
      }
    }
  }
}

// A random tree below profile `at`; every instance at most once in a profile.
void Grow(ResourceTopology& resource, Random& random, int depth) {
  const size_t at = resource.profiles.size();
  resource.profiles.emplace_back();
  Profile profile;
  profile.name = absl::StrCat("p", at);
  profile.method = kMethods[random.Below(kMethods.size())];
  profile.enabled = random.Below(8) > 0;
  profile.max_return = static_cast<uint32_t>(1 + random.Below(4));
  profile.latency_sensitivity_ms = static_cast<uint32_t>(random.Below(150));
  for (size_t i = 0; i < resource.endpoints.size(); ++i) {
    if (random.Below(3) == 0) continue;
    ProfileEndpoint endpoint = Use(resource, i);
    const bool nested = depth < 10 && resource.profiles.size() < 12 && random.Below(3) == 0 &&
                        profile.method != RoutingMethod::kMultivalue;
    if (nested) {
      endpoint.instance = -1;
      endpoint.nested = static_cast<int>(resource.profiles.size());
      endpoint.min_child_endpoints = static_cast<int>(1 + random.Below(3));
      Grow(resource, random, depth + 1);
    } else {
      endpoint.always_serve = random.Below(10) == 0;
    }
    endpoint.enabled = random.Below(8) > 0;
    GivePlace(endpoint, profile.method, i);
    profile.endpoints.push_back(endpoint);
  }
  resource.profiles[at] = profile;
}

TEST(Profile, EqualsTheOracleForRandomNestedTrees) {
  Random random(11);
  size_t deepest = 0;
  for (int tree = 0; tree < 400; ++tree) {
    ResourceTopology resource = MakeResource("contoso", kNine);
    Grow(resource, random, 1);
    resource.profiles[0].enabled = true;
    deepest = std::max(deepest, resource.profiles.size());
    for (int i = 0; i < 25; ++i) {
      Statuses statuses;
      for (size_t e = 0; e < kNine.size(); ++e) statuses.push_back(kNineStates[random.Below(9)]);
      const Region& region = Regions()[random.Below(Regions().size())];
      const auto states = StatesOf(resource.profiles, statuses);
      ProfileOracle oracle(resource, region.number, Ip(PrivatePrefix(region)));
      oracle.Ask(Words(statuses));
      for (size_t p = 0; p < states.size(); ++p) {
        ASSERT_EQ(ProfileStatusName(states[p].status), oracle.StatusOfProfile(static_cast<int>(p)));
      }
      ASSERT_TRUE(Same(resource, region.number, Ip(PrivatePrefix(region)), statuses)) << "tree " << tree;
    }
  }
  EXPECT_EQ(deepest, 12u) << "the trees are not worth the name";
}

// Promise: never empty while an enabled, running instance exists, by methods that do not ask where from.
TEST(Profile, IsNeverEmptyWhileAnEnabledInstanceRuns) {
  Random random(6);
  for (const RoutingMethod method :
       {RoutingMethod::kPerformance, RoutingMethod::kPriority, RoutingMethod::kWeighted,
        RoutingMethod::kMultivalue, RoutingMethod::kFrontDoor}) {
    const ResourceTopology resource = Flat(method, 9);
    for (int i = 0; i < 3'000; ++i) {
      Statuses statuses;
      for (size_t e = 0; e < 9; ++e) statuses.push_back(kNineStates[random.Below(9)]);
      const bool any = std::any_of(statuses.begin(), statuses.end(),
                                   [](MonitorStatus s) { return s != kDisabled && s != kStopped; });
      const Steered steered = Evaluate(resource.profiles, StatesOf(resource.profiles, statuses),
                                       RankingsFor(resource, 3, Ip("10.3.0.0/16")), {});
      for (const Share& share : steered.shares) {
        ASSERT_EQ(share.outcome.kind != Outcome::Kind::kNoData, any);
        if (share.outcome.kind != Outcome::Kind::kInstance) continue;
        const MonitorStatus status = statuses[share.outcome.index];
        ASSERT_TRUE(status != kDisabled && status != kStopped);
      }
    }
  }
}

TEST(Profile, PerformanceProfileOverAllEqualsNoProfile) {
  ResourceTopology resource = Flat(RoutingMethod::kPerformance, 9);
  for (ProfileEndpoint& endpoint : resource.profiles[0].endpoints) endpoint.priority = 1;
  Random random(7);
  for (int i = 0; i < 5'000; ++i) {
    Statuses statuses;
    for (size_t e = 0; e < 9; ++e) statuses.push_back(kNineStates[random.Below(9)]);
    const int region = static_cast<int>(random.Below(Regions().size()));
    const Choice choice = Choose(OrderFor(resource, region), statuses);
    const Steered steered = Evaluate(resource.profiles, StatesOf(resource.profiles, statuses),
                                     RankingsFor(resource, region, Ip("10.0.0.0/8")), {});
    ASSERT_EQ(steered.shares.size(), 1u);
    const Outcome& outcome = steered.shares[0].outcome;
    ASSERT_EQ(outcome.kind == Outcome::Kind::kInstance ? outcome.index : -1, choice.endpoint);
    ASSERT_EQ(steered.fail_open, choice.fail_open);
  }
}

TEST(Profile, NestedEndpointFollowsMinChildEndpoints) {
  ResourceTopology resource = MakeResource("contoso", {"eastus", "westus", "westeurope"});
  Profile top, child;
  top.endpoints.resize(1);
  top.endpoints[0].nested = 1;
  top.endpoints[0].min_child_endpoints = 2;
  for (size_t i = 0; i < 3; ++i) child.endpoints.push_back(Use(resource, i));
  resource.profiles = {top, child};
  const auto of = [&](const Statuses& statuses) {
    return StatesOf(resource.profiles, statuses)[0].endpoints[0];
  };
  EXPECT_EQ(of({kOnline, kOnline, kDegraded}), kOnline);
  EXPECT_EQ(of({kOnline, kCheckingEndpoint, kDegraded}), kCheckingEndpoint);
  EXPECT_EQ(of({kOnline, kDegraded, kStopped}), kDegraded);
  EXPECT_EQ(of({kDisabled, kStopped, kDisabled}), kStopped);
  resource.profiles[1].enabled = false;
  EXPECT_EQ(of({kOnline, kOnline, kOnline}), kStopped);
}

// Front Door's own example: A 15, B 30, D 60 ms with 30 ms of sensitivity leaves A and B.
TEST(Profile, FrontDoorKeepsTheBandThenWeighs) {
  ResourceTopology resource = MakeResource("contoso", {"eastus", "eastus2", "westus", "westeurope"});
  Profile top;
  top.method = RoutingMethod::kFrontDoor;
  top.latency_sensitivity_ms = 30;
  for (size_t i = 0; i < 4; ++i) {
    top.endpoints.push_back(Use(resource, i));
    top.endpoints.back().priority = 1;
    top.endpoints.back().weight = resource.endpoints[i].region == RegionNumber("eastus2") ? 150 : 50;
  }
  resource.profiles = {top};
  const Rankings rankings = RankingsFor(resource, RegionNumber("eastus"), Ip("10.15.0.0/16"));
  const auto chances =
      ChancesOf(Evaluate(resource.profiles, StatesOf(resource.profiles, Statuses(4, kOnline)), rankings, {}));
  EXPECT_THAT(chances, testing::ElementsAre(testing::Pair("instance 0", testing::DoubleNear(0.25, 1e-8)),
                                            testing::Pair("instance 1", testing::DoubleNear(0.75, 1e-8))));
}

TEST(Profile, DrawFindsTheShareOfEveryBoundary) {
  std::vector<Share> shares;
  for (uint16_t n = 1; n <= 20; ++n) {
    shares.clear();
    for (uint16_t i = 0; i < n; ++i) {
      const uint32_t last = i + 1 == n ? 0xFFFFFFFF : (i + 1u) * 100u - 1;
      shares.push_back({last, {Outcome::Kind::kInstance, i}});
    }
    for (uint16_t i = 0; i < n; ++i) {
      EXPECT_EQ(Draw(shares, i * 100u).index, i) << n;
      EXPECT_EQ(Draw(shares, shares[i].last).index, i) << n;
    }
  }
}

TEST(PrefixesOf, CutsARangeIntoTheFewestPrefixes) {
  const auto text = [](absl::uint128 first, absl::uint128 last) {
    std::vector<std::string> out;
    for (const IpPrefix& prefix : PrefixesOf(false, first, last)) out.push_back(prefix.ToText());
    return out;
  };
  EXPECT_THAT(text(0x0A010200, 0x0A0102FF), testing::ElementsAre("10.1.2.0/24"));
  EXPECT_THAT(text(0x0A010201, 0x0A010204),
              testing::ElementsAre("10.1.2.1/32", "10.1.2.2/31", "10.1.2.4/32"));
  EXPECT_THAT(text(0, 0xFFFFFFFF), testing::ElementsAre("0.0.0.0/0"));
  EXPECT_EQ(PrefixesOf(true, 0, ~absl::uint128(0)).size(), 1u);
}

// ---- Through the whole answer path ----

AnswerTable TableOf(ResourceTopology resource, const Statuses& statuses,
                    AnswerSettings settings = DefaultSettings()) {
  return AnswerTable(MakePlan({std::move(resource)}, std::move(settings)), {statuses});
}

Asked AskDrawing(const AnswerTable& table, const Packet& query, uint32_t draw,
                 absl::string_view source = "127.143.0.1") {
  std::array<uint8_t, kAnswerBytesMax> out;
  Asked asked;
  asked.response = Respond(table, query, {.source = Ip(source), .draw = draw}, out);
  asked.bytes.assign(out.begin(), out.begin() + static_cast<std::ptrdiff_t>(asked.response.bytes));
  const auto decoded = Decode(asked.bytes);
  EXPECT_TRUE(decoded.has_value());
  if (decoded) asked.decoded = *decoded;
  return asked;
}

constexpr char kContoso[] = "contoso.webpubsub.azure.com";

TEST(ProfileAnswer, WeightedFollowsTheDrawAndHoldsForEverybody) {
  const ResourceTopology resource = Flat(RoutingMethod::kWeighted, 3);  // Weights 1, 2, 5.
  const AnswerTable table = TableOf(resource, Statuses(3, kOnline));
  const Packet query = MakeQuery(kContoso, kTypeA, {.options = Subnet(1, 24, 0, {10, 15, 0})});
  std::map<std::string, int> seen;
  Random random(1);
  for (int i = 0; i < 8'000; ++i) {
    const Asked asked = AskDrawing(table, query, static_cast<uint32_t>(random.Next() >> 32));
    ASSERT_EQ(asked.decoded.subnet->scope, 0);
    ++seen[asked.decoded.answers.at(0).data];
  }
  EXPECT_NEAR(seen[resource.endpoints[0].host_name], 1'000, 150);
  EXPECT_NEAR(seen[resource.endpoints[1].host_name], 2'000, 200);
  EXPECT_NEAR(seen[resource.endpoints[2].host_name], 5'000, 300);
}

TEST(ProfileAnswer, MultivalueGivesSeveralAddressesAndNoDataForOtherTypes) {
  const AnswerTable table =
      TableOf(Flat(RoutingMethod::kMultivalue, 4), {kOnline, kDegraded, kOnline, kOnline});
  const Asked a = AskDrawing(table, MakeQuery(kContoso, kTypeA), 0);
  ASSERT_EQ(a.decoded.answers.size(), 3u);
  for (const auto& record : a.decoded.answers) {
    EXPECT_EQ(record.type, kTypeA);
    EXPECT_EQ(record.owner, kContoso);
    EXPECT_EQ(record.ttl, 90u);
  }
  const Asked aaaa = AskDrawing(table, MakeQuery(kContoso, kTypeAaaa), 0);
  EXPECT_EQ(aaaa.response.rcode, Rcode::kNoError);
  EXPECT_TRUE(aaaa.decoded.answers.empty());
  EXPECT_EQ(aaaa.decoded.authorities.size(), 1u);
}

TEST(ProfileAnswer, DisabledProfileIsNxdomainAndInactiveIsNoData) {
  ResourceTopology resource = Flat(RoutingMethod::kPriority, 2);
  const Asked inactive = AskDrawing(TableOf(resource, {kStopped, kDisabled}), MakeQuery(kContoso, kTypeA), 0);
  EXPECT_EQ(inactive.response.rcode, Rcode::kNoError);
  EXPECT_EQ(inactive.decoded.authorities.size(), 1u);
  AnswerSettings settings = DefaultSettings();
  settings.switches.inactive_is_nxdomain = true;
  EXPECT_EQ(AskDrawing(TableOf(resource, {kStopped, kDisabled}, settings), MakeQuery(kContoso, kTypeA), 0)
                .response.rcode,
            Rcode::kNxDomain);
  resource.profiles[0].enabled = false;
  const Asked disabled = AskDrawing(TableOf(resource, {kOnline, kOnline}), MakeQuery(kContoso, kTypeA), 0);
  EXPECT_EQ(disabled.response.rcode, Rcode::kNxDomain);
  EXPECT_EQ(disabled.decoded.authorities.size(), 1u);
}

// Every address of a block gets what its block's first address gets, and no health moves a block.
TEST(ProfileAnswer, ScopesAreTrueAndDoNotMoveWithHealth) {
  Random random(21);
  for (const RoutingMethod method : {RoutingMethod::kSubnet, RoutingMethod::kGeographic,
                                     RoutingMethod::kFrontDoor, RoutingMethod::kPerformance}) {
    const ResourceTopology resource = Flat(method, 9);
    const ProfilePlan plan(resource, *BuiltInPrefixes());
    for (int i = 0; i < 2'000; ++i) {
      const uint32_t number = random.Below(4) == 0
                                  ? 0x0A280700 + static_cast<uint32_t>(random.Below(1024))
                                  : 0x0A000000 + static_cast<uint32_t>(random.Below(1 << 24));
      const IpPrefix client{IpFamily::kV4, 32, absl::uint128(number) << 96};
      const BlockTree::Block block = plan.blocks().Find(client);
      // Straight from the definitions, for this address and for another of the same block.
      const uint32_t host = block.length == 32 ? 0 : 0xFFFFFFFFu >> block.length;
      const uint32_t other = (number & ~host) | (static_cast<uint32_t>(random.Next()) & host);
      for (const uint32_t address : {number, other}) {
        const IpPrefix whole{IpFamily::kV4, 32, absl::uint128(address) << 96};
        const auto match = BuiltInPrefixes()->Find(whole);
        ASSERT_EQ(plan.kinds()[static_cast<size_t>(block.value)],
                  RankingsFor(resource, match ? std::optional<int>(match->region) : std::nullopt, whole))
            << RoutingMethodName(method) << " " << whole.ToText() << " in /" << block.length;
      }
    }
  }
}

TEST(ProfileAnswer, SubnetMethodAnswersByAddress) {
  const AnswerTable table = TableOf(Flat(RoutingMethod::kSubnet, 4), Statuses(4, kOnline));
  const auto ask = [&](Packet address, uint8_t bits) {
    return AskDrawing(table, MakeQuery(kContoso, kTypeA, {.options = Subnet(1, bits, 0, address)}), 0);
  };
  const Asked inside = ask({10, 15, 3}, 24);
  EXPECT_EQ(inside.decoded.answers.at(0).data, HostOf("contoso", "eastus"));
  EXPECT_EQ(ask({192, 0, 2}, 24).response.rcode, Rcode::kNoError);
  EXPECT_TRUE(ask({192, 0, 2}, 24).decoded.answers.empty());
}

}  // namespace
}  // namespace nonet::dns
