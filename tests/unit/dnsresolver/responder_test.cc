#include "dnsresolver/core/responder.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>

#include "tests/unit/dnsresolver/fixture.h"

namespace nonet::dns {
namespace {

constexpr char kContoso[] = "contoso.webpubsub.azure.com";
constexpr int kNoError = 0, kFormErr = 1, kServFail = 2, kNxDomain = 3, kRefused = 5, kBadVers = 16;

void ExpectSoaOnly(const Asked& asked, int rcode) {
  EXPECT_EQ(asked.decoded.rcode, rcode);
  EXPECT_TRUE(asked.decoded.authoritative());
  EXPECT_TRUE(asked.decoded.answers.empty());
  ASSERT_EQ(asked.decoded.authorities.size(), 1u);
  EXPECT_EQ(asked.decoded.authorities[0].type, kTypeSoa);
  EXPECT_EQ(asked.decoded.authorities[0].owner, kZone);
  EXPECT_LE(asked.decoded.authorities[0].ttl, 30u);
}

TEST(Responder, ResourceIsACnameOfTheNearestAndItsAddress) {
  const AnswerTable table = ContosoTable();
  const Asked asked = Ask(table, MakeQuery(kContoso, kTypeA), "127.143.0.1");
  EXPECT_TRUE(asked.decoded.authoritative());
  EXPECT_EQ(asked.decoded.rcode, kNoError);
  ASSERT_EQ(asked.decoded.answers.size(), 2u);
  EXPECT_EQ(asked.decoded.answers[0].owner, kContoso);
  EXPECT_EQ(asked.decoded.answers[0].type, kTypeCname);
  EXPECT_EQ(asked.decoded.answers[0].ttl, 90u);
  EXPECT_EQ(asked.decoded.answers[0].data, HostOf("contoso", "eastus"));
  EXPECT_EQ(asked.decoded.answers[1].owner, HostOf("contoso", "eastus"));
  EXPECT_EQ(asked.decoded.answers[1].type, kTypeA);
  EXPECT_EQ(asked.decoded.answers[1].ttl, 60u) << "an address has its own TTL";
  EXPECT_EQ(asked.decoded.answers[1].data, "127.80.0.1");
  EXPECT_TRUE(asked.decoded.authorities.empty());
}

TEST(Responder, HeaderCopiesWhatItMustAndNothingElse) {
  const AnswerTable table = ContosoTable();
  // Z, AD, RA and RCODE set in the query, as none should.
  const Asked asked = Ask(table, Message({.id = 0xBEEF,
                                          .flags = 0x0100 | 0x0080 | 0x0040 | 0x0020 | 0x0010 | 0x000F,
                                          .body = Question(kContoso, kTypeA)}));
  EXPECT_EQ(asked.decoded.id, 0xBEEF);
  EXPECT_EQ(asked.decoded.flags, kFlagQr | kFlagAa | kFlagRd | kFlagCd);
  EXPECT_FALSE(asked.decoded.has_opt);
}

TEST(Responder, QuestionIsEchoedByteForByte) {
  const AnswerTable table = ContosoTable();
  for (const char* name : {"CoNtOsO.wEbPuBsUb.AzUrE.cOm", "nOnE.webpubsub.azure.com", "eXample.Com"}) {
    const Asked asked = Ask(table, MakeQuery(name, kTypeA));
    EXPECT_EQ(asked.decoded.question, Question(name, kTypeA)) << name;
  }
  // The first owner is a pointer to the question, so it keeps the case too.
  const Asked asked = Ask(table, MakeQuery("CONTOSO.webpubsub.azure.com", kTypeA));
  EXPECT_EQ(asked.decoded.answers.size(), 2u);
  EXPECT_EQ(asked.bytes[12 + 33], 0xC0);
  EXPECT_EQ(asked.bytes[12 + 34], 12);
}

TEST(Responder, SourceDecidesUnlessClientSubnetIsSent) {
  const AnswerTable table = ContosoTable();
  const auto target = [&](const Packet& query, absl::string_view source) {
    return Ask(table, query, source).decoded.answers.at(0).data;
  };
  const Packet plain = MakeQuery(kContoso, kTypeA);
  EXPECT_EQ(target(plain, "127.143.0.1"), HostOf("contoso", "eastus"));
  EXPECT_EQ(target(plain, LoopbackAddress(*FindRegion("westus2"), 1)), HostOf("contoso", "westus"));
  EXPECT_EQ(target(plain, LoopbackAddress(*FindRegion("francecentral"), 1)), HostOf("contoso", "westeurope"));
  EXPECT_EQ(target(plain, "127.0.0.1"), HostOf("contoso", "eastus")) << "no match: the primary's region";
  const uint8_t france = static_cast<uint8_t>(RegionNumber("francecentral"));
  const Packet from_france = MakeQuery(kContoso, kTypeA, {.options = Subnet(1, 24, 0, {10, france, 0})});
  EXPECT_EQ(target(from_france, "127.143.0.1"), HostOf("contoso", "westeurope"));
  const Packet v6 = MakeQuery(kContoso, kTypeA, {.options = Subnet(2, 32, 0, {0xfd, 0, 0, france})});
  EXPECT_EQ(target(v6, "127.143.0.1"), HostOf("contoso", "westeurope"));
}

TEST(Responder, ClientSubnetIsAnsweredUnchangedButForTheScope) {
  const AnswerTable table = ContosoTable();
  const Packet query = MakeQuery(kContoso, kTypeA, {.options = Subnet(1, 24, 0, {10, 15, 7})});
  const Asked asked = Ask(table, query);
  ASSERT_TRUE(asked.decoded.subnet.has_value());
  EXPECT_EQ(asked.decoded.subnet->family, 1);
  EXPECT_EQ(asked.decoded.subnet->source, 24);
  EXPECT_EQ(asked.decoded.subnet->address, (Packet{10, 15, 7}));
  EXPECT_GT(asked.decoded.subnet->scope, 0);
  EXPECT_LE(asked.decoded.subnet->scope, 16);
}

TEST(Responder, ScopeDoesNotMoveWithHealth) {
  const auto plan = MakePlan({MakeResource("contoso", {"eastus", "westus", "westeurope"})});
  for (const Region& region : Regions()) {
    const Packet query = MakeQuery(
        kContoso, kTypeA, {.options = Subnet(1, 24, 0, {10, static_cast<uint8_t>(region.number), 0})});
    std::vector<int> scopes;
    for (const MonitorStatus first : {MonitorStatus::kOnline, MonitorStatus::kDegraded}) {
      for (const MonitorStatus second : {MonitorStatus::kOnline, MonitorStatus::kDegraded}) {
        const AnswerTable table(plan, {{first, second, MonitorStatus::kOnline}});
        scopes.push_back(Ask(table, query).decoded.subnet->scope);
      }
    }
    EXPECT_THAT(scopes, testing::Each(scopes[0])) << region.name;
  }
}

TEST(Responder, ScopeIsZeroWhereTheAnswerDoesNotDependOnTheClient) {
  const auto plan =
      MakePlan({MakeResource("contoso", {"eastus", "westus"}), MakeResource("lonely", {"eastus"})});
  const AnswerTable table(plan, AllOf(*plan, MonitorStatus::kOnline));
  const OptFields opt{.options = Subnet(1, 24, 0, {10, 15, 7})};
  const auto scope = [&](const std::string& name, uint16_t type) {
    return int{Ask(table, MakeQuery(name, type, opt)).decoded.subnet->scope};
  };
  EXPECT_EQ(scope("lonely.webpubsub.azure.com", kTypeA), 0) << "one endpoint";
  EXPECT_EQ(scope("none.webpubsub.azure.com", kTypeA), 0);
  EXPECT_EQ(scope(kZone, kTypeSoa), 0);
  EXPECT_EQ(scope(kZone, kTypeNs), 0);
  EXPECT_EQ(scope("example.com", kTypeA), 0);
  EXPECT_EQ(scope(HostOf("contoso", "eastus"), kTypeA), 0);
  const AnswerTable none(plan, AllOf(*plan, MonitorStatus::kDisabled));
  EXPECT_EQ(Ask(none, MakeQuery(kContoso, kTypeA, opt)).decoded.subnet->scope, 0);
}

TEST(Responder, SourceZeroIsAnsweredByTheResolversAddressWithScopeZero) {
  const AnswerTable table = ContosoTable();
  for (const uint16_t family : {0, 1, 2}) {
    const Asked asked = Ask(table, MakeQuery(kContoso, kTypeA, {.options = Subnet(family, 0, 0, {})}),
                            LoopbackAddress(*FindRegion("westus"), 9));
    EXPECT_EQ(asked.decoded.answers.at(0).data, HostOf("contoso", "westus"));
    ASSERT_TRUE(asked.decoded.subnet.has_value());
    EXPECT_EQ(asked.decoded.subnet->family, family);
    EXPECT_EQ(asked.decoded.subnet->scope, 0);
  }
}

TEST(Responder, CnameAndAnyGetTheCnameAlone) {
  const AnswerTable table = ContosoTable();
  for (const uint16_t type : {kTypeCname, kTypeAny}) {
    const Asked asked = Ask(table, MakeQuery(kContoso, type));
    ASSERT_EQ(asked.decoded.answers.size(), 1u);
    EXPECT_EQ(asked.decoded.answers[0].type, kTypeCname);
    EXPECT_TRUE(asked.decoded.authorities.empty());
  }
}

TEST(Responder, OtherTypesGetTheCnameAndTheTargetsNoData) {
  const AnswerTable table = ContosoTable();
  for (const uint16_t type : {uint16_t{kTypeAaaa}, uint16_t{kTypeTxt}, uint16_t{65}, uint16_t{1000}}) {
    const Asked asked = Ask(table, MakeQuery(kContoso, type));
    EXPECT_EQ(asked.decoded.rcode, kNoError);
    ASSERT_EQ(asked.decoded.answers.size(), 1u) << type;
    EXPECT_EQ(asked.decoded.answers[0].type, kTypeCname);
    ASSERT_EQ(asked.decoded.authorities.size(), 1u);
    EXPECT_EQ(asked.decoded.authorities[0].type, kTypeSoa);
    EXPECT_EQ(asked.decoded.authorities[0].ttl, 30u);
    EXPECT_EQ(asked.decoded.authorities[0].data,
              "ns.webpubsub.azure.com hostmaster.webpubsub.azure.com 7 30");
  }
}

TEST(Responder, NothingEligibleIsNoData) {
  const auto plan = MakePlan({MakeResource("contoso", {"eastus", "westus"})});
  for (const MonitorStatus status :
       {MonitorStatus::kDisabled, MonitorStatus::kStopped, MonitorStatus::kInactive}) {
    ExpectSoaOnly(Ask(AnswerTable(plan, AllOf(*plan, status)), MakeQuery(kContoso, kTypeA)), kNoError);
  }
}

TEST(Responder, InstanceResolvesWhateverItsState) {
  const auto plan = MakePlan({MakeResource("contoso", {"eastus", "westus"})});
  const AnswerTable table(plan, AllOf(*plan, MonitorStatus::kDisabled));
  const Asked asked = Ask(table, MakeQuery(HostOf("contoso", "westus"), kTypeA));
  ASSERT_EQ(asked.decoded.answers.size(), 1u);
  EXPECT_EQ(asked.decoded.answers[0].data, "127.80.0.2");
  EXPECT_EQ(asked.decoded.answers[0].ttl, 60u);
  ExpectSoaOnly(Ask(table, MakeQuery(HostOf("contoso", "westus"), kTypeAaaa)), kNoError);
  ExpectSoaOnly(Ask(table, MakeQuery(HostOf("contoso", "westus"), kTypeCname)), kNoError);
}

TEST(Responder, InstanceWithoutAnAddressExistsWithoutData) {
  ResourceTopology resource = MakeResource("contoso", {"eastus"});
  resource.endpoints[0].address.reset();
  const auto plan = MakePlan({resource});
  const AnswerTable table(plan, AllOf(*plan, MonitorStatus::kInactive));
  ExpectSoaOnly(Ask(table, MakeQuery(HostOf("contoso", "eastus"), kTypeA)), kNoError);
}

TEST(Responder, ZoneApexAndNameServer) {
  const AnswerTable table = ContosoTable();
  const Asked soa = Ask(table, MakeQuery(kZone, kTypeSoa));
  ASSERT_EQ(soa.decoded.answers.size(), 1u);
  EXPECT_EQ(soa.decoded.answers[0].type, kTypeSoa);
  const Asked ns = Ask(table, MakeQuery(kZone, kTypeNs));
  ASSERT_EQ(ns.decoded.answers.size(), 1u);
  EXPECT_EQ(ns.decoded.answers[0].data, "ns.webpubsub.azure.com");
  EXPECT_EQ(Ask(table, MakeQuery("ns.webpubsub.azure.com", kTypeA)).decoded.answers.at(0).data, "127.0.0.1");
  EXPECT_EQ(Ask(table, MakeQuery(kZone, kTypeAny)).decoded.answers.size(), 1u);
  constexpr uint16_t kTypeDs = 43;
  for (const uint16_t type : {kTypeA, kTypeAaaa, kTypeCname, kTypeDs}) {
    ExpectSoaOnly(Ask(table, MakeQuery(kZone, type)), kNoError);
  }
}

TEST(Responder, AbsentNamesAreNxDomainBelowAResourceToo) {
  const AnswerTable table = ContosoTable();
  for (const char* name : {"none.webpubsub.azure.com", "a.contoso.webpubsub.azure.com",
                           "a.b.c.webpubsub.azure.com", "a.ns.webpubsub.azure.com"}) {
    ExpectSoaOnly(Ask(table, MakeQuery(name, kTypeA)), kNxDomain);
  }
}

TEST(Responder, OutsideTheZoneIsRefusedWithoutAuthority) {
  const AnswerTable table = ContosoTable();
  for (const char* name : {"example.com", "azure.com", "xwebpubsub.azure.com", ""}) {
    const Asked asked = Ask(table, MakeQuery(name, kTypeA));
    EXPECT_EQ(asked.decoded.rcode, kRefused) << name;
    EXPECT_FALSE(asked.decoded.authoritative());
    EXPECT_TRUE(asked.decoded.authorities.empty());
  }
}

TEST(Responder, BeforeAnyConfigurationNothingIsSaidNotToExist) {
  Topology topology;
  topology.known = false;
  const auto plan = std::make_shared<const AnswerPlan>(DefaultSettings(), topology, BuiltInPrefixes());
  const AnswerTable table(plan, {});
  EXPECT_EQ(Ask(table, MakeQuery(kContoso, kTypeA)).decoded.rcode, kServFail);
  EXPECT_EQ(Ask(table, MakeQuery(kZone, kTypeSoa)).decoded.rcode, kNoError);
}

TEST(Responder, OptIsAnsweredIffAskedInErrorsToo) {
  const AnswerTable table = ContosoTable();
  EXPECT_FALSE(Ask(table, MakeQuery("example.com", kTypeA)).decoded.has_opt);
  const Asked refused = Ask(table, MakeQuery("example.com", kTypeA, {.flags = kOptFlagDo}));
  EXPECT_TRUE(refused.decoded.has_opt);
  EXPECT_TRUE(refused.decoded.dnssec_ok);
  EXPECT_EQ(refused.decoded.udp_bytes, kUdpBytesMax);
  const Asked other_flags = Ask(table, MakeQuery(kContoso, kTypeA, {.flags = 0x0040}));
  EXPECT_FALSE(other_flags.decoded.dnssec_ok);
}

TEST(Responder, BadVersIsSaidInTheExtendedRcode) {
  const AnswerTable table = ContosoTable();
  const Asked asked = Ask(table, MakeQuery(kContoso, kTypeA, {.version = 100}));
  EXPECT_EQ(asked.decoded.rcode, kBadVers);
  EXPECT_EQ(asked.decoded.flags & 0xF, 0);
  EXPECT_EQ(asked.decoded.version, 0);
  EXPECT_TRUE(asked.decoded.answers.empty());
}

TEST(Responder, BadClientSubnetIsFormErrWithoutTheOption) {
  const AnswerTable table = ContosoTable();
  const Asked asked = Ask(table, MakeQuery(kContoso, kTypeA, {.options = Subnet(1, 24, 24, {10, 15, 7})}));
  EXPECT_EQ(asked.decoded.rcode, kFormErr);
  EXPECT_TRUE(asked.decoded.has_opt);
  EXPECT_FALSE(asked.decoded.subnet.has_value());
}

TEST(Responder, NsidOnlyWhenAskedAndUnknownOptionsAreNotEchoed) {
  const AnswerTable table = ContosoTable();
  EXPECT_EQ(Ask(table, MakeQuery(kContoso, kTypeA, {.options = Option(kOptionNsid, {})})).decoded.nsid,
            "test server");
  const Asked asked = Ask(table, MakeQuery(kContoso, kTypeA, {.options = Option(100, {1, 2})}));
  EXPECT_EQ(asked.decoded.options, 0u);
}

TEST(Responder, TooBigIsTruncatedToNothingWithOptKept) {
  AnswerSettings settings = DefaultSettings();
  settings.udp_bytes_max = 80;
  const AnswerTable table = ContosoTable(settings);
  const Packet query = MakeQuery(kContoso, kTypeA, {.udp_bytes = 4096});
  const Asked udp = Ask(table, query);
  EXPECT_TRUE(udp.decoded.truncated());
  EXPECT_TRUE(udp.decoded.answers.empty());
  EXPECT_TRUE(udp.decoded.has_opt);
  EXPECT_LE(udp.bytes.size(), 80u);
  EXPECT_EQ(udp.decoded.question, Question(kContoso, kTypeA));
  const Asked tcp = Ask(table, query, "127.0.0.1", Transport::kTcp);
  EXPECT_FALSE(tcp.decoded.truncated());
  EXPECT_EQ(tcp.decoded.answers.size(), 2u);
}

TEST(Responder, TcpAndUdpSayTheSame) {
  const AnswerTable table = ContosoTable();
  for (const char* name : {kContoso, kZone, "none.webpubsub.azure.com", "example.com"}) {
    for (const uint16_t type : {kTypeA, kTypeSoa, kTypeAaaa, kTypeAny}) {
      const Packet query = MakeQuery(name, type, {});
      EXPECT_EQ(Ask(table, query).bytes, Ask(table, query, "127.0.0.1", Transport::kTcp).bytes);
    }
  }
}

TEST(Responder, ZeroTtlIsZeroEverywhere) {
  AnswerSettings settings = DefaultSettings();
  settings.ttl_s = 0;
  const AnswerTable table = ContosoTable(settings);
  const Asked asked = Ask(table, MakeQuery(kContoso, kTypeA));
  EXPECT_EQ(asked.decoded.answers.at(0).ttl, 0u);
  EXPECT_EQ(asked.decoded.answers.at(1).ttl, 0u);
  EXPECT_EQ(Ask(table, MakeQuery("none.webpubsub.azure.com", kTypeA)).decoded.authorities.at(0).ttl, 0u);
}

TEST(Responder, LongestTtlIsWrittenWhole) {
  AnswerSettings settings = DefaultSettings();
  settings.ttl_s = kTtlSecondsMax;
  EXPECT_EQ(Ask(ContosoTable(settings), MakeQuery(kContoso, kTypeA)).decoded.answers.at(0).ttl,
            kTtlSecondsMax);
}

TEST(Responder, CompressesTheTargetIntoTheQuestion) {
  const AnswerTable table = ContosoTable();
  const Asked asked = Ask(table, MakeQuery(kContoso, kTypeA));
  // Question 12 + 33, CNAME 12 + 24 + 2, address 16: nothing is spelt twice.
  EXPECT_EQ(asked.bytes.size(), 12u + 33 + 12 + 1 + std::string("contoso-eastus-0a1b2c3d").size() + 2 + 16);
}

}  // namespace
}  // namespace nonet::dns
