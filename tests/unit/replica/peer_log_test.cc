#include "replica/core/peer_log.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <memory>
#include <string>

#include "replica/core/inbox.h"

namespace nonet::replica {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

constexpr Now kStart{1'000, 1'000'000};

MessagePtr Numbered(uint64_t sequence, std::string hub = "chat", uint32_t ttl_ms = 0) {
  auto message = std::make_shared<Message>();
  message->sequence = sequence;
  message->hub = std::move(hub);
  message->ttl_ms = ttl_ms;
  message->accepted_wall_ns = kStart.wall_ns;
  return message;
}

std::vector<uint64_t> Sequences(const Batch& batch) {
  std::vector<uint64_t> sequences;
  for (const MessagePtr& message : batch.messages) sequences.push_back(message->sequence);
  return sequences;
}

struct Rig {
  explicit Rig(PeerLogLimits limits = {}) : log(limits) {
    log.SetCredit(1'000'000'000);
    EXPECT_TRUE(log.ResumeAfter(0, &lost));
  }
  void Append(uint64_t sequence, std::string hub = "chat", uint32_t ttl_ms = 0) {
    const MessagePtr message = Numbered(sequence, std::move(hub), ttl_ms);
    log.Append(message, MessageCost(*message), now, &lost);
  }
  Batch Take() {
    Batch batch;
    log.Take(now, &batch, &lost);
    return batch;
  }
  // Every message accepted is somewhere.
  bool Adds() const {
    uint64_t gone = 0;
    for (const PeerLog::Loss& loss : lost) gone += loss.messages;
    return log.assigned() == log.delivered() + gone + log.messages() + log.in_doubt();
  }
  PeerLog log;
  PeerLog::Losses lost;
  Now now = kStart;
};

TEST(PeerLog, NumbersWithoutHolesWhateverTheSequences) {
  Rig rig;
  for (const uint64_t sequence : {3, 9, 27}) rig.Append(sequence);
  const Batch batch = rig.Take();
  EXPECT_EQ(batch.first_position, 1u);
  EXPECT_THAT(Sequences(batch), ElementsAre(3, 9, 27));
  EXPECT_TRUE(rig.log.Acknowledge(3));
  EXPECT_EQ(rig.log.delivered(), 3u);
  EXPECT_FALSE(rig.log.Acknowledge(4));
  EXPECT_TRUE(rig.log.Acknowledge(1));  // An old one, overtaken.
  EXPECT_EQ(rig.log.acknowledged(), 3u);
}

TEST(PeerLog, TellsWhatOverflowedInItsPlace) {
  PeerLogLimits limits;
  limits.messages_max = 3;
  Rig rig(limits);
  rig.log.Interrupt();
  for (uint64_t n = 1; n <= 7; ++n) rig.Append(n, n <= 2 ? "chat" : "news");
  EXPECT_EQ(rig.log.messages(), 3u);
  EXPECT_TRUE(rig.Adds());
  ASSERT_TRUE(rig.log.ResumeAfter(0, &rig.lost));
  const Batch batch = rig.Take();
  ASSERT_EQ(batch.gaps.size(), 2u);  // A run a hub.
  EXPECT_EQ(batch.gaps[0].messages(), 2u);
  EXPECT_EQ(batch.gaps[0].hub, "chat");
  EXPECT_EQ(batch.gaps[1].first_sequence, 3u);
  EXPECT_EQ(batch.gaps[1].last_sequence, 4u);
  EXPECT_EQ(batch.first_position, 5u);
  EXPECT_THAT(Sequences(batch), ElementsAre(5, 6, 7));
  EXPECT_TRUE(rig.log.Acknowledge(7));
  EXPECT_EQ(rig.log.delivered(), 3u);
  EXPECT_EQ(rig.log.loss_runs(), 0u);
  EXPECT_TRUE(rig.Adds());
}

TEST(PeerLog, NeverDropsWhatIsUnderWayWhileTheStreamLives) {
  PeerLogLimits limits;
  limits.messages_max = 2;
  Rig rig(limits);
  rig.Append(1);
  rig.Append(2);
  EXPECT_THAT(Sequences(rig.Take()), ElementsAre(1, 2));
  for (uint64_t n = 3; n <= 6; ++n) rig.Append(n);
  EXPECT_EQ(rig.log.in_flight(), 2u);
  const Batch batch = rig.Take();
  ASSERT_EQ(batch.gaps.size(), 1u);
  EXPECT_EQ(batch.gaps[0].messages(), 3u);
  EXPECT_THAT(Sequences(batch), ElementsAre(6));
  EXPECT_TRUE(rig.Adds());
}

TEST(PeerLog, WhatWasSentAndDroppedIsInDoubtUntilThePeerSaysWhatItHas) {
  PeerLogLimits limits;
  limits.messages_max = 2;
  Rig rig(limits);
  for (uint64_t n = 1; n <= 2; ++n) rig.Append(n);
  rig.Take();
  rig.log.Interrupt();
  for (uint64_t n = 3; n <= 4; ++n) rig.Append(n);
  EXPECT_EQ(rig.log.in_doubt(), 2u);
  EXPECT_THAT(rig.lost, IsEmpty());
  EXPECT_TRUE(rig.Adds());
  ASSERT_TRUE(rig.log.ResumeAfter(1, &rig.lost));  // It has the first, not the second.
  EXPECT_EQ(rig.log.in_doubt(), 0u);
  EXPECT_EQ(rig.log.delivered(), 1u);
  ASSERT_EQ(rig.lost.size(), 1u);
  EXPECT_EQ(rig.lost[0].messages, 1u);
  EXPECT_TRUE(rig.Adds());
  const Batch batch = rig.Take();
  ASSERT_EQ(batch.gaps.size(), 1u);
  EXPECT_EQ(batch.gaps[0].first_position, 2u);
  EXPECT_THAT(Sequences(batch), ElementsAre(3, 4));
}

TEST(PeerLog, DropsByAgeAndByTimeToLive) {
  PeerLogLimits limits;
  limits.age_max_ns = 10 * kNanosPerSecond;
  Rig rig(limits);
  rig.log.Interrupt();
  rig.Append(1);
  rig.now.steady_ns += 6 * kNanosPerSecond;
  rig.now.wall_ns += 6 * kNanosPerSecond;
  rig.Append(2, "chat", 1'000);
  rig.Append(3);
  rig.now.steady_ns += 5 * kNanosPerSecond;
  rig.now.wall_ns += 5 * kNanosPerSecond;
  rig.log.Expire(rig.now, &rig.lost);
  ASSERT_TRUE(rig.log.ResumeAfter(0, &rig.lost));
  const Batch batch = rig.Take();
  ASSERT_EQ(batch.gaps.size(), 2u);
  EXPECT_EQ(batch.gaps[0].cause, GapCause::kAged);
  EXPECT_EQ(batch.gaps[1].cause, GapCause::kExpired);
  EXPECT_THAT(Sequences(batch), ElementsAre(3));
  EXPECT_TRUE(rig.Adds());
}

TEST(PeerLog, AGapWithNothingBehindItIsToldAlone) {
  Rig rig;
  rig.Append(1, "chat", 1);
  rig.now.wall_ns += kNanosPerSecond;
  const Batch batch = rig.Take();
  EXPECT_THAT(batch.messages, IsEmpty());
  ASSERT_EQ(batch.gaps.size(), 1u);
  EXPECT_EQ(batch.first_position, 2u);
  EXPECT_EQ(rig.log.unacknowledged(), 1u);
}

TEST(PeerLog, WithoutCreditOnlyAProbeGoes) {
  Rig rig;
  rig.log.SetCredit(0);
  for (uint64_t n = 1; n <= 3; ++n) rig.Append(n);
  EXPECT_TRUE(rig.Take().empty());
  rig.log.Probe();
  EXPECT_THAT(Sequences(rig.Take()), ElementsAre(1));
  EXPECT_TRUE(rig.Take().empty());
  EXPECT_TRUE(rig.log.Acknowledge(1));
  rig.log.SetCredit(2 * MessageCost(*Numbered(1)));
  EXPECT_THAT(Sequences(rig.Take()), ElementsAre(2, 3));
}

// Hubs in turn would need a run a message: they share runs above the bound, and the count stays exact.
TEST(PeerLog, BoundsTheRunsOfLosses) {
  PeerLogLimits limits;
  limits.messages_max = 1;
  Rig rig(limits);
  rig.log.Interrupt();
  constexpr uint64_t kMany = 5'000;
  for (uint64_t n = 1; n <= kMany; ++n) rig.Append(n, n % 2 == 0 ? "a" : "b");
  EXPECT_LE(rig.log.loss_runs(), kLossRunsMax);
  EXPECT_TRUE(rig.Adds());
  ASSERT_TRUE(rig.log.ResumeAfter(0, &rig.lost));
  const Batch batch = rig.Take();
  uint64_t told = 0;
  for (const GapNotice& gap : batch.gaps) told += gap.messages();
  EXPECT_EQ(told, kMany - 1);
  EXPECT_EQ(batch.gaps.back().hub, "");
}

TEST(PeerLog, ANewLifeOfThePeerLosesAllThatWasNotAcknowledged) {
  Rig rig;
  for (uint64_t n = 1; n <= 4; ++n) rig.Append(n);
  rig.Take();
  EXPECT_TRUE(rig.log.Acknowledge(1));
  rig.Append(5);
  rig.log.Reset(&rig.lost);
  ASSERT_EQ(rig.lost.size(), 1u);
  EXPECT_EQ(rig.lost[0].messages, 4u);
  EXPECT_EQ(rig.log.assigned(), 0u);
  EXPECT_TRUE(rig.log.ResumeAfter(0, &rig.lost));
  rig.Append(6);
  EXPECT_EQ(rig.Take().first_position, 1u);
}

// ---- The other end ----

struct Receiver {
  std::vector<uint64_t> Take(Batch batch) {
    std::vector<MessagePtr> fresh;
    EXPECT_TRUE(inbox.Take("resources/r", std::move(batch), now, &fresh, &lost).ok());
    Batch got;
    got.messages = fresh;
    return Sequences(got);
  }
  SyncPolicy policy;
  Inbox inbox{policy, 0};
  std::vector<GapNotice> lost;
  Now now = kStart;
};

TEST(Inbox, AsksToGoBackAtAHoleAndTakesNothingBehindIt) {
  Receiver r;
  EXPECT_THAT(r.Take({1, {}, {Numbered(1)}}), ElementsAre(1));
  ASSERT_TRUE(r.inbox.TakeAck({}, false).has_value());
  EXPECT_THAT(r.Take({3, {}, {Numbered(5)}}), IsEmpty());
  const auto ack = r.inbox.TakeAck({}, false);
  ASSERT_TRUE(ack.has_value());
  EXPECT_TRUE(ack->rewind);
  EXPECT_EQ(ack->position, 1u);
  EXPECT_THAT(r.Take({4, {}, {Numbered(6)}}), IsEmpty());
  EXPECT_FALSE(r.inbox.TakeAck({}, false).has_value());  // It said so already.
  r.now.steady_ns += kRewindRetryNs;
  r.inbox.Tick(r.now);
  EXPECT_TRUE(r.inbox.TakeAck({}, false)->rewind);
  EXPECT_THAT(r.Take({2, {}, {Numbered(3), Numbered(5)}}), ElementsAre(3, 5));
  EXPECT_FALSE(r.inbox.TakeAck({}, false)->rewind);
  EXPECT_EQ(r.inbox.holes(), 2u);
}

TEST(Inbox, CountsGapsOnceHoweverOftenTheyAreTold) {
  Receiver r;
  EXPECT_THAT(r.Take({4, {{1, 3, 1, 8, "chat", GapCause::kAged}}, {Numbered(9)}}), ElementsAre(9));
  EXPECT_THAT(r.Take({4, {{1, 3, 1, 8, "chat", GapCause::kAged}}, {Numbered(9)}}), IsEmpty());
  EXPECT_EQ(r.inbox.lost(), 3u);
  EXPECT_EQ(r.inbox.received(), 1u);
  EXPECT_EQ(r.inbox.duplicates(), 1u);
  EXPECT_EQ(r.inbox.last_position(), 4u);
  EXPECT_EQ(r.lost.size(), 1u);
}

TEST(Inbox, TellsWhenTheWindowOpens) {
  Receiver r;
  r.inbox.SetCredit(0);
  EXPECT_EQ(r.inbox.TakeAck({}, false)->credit_bytes, 0u);
  EXPECT_FALSE(r.inbox.TakeAck({}, false).has_value());
  r.inbox.SetCredit(kPeerInFlightBytesMax);
  EXPECT_EQ(r.inbox.TakeAck({}, false)->credit_bytes, kPeerInFlightBytesMax);
}

}  // namespace
}  // namespace nonet::replica
