#include "dnsresolver/core/cookies.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <numeric>
#include <string>

#include "absl/strings/escaping.h"
#include "tests/unit/dnsresolver/fixture.h"

namespace nonet::dns {
namespace {

constexpr char kContoso[] = "contoso.webpubsub.azure.com";
constexpr int kNow = 1'559'731'985;

Packet Hex(absl::string_view hex) {
  const std::string bytes = absl::HexStringToBytes(hex);
  return Packet(bytes.begin(), bytes.end());
}

template <size_t kBytes>
std::array<uint8_t, kBytes> HexArray(absl::string_view hex) {
  std::array<uint8_t, kBytes> out;
  const Packet bytes = Hex(hex);
  EXPECT_EQ(bytes.size(), kBytes);
  std::copy_n(bytes.begin(), kBytes, out.begin());
  return out;
}

Cookie CookieOf(absl::string_view hex) {
  Query query;
  EXPECT_EQ(ParseQuery(MakeQuery("a", kTypeA, {.options = Option(kOptionCookie, Hex(hex))}), query),
            QueryVerdict::kAnswer);
  return query.cookie;
}

std::string MadeFor(absl::string_view secret, absl::string_view client, absl::string_view ip,
                    int64_t wall_s) {
  const ServerCookie cookie = MakeServerCookie(HexArray<16>(secret), HexArray<8>(client), Ip(ip), wall_s);
  return absl::BytesToHexString({reinterpret_cast<const char*>(cookie.data()), cookie.size()});
}

TEST(SipHash, AgreesWithItsAuthorsVector) {
  SipKey key;
  std::iota(key.begin(), key.end(), uint8_t{0});
  Packet input(15);
  std::iota(input.begin(), input.end(), uint8_t{0});
  EXPECT_EQ(SipHash24(key, input), 0xA129CA6149BE45E5u);
}

// RFC 9018 appendix A.
constexpr char kSecret[] = "e5e973e5a6b2a43f48e7dc849e37bfcf";

TEST(Cookies, AgreeWithTheRfcsExamples) {
  EXPECT_EQ(MadeFor(kSecret, "2464c4abcf10c957", "198.51.100.100", kNow), "010000005cf79f111f8130c3eee29480");
  EXPECT_EQ(MadeFor(kSecret, "2464c4abcf10c957", "198.51.100.100", 1'559'734'385),
            "010000005cf7a871d4a564a1442aca77");
  EXPECT_EQ(MadeFor(kSecret, "fc93fc62807ddb86", "203.0.113.203", 1'559'734'700),
            "010000005cf7a9acf73a7810aca2381e");
  EXPECT_EQ(MadeFor("445536bcd2513298075a5d379663c962", "22681ab97d52c298",
                    "2001:db8:220:1:59de:d0f4:8769:82b8", 1'559'741'961),
            "010000005cf7c609a6bb79d16625507a");
}

TEST(Cookies, ReservedBytesThatAreNotZeroAreAcceptedAsReceived) {
  const Cookie cookie = CookieOf("fc93fc62807ddb8601abcdef5cf78f71a314227b6679ebf5");
  const CookieSecrets secrets{.current = HexArray<16>(kSecret), .previous = std::nullopt};
  EXPECT_EQ(CheckCookie(secrets, cookie, Ip("203.0.113.203"), 1'559'727'985), CookieState::kGood);
}

TEST(Cookies, TwoSecretsAreGoodWhileOneRollsOver) {
  const Cookie cookie = CookieOf("22681ab97d52c298010000005cf7c57926556bd0934c72f8");
  const IpPrefix client = Ip("2001:db8:220:1:59de:d0f4:8769:82b8");
  CookieSecrets secrets{.current = HexArray<16>("445536bcd2513298075a5d379663c962"),
                        .previous = HexArray<16>("dd3bdf9344b678b185a6f5cb60fca715")};
  EXPECT_EQ(CheckCookie(secrets, cookie, client, 1'559'741'961), CookieState::kGood);
  secrets.previous.reset();
  EXPECT_EQ(CheckCookie(secrets, cookie, client, 1'559'741'961), CookieState::kWrong);
}

TEST(Cookies, HoldForAnHourAndFiveMinutesAheadAndForOneClient) {
  const Cookie cookie = CookieOf("2464c4abcf10c957010000005cf79f111f8130c3eee29480");
  const CookieSecrets secrets{.current = HexArray<16>(kSecret), .previous = std::nullopt};
  const auto state = [&](const char* ip, int64_t now) { return CheckCookie(secrets, cookie, Ip(ip), now); };
  EXPECT_EQ(state("198.51.100.100", kNow), CookieState::kGood);
  EXPECT_EQ(state("198.51.100.100", kNow + 3600), CookieState::kGood);
  EXPECT_EQ(state("198.51.100.100", kNow + 3601), CookieState::kWrong);
  EXPECT_EQ(state("198.51.100.100", kNow - 300), CookieState::kGood);
  EXPECT_EQ(state("198.51.100.100", kNow - 301), CookieState::kWrong);
  EXPECT_EQ(state("198.51.100.101", kNow), CookieState::kWrong);
}

TEST(Cookies, TheClocksWrapIsNoAge) {
  const CookieSecrets secrets{.current = HexArray<16>(kSecret), .previous = std::nullopt};
  constexpr int64_t kWrap = int64_t{1} << 32;
  const ServerCookie server = MakeServerCookie(secrets.current, {}, Ip("127.0.0.1"), kWrap - 10);
  Cookie cookie{.present = true, .server_bytes = kServerCookieBytes};
  std::copy(server.begin(), server.end(), cookie.server.begin());
  EXPECT_EQ(CheckCookie(secrets, cookie, Ip("127.0.0.1"), kWrap + 10), CookieState::kGood);
}

TEST(Cookies, OtherLengthsThanTheRfcsAreFormErr) {
  for (size_t length = 0; length <= 48; ++length) {
    Query query;
    ParseQuery(MakeQuery("a", kTypeA, {.options = Option(kOptionCookie, Packet(length, 7))}), query);
    const bool good = length == 8 || (length >= 16 && length <= 40);
    EXPECT_EQ(query.error, good ? Rcode::kNoError : Rcode::kFormErr) << length;
    EXPECT_EQ(query.cookie.present, good) << length;
  }
}

class CookieAnswers : public testing::Test {
 protected:
  Asked Ask(const Packet& query, const char* source = "198.51.100.100", int64_t now = kNow) {
    return AskAs(table_, query, {.source = Ip(source), .cookies = &secrets_, .wall_s = now});
  }

  const AnswerTable table_ = ContosoTable();
  const CookieSecrets secrets_{.current = HexArray<16>(kSecret), .previous = std::nullopt};
};

TEST_F(CookieAnswers, EveryCookieIsAnsweredWithAFreshOne) {
  const Packet half = Hex("2464c4abcf10c957");
  const Packet whole = Hex("2464c4abcf10c957010000005cf79f111f8130c3eee29480");
  const Asked first = Ask(MakeQuery(kContoso, kTypeA, {.options = Option(kOptionCookie, half)}));
  EXPECT_EQ(first.decoded.cookie, whole);
  EXPECT_EQ(first.response.cookie, CookieState::kClient);
  EXPECT_EQ(first.decoded.answers.size(), 2u);
  const Asked later = Ask(MakeQuery(kContoso, kTypeA, {.options = Option(kOptionCookie, whole)}),
                          "198.51.100.100", 1'559'734'385);
  EXPECT_EQ(later.decoded.cookie, Hex("2464c4abcf10c957010000005cf7a871d4a564a1442aca77"));
  EXPECT_EQ(later.response.cookie, CookieState::kGood);
  const Asked stolen =
      Ask(MakeQuery(kContoso, kTypeA, {.options = Option(kOptionCookie, whole)}), "198.51.100.9");
  EXPECT_EQ(stolen.response.cookie, CookieState::kWrong);
  EXPECT_EQ(stolen.decoded.answers.size(), 2u) << "answered all the same";
}

TEST_F(CookieAnswers, WithoutSecretsTheOptionIsUnknown) {
  const Packet query = MakeQuery(kContoso, kTypeA, {.options = Option(kOptionCookie, Packet(8, 1))});
  EXPECT_FALSE(AskAs(table_, query, {.source = Ip("127.0.0.1")}).decoded.cookie.has_value());
}

TEST_F(CookieAnswers, NoQuestionButACookieAsksForThatAlone) {
  const Packet opt = OptRecord({.options = Option(kOptionCookie, Hex("2464c4abcf10c957"))});
  const Packet query = Message({.questions = 0, .additionals = 1, .body = opt});
  const Asked asked = Ask(query);
  EXPECT_EQ(asked.decoded.rcode, 0);
  EXPECT_TRUE(asked.decoded.question.empty());
  EXPECT_TRUE(asked.decoded.answers.empty());
  EXPECT_EQ(asked.decoded.cookie->size(), 24u);
  EXPECT_EQ(AskAs(table_, query, {.source = Ip("127.0.0.1")}).decoded.rcode, 1) << "cookies are off";
}

TEST_F(CookieAnswers, OverTheLimitHalfACookieGetsBadCookieAndOthersTc) {
  const auto slip = [&](const Packet& query) {
    std::array<uint8_t, kAnswerBytesMax> out;
    Response response =
        Respond(table_, query, {.source = Ip("198.51.100.100"), .cookies = &secrets_, .wall_s = kNow}, out);
    MakeSlip(response, out);
    return *Decode(Bytes(out).first(response.bytes));
  };
  const Decoded plain = slip(MakeQuery(kContoso, kTypeA));
  EXPECT_TRUE(plain.truncated());
  EXPECT_EQ(plain.rcode, 0);
  EXPECT_TRUE(plain.answers.empty());
  EXPECT_EQ(plain.question, Question(kContoso, kTypeA));
  const Decoded edns =
      slip(MakeQuery("none.webpubsub.azure.com", kTypeA, {.options = Option(kOptionNsid, {})}));
  EXPECT_TRUE(edns.truncated());
  EXPECT_EQ(edns.nsid, "test server");
  EXPECT_TRUE(edns.authorities.empty());
  const Decoded half =
      slip(MakeQuery(kContoso, kTypeA, {.options = Option(kOptionCookie, Hex("2464c4abcf10c957"))}));
  EXPECT_EQ(half.rcode, 23);
  EXPECT_FALSE(half.truncated());
  EXPECT_TRUE(half.answers.empty());
  EXPECT_EQ(half.cookie, Hex("2464c4abcf10c957010000005cf79f111f8130c3eee29480"));
}

TEST_F(CookieAnswers, ACookieInAMessageThatIsMalformedFurtherOnIsNone) {
  Packet body = Question(kContoso, kTypeA);
  Put(body, OptRecord({.options = Option(kOptionCookie, Packet(8, 1))}));
  const Asked asked = Ask(Message({.additionals = 2, .body = body}));
  EXPECT_EQ(asked.decoded.rcode, 1);
  EXPECT_FALSE(asked.decoded.has_opt);
  EXPECT_EQ(asked.response.cookie, CookieState::kNone);
}

}  // namespace
}  // namespace nonet::dns
