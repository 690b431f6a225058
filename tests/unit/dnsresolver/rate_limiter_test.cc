#include "dnsresolver/core/rate_limiter.h"

#include <gtest/gtest.h>

#include <vector>

#include "tests/unit/dnsresolver/fixture.h"

namespace nonet::dns {
namespace {

using Verdict = RateLimiter::Verdict;

constexpr uint64_t kKind = 7;
constexpr int64_t kStart = 1000 * kNanosPerSecond;

struct Counts {
  int sent = 0, slipped = 0, withheld = 0;
};

Counts Flood(RateLimiter& limiter, const char* source, int answers, int64_t now_ns, uint64_t kind = kKind) {
  Counts counts;
  for (int i = 0; i < answers; ++i) {
    switch (limiter.Admit(Ip(source), kind, now_ns)) {
      case Verdict::kSend:
        ++counts.sent;
        break;
      case Verdict::kSlip:
        ++counts.slipped;
        break;
      case Verdict::kWithhold:
        ++counts.withheld;
    }
  }
  return counts;
}

TEST(RateLimiter, SendsASecondsWorthThenEverySecondOneTruncated) {
  RateLimiter limiter({.responses_per_second = 10}, {});
  const Counts counts = Flood(limiter, "192.0.2.1", 110, kStart);
  EXPECT_EQ(counts.sent, 10);
  EXPECT_EQ(counts.slipped, 50);
  EXPECT_EQ(counts.withheld, 50);
}

TEST(RateLimiter, SlipZeroWithholdsAllAndOneTruncatesAll) {
  RateLimiter never({.responses_per_second = 1, .slip = 0}, {});
  EXPECT_EQ(Flood(never, "192.0.2.1", 21, kStart).withheld, 20);
  RateLimiter always({.responses_per_second = 1, .slip = 1}, {});
  EXPECT_EQ(Flood(always, "192.0.2.1", 21, kStart).slipped, 20);
}

TEST(RateLimiter, AFloodStaysWithheldUntilItPausesAndASteadyRateIsLetThrough) {
  RateLimiter limiter({.responses_per_second = 10}, {});
  Flood(limiter, "192.0.2.1", 10'000, kStart);
  EXPECT_EQ(Flood(limiter, "192.0.2.1", 5, kStart + 5 * kNanosPerSecond).sent, 0) << "still in debt";
  EXPECT_EQ(Flood(limiter, "192.0.2.1", 100, kStart + 40 * kNanosPerSecond).sent, 10) << "forgiven, no more";
  RateLimiter steady({.responses_per_second = 10}, {});
  for (int i = 0; i < 1000; ++i) {
    ASSERT_EQ(steady.Admit(Ip("192.0.2.1"), kKind, kStart + i * kNanosPerSecond / 10), Verdict::kSend) << i;
  }
}

TEST(RateLimiter, CountsByNetworkAndKind) {
  RateLimiter limiter({.responses_per_second = 5}, {});
  EXPECT_EQ(Flood(limiter, "192.0.2.1", 10, kStart).sent, 5);
  EXPECT_EQ(Flood(limiter, "192.0.2.200", 10, kStart).sent, 0) << "the same /24";
  EXPECT_EQ(Flood(limiter, "192.0.3.1", 10, kStart).sent, 5) << "another";
  EXPECT_EQ(Flood(limiter, "192.0.2.1", 10, kStart, kKind + 1).sent, 5) << "another kind";
  EXPECT_EQ(Flood(limiter, "2001:db8:0:100::1", 10, kStart).sent, 5);
  EXPECT_EQ(Flood(limiter, "2001:db8:0:1ff::1", 10, kStart).sent, 0) << "the same /56";
  EXPECT_EQ(Flood(limiter, "2001:db8:0:200::1", 10, kStart).sent, 5) << "another";
}

TEST(RateLimiter, ExemptPrefixesAndNoRateAreNeverLimited) {
  RateLimiter limiter({.responses_per_second = 1, .exempt = {Ip("127.0.0.0/8"), Ip("::1")}}, {});
  EXPECT_EQ(Flood(limiter, "127.143.0.1", 1000, kStart).sent, 1000);
  EXPECT_EQ(Flood(limiter, "::1", 1000, kStart).sent, 1000);
  EXPECT_EQ(Flood(limiter, "::2", 1000, kStart).sent, 1);
  RateLimiter off({}, {});
  EXPECT_EQ(Flood(off, "192.0.2.1", 1000, kStart).sent, 1000);
}

TEST(RateLimiter, TheTableIsBoundedAndForgetsWhoWasQuietLongest) {
  RateLimiter limiter({.responses_per_second = 1, .buckets = 4}, {});  // One set.
  const std::vector<const char*> networks = {"10.0.0.1", "10.0.1.1", "10.0.2.1", "10.0.3.1", "10.0.4.1"};
  for (size_t i = 0; i < networks.size(); ++i) {
    EXPECT_EQ(Flood(limiter, networks[i], 2, kStart + static_cast<int64_t>(i) * kNanosPerMilli).sent, 1);
  }
  const int64_t now = kStart + 5 * kNanosPerMilli;
  EXPECT_EQ(limiter.Admit(Ip("10.0.4.1"), kKind, now), Verdict::kSlip) << "remembered";
  EXPECT_EQ(limiter.Admit(Ip("10.0.0.1"), kKind, now), Verdict::kSend) << "forgotten";
}

TEST(RateKind, NegativeAnswersAndErrorsCountAsOneWhateverTheName) {
  const AnswerTable table = ContosoTable();
  const auto kind = [&](const std::string& name) {
    return RateKind(Ask(table, MakeQuery(name, kTypeA)).response);
  };
  EXPECT_EQ(kind("a.webpubsub.azure.com"), kind("b.webpubsub.azure.com"));
  EXPECT_EQ(kind("example.com"), kind("example.net"));
  EXPECT_NE(kind("a.webpubsub.azure.com"), kind("example.com"));
  EXPECT_NE(kind("contoso.webpubsub.azure.com"), kind(HostOf("contoso", "westus")));
  EXPECT_NE(kind(HostOf("contoso", "eastus")), kind(HostOf("contoso", "westus")));
}

}  // namespace
}  // namespace nonet::dns
