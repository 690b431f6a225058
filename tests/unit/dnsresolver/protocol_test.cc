// What the protocol offers beside the plain answer: alias chains, CHAOS, options, explanations.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

#include "dnsresolver/core/explain_text.h"
#include "tests/unit/dnsresolver/fixture.h"

namespace nonet::dns {
namespace {

using testing::HasSubstr;
using testing::Not;
using testing::StartsWith;

constexpr char kContoso[] = "contoso.webpubsub.azure.com";
constexpr char kAlias[] = "contoso.tm.webpubsub.azure.com";
constexpr int kFormErr = 1, kNxDomain = 3, kNotImp = 4, kRefused = 5;

AnswerSettings Chained() {
  AnswerSettings settings = DefaultSettings();
  settings.chain = Chain::kTrafficManager;
  return settings;
}

AnswerSettings Explaining() {
  AnswerSettings settings = DefaultSettings();
  settings.explain = true;
  return settings;
}

TEST(AliasChain, LeadsThroughTheAliasWithATtlForEachLink) {
  const AnswerTable table = ContosoTable(Chained());
  const Decoded answer = Ask(table, MakeQuery(kContoso, kTypeA), "127.143.0.1").decoded;
  ASSERT_EQ(answer.answers.size(), 3u);
  EXPECT_EQ(answer.answers[0].owner, kContoso);
  EXPECT_EQ(answer.answers[0].data, kAlias);
  EXPECT_EQ(answer.answers[0].ttl, kAliasTtlSeconds);
  EXPECT_EQ(answer.answers[1].owner, kAlias);
  EXPECT_EQ(answer.answers[1].data, HostOf("contoso", "eastus"));
  EXPECT_EQ(answer.answers[1].ttl, 90u) << "the decision";
  EXPECT_EQ(answer.answers[2].owner, HostOf("contoso", "eastus"));
  EXPECT_EQ(answer.answers[2].data, "127.80.0.1");
  EXPECT_EQ(answer.answers[2].ttl, 60u);
}

TEST(AliasChain, TheAliasItselfIsSteered) {
  const AnswerTable table = ContosoTable(Chained());
  const std::string west = LoopbackAddress(*FindRegion("westus"), 1);
  const Decoded answer = Ask(table, MakeQuery(kAlias, kTypeA), west).decoded;
  ASSERT_EQ(answer.answers.size(), 2u);
  EXPECT_EQ(answer.answers[0].data, HostOf("contoso", "westus"));
  EXPECT_EQ(answer.answers[1].type, kTypeA);
  const Decoded any = Ask(table, MakeQuery(kAlias, kTypeAny), west).decoded;
  ASSERT_EQ(any.answers.size(), 1u);
  EXPECT_EQ(any.answers[0].data, HostOf("contoso", "westus"));
}

TEST(AliasChain, CnameAndAnyOfTheResourceGiveTheFirstLinkForEverybody) {
  const AnswerTable table = ContosoTable(Chained());
  for (const uint16_t type : {kTypeCname, kTypeAny}) {
    const Decoded answer =
        Ask(table, MakeQuery(kContoso, type, {.options = Subnet(1, 24, 0, {10, 15, 7})})).decoded;
    ASSERT_EQ(answer.answers.size(), 1u);
    EXPECT_EQ(answer.answers[0].data, kAlias);
    EXPECT_EQ(answer.subnet->scope, 0);
  }
  const Packet located = MakeQuery(kContoso, kTypeA, {.options = Subnet(1, 24, 0, {10, 15, 7})});
  EXPECT_GT(Ask(table, located).decoded.subnet->scope, 0);
}

TEST(AliasChain, OtherTypesAndNothingEligibleEndInTheZonesSoa) {
  const auto plan = MakePlan({MakeResource("contoso", {"eastus", "westus"})}, Chained());
  const AnswerTable online(plan, AllOf(*plan, MonitorStatus::kOnline));
  const Decoded text = Ask(online, MakeQuery(kContoso, kTypeTxt)).decoded;
  EXPECT_EQ(text.answers.size(), 2u);
  ASSERT_EQ(text.authorities.size(), 1u);
  EXPECT_EQ(text.authorities[0].owner, kZone);
  const AnswerTable none(plan, AllOf(*plan, MonitorStatus::kDisabled));
  const Decoded nothing = Ask(none, MakeQuery(kContoso, kTypeA)).decoded;
  EXPECT_EQ(nothing.rcode, 0);
  ASSERT_EQ(nothing.answers.size(), 1u);
  EXPECT_EQ(nothing.answers[0].data, kAlias);
  EXPECT_EQ(nothing.authorities.size(), 1u);
}

TEST(AliasChain, TheNodeAboveTheAliasesExistsAndDirectHasNeither) {
  const AnswerTable table = ContosoTable(Chained());
  EXPECT_EQ(Ask(table, MakeQuery("tm.webpubsub.azure.com", kTypeA)).decoded.rcode, 0) << "RFC 8020";
  EXPECT_EQ(Ask(table, MakeQuery("none.tm.webpubsub.azure.com", kTypeA)).decoded.rcode, kNxDomain);
  const AnswerTable direct = ContosoTable();
  EXPECT_EQ(Ask(direct, MakeQuery("tm.webpubsub.azure.com", kTypeA)).decoded.rcode, kNxDomain);
  EXPECT_EQ(Ask(direct, MakeQuery(kAlias, kTypeA)).decoded.rcode, kNxDomain);
}

// ---- Opcodes, classes, types ----

TEST(Protocol, NotifyUpdateAndTheRestAreNotImplemented) {
  const AnswerTable table = ContosoTable();
  for (uint16_t opcode = 1; opcode < 16; ++opcode) {
    const Packet query =
        Message({.flags = static_cast<uint16_t>(opcode << 11), .body = Question(kZone, kTypeSoa)});
    const Decoded answer = Ask(table, query).decoded;
    EXPECT_EQ(answer.rcode, kNotImp) << opcode;
    EXPECT_EQ(answer.flags >> 11 & 0xF, opcode);
    EXPECT_TRUE(answer.question.empty());
  }
}

TEST(Protocol, TransfersAreRefusedAndMetaTypesAreNotAnswered) {
  const AnswerTable table = ContosoTable();
  for (const Transport transport : {Transport::kUdp, Transport::kTcp}) {
    for (const uint16_t type : {kTypeAxfr, kTypeIxfr}) {
      EXPECT_EQ(Ask(table, MakeQuery(kZone, type), "127.0.0.1", transport).decoded.rcode, kRefused);
    }
  }
  for (const uint16_t type : {kTypeMaila, kTypeMailb, kTypeTkey, kTypeTsig}) {
    EXPECT_EQ(Ask(table, MakeQuery(kZone, type)).decoded.rcode, kNotImp) << type;
  }
  EXPECT_EQ(Ask(table, MakeQuery(kZone, kTypeOpt)).decoded.rcode, kFormErr);
}

TEST(Protocol, ChaosTellsVersionAndIdentityWhenSwitchedOn) {
  AnswerSettings settings = DefaultSettings();
  settings.version = "nonet-dnsresolver 1.2.3";
  const AnswerTable table = ContosoTable(settings);
  const auto ask = [&](const AnswerTable& of, absl::string_view name, uint16_t type) {
    return Ask(of, Message({.body = Question(name, type, kClassChaos)})).decoded;
  };
  for (const char* name : {"version.bind", "VERSION.server"}) {
    ASSERT_EQ(ask(table, name, kTypeTxt).answers.size(), 1u) << name;
    EXPECT_EQ(ask(table, name, kTypeTxt).answers[0].data, "nonet-dnsresolver 1.2.3");
  }
  for (const char* name : {"id.server", "hostname.bind"}) {
    ASSERT_EQ(ask(table, name, kTypeTxt).answers.size(), 1u) << name;
    EXPECT_EQ(ask(table, name, kTypeTxt).answers[0].data, "test server");
  }
  EXPECT_EQ(ask(table, "version.bind", kTypeA).rcode, 0);
  EXPECT_TRUE(ask(table, "version.bind", kTypeA).answers.empty());
  EXPECT_EQ(ask(table, kContoso, kTypeTxt).rcode, kRefused);
  EXPECT_EQ(ask(ContosoTable(), "version.bind", kTypeTxt).rcode, kRefused) << "switched off";
}

// ---- Options ----

TEST(Protocol, KeepaliveIsToldOnTcpAloneAndOnlyWhenAsked) {
  const AnswerTable table = ContosoTable();
  const Packet asks = MakeQuery(kContoso, kTypeA, {.options = Option(kOptionKeepalive, {})});
  Asker tcp{.source = Ip("127.0.0.1"), .transport = Transport::kTcp, .tcp_idle_ns = 12 * kNanosPerSecond};
  EXPECT_EQ(AskAs(table, asks, tcp).decoded.keepalive, 120);
  EXPECT_FALSE(AskAs(table, MakeQuery(kContoso, kTypeA, {}), tcp).decoded.keepalive.has_value());
  EXPECT_FALSE(Ask(table, asks).decoded.keepalive.has_value()) << "over UDP";
}

TEST(Protocol, AllOptionsFitTogetherInTheSmallestAnswer) {
  const AnswerTable table = ContosoTable(Explaining());
  const CookieSecrets secrets;
  Packet options = Subnet(2, 128, 0, Packet(16, 0xfd));
  for (const uint16_t code : {kOptionNsid, kOptionKeepalive}) Put(options, Option(code, {}));
  Put(options, Option(kOptionCookie, Packet(8, 1)));
  const Packet query = MakeQuery(kContoso, kTypeA, {.udp_bytes = 0, .options = options});
  const Asked asked = AskAs(table, query, {.source = Ip("127.0.0.1"), .cookies = &secrets});
  EXPECT_LE(asked.bytes.size(), 512u);
  EXPECT_TRUE(asked.decoded.subnet && asked.decoded.nsid && asked.decoded.cookie);
  EXPECT_FALSE(asked.decoded.truncated());
}

// ---- Explanations ----

TEST(Protocol, ExtendedErrorsSayWhyOnlyWithTheSwitchAndEdns) {
  const Packet query = MakeQuery(kContoso, kTypeA, {});
  EXPECT_FALSE(Ask(ContosoTable(), query).decoded.error.has_value());
  const AnswerTable table = ContosoTable(Explaining());
  const Decoded answer = Ask(table, query, "127.143.0.1").decoded;
  ASSERT_TRUE(answer.error.has_value());
  EXPECT_EQ(answer.error->first, 0);
  EXPECT_THAT(answer.error->second, AllOf(HasSubstr("contoso-eastus"), HasSubstr(" ms")));
  EXPECT_EQ(answer.answers.size(), 2u);
  EXPECT_FALSE(Ask(table, MakeQuery(kContoso, kTypeA)).decoded.has_opt);
  const Decoded refused = Ask(table, MakeQuery("example.com", kTypeA, {})).decoded;
  ASSERT_TRUE(refused.error.has_value());
  EXPECT_EQ(refused.error->first, 20);
  EXPECT_THAT(refused.error->second, HasSubstr(kZone));
}

TEST(Protocol, FailOpenIsAStaleAnswer) {
  const auto plan = MakePlan({MakeResource("contoso", {"eastus", "westus"})}, Explaining());
  const AnswerTable table(plan, AllOf(*plan, MonitorStatus::kDegraded));
  const Decoded answer = Ask(table, MakeQuery(kContoso, kTypeA, {})).decoded;
  ASSERT_TRUE(answer.error.has_value());
  EXPECT_EQ(answer.error->first, 3);
  EXPECT_THAT(answer.error->second, HasSubstr("Degraded"));
  EXPECT_EQ(answer.answers.size(), 2u);
}

TEST(Protocol, AnErrorsTextThatDoesNotFitIsLeftOutBeforeTheAnswerIs) {
  AnswerSettings settings = Explaining();
  settings.udp_bytes_max = 130;
  const Decoded answer = Ask(ContosoTable(settings), MakeQuery(kContoso, kTypeA, {})).decoded;
  EXPECT_FALSE(answer.error.has_value());
  EXPECT_FALSE(answer.truncated());
  EXPECT_EQ(answer.answers.size(), 2u);
}

TEST(Protocol, ExplainIsTheOneNameBelowANameAndOnlyWithTheSwitch) {
  const AnswerTable table = ContosoTable(Explaining());
  const std::string name = std::string("explain.") + kContoso;
  const Packet query = MakeQuery(name, kTypeTxt, {.options = Subnet(1, 24, 0, {10, 15, 7})});
  const Decoded answer = Ask(table, query, "127.0.0.1", Transport::kTcp).decoded;
  ASSERT_EQ(answer.answers.size(), 1u);
  EXPECT_EQ(answer.answers[0].type, kTypeTxt);
  EXPECT_EQ(answer.answers[0].ttl, 0u);
  EXPECT_THAT(answer.answers[0].data, AllOf(HasSubstr("10.15"), HasSubstr("|")));
  EXPECT_EQ(answer.subnet->scope, 24) << "for this client alone";
  EXPECT_EQ(Ask(table, MakeQuery(name, kTypeA)).decoded.rcode, 0);
  EXPECT_TRUE(Ask(table, MakeQuery(name, kTypeA)).decoded.answers.empty());
  EXPECT_EQ(Ask(table, MakeQuery("x." + name, kTypeTxt)).decoded.rcode, kNxDomain);
  EXPECT_EQ(Ask(table, MakeQuery("explain.none.webpubsub.azure.com", kTypeTxt)).decoded.rcode, kNxDomain);
  EXPECT_EQ(Ask(ContosoTable(), query).decoded.rcode, kNxDomain) << "switched off";
}

TEST(ExplainText, CutsAtAWordAndSplitsLongSentences) {
  Explanation explanation;
  explanation.sentences = {std::string(300, 'x'), "Short."};
  const std::vector<uint8_t> text = ExplanationText(explanation);
  ASSERT_EQ(text.size(), 300 + 6 + 3u);
  EXPECT_EQ(text[0], 255);
  EXPECT_EQ(text[256], 45);
  EXPECT_EQ(text[302], 6);
  std::string words;
  for (int i = 0; i < 200; ++i) words += "word ";
  explanation.sentences = {words};
  const std::string line = ShortExplanation(explanation);
  EXPECT_LE(line.size(), kExtraTextBytesMax);
  EXPECT_THAT(line, testing::EndsWith("word ..."));
  EXPECT_EQ(ExplanationText(Explanation()).size(), 1u);
}

TEST(Protocol, ResponsesSayWhichEndpointWasGiven) {
  const AnswerTable table = ContosoTable();
  const Asked asked = Ask(table, MakeQuery(kContoso, kTypeA), LoopbackAddress(*FindRegion("westus"), 1));
  EXPECT_EQ(asked.response.resource, 0);
  ASSERT_GE(asked.response.endpoint, 0);
  const Endpoint& endpoint =
      table.plan().topology().resources[0].endpoints[static_cast<size_t>(asked.response.endpoint)];
  EXPECT_EQ(endpoint.host_name, HostOf("contoso", "westus"));
  EXPECT_EQ(Ask(table, MakeQuery(kZone, kTypeSoa)).response.endpoint, -1);
}

}  // namespace
}  // namespace nonet::dns
