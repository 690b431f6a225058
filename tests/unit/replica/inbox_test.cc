#include "replica/core/inbox.h"

#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <utility>

namespace nonet::replica {
namespace {

constexpr Now kAt{1'000 * kNanosPerMilli, 0};

Now After(int64_t ns) { return {kAt.steady_ns + ns, 0}; }

class LoneAcks : public testing::Test {
 protected:
  LoneAcks() { inbox_.Begin("00000000000000aa"); }

  // The next `count` messages, of so many bytes each.
  void Take(size_t count, size_t bytes, Now now = kAt) {
    Batch batch;
    batch.first_position = taken_ + 1;
    for (size_t i = 0; i < count; ++i) {
      auto message = std::make_shared<Message>();
      message->sequence = ++taken_;
      message->data = std::string(bytes, 'x');
      batch.messages.push_back(std::move(message));
    }
    fresh_.clear();
    ASSERT_TRUE(inbox_.Take("origin", std::move(batch), now, &fresh_, &lost_).ok());
  }

  const SyncPolicy policy_;
  Inbox inbox_{policy_, kAckDelayNs};
  uint64_t taken_ = 0;
  std::vector<MessagePtr> fresh_;
  std::vector<GapNotice> lost_;
};

TEST_F(LoneAcks, WaitForTheirTime) {
  Take(1, 16);
  EXPECT_EQ(inbox_.ack_deadline_ns(), kAt.steady_ns + kAckDelayNs);
  EXPECT_FALSE(inbox_.TakeAck(After(kAckDelayNs - 1), false).has_value());
  const auto ack = inbox_.TakeAck(After(kAckDelayNs), false);
  ASSERT_TRUE(ack.has_value());
  EXPECT_EQ(ack->position, 1u);
  EXPECT_EQ(inbox_.ack_deadline_ns(), 0);
  EXPECT_FALSE(inbox_.TakeAck(After(2 * kAckDelayNs), false).has_value());
}

TEST_F(LoneAcks, TimeCountsFromTheFirstThatWaits) {
  Take(1, 16);
  Take(1, 16, After(kAckDelayNs / 2));
  const auto ack = inbox_.TakeAck(After(kAckDelayNs), false);
  ASSERT_TRUE(ack.has_value());
  EXPECT_EQ(ack->position, 2u);
}

TEST_F(LoneAcks, GoWithWhatElseIsSaid) {
  Take(1, 16);
  EXPECT_TRUE(inbox_.TakeAck(kAt, true).has_value());
  EXPECT_FALSE(inbox_.TakeAck(kAt, true).has_value());
}

TEST_F(LoneAcks, DoNotWaitOnceThereAreMany) {
  for (size_t i = 1; i < kAckMessages; ++i) Take(1, 16);
  EXPECT_FALSE(inbox_.TakeAck(kAt, false).has_value());
  Take(1, 16);
  EXPECT_EQ(inbox_.TakeAck(kAt, false)->position, kAckMessages);
  Take(kAckMessages, 16);
  EXPECT_TRUE(inbox_.TakeAck(kAt, false).has_value());
}

TEST_F(LoneAcks, DoNotWaitOnceTheyAreLarge) {
  Take(1, kAckBytes - 1);
  EXPECT_FALSE(inbox_.TakeAck(kAt, false).has_value());
  Take(1, 1);
  EXPECT_TRUE(inbox_.TakeAck(kAt, false).has_value());
}

TEST_F(LoneAcks, DoNotWaitForWhatCameBeforeOrIsMissing) {
  Take(1, 16);
  (void)inbox_.TakeAck(kAt, true);
  taken_ = 0;  // Sent again: its ack was lost.
  Take(1, 16);
  EXPECT_TRUE(inbox_.TakeAck(kAt, false).has_value());
  taken_ = 5;  // 2 to 5 are missing.
  Take(1, 16);
  const auto complaint = inbox_.TakeAck(kAt, false);
  ASSERT_TRUE(complaint.has_value());
  EXPECT_TRUE(complaint->rewind);
  EXPECT_EQ(complaint->position, 1u);
}

TEST_F(LoneAcks, AreForgottenWithTheStream) {
  Take(1, 16);
  inbox_.Close();
  inbox_.Open();
  EXPECT_EQ(inbox_.ack_deadline_ns(), 0);
  EXPECT_FALSE(inbox_.TakeAck(After(kAckDelayNs), true).has_value());
}

}  // namespace
}  // namespace nonet::replica
