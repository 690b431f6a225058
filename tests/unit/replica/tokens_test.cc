#include "replica/server/tokens.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

#include "common/base/error.h"
#include "common/base/random.h"
#include "common/clock/clock.h"
#include "tests/unit/replica/jwt.h"

namespace nonet::replica {
namespace {

using ::testing::ElementsAre;

constexpr int64_t kNowS = 1'700'000'000;
constexpr int64_t kNowNs = kNowS * kNanosPerSecond;
const TokenKeys kKeys = {"PRIMARYPRIMARYPRIMARYPRIMARYPRIMARY1", "SECONDARYSECONDARYSECONDARYSECONDARY"};

Audience Client() {
  return {{"contoso.webpubsub.azure.com", "contoso-westus-1a2b3c4d.webpubsub.azure.com", "127.0.0.1"},
          "/client/hubs/chat",
          ""};
}

std::string Claims(absl::string_view more = "",
                   absl::string_view aud = "http://contoso.webpubsub.azure.com:8080/client/hubs/chat",
                   int64_t exp = kNowS + 3600) {
  return absl::StrCat(R"({"aud":")", aud, R"(","exp":)", exp, R"(,"iat":)", kNowS, more, "}");
}

std::string Reason(absl::string_view token, const Audience& audience = Client()) {
  const auto claims = VerifyToken(token, kKeys, audience, kNowNs);
  if (!claims.ok()) {
    EXPECT_EQ(claims.status().code(), absl::StatusCode::kUnauthenticated);
  }
  return claims.ok() ? "ok" : ErrorReason(claims.status());
}

TEST(VerifyToken, ReadsTheClaimsOfTheServiceSdk) {
  const std::string token = SignJwt(
      Claims(R"(,"sub":"ann","role":["webpubsub.sendToGroup","r2"],"webpubsub.group":"g1")"), kKeys.primary);
  const auto claims = VerifyToken(token, kKeys, Client(), kNowNs);
  ASSERT_TRUE(claims.ok()) << claims.status();
  EXPECT_EQ(claims->user_id, "ann");
  EXPECT_THAT(claims->roles, ElementsAre("webpubsub.sendToGroup", "r2"));
  EXPECT_THAT(claims->groups, ElementsAre("g1"));
}

TEST(VerifyToken, TakesBothKeysAndNoOther) {
  EXPECT_EQ(Reason(SignJwt(Claims(), kKeys.primary)), "ok");
  EXPECT_EQ(Reason(SignJwt(Claims(), kKeys.secondary)), "ok");
  EXPECT_EQ(Reason(SignJwt(Claims(), "another key, just as long as the others")), "TOKEN_SIGNATURE");
  EXPECT_EQ(Reason(SignJwt(Claims(), "")), "TOKEN_SIGNATURE");
  // No key of the resource: nothing is right, not even an empty one.
  EXPECT_FALSE(VerifyToken(SignJwt(Claims(), ""), {"", ""}, Client(), kNowNs).ok());
}

TEST(VerifyToken, TakesHs256Only) {
  EXPECT_EQ(Reason(SignJwt(Claims(), kKeys.primary, R"({"alg":"HS512","typ":"JWT"})", EVP_sha512())),
            "TOKEN_SIGNATURE");
  EXPECT_EQ(Reason(SignJwt(Claims(), kKeys.primary, R"({"alg":"none"})")), "TOKEN_SIGNATURE");
  const std::string unsigned_token = absl::StrCat(absl::WebSafeBase64Escape(R"({"alg":"none"})"), ".",
                                                  absl::WebSafeBase64Escape(Claims()), ".");
  EXPECT_EQ(Reason(unsigned_token), "TOKEN_SIGNATURE");
}

TEST(VerifyToken, AllowsFiveMinutesOfSkew) {
  const auto with_exp = [](int64_t exp) {
    return SignJwt(Claims("", "http://contoso.webpubsub.azure.com/client/hubs/chat", exp), kKeys.primary);
  };
  EXPECT_EQ(Reason(with_exp(kNowS - 299)), "ok");
  EXPECT_EQ(Reason(with_exp(kNowS - 300)), "TOKEN_EXPIRED");
  EXPECT_EQ(Reason(SignJwt(Claims(absl::StrCat(",\"nbf\":", kNowS + 300)), kKeys.primary)), "ok");
  EXPECT_EQ(Reason(SignJwt(Claims(absl::StrCat(",\"nbf\":", kNowS + 301)), kKeys.primary)),
            "TOKEN_NOT_YET_VALID");
}

TEST(VerifyToken, RefusesOddTokens) {
  EXPECT_EQ(Reason(""), "TOKEN_MISSING");
  EXPECT_EQ(Reason("abc"), "TOKEN_MALFORMED");
  EXPECT_EQ(Reason("a.b.c"), "TOKEN_SIGNATURE");
  EXPECT_EQ(Reason(std::string(20'000, 'x') + ".a.b"), "TOKEN_MALFORMED");
  EXPECT_EQ(Reason(std::string("a.b.c\0d", 7)), "TOKEN_MALFORMED");
  EXPECT_EQ(Reason(SignJwt(R"({"aud":"http://127.0.0.1/client/hubs/chat"})", kKeys.primary)),
            "TOKEN_MALFORMED");
  EXPECT_EQ(Reason(SignJwt(Claims(R"(,"role":[1])"), kKeys.primary)), "TOKEN_MALFORMED");
  EXPECT_EQ(Reason(SignJwt(Claims(R"(,"sub":{})"), kKeys.primary)), "TOKEN_MALFORMED");
  EXPECT_EQ(Reason(SignJwt(R"({"exp":"soon","aud":"x"})", kKeys.primary)), "TOKEN_MALFORMED");
}

TEST(VerifyToken, SurvivesMutatedTokens) {
  const std::string valid = SignJwt(Claims(), kKeys.primary);
  for (uint64_t seed = 0; seed < 2'000; ++seed) {
    Random random(seed);
    std::string token = valid;
    const size_t at = random.Below(token.size() - 1);  // The last character has bits that mean nothing.
    token[at] = static_cast<char>(random.Below(256));
    if (token != valid) {
      EXPECT_NE(Reason(token), "ok") << "seed " << seed;
    }
  }
}

TEST(Audience, NamesTheResourceTheInstanceOrTheHost) {
  const auto matches = [](absl::string_view aud) { return AudienceMatches(aud, Client()); };
  EXPECT_TRUE(matches("http://contoso.webpubsub.azure.com/client/hubs/chat"));
  EXPECT_TRUE(matches("wss://CONTOSO.webpubsub.azure.com:8443/client/hubs/Chat/"));
  EXPECT_TRUE(matches("https://contoso-westus-1a2b3c4d.webpubsub.azure.com/client/hubs/chat?x=1") == false);
  EXPECT_TRUE(matches("https://contoso-westus-1a2b3c4d.webpubsub.azure.com/client/hubs/chat"));
  EXPECT_TRUE(matches("http://127.0.0.1:9/client/hubs/chat"));
  EXPECT_TRUE(matches("http://127.0.0.1/client/?hub=chat"));
  EXPECT_FALSE(matches("http://127.0.0.1/client/?hub=other"));
  EXPECT_FALSE(matches("http://evil.example/client/hubs/chat"));
  EXPECT_FALSE(matches("http://contoso.webpubsub.azure.com.evil.example/client/hubs/chat"));
  EXPECT_FALSE(matches("ftp://127.0.0.1/client/hubs/chat"));
  EXPECT_FALSE(matches("http://127.0.0.1/client/hubs/chats"));
  EXPECT_FALSE(matches("http://127.0.0.1"));
  EXPECT_FALSE(matches("127.0.0.1/client/hubs/chat"));
  EXPECT_FALSE(matches(""));
}

TEST(Audience, OfRestMayCarryTheQueryAndEscapes) {
  const Audience rest = {
      {"h"}, "/api/hubs/chat/groups/g%201%2Fx/:send", "api-version=2024-12-01&excluded=a%20b"};
  const auto matches = [&](absl::string_view aud) { return AudienceMatches(aud, rest); };
  EXPECT_TRUE(matches("http://h:1/api/hubs/chat/groups/g%201%2Fx/:send"));
  EXPECT_TRUE(matches("http://h/api/hubs/chat/groups/g%201%2fx/:send?api-version=2024-12-01&excluded=a%20b"));
  EXPECT_TRUE(matches("http://h/api/hubs/chat/groups/g 1/x/:send"));
  EXPECT_FALSE(matches("http://h/api/hubs/chat/groups/g%201%2Fx/:send?api-version=2024-12-01"));
  EXPECT_FALSE(matches("http://h/api/hubs/chat/:send"));
}

TEST(Audience, MayBeOneOfSeveral) {
  const std::string several =
      absl::StrCat(R"({"aud":["x","http://127.0.0.1/client/hubs/chat"],"exp":)", kNowS, "}");
  EXPECT_EQ(Reason(SignJwt(several, kKeys.primary)), "ok");
  const std::string none = absl::StrCat(R"({"aud":[],"exp":)", kNowS, "}");
  EXPECT_EQ(Reason(SignJwt(none, kKeys.primary)), "TOKEN_AUDIENCE");
}

}  // namespace
}  // namespace nonet::replica
