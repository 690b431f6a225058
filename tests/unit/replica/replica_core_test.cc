#include "replica/core/replica_core.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/unit/replica/world.h"

namespace nonet::replica {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;
using Type = ClientFrame::Type;

TEST(ReplicaCore, DeliversToTheGroupOnly) {
  World w(1);
  const auto a = w.Open(0, "a", {"g"});
  const auto b = w.Open(0, "b", {"g"});
  const auto c = w.Open(0, "c", {"other"});
  w.Send(0, a, "g", "hi", 1);
  EXPECT_THAT(w.at(0).got[a], ElementsAre("connected", "hi", "ack 1"));
  EXPECT_THAT(w.at(0).got[b], ElementsAre("connected", "hi"));
  EXPECT_THAT(w.at(0).got[c], ElementsAre("connected"));
}

TEST(ReplicaCore, NoEchoLeavesOutTheSendingConnectionOnly) {
  World w(1);
  const auto a = w.Open(0, "a", {"g"}, false, "ann");
  const auto b = w.Open(0, "b", {"g"}, false, "ann");
  w.Send(0, a, "g", "hi", 1, true);
  EXPECT_THAT(w.at(0).got[a], ElementsAre("connected", "ack 1"));
  EXPECT_THAT(w.at(0).got[b], ElementsAre("connected", "hi"));
}

TEST(ReplicaCore, NumbersDataMessagesOfReliableClientsOnly) {
  World w(1);
  const auto a = w.Open(0, "a", {"g"}, true);
  const auto b = w.Open(0, "b", {"g"}, false);
  w.Send(0, b, "g", "x");
  ClientFrame ping;
  w.Receive(0, a, ping);
  w.Send(0, b, "g", "y");
  EXPECT_THAT(w.at(0).got[a], ElementsAre("connected", "#1 x", "pong", "#2 y"));
  EXPECT_THAT(w.at(0).got[b], ElementsAre("connected", "x", "y"));
}

TEST(ReplicaCore, KeepsTargetsHubsAndExclusionsApart) {
  World w(1);
  const auto a = w.Open(0, "a", {}, false, "ann");
  const auto b = w.Open(0, "b", {}, false, "bob");
  const auto other_hub = w.Open(0, "c", {}, false, "ann", "news");
  (void)w.Publish(0, Target::kAll, "", "all", {"b.00000000", "nobody"});
  (void)w.Publish(0, Target::kUser, "ann", "user");
  (void)w.Publish(0, Target::kConnection, "b.00000000", "conn");
  (void)w.Publish(0, Target::kConnection, "missing.00000000", "lost");
  (void)w.Publish(0, Target::kUser, "nobody", "lost");
  EXPECT_THAT(w.at(0).got[a], ElementsAre("connected", "all", "user"));
  EXPECT_THAT(w.at(0).got[b], ElementsAre("connected", "conn"));
  EXPECT_THAT(w.at(0).got[other_hub], ElementsAre("connected"));
}

TEST(ReplicaCore, RefusesWithoutThePermissionAndMayBeAskedAgain) {
  World w(1);
  ConnectionSpec spec;
  spec.key = 900;
  spec.hub = "chat";
  spec.id = "x.00000000";
  w.Do(0, [&](ReplicaCore& core, Effects* e) { core.Open(std::move(spec), w.now, e); });
  w.Join(0, 900, "g", 1);
  w.Send(0, 900, "g", "hi", 1);  // The failed id was not recorded.
  w.Send(0, 900, "g", "hi");     // Nothing is ever answered without an id.
  EXPECT_THAT(w.at(0).got[900], ElementsAre("connected", "ack 1 Forbidden", "ack 1 Forbidden"));
  EXPECT_EQ(w.core(0).counters().forbidden, 3u);
}

TEST(ReplicaCore, AppliesAnAckIdOnce) {
  World w(1);
  const auto a = w.Open(0, "a", {"g"});
  w.Send(0, a, "g", "hi", 5);
  w.Send(0, a, "g", "hi", 5);
  w.Join(0, a, "h", 5);
  EXPECT_THAT(w.at(0).got[a], ElementsAre("connected", "hi", "ack 5", "ack 5 Duplicate", "ack 5 Duplicate"));
}

TEST(ReplicaCore, LeavingStopsDelivery) {
  World w(1);
  const auto a = w.Open(0, "a", {"g"});
  w.Join(0, a, "g", 1, Type::kLeaveGroup);
  w.Join(0, a, "never joined", 2, Type::kLeaveGroup);
  w.Send(0, a, "g", "hi");
  EXPECT_THAT(w.at(0).got[a], ElementsAre("connected", "ack 1", "ack 2"));
}

TEST(ReplicaCore, AnswersWhatIsAbsentClearly) {
  World w(1);
  const auto a = w.Open(0, "a");
  ClientFrame event;
  event.type = Type::kEvent;
  event.event = "e";
  w.Receive(0, a, event);  // Without an id: silence.
  event.ack_id = 1;
  w.Receive(0, a, event);
  ClientFrame invoke;
  invoke.type = Type::kInvoke;
  invoke.id = "i1";
  w.Receive(0, a, invoke);
  ClientFrame stream;
  stream.type = Type::kSendToGroup;
  stream.group = "g";
  stream.starts_stream = true;
  stream.id = "s1";
  w.Receive(0, a, stream);
  EXPECT_THAT(w.at(0).got[a],
              ElementsAre("connected", "ack 1 BadRequest", "invoke i1 BadRequest", "stream s1 BadRequest"));
}

TEST(ReplicaCore, ForgetsClosedConnections) {
  World w(1);
  const auto a = w.Open(0, "a", {"g"}, false, "ann");
  const auto b = w.Open(0, "b", {"g"});
  w.core(0).Closed(a);
  w.core(0).Closed(a);
  w.Send(0, b, "g", "hi");
  w.Send(0, a, "g", "from the dead");
  EXPECT_THAT(w.at(0).got[a], ElementsAre("connected"));
  EXPECT_THAT(w.at(0).got[b], ElementsAre("connected", "hi"));
  EXPECT_EQ(w.core(0).connections(), 1u);
}

TEST(ReplicaCore, ClosesAllWhenItStops) {
  World w(1);
  const auto a = w.Open(0, "a");
  const auto b = w.Open(0, "b");
  w.Do(0, [](ReplicaCore& core, Effects* e) { core.CloseAll(1001, "stopping", e); });
  EXPECT_THAT(w.at(0).got[a], ElementsAre("connected", "close 1001"));
  EXPECT_THAT(w.at(0).got[b], ElementsAre("connected", "close 1001"));
  EXPECT_EQ(w.core(0).connections(), 0u);
}

TEST(ReplicaCore, LimitsTheGroupsOfAConnection) {
  World w(1);
  const auto a = w.Open(0, "a");
  for (size_t i = 0; i < kGroupsPerConnectionMax; ++i) w.Join(0, a, absl::StrCat("g", i));
  w.Join(0, a, "one more", 1);
  w.Join(0, a, "g0", 2);  // It is in that one already.
  EXPECT_THAT(w.at(0).got[a], ElementsAre("connected", "ack 1 BadRequest", "ack 2"));
}

TEST(AckHistory, RemembersTheLastThousand) {
  AckHistory history;
  for (uint64_t id = 1; id <= kAckIdsRemembered; ++id) history.Record(id);
  EXPECT_TRUE(history.Contains(1));
  EXPECT_FALSE(history.Contains(kAckIdsRemembered + 1));
  history.Record(kAckIdsRemembered + 1);
  EXPECT_FALSE(history.Contains(1));
  EXPECT_TRUE(history.Contains(2));
}

// ---- Waiting for peers ----

TEST(InterestWait, JoinAckComesAfterThePeersAck) {
  World w(2);
  w.LinkAll();
  const auto b = w.Open(1, "b");
  w.Settle();
  w.Join(1, b, "g", 1);
  EXPECT_THAT(w.at(1).got[b], ElementsAre("connected"));
  // 0 dials 1, so 1's interest goes back on that stream, and its ack comes forward.
  w.Fill(0, 1);
  EXPECT_TRUE(w.DeliverResponse(0, 1));
  EXPECT_THAT(w.at(1).got[b], ElementsAre("connected"));
  w.Fill(0, 1);
  EXPECT_TRUE(w.DeliverRequest(0, 1));
  EXPECT_THAT(w.at(1).got[b], ElementsAre("connected", "ack 1"));
  // From here on the peer forwards.
  const auto a = w.Open(0, "a");
  w.Settle();
  w.Send(0, a, "g", "hi");
  w.Settle();
  EXPECT_THAT(w.at(1).got[b], ElementsAre("connected", "ack 1", "hi"));
}

TEST(InterestWait, EndsAfterTwoSeconds) {
  World w(2);
  w.LinkAll();
  const auto b = w.Open(1, "b");
  w.Settle();
  w.Join(1, b, "g", 1);
  w.Advance(kInterestWaitNs - 1);
  EXPECT_THAT(w.at(1).got[b], ElementsAre("connected"));
  w.Advance(1);
  EXPECT_THAT(w.at(1).got[b], ElementsAre("connected", "ack 1"));
  EXPECT_EQ(w.core(1).counters().waits_timed_out, 1u);
}

TEST(InterestWait, EndsWhenThePeerIsGone) {
  World w(2);
  w.LinkAll();
  const auto b = w.Open(1, "b");
  w.Settle();
  w.Join(1, b, "g", 1);
  w.Cut(0, 1);
  EXPECT_THAT(w.at(1).got[b], ElementsAre("connected", "ack 1"));
  EXPECT_EQ(w.core(1).counters().waits_timed_out, 0u);
}

TEST(InterestWait, HoldsEverythingUntilTheConnectedFrame) {
  World w(2);
  w.LinkAll();
  const auto b = w.Open(1, "b", {"g"}, true);
  w.Send(1, b, "g", "own", 1);
  EXPECT_THAT(w.at(1).got[b], IsEmpty());
  w.Settle();
  EXPECT_THAT(w.at(1).got[b], ElementsAre("connected", "#1 own", "ack 1"));
}

TEST(InterestWait, EndsWhenTooMuchIsHeld) {
  World w(2);
  w.LinkAll();
  const auto b = w.Open(1, "b", {"g"}, true);
  for (size_t i = 0; i < kHeldOutputsMax; ++i) (void)w.Publish(1, Target::kGroup, "g", "x");
  EXPECT_THAT(w.at(1).got[b], IsEmpty());
  (void)w.Publish(1, Target::kGroup, "g", "last");
  ASSERT_EQ(w.at(1).got[b].size(), kHeldOutputsMax + 2);
  EXPECT_EQ(w.at(1).got[b].front(), "connected");
  EXPECT_EQ(w.at(1).got[b].back(), absl::StrCat("#", kHeldOutputsMax + 1, " last"));
}

TEST(InterestWait, IsOverAtOnceWhenThePeersKnowAlready) {
  World w(2);
  w.LinkAll();
  w.Open(1, "b", {"g"});
  w.Settle();
  const auto c = w.Open(1, "c", {"g"});
  EXPECT_THAT(w.at(1).got[c], ElementsAre("connected"));
}

}  // namespace
}  // namespace nonet::replica
