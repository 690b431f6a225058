#include "replica/core/sync_engine.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>

#include "common/base/error.h"
#include "common/base/random.h"
#include "tests/unit/replica/world.h"

namespace nonet::replica {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

PeerRequest OneBatch(Batch batch) {
  PeerRequest request;
  request.batch = std::move(batch);
  return request;
}

SyncSettings WithLog(PeerLogLimits log) {
  SyncSettings settings;
  settings.log = log;
  return settings;
}

TEST(SyncEngine, ForwardsOnlyWhereThereIsInterest) {
  World w(3);
  w.LinkAll();
  const auto b = w.Open(1, "b", {"g"}, false, "bob");
  w.Settle();
  (void)w.Publish(0, Target::kGroup, "g", "group");
  (void)w.Publish(0, Target::kUser, "bob", "user");
  (void)w.Publish(0, Target::kAll, "", "all");
  (void)w.Publish(0, Target::kConnection, "b.00000001", "conn");
  (void)w.Publish(0, Target::kGroup, "empty", "nobody");
  (void)w.Publish(0, Target::kConnection, "x.00000000", "own tag");
  (void)w.Publish(0, Target::kConnection, "x.00000009", "unknown tag");
  w.Settle();
  EXPECT_THAT(w.at(1).got[b], ElementsAre("connected", "group", "user", "all", "conn"));
  EXPECT_EQ(w.sync(0).counters(w.name(1))->forwarded, 4u);
  EXPECT_EQ(w.sync(0).counters(w.name(2))->forwarded, 0u);
}

TEST(SyncEngine, NeverRelays) {
  World w(3);
  w.LinkAll();
  const auto b = w.Open(1, "b", {"g"});
  const auto c = w.Open(2, "c", {"g"});
  w.Settle();
  (void)w.Publish(0, Target::kGroup, "g", "once");
  w.Settle();
  EXPECT_THAT(w.at(1).got[b], ElementsAre("connected", "once"));
  EXPECT_THAT(w.at(2).got[c], ElementsAre("connected", "once"));
  EXPECT_EQ(w.sync(1).counters(w.name(2))->forwarded, 0u);
}

TEST(SyncEngine, WithdrawsInterestWithTheLastMember) {
  World w(2);
  w.LinkAll();
  const auto b = w.Open(1, "b", {"g"});
  const auto c = w.Open(1, "c", {"g"});
  w.Settle();
  w.core(1).Closed(b);
  w.Settle();
  (void)w.Publish(0, Target::kGroup, "g", "1");
  EXPECT_EQ(w.sync(0).counters(w.name(1))->forwarded, 1u);
  w.core(1).Closed(c);
  w.Settle();
  (void)w.Publish(0, Target::kGroup, "g", "2");
  (void)w.Publish(0, Target::kAll, "", "3");
  EXPECT_EQ(w.sync(0).counters(w.name(1))->forwarded, 1u);
}

TEST(SyncEngine, ResumesWithoutLossOrRepetition) {
  World w(2);
  w.LinkAll();
  const auto b = w.Open(1, "b", {"g"});
  w.Settle();
  (void)w.Publish(0, Target::kGroup, "g", "1");
  w.Settle();
  // Sent, received, but the ack is lost with the stream.
  (void)w.Publish(0, Target::kGroup, "g", "2");
  w.Fill(0, 1);
  w.DeliverRequest(0, 1);
  // Sent, and lost with the stream.
  (void)w.Publish(0, Target::kGroup, "g", "3");
  w.Fill(0, 1);
  w.Cut(0, 1);
  // Accepted while there is no stream.
  (void)w.Publish(0, Target::kGroup, "g", "4");
  ASSERT_TRUE(w.Link(0, 1).ok());
  w.Settle();
  EXPECT_THAT(w.at(1).got[b], ElementsAre("connected", "1", "2", "3", "4"));
  EXPECT_THAT(w.sync(1).gaps().listed(), IsEmpty());
  EXPECT_EQ(w.sync(0).waiting_messages(w.name(1)), 0u);
}

TEST(SyncEngine, SuppressesDuplicates) {
  World w(2);
  w.LinkAll();
  const auto b = w.Open(1, "b", {"g"});
  w.Settle();
  auto message = std::make_shared<Message>();
  message->hub = "chat";
  message->target = Target::kGroup;
  message->target_name = "g";
  message->data = "dup";
  message->sequence = 1;
  for (int i = 0; i < 2; ++i) {
    w.Do(1, [&](ReplicaCore& core, Effects* e) {
      EXPECT_TRUE(core.OnRequest(w.name(0), OneBatch({1, {}, {message}}), w.now, e).ok());
    });
  }
  EXPECT_THAT(w.at(1).got[b], ElementsAre("connected", "dup"));
  EXPECT_EQ(w.sync(1).counters(w.name(0))->duplicates, 1u);
}

TEST(SyncEngine, RefusesReorderedBatchesWhole) {
  World w(2);
  w.LinkAll();
  const auto b = w.Open(1, "b");
  w.Settle();
  const auto message = [](uint64_t sequence) {
    auto m = std::make_shared<Message>();
    m->hub = "chat";
    m->sequence = sequence;
    return m;
  };
  const auto refused = [&](Batch batch) {
    std::string reason;
    w.Do(1, [&](ReplicaCore& core, Effects* e) {
      reason = ErrorReason(core.OnRequest(w.name(0), OneBatch(batch), w.now, e));
    });
    return reason;
  };
  EXPECT_EQ(refused({1, {}, {message(2), message(1)}}), "PEER_BATCH_OUT_OF_ORDER");
  EXPECT_EQ(refused({1, {}, {message(2), message(2)}}), "PEER_BATCH_OUT_OF_ORDER");
  EXPECT_EQ(refused({1, {}, {message(0)}}), "PEER_BATCH_OUT_OF_ORDER");
  EXPECT_EQ(refused({0, {}, {message(1)}}), "PEER_MESSAGE_INVALID");
  EXPECT_EQ(refused({1, {}, {}}), "PEER_MESSAGE_INVALID");
  EXPECT_EQ(refused({4, {{1, 2, 1, 2, "chat", GapCause::kAged}}, {message(5)}}), "PEER_MESSAGE_INVALID");
  EXPECT_EQ(refused({3, {{2, 1, 1, 2, "chat", GapCause::kAged}}, {message(5)}}), "PEER_MESSAGE_INVALID");
  EXPECT_THAT(w.at(1).got[b], ElementsAre("connected"));
  EXPECT_EQ(w.sync(1).counters(w.name(0))->received, 0u);
}

TEST(SyncEngine, ListsWhatALogOverflowLost) {
  PeerLogLimits limits;
  limits.messages_max = 3;
  World w(2, WithLog(limits));
  w.LinkAll();
  const auto b = w.Open(1, "b", {"g"});
  w.Settle();
  (void)w.Publish(0, Target::kGroup, "g", "0");
  w.Settle();
  w.Cut(0, 1);
  for (int i = 1; i <= 5; ++i) (void)w.Publish(0, Target::kGroup, "g", absl::StrCat(i));
  EXPECT_EQ(w.sync(0).counters(w.name(1))->lost[static_cast<size_t>(GapCause::kLogOverflow)], 2u);
  ASSERT_EQ(w.sync(0).gaps().listed().size(), 1u);  // One run, one gap.
  const Gap& ours = w.sync(0).gaps().listed()[0];
  EXPECT_EQ(ours.cause, GapCause::kLogOverflow);
  EXPECT_EQ(ours.peer, w.name(1));
  EXPECT_EQ(ours.messages, 2u);
  EXPECT_EQ(std::make_pair(ours.first, ours.last), std::make_pair(uint64_t{2}, uint64_t{3}));

  ASSERT_TRUE(w.Link(0, 1).ok());
  w.Settle();
  EXPECT_THAT(w.at(1).got[b], ElementsAre("connected", "0", "3", "4", "5"));
  ASSERT_EQ(w.sync(1).gaps().listed().size(), 1u);
  const Gap& theirs = w.sync(1).gaps().listed()[0];
  EXPECT_EQ(theirs.cause, GapCause::kLogOverflow);
  EXPECT_EQ(theirs.origin, w.name(0));
  EXPECT_EQ(std::make_pair(theirs.first, theirs.last), std::make_pair(uint64_t{2}, uint64_t{3}));
}

TEST(SyncEngine, BoundsTheLogByBytesToo) {
  PeerLogLimits limits;
  limits.bytes_max = 4'000;
  World w(2, WithLog(limits));
  w.LinkAll();
  w.Open(1, "b", {"g"});
  w.Settle();
  w.Cut(0, 1);
  for (int i = 0; i < 10; ++i) (void)w.Publish(0, Target::kGroup, "g", std::string(1'000, 'x'));
  EXPECT_EQ(w.sync(0).waiting_messages(w.name(1)), 3u);
  EXPECT_EQ(w.sync(0).counters(w.name(1))->lost[static_cast<size_t>(GapCause::kLogOverflow)], 7u);
}

TEST(SyncEngine, BoundsWhatIsInFlight) {
  PeerLogLimits limits;
  limits.in_flight_bytes_max = 3'000'000;
  World w(2, WithLog(limits));
  w.LinkAll();
  const auto b = w.Open(1, "b", {"g"});
  w.Settle();
  for (int i = 0; i < 10; ++i) (void)w.Publish(0, Target::kGroup, "g", std::string(900'000, 'x'));
  int batches = 0;
  PeerRequest request;
  while (w.sync(0).NextRequest(w.name(1), w.now, &request)) ++batches;
  EXPECT_EQ(batches, 3);
  w.Cut(0, 1);
  ASSERT_TRUE(w.Link(0, 1).ok());
  w.Settle();
  EXPECT_EQ(w.at(1).got[b].size(), 11u);
}

TEST(SyncEngine, APeersNewLifeGetsNothingOfTheOld) {
  World w(2);
  w.LinkAll();
  w.Open(1, "b", {"g"});
  w.Settle();
  (void)w.Publish(0, Target::kGroup, "g", "before");
  w.Settle();
  w.Cut(0, 1);
  (void)w.Publish(0, Target::kGroup, "g", "for the dead");
  w.Start(1);
  const auto c = w.Open(1, "c", {"g"});
  w.LinkAll();
  (void)w.Publish(0, Target::kGroup, "g", "after");
  w.Settle();
  EXPECT_THAT(w.at(1).got[c], ElementsAre("connected", "after"));
  EXPECT_EQ(w.sync(0).counters(w.name(1))->lost[static_cast<size_t>(GapCause::kPeerGone)], 1u);
  // What was for it, and what it may have accepted last.
  ASSERT_EQ(w.sync(0).gaps().listed().size(), 2u);
  const auto has = [&](GapCause cause) {
    const auto& listed = w.sync(0).gaps().listed();
    return std::any_of(listed.begin(), listed.end(), [&](const Gap& gap) { return gap.cause == cause; });
  };
  EXPECT_TRUE(has(GapCause::kPeerGone));
  EXPECT_TRUE(has(GapCause::kOriginGone));
  EXPECT_THAT(w.sync(1).gaps().listed(), IsEmpty());
}

TEST(SyncEngine, AnOriginsNewLifeOpensAGapAndRetiresTheOldEpoch) {
  World w(2);
  w.LinkAll();
  w.Open(1, "b", {"g"});
  w.Settle();
  (void)w.Publish(0, Target::kGroup, "g", "1");
  w.Settle();
  const Hello old_life = w.sync(0).MakeHello(w.name(1));
  w.Start(0);
  w.LinkAll();
  ASSERT_EQ(w.sync(1).gaps().listed().size(), 1u);
  const Gap& gap = w.sync(1).gaps().listed()[0];
  EXPECT_EQ(gap.cause, GapCause::kOriginGone);
  EXPECT_EQ(gap.epoch, old_life.epoch);
  EXPECT_EQ(gap.first, 2u);
  EXPECT_EQ(gap.last, 0u);
  EXPECT_EQ(ErrorReason(w.sync(1).OnHello(old_life, w.now).status()), "PEER_EPOCH_RETIRED");
  // The new life counts from one again, and is heard.
  const auto c = w.Open(1, "c", {"g"});
  w.Settle();
  (void)w.Publish(0, Target::kGroup, "g", "2");
  w.Settle();
  EXPECT_THAT(w.at(1).got[c], ElementsAre("connected", "2"));
}

// A Hello of a dead process can come after its successor's, which must stay linked; found by the simulation.
TEST(SyncEngine, AHelloOfAnEarlierLifeThatComesLateChangesNothing) {
  World w(2);
  const Hello old_life = w.sync(0).MakeHello(w.name(1));
  w.Start(0);
  w.LinkAll();
  EXPECT_EQ(ErrorReason(w.sync(1).OnHello(old_life, w.now).status()), "PEER_EPOCH_RETIRED");
  w.Cut(0, 1);
  EXPECT_TRUE(w.Link(0, 1).ok());
}

// Its clock went back: its epoch is the smaller, but it is what answers at its address.
TEST(SyncEngine, TakesTheLifeThatWelcomedItWhateverItsEpoch) {
  World w(2);
  w.LinkAll();
  Hello hello = w.sync(0).MakeHello(w.name(1));
  hello.epoch = "0000000000000000";
  EXPECT_EQ(ErrorReason(w.sync(1).OnHello(hello, w.now).status()), "PEER_EPOCH_RETIRED");
  EXPECT_TRUE(w.sync(1).OnWelcome(w.name(0), {w.name(0), hello.epoch, 0, 1'000}, w.now).ok());
  EXPECT_TRUE(w.sync(1).OnHello(hello, w.now).ok());
}

TEST(SyncEngine, RefusesStrangers) {
  World w(2);
  const std::string epoch = "00000000000000ff";
  EXPECT_EQ(ErrorReason(w.sync(0).OnHello({"resources/other", w.name(1), epoch, "", 0}, w.now).status()),
            "PEER_OTHER_RESOURCE");
  EXPECT_EQ(
      ErrorReason(w.sync(0)
                      .OnHello({"resources/contoso", "resources/contoso/replicas/new", epoch, "", 0}, w.now)
                      .status()),
      "PEER_UNKNOWN");
  EXPECT_EQ(ErrorReason(w.sync(0).OnHello({"resources/contoso", w.name(1), "xyz", "", 0}, w.now).status()),
            "PEER_EPOCH_INVALID");
  EXPECT_FALSE(w.sync(0).OnWelcome(w.name(1), {"resources/contoso", epoch, 0, 0}, w.now).ok());
}

TEST(SyncEngine, RefusesAcksAndInterestThatCannotBe) {
  World w(2);
  w.LinkAll();
  const auto ack = [&](uint64_t position) {
    PeerResponse response;
    response.ack = MessageAck{position, 1'000, false};
    return w.sync(0).OnResponse(w.name(1), response, w.now);
  };
  const auto interest_ack = [&](uint64_t number) {
    PeerRequest request;
    request.interest_ack = InterestAck{number, false};
    std::vector<MessagePtr> fresh;
    std::vector<Question> asked;
    return w.sync(1).OnRequest(w.name(0), request, w.now, &fresh, &asked);
  };
  const auto interest = [&](Interest value) {
    PeerResponse response;
    response.interest = std::move(value);
    return ErrorReason(w.sync(0).OnResponse(w.name(1), response, w.now));
  };
  EXPECT_EQ(ErrorReason(ack(7)), "PEER_ACK_OF_UNSENT");
  EXPECT_EQ(ErrorReason(interest_ack(99)), "PEER_ACK_OF_UNSENT");
  EXPECT_EQ(interest({9, 8, false, 0, false, {}}), "PEER_INTEREST_OUT_OF_ORDER");
  EXPECT_EQ(interest({0, 9, false, 0, false, {}}), "PEER_MESSAGE_INVALID");
  EXPECT_EQ(interest({0, 0, true, 0, true, {}}), "PEER_MESSAGE_INVALID");
  EXPECT_EQ(interest({1, 2, false, 0, false, {{"chat", Target::kConnection, "x", true}}}),
            "PEER_MESSAGE_INVALID");
  w.Cut(0, 1);
  EXPECT_FALSE(ack(1).ok());
  EXPECT_FALSE(interest_ack(1).ok());
}

TEST(SyncEngine, ExpiresMessagesThatComeTooLate) {
  World w(2);
  w.LinkAll();
  const auto b = w.Open(1, "b");
  w.Settle();
  (void)w.Publish(0, Target::kAll, "", "short", {}, 1'000);
  (void)w.Publish(0, Target::kAll, "", "long", {}, 10'000);
  w.Advance(2 * kNanosPerSecond);
  w.Settle();
  EXPECT_THAT(w.at(1).got[b], ElementsAre("connected", "long"));
  // The origin noticed while it waited, and said so.
  EXPECT_EQ(w.sync(0).counters(w.name(1))->lost[static_cast<size_t>(GapCause::kExpired)], 1u);
  ASSERT_EQ(w.sync(1).gaps().listed().size(), 1u);
  EXPECT_EQ(w.sync(1).gaps().listed()[0].cause, GapCause::kExpired);
}

TEST(SyncEngine, ExpiresMessagesThatWereUnderWayTooLong) {
  World w(2);
  w.LinkAll();
  const auto b = w.Open(1, "b");
  w.Settle();
  (void)w.Publish(0, Target::kAll, "", "short", {}, 1'000);
  w.Fill(0, 1);
  w.Advance(2 * kNanosPerSecond);
  w.Settle();
  EXPECT_THAT(w.at(1).got[b], ElementsAre("connected"));
  EXPECT_EQ(w.core(1).counters().expired, 1u);
  EXPECT_THAT(w.sync(1).gaps().listed(), IsEmpty());
}

TEST(SyncEngine, TakesEightPeersAndNotNine) {
  OwnInterest interest;
  SyncEngine engine({"resources/r", "resources/r", "00000000000000aa", "00000000"}, interest);
  std::vector<PeerConfig> peers;
  for (size_t i = 0; i < kPeersMax; ++i) peers.push_back({absl::StrCat("resources/r/replicas/p", i), ""});
  EXPECT_TRUE(engine.SetPeers(peers, {}).ok());
  peers.push_back({"resources/r/replicas/ninth", ""});
  EXPECT_EQ(ErrorReason(engine.SetPeers(peers, {})), "TOO_MANY_PEERS");
  EXPECT_EQ(engine.peers().size(), kPeersMax);
}

TEST(SyncEngine, ForgetsRemovedPeers) {
  World w(3);
  w.LinkAll();
  w.Open(1, "b");
  w.Settle();
  w.Do(0, [&](ReplicaCore& core, Effects* e) {
    ASSERT_TRUE(core.SetPeers({{w.name(2), w.at(2).tag}}, w.now, e).ok());
  });
  (void)w.Publish(0, Target::kAll, "", "x");
  EXPECT_THAT(w.sync(0).peers(), ElementsAre(w.name(2)));
  PeerRequest request;
  EXPECT_FALSE(w.sync(0).NextRequest(w.name(1), w.now, &request));
}

TEST(SyncEngine, SendsASnapshotToWhoIsTooFarBehind) {
  World w(2);
  w.LinkAll();
  const auto b = w.Open(1, "b");
  w.Settle();
  for (size_t i = 0; i <= kInterestLogMax / 2; ++i) {  // Each round is two changes.
    w.Join(1, b, "flap");
    w.Join(1, b, "flap", {}, ClientFrame::Type::kLeaveGroup);
  }
  w.Join(1, b, "kept");
  PeerResponse response;
  ASSERT_TRUE(w.sync(1).NextResponse(w.name(0), w.now, &response));
  const auto& interest = response.interest;
  ASSERT_TRUE(interest.has_value());
  EXPECT_TRUE(interest->snapshot);
  ASSERT_EQ(interest->changes.size(), 2u);  // The hub and the group that is left.
  EXPECT_EQ(interest->changes[1].name, "kept");
}

TEST(SyncEngine, StopsTellingInterestThatNobodyAcknowledges) {
  World w(2);
  w.LinkAll();
  const auto b = w.Open(1, "b");
  w.Settle();
  size_t told = 0;
  for (size_t i = 0; i < 2 * kInterestInFlightMax; ++i) {
    w.Join(1, b, absl::StrCat("g", i));
    PeerResponse response;
    if (w.sync(1).NextResponse(w.name(0), w.now, &response)) ++told;
  }
  EXPECT_EQ(told, kInterestInFlightMax);
}

// Three instances under random sends, cuts and relinks: whatever happens to the streams, every member gets
// every message of each origin once, in the order of acceptance.
TEST(SyncEngine, KeepsOrderAndCountUnderRandomCuts) {
  for (uint64_t seed = 1; seed <= 60; ++seed) {
    SCOPED_TRACE(absl::StrCat("seed ", seed));
    Random random(seed);
    World w(3);
    w.LinkAll();
    ConnectionKey members[3];
    for (int i = 0; i < 3; ++i) members[i] = w.Open(i, "m", {"g"});
    w.Settle();
    int sent[3] = {0, 0, 0};
    for (int step = 0; step < 400; ++step) {
      const int from = static_cast<int>(random.Below(3));
      const int to = static_cast<int>((from + 1 + random.Below(2)) % 3);
      switch (random.Below(6)) {
        case 0:
        case 1:
          (void)w.Publish(from, Target::kGroup, "g", absl::StrCat(from, ":", ++sent[from]));
          break;
        case 2:
          if (w.Linked(from, to)) w.Fill(from, to);
          break;
        case 3:
          if (w.Linked(from, to)) w.DeliverRequest(from, to);
          break;
        case 4:
          if (w.Linked(from, to)) w.DeliverResponse(from, to);
          break;
        default:
          if (random.Below(4) != 0) break;
          w.Cut(from, to);
          ASSERT_TRUE(w.Link(from, to).ok());
      }
    }
    w.Settle();
    for (int i = 0; i < 3; ++i) {
      for (int origin = 0; origin < 3; ++origin) {
        std::vector<std::string> expected, got;
        for (int n = 1; n <= sent[origin]; ++n) expected.push_back(absl::StrCat(origin, ":", n));
        for (const std::string& line : w.at(i).got[members[i]]) {
          if (line.rfind(absl::StrCat(origin, ":"), 0) == 0) got.push_back(line);
        }
        EXPECT_EQ(got, expected);
      }
      EXPECT_THAT(w.sync(i).gaps().listed(), IsEmpty());
    }
  }
}

TEST(GapList, KeepsTheLastThousand) {
  GapList gaps;
  for (uint64_t i = 1; i <= kGapsListed + 5; ++i) {
    Gap gap;
    gap.first = i;
    gap.hub = absl::StrCat("h", i);
    gaps.Add(gap);
  }
  EXPECT_EQ(gaps.listed().size(), kGapsListed);
  EXPECT_EQ(gaps.listed().front().first, 6u);
  EXPECT_EQ(gaps.total(), kGapsListed + 5);
}

}  // namespace
}  // namespace nonet::replica
