#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <array>
#include <span>

#include "dnsresolver/codec/name.h"
#include "dnsresolver/codec/query.h"
#include "dnsresolver/codec/writer.h"
#include "tests/unit/dnsresolver/message.h"

namespace nonet::dns {
namespace {

struct Parsed {
  QueryVerdict verdict;
  Query query;
};

Parsed Parse(const Packet& packet) {
  Parsed parsed;
  parsed.verdict = ParseQuery(packet, parsed.query);
  return parsed;
}

TEST(Name, TextGoesToWireAndBackInLowerCase) {
  const Name name = *Name::FromText("Contoso.WebPubSub.Azure.COM.");
  EXPECT_EQ(name.ToText(), "contoso.webpubsub.azure.com");
  EXPECT_EQ(name.size(), 29u);
}

TEST(Name, RefusesEmptyAndLongLabelsAndLongNames) {
  EXPECT_FALSE(Name::FromText("").ok());
  EXPECT_FALSE(Name::FromText("a..b").ok());
  EXPECT_TRUE(Name::FromText(std::string(63, 'a')).ok());
  EXPECT_FALSE(Name::FromText(std::string(64, 'a')).ok());
  std::string longest;
  for (int i = 0; i < 127; ++i) longest += i == 0 ? "a" : ".a";
  EXPECT_EQ(Name::FromText(longest)->size(), 255u);
  EXPECT_FALSE(Name::FromText(longest + "b").ok());
}

TEST(Name, ZoneMembershipIsByWholeLabels) {
  const Name zone = *Name::FromText("azure.com");
  EXPECT_TRUE(Name::FromText("azure.com")->IsWithin(zone));
  EXPECT_TRUE(Name::FromText("a.AZURE.com")->IsWithin(zone));
  EXPECT_FALSE(Name::FromText("xazure.com")->IsWithin(zone));
  EXPECT_FALSE(Name::FromText("com")->IsWithin(zone));
}

TEST(Name, FollowsPointersOnlyBackwardsAndEverFurther) {
  Packet message(kHeaderBytes, 0);
  Put(message, NameBytes("azure.com"));  // At 12, 11 bytes.
  Put(message, {3, 'w', 'w', 'w', 0xC0, 12});
  Name name;
  EXPECT_EQ(ReadName(message, 23, name), 29u);
  EXPECT_EQ(name.ToText(), "www.azure.com");

  const auto malformed = [](Packet tail) {
    Packet packet(kHeaderBytes, 0);
    Put(packet, tail);
    Name ignored;
    return !ReadName(packet, kHeaderBytes, ignored).has_value();
  };
  EXPECT_TRUE(malformed({0xC0, 12}));          // To itself.
  EXPECT_TRUE(malformed({1, 'a', 0xC0, 12}));  // A loop.
  EXPECT_TRUE(malformed({0xC0, 14, 0}));       // Forwards.
  EXPECT_TRUE(malformed({0xC0, 4}));           // Into the header.
  EXPECT_TRUE(malformed({0xC0}));              // Half a pointer.
  EXPECT_TRUE(malformed({0x40, 'a', 0}));      // Label type 01.
  EXPECT_TRUE(malformed({0x80, 'a', 0}));      // Label type 10.
  EXPECT_TRUE(malformed({5, 'a', 'b'}));       // Cut short in a label.
  EXPECT_TRUE(malformed({1, 'a'}));            // No end.
  EXPECT_TRUE(malformed({}));
}

TEST(Name, EscapesWhatDoesNotPrint) {
  Packet message(kHeaderBytes, 0);
  Put(message, {4, 'a', '.', 7, '\\', 0});
  Name name;
  ASSERT_TRUE(ReadName(message, kHeaderBytes, name).has_value());
  EXPECT_EQ(name.ToText(), "a\\.\\007\\\\");
}

TEST(ParseQuery, ReadsAnOrdinaryQuestion) {
  const auto [verdict, query] = Parse(MakeQuery("CONTOSO.webpubsub.azure.com", kTypeAaaa));
  EXPECT_EQ(verdict, QueryVerdict::kAnswer);
  EXPECT_EQ(query.id, 0x1234);
  EXPECT_TRUE(query.recursion_desired);
  EXPECT_EQ(query.name.ToText(), "contoso.webpubsub.azure.com");
  EXPECT_EQ(query.type, kTypeAaaa);
  EXPECT_EQ(query.question_bytes, 33u);
  EXPECT_FALSE(query.has_opt);
  EXPECT_EQ(query.udp_bytes_max, 512);
}

TEST(ParseQuery, DropsShortPacketsAndResponses) {
  EXPECT_EQ(Parse({}).verdict, QueryVerdict::kDrop);
  EXPECT_EQ(Parse(Packet(11, 0)).verdict, QueryVerdict::kDrop);
  Packet response = MakeQuery("a.b", kTypeA);
  response[2] |= 0x80;
  EXPECT_EQ(Parse(response).verdict, QueryVerdict::kDrop);
}

struct ErrorCase {
  const char* what;
  Packet packet;
  Rcode rcode;
  bool echoes_question;
  bool has_opt;
};

Packet WithOpts(std::vector<OptFields> opts) {
  Packet body = Question("a.b", kTypeA);
  for (const OptFields& opt : opts) Put(body, OptRecord(opt));
  return Message({.additionals = static_cast<uint16_t>(opts.size()), .body = body});
}

Packet WithSubnet(const Packet& option) { return WithOpts({{.options = option}}); }

std::vector<ErrorCase> ErrorCases() {
  const Packet good = Question("a.b", kTypeA);
  Packet two = good;
  Put(two, good);
  Packet trailing = good;
  trailing.push_back(0);
  Packet cut(good.begin(), good.end() - 1);
  Packet too_long;
  for (int i = 0; i < 5; ++i) {
    too_long.push_back(60);
    too_long.insert(too_long.end(), 60, 'x');
  }
  Put(too_long, {0, 0, 1, 0, 1});
  std::vector<ErrorCase> cases = {
      {"opcode STATUS", Message({.flags = 2 << 11, .body = good}), Rcode::kNotImp, false, false},
      {"opcode 15 without a body", Message({.flags = 15 << 11, .questions = 0}), Rcode::kNotImp, false,
       false},
      {"UPDATE", Message({.flags = 5 << 11, .body = good}), Rcode::kNotImp, false, false},
      {"NOTIFY", Message({.flags = 4 << 11, .body = good}), Rcode::kNotImp, false, false},
      {"DSO", Message({.flags = 6 << 11, .questions = 0}), Rcode::kNotImp, false, false},
      {"no question", Message({.questions = 0}), Rcode::kFormErr, false, false},
      {"two questions", Message({.questions = 2, .body = two}), Rcode::kFormErr, false, false},
      {"65535 questions", Message({.questions = 65535, .body = good}), Rcode::kFormErr, false, false},
      {"65535 records", Message({.answers = 65535, .body = good}), Rcode::kFormErr, false, false},
      {"trailing byte", Message({.body = trailing}), Rcode::kFormErr, false, false},
      {"cut short", Message({.body = cut}), Rcode::kFormErr, false, false},
      {"name beyond 255", Message({.body = too_long}), Rcode::kFormErr, false, false},
      {"pointer in the question", Message({.body = {0xC0, 12, 0, 1, 0, 1}}), Rcode::kFormErr, false, false},
      {"label type 01", Message({.body = {0x41, 'a', 0, 0, 1, 0, 1}}), Rcode::kFormErr, false, false},
      {"missing record", Message({.additionals = 1, .body = good}), Rcode::kFormErr, false, false},
      {"class HS", Message({.body = Question("version.bind", kTypeTxt, 4)}), Rcode::kRefused, true, false},
      {"AXFR", MakeQuery("a.b", kTypeAxfr), Rcode::kRefused, true, false},
      {"IXFR", MakeQuery("a.b", kTypeIxfr), Rcode::kRefused, true, false},
      {"MAILA", MakeQuery("a.b", kTypeMaila), Rcode::kNotImp, true, false},
      {"MAILB", MakeQuery("a.b", kTypeMailb), Rcode::kNotImp, true, false},
      {"TKEY", MakeQuery("a.b", kTypeTkey), Rcode::kNotImp, true, false},
      {"TSIG", MakeQuery("a.b", kTypeTsig), Rcode::kNotImp, true, false},
      {"OPT as type", MakeQuery("a.b", kTypeOpt), Rcode::kFormErr, true, false},
      {"two OPT", WithOpts({{}, {}}), Rcode::kFormErr, true, true},
      {"OPT owner", WithOpts({{.owner = NameBytes("x")}}), Rcode::kFormErr, true, true},
      {"EDNS 100", WithOpts({{.version = 100}}), Rcode::kBadVers, true, true},
      {"EDNS 100, bad ECS", WithOpts({{.version = 100, .options = Subnet(9, 0, 0, {})}}), Rcode::kBadVers,
       true, true},
      {"cut option", WithOpts({{.options = {0, 8, 0}}}), Rcode::kFormErr, true, true},
      {"option beyond OPT", WithOpts({{.options = {0, 8, 0, 9, 0}}}), Rcode::kFormErr, true, true},
      {"ECS too short", WithSubnet(Option(kOptionClientSubnet, {0, 1, 0})), Rcode::kFormErr, true, true},
      {"ECS scope set", WithSubnet(Subnet(1, 24, 24, {10, 0, 0})), Rcode::kFormErr, true, true},
      {"ECS source 33", WithSubnet(Subnet(1, 33, 0, {10, 0, 0, 0, 0})), Rcode::kFormErr, true, true},
      {"ECS source 129", WithSubnet(Subnet(2, 129, 0, Packet(17, 0))), Rcode::kFormErr, true, true},
      {"ECS too few bytes", WithSubnet(Subnet(1, 24, 0, {10, 0})), Rcode::kFormErr, true, true},
      {"ECS too many bytes", WithSubnet(Subnet(1, 24, 0, {10, 0, 0, 0})), Rcode::kFormErr, true, true},
      {"ECS bits past source", WithSubnet(Subnet(1, 20, 0, {10, 0, 0x1F})), Rcode::kFormErr, true, true},
      {"ECS family 3", WithSubnet(Subnet(3, 0, 0, {})), Rcode::kFormErr, true, true},
      {"ECS family 0 with bits", WithSubnet(Subnet(0, 8, 0, {10})), Rcode::kFormErr, true, true},
  };
  return cases;
}

TEST(ParseQuery, AnswersBadInputWithTheRightError) {
  for (const ErrorCase& c : ErrorCases()) {
    const auto [verdict, query] = Parse(c.packet);
    EXPECT_EQ(verdict, QueryVerdict::kError) << c.what;
    EXPECT_EQ(query.error, c.rcode) << c.what;
    EXPECT_EQ(query.question_bytes > 0, c.echoes_question) << c.what;
    EXPECT_EQ(query.has_opt, c.has_opt) << c.what;
    EXPECT_FALSE(query.subnet.present && c.rcode == Rcode::kFormErr) << c.what;
  }
}

TEST(ParseQuery, EveryPrefixOfAGoodQueryIsRefusedCleanly) {
  const Packet good =
      MakeQuery("contoso.webpubsub.azure.com", kTypeA, {.options = Subnet(1, 24, 0, {10, 15, 0})});
  ASSERT_EQ(Parse(good).verdict, QueryVerdict::kAnswer);
  for (size_t size = 0; size < good.size(); ++size) {
    const auto [verdict, query] =
        Parse(Packet(good.begin(), good.begin() + static_cast<std::ptrdiff_t>(size)));
    EXPECT_EQ(verdict, size < kHeaderBytes ? QueryVerdict::kDrop : QueryVerdict::kError) << size;
    if (size >= kHeaderBytes) {
      EXPECT_EQ(query.error, Rcode::kFormErr) << size;
    }
  }
}

TEST(ParseQuery, ReadsEdns) {
  Packet options = Subnet(2, 32, 0, {0xfd, 0, 0, 15});
  Put(options, Option(kOptionNsid, {}));
  Put(options, Option(65001, {1, 2, 3}));  // Unknown: ignored.
  const auto [verdict, query] =
      Parse(MakeQuery("a.b", kTypeA, {.udp_bytes = 4096, .flags = kOptFlagDo, .options = options}));
  EXPECT_EQ(verdict, QueryVerdict::kAnswer);
  EXPECT_TRUE(query.has_opt);
  EXPECT_EQ(query.udp_bytes_max, 4096);
  EXPECT_TRUE(query.dnssec_ok);
  EXPECT_TRUE(query.nsid_asked);
  ASSERT_TRUE(query.subnet.present);
  EXPECT_EQ(query.subnet.family, 2);
  EXPECT_EQ(query.subnet.source_bits, 32);
  EXPECT_EQ(query.subnet.address_bytes, 4);
}

TEST(ParseQuery, UdpSizeBelow512CountsAs512) {
  EXPECT_EQ(Parse(MakeQuery("a.b", kTypeA, {.udp_bytes = 100})).query.udp_bytes_max, 512);
}

TEST(ParseQuery, NsidWithAPayloadIsNotARequest) {
  EXPECT_FALSE(Parse(MakeQuery("a.b", kTypeA, {.options = Option(kOptionNsid, {1})})).query.nsid_asked);
}

TEST(ParseQuery, IgnoresRecordsOfOtherSectionsAndFindsOptAnywhere) {
  Packet body = Question("a.b", kTypeA);
  for (int i = 0; i < 2; ++i) {  // One in authority, one in additional, before OPT.
    Put(body, NameBytes("a.b"));
    Put(body, {0, 6, 0, 1, 0, 0, 0, 0, 0, 1, 0xFF});
  }
  Put(body, OptRecord({}));
  const auto [verdict, query] = Parse(Message({.authorities = 1, .additionals = 2, .body = body}));
  EXPECT_EQ(verdict, QueryVerdict::kAnswer);
  EXPECT_TRUE(query.has_opt);
}

TEST(Writer, NeverWritesPastTheEnd) {
  std::array<uint8_t, 3> buffer{9, 9, 9};
  Writer out(std::span<uint8_t>(buffer).first(2));
  out.U8(1);
  out.U16(0x0203);
  EXPECT_TRUE(out.overflowed());
  EXPECT_EQ(out.size(), 1u);
  out.U8(4);  // After an overflow nothing is written.
  EXPECT_EQ(out.size(), 1u);
  EXPECT_EQ(buffer[2], 9);
  out.Rewind(0);
  out.U16(0x0506);
  EXPECT_FALSE(out.overflowed());
  out.PatchU16(0, 0x0708);
  EXPECT_EQ(buffer[0], 7);
}

}  // namespace
}  // namespace nonet::dns
