// The emulated link, in virtual time.
#include "replica/core/link_model.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <vector>

namespace nonet::replica {
namespace {

constexpr int64_t kMs = kNanosPerMilli;

LinkQuality Delay(int64_t rtt_ms, int64_t p95_ms = 0) {
  LinkQuality quality;
  quality.rtt_ns = rtt_ms * kMs;
  quality.rtt_p95_ns = p95_ms * kMs;
  return quality;
}

LinkModel Model(const LinkQuality& quality, uint64_t seed = 1) {
  LinkModel model(seed);
  model.Set(quality, 0);
  return model;
}

int64_t Percentile(std::vector<int64_t>& values, double share) {
  const auto place =
      values.begin() + static_cast<std::ptrdiff_t>(share * static_cast<double>(values.size() - 1));
  std::nth_element(values.begin(), place, values.end());
  return *place;
}

TEST(LinkModel, ReleasesHalfARoundTripAfterSendingNotAfterArriving) {
  LinkModel model = Model(Delay(80));
  EXPECT_EQ(model.Admit(100 * kMs, 100 * kMs, 200, 0, true).release_ns, 140 * kMs);
  // Looked at 30 ms late, for whatever reason: that is not added.
  EXPECT_EQ(model.Admit(100 * kMs, 130 * kMs, 200, 0, true).release_ns, 140 * kMs);
}

TEST(LinkModel, TakesTheArrivalWhereTheStampCannotBeTrue) {
  LinkModel model = Model(Delay(80));
  const int64_t now = 3'600 * kNanosPerSecond;
  for (const int64_t stamp : {int64_t{0}, now + 1, now - kSentBeforeNsMax - 1, int64_t{-5}}) {
    EXPECT_EQ(model.Admit(stamp, now, 1, 0, true).release_ns, now + 40 * kMs) << stamp;
  }
}

TEST(LinkModel, JitterHasTheMeasuredMedianAndTail) {
  LinkQuality quality = Delay(82, 97);
  quality.jitter_seed = 42;
  std::vector<int64_t> trips;
  for (int64_t second = 0; second < 86'400; ++second) {
    trips.push_back(RoundTripAt(quality, second * kNanosPerSecond));
  }
  EXPECT_NEAR(static_cast<double>(Percentile(trips, 0.50)), 82.0 * kMs, 0.5 * kMs);
  EXPECT_NEAR(static_cast<double>(Percentile(trips, 0.95)), 97.0 * kMs, 0.5 * kMs);
}

TEST(LinkModel, BothDirectionsSeeOneRoundTripAtATime) {
  LinkQuality quality = Delay(82, 97);
  quality.jitter_seed = 42;
  LinkModel there = Model(quality, 1), back = Model(quality, 2);
  for (int64_t second = 0; second < 1'000; ++second) {
    const int64_t now = second * kNanosPerSecond + 7;
    EXPECT_EQ(there.Admit(now, now, 10, 0, true).release_ns, back.Admit(now, now, 10, 0, true).release_ns);
  }
}

// A day of traffic: what comes out in a second is what went in, and nothing waits longer at the end.
TEST(LinkModel, DelayCostsNoThroughputOverADay) {
  LinkQuality quality = Delay(220, 290);
  quality.jitter_seed = 7;
  LinkModel model = Model(quality);
  LinkQueue<int64_t> queue;
  int64_t delivered = 0, expected = 0;
  size_t most_bytes = 0;
  constexpr int64_t kStepNs = 100 * kMs, kDayNs = 86'400 * kNanosPerSecond;
  for (int64_t now = 0; now < kDayNs; now += kStepNs) {
    queue.Push(model.Admit(now, now, 10'000, queue.size(), true), 10'000, now);
    most_bytes = std::max(most_bytes, queue.bytes());
    while (const auto sent = queue.Pop(model.open_ns(), now)) {
      EXPECT_EQ(*sent, expected);  // In order, none missing.
      expected += kStepNs;
      ++delivered;
    }
  }
  EXPECT_GE(delivered, kDayNs / kStepNs - 10);
  EXPECT_LE(most_bytes, 100'000u);  // A second's worth: the delay and its tail, not a growing queue.
}

TEST(LinkModel, ACapPassesItsRateAndNoMore) {
  LinkQuality quality = Delay(100);
  quality.bytes_per_second = 1'000'000;
  LinkModel model = Model(quality);
  int64_t last = 0;
  for (int i = 0; i < 1'000; ++i) last = model.Admit(0, 0, 10'000, 0, true).release_ns;  // 10 MB at once.
  EXPECT_EQ(last, 10 * kNanosPerSecond + 50 * kMs);
  // An hour later the link is idle: no debt is left.
  const int64_t later = 3'600 * kNanosPerSecond;
  EXPECT_EQ(model.Admit(later, later, 10'000, 0, true).release_ns, later + 10 * kMs + 50 * kMs);
}

TEST(LinkModel, HoldsWhatTheCapPassesInARoundTripWithinBounds) {
  LinkQuality quality = Delay(100);
  EXPECT_EQ(LinkHeldBytesLimit(quality), kLinkHeldBytesMax);
  quality.bytes_per_second = 100'000'000;
  EXPECT_EQ(LinkHeldBytesLimit(quality), 10'000'000u);
  quality.bytes_per_second = 1'000;
  EXPECT_EQ(LinkHeldBytesLimit(quality), kLinkHeldBytesMin);
  quality.bytes_per_second = 1'000'000'000'000;
  EXPECT_EQ(LinkHeldBytesLimit(quality), kLinkHeldBytesMax);
}

TEST(LinkModel, ACutHoldsEverythingUntilItIsHealed) {
  LinkModel model = Model(Delay(80));
  LinkQueue<int> queue;
  queue.Push(model.Admit(0, 0, 10, 0, true), 10, 1);
  LinkQuality cut = Delay(80);
  cut.cut = true;
  model.Set(cut, 10 * kMs);  // On its way when the link is cut.
  queue.Push(model.Admit(20 * kMs, 20 * kMs, 10, 1, true), 10, 2);
  EXPECT_EQ(queue.NextNs(model.open_ns()), kLinkNever);
  EXPECT_FALSE(queue.Pop(model.open_ns(), 1'000'000 * kNanosPerSecond));
  EXPECT_EQ(queue.bytes(), 20u);
  model.Set(Delay(80), 5'000 * kMs);
  EXPECT_FALSE(queue.Pop(model.open_ns(), 5'039 * kMs));
  EXPECT_EQ(queue.Pop(model.open_ns(), 5'040 * kMs), 1);
  EXPECT_EQ(queue.Pop(model.open_ns(), 5'040 * kMs), 2);
  EXPECT_TRUE(queue.empty());
  EXPECT_EQ(queue.bytes(), 0u);
}

TEST(LinkModel, ALostPacketComesOneRoundTripLaterWhenOthersFollowIt) {
  LinkQuality quality = Delay(100);
  quality.loss_ppm = 10'000;  // 1 %.
  LinkModel model = Model(quality);
  int told = 0, timed_out = 0, again = 0;
  for (int i = 0; i < 100'000; ++i) {
    const LinkFate fate = model.Admit(0, 0, 1'000, /*behind=*/10, false);
    again += fate.retransmits;
    if (fate.retransmits == 1) {
      EXPECT_EQ(fate.release_ns, 50 * kMs + 100 * kMs);
      ++told;
    } else if (fate.retransmits == 0) {
      EXPECT_EQ(fate.release_ns, 50 * kMs);
    } else {
      EXPECT_GE(fate.release_ns, 50 * kMs + 100 * kMs + 300 * kMs);  // The second time nothing tells.
      ++timed_out;
    }
  }
  EXPECT_NEAR(again, 1'010, 150);
  EXPECT_GT(told, 800);
  EXPECT_GT(timed_out, 0);
}

TEST(LinkModel, ALostLastPacketWaitsForTheTimeout) {
  LinkQuality quality = Delay(100);
  quality.loss_ppm = kPartsPerMillion / 2;
  LinkModel model = Model(quality);
  bool seen = false;
  for (int i = 0; i < 100; ++i) {
    const LinkFate fate = model.Admit(0, 0, 1'000, /*behind=*/0, false);
    if (fate.retransmits != 1) continue;
    seen = true;
    EXPECT_EQ(fate.release_ns, 50 * kMs + 100 * kMs + kRetransmitNsMin);
  }
  EXPECT_TRUE(seen);
}

TEST(LinkModel, EvenWhenAllIsLostAFrameComes) {
  LinkQuality quality = Delay(10);
  quality.loss_ppm = kPartsPerMillion;
  LinkModel model = Model(quality);
  const LinkFate fate = model.Admit(0, 0, 1'000, 0, false);
  EXPECT_EQ(fate.retransmits, kRetransmitsMax);
  EXPECT_LT(fate.release_ns, 60 * kNanosPerSecond);
}

TEST(LinkModel, OnlyWholeMessagesComeTwiceOrOutOfOrder) {
  LinkQuality quality = Delay(10);
  quality.duplicate_ppm = quality.reorder_ppm = 100'000;
  LinkModel model = Model(quality);
  int twice = 0, late = 0;
  for (int i = 0; i < 10'000; ++i) {
    const LinkFate piece = model.Admit(0, 0, 100, 0, /*whole=*/false);
    EXPECT_FALSE(piece.twice);
    EXPECT_TRUE(piece.in_order);
    const LinkFate message = model.Admit(0, 0, 100, 0, /*whole=*/true);
    twice += message.twice;
    late += !message.in_order;
  }
  EXPECT_NEAR(twice, 1'000, 150);
  EXPECT_NEAR(late, 1'000, 150);
}

TEST(LinkQueue, KeepsTheOrderOfPushingButForLateFrames) {
  LinkQueue<int> queue;
  queue.Push({.release_ns = 50}, 1, 1);
  queue.Push({.release_ns = 20}, 1, 2);  // A lower jitter does not overtake.
  queue.Push({.release_ns = 60, .in_order = false}, 1, 3);
  queue.Push({.release_ns = 30}, 1, 4);
  std::vector<int> order;
  while (const auto frame = queue.Pop(0, 100)) order.push_back(*frame);
  EXPECT_EQ(order, (std::vector<int>{1, 2, 4, 3}));
}

TEST(LinkModel, WhatWaitsGoesFasterOnceTheLinkDoes) {
  LinkQuality narrow = Delay(100);
  narrow.bytes_per_second = 1'000;
  LinkModel model = Model(narrow);
  LinkQueue<int> queue;
  for (int i = 0; i < 10; ++i) queue.Push(model.Admit(0, 0, 10'000, 0, true), 10'000, i);
  EXPECT_FALSE(queue.Pop(model.open_ns(), 10 * kNanosPerSecond));  // The first takes as long itself.
  model.Set(Delay(100), kNanosPerSecond);
  queue.Hasten(model.ThroughNs(kNanosPerSecond, queue.bytes()));
  EXPECT_FALSE(queue.Pop(model.open_ns(), kNanosPerSecond + 49 * kMs));
  for (int i = 0; i < 10; ++i) EXPECT_EQ(queue.Pop(model.open_ns(), kNanosPerSecond + 50 * kMs), i);
  // Nor does what comes next wait behind the old times.
  const int64_t later = kNanosPerSecond + 60 * kMs;
  queue.Push(model.Admit(later, later, 10, 0, true), 10, 11);
  EXPECT_EQ(queue.NextNs(model.open_ns()), later + 50 * kMs);
}

TEST(LinkModel, SameSeedSameFates) {
  LinkQuality quality = Delay(80, 120);
  quality.loss_ppm = quality.duplicate_ppm = quality.reorder_ppm = 50'000;
  LinkModel one = Model(quality, 99), two = Model(quality, 99);
  for (int64_t i = 0; i < 10'000; ++i) {
    const LinkFate a = one.Admit(i * kMs, i * kMs, 5'000, 0, true);
    const LinkFate b = two.Admit(i * kMs, i * kMs, 5'000, 0, true);
    ASSERT_EQ(a.release_ns, b.release_ns);
    ASSERT_EQ(a.twice, b.twice);
    ASSERT_EQ(a.in_order, b.in_order);
  }
}

TEST(LinkModel, IsClearOnlyWhenNothingIsSet) {
  EXPECT_TRUE(LinkQuality().clear());
  EXPECT_FALSE(Delay(1).clear());
  LinkQuality cut;
  cut.cut = true;
  EXPECT_FALSE(cut.clear());
}

}  // namespace
}  // namespace nonet::replica
