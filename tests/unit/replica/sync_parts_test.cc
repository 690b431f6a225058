// Interest told and read, questions gathered, audits judged, messages traced.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

#include "common/base/error.h"
#include "tests/unit/replica/world.h"

namespace nonet::replica {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

// ---- Interest ----

struct Told {
  Told() { reader.Open("00000000000000aa"); }
  // Tells all there is; `lose`: nothing of it arrives.
  void Tell(bool lose = false) {
    while (auto interest = teller.Next(now)) {
      if (!lose) {
        EXPECT_TRUE(reader.OnInterest("p", *interest).ok());
      }
      if (auto ack = reader.TakeAck()) {
        EXPECT_TRUE(teller.OnAck("p", *ack).ok());
      }
    }
  }
  void Digest() {
    now.steady_ns += kDigestEveryNs;
    const auto digest = teller.NextDigest(now);
    ASSERT_TRUE(digest.has_value());
    reader.OnDigest(*digest);
    if (auto ack = reader.TakeAck()) {
      EXPECT_TRUE(teller.OnAck("p", *ack).ok());
    }
  }
  bool Same() const {
    return reader.number() == own.latest() && table.sum(0) != nullptr && *table.sum(0) == own.sum();
  }
  Now now{1, 1};
  OwnInterest own;
  PeerInterest table;
  InterestTeller teller{own};
  InterestReader reader{table, 0};
};

TEST(InterestSync, SnapshotThenDeltas) {
  Told t;
  t.own.Add("chat", Target::kGroup, "g");
  t.teller.Open(0);
  t.Tell();
  EXPECT_TRUE(t.Same());
  EXPECT_EQ(t.teller.heeded(), t.own.latest());
  t.own.Add("chat", Target::kUser, "ann");
  t.own.Release("chat", Target::kGroup, "g");
  t.Tell();
  EXPECT_TRUE(t.Same());
  EXPECT_EQ(t.table.Wanting("chat", Target::kGroup, "g"), 0u);
  EXPECT_EQ(t.table.Wanting("chat", Target::kUser, "ann"), 1u);
  EXPECT_EQ(t.reader.resyncs(), 0u);
}

TEST(InterestSync, AReconnectGoesOnWhereItWas) {
  Told t;
  t.own.Add("chat", Target::kGroup, "g");
  t.teller.Open(0);
  t.Tell();
  t.teller.Close();
  t.own.Add("chat", Target::kGroup, "h");
  t.reader.Open("00000000000000aa");
  t.teller.Open(t.reader.number());
  const auto next = t.teller.Next(t.now);
  ASSERT_TRUE(next.has_value());
  EXPECT_FALSE(next->snapshot);
  EXPECT_EQ(next->changes.size(), 1u);
}

TEST(InterestSync, ALostDeltaIsNoticedByTheNextOrByADigest) {
  for (const bool by_digest : {false, true}) {
    Told t;
    t.teller.Open(0);
    t.Tell();
    t.own.Add("chat", Target::kGroup, "lost");
    t.Tell(/*lose=*/true);
    if (by_digest) {
      t.Digest();
    } else {
      t.own.Add("chat", Target::kGroup, "next");
      t.Tell();
    }
    t.Tell();
    EXPECT_TRUE(t.Same());
    EXPECT_EQ(t.reader.resyncs(), 1u);
  }
}

TEST(InterestSync, ADigestFindsWhatNobodyNoticedAndASnapshotMendsIt) {
  Told t;
  t.own.Add("chat", Target::kGroup, "g");
  t.teller.Open(0);
  t.Tell();
  t.Digest();
  EXPECT_TRUE(t.reader.agreed());
  t.table.Apply(0, {"chat", Target::kGroup, "g", false});  // As no message of the protocol would.
  t.Digest();
  EXPECT_FALSE(t.reader.agreed());
  t.Tell();
  EXPECT_TRUE(t.Same());
}

TEST(InterestSync, OvertakenNewsChangesNothing) {
  Told t;
  t.own.Add("chat", Target::kGroup, "g");
  t.teller.Open(0);
  const auto old_snapshot = t.teller.Next(t.now);
  EXPECT_TRUE(t.reader.OnInterest("p", *old_snapshot).ok());
  const InterestDigest old_digest{t.own.latest(), 1, 12'345};
  t.own.Add("chat", Target::kGroup, "h");
  t.Tell();
  EXPECT_TRUE(t.reader.OnInterest("p", *old_snapshot).ok());
  t.reader.OnDigest(old_digest);
  EXPECT_TRUE(t.Same());
  EXPECT_EQ(t.reader.resyncs(), 0u);
}

TEST(InterestSync, ASnapshotInPartsReplacesOnlyWhenItIsWhole) {
  Told t;
  t.own.Add("chat", Target::kGroup, "first");
  t.teller.Open(0);
  t.Tell();
  const std::string name(1'000, 'x');
  for (size_t i = 0; i < kInterestLogMax + 1; ++i) {
    const std::string group = i < 3'000 ? absl::StrCat(name, i) : "flap";
    t.own.Add("chat", Target::kGroup, group);
    if (i >= 3'000) t.own.Release("chat", Target::kGroup, group);
  }
  t.own.Release("chat", Target::kGroup, "first");
  const auto part = t.teller.Next(t.now);
  ASSERT_TRUE(part.has_value() && part->snapshot && !part->last_part);
  EXPECT_TRUE(t.reader.OnInterest("p", *part).ok());
  EXPECT_EQ(t.table.Wanting("chat", Target::kGroup, "first"), 1u);
  t.Tell();
  EXPECT_EQ(t.table.Wanting("chat", Target::kGroup, "first"), 0u);
  EXPECT_TRUE(t.Same());
}

TEST(InterestHash, TellsHubKindAndNameApart) {
  EXPECT_NE(InterestHash("a", Target::kGroup, "b"), InterestHash("a", Target::kUser, "b"));
  EXPECT_NE(InterestHash("ab", Target::kGroup, "c"), InterestHash("a", Target::kGroup, "bc"));
  // Of the wire: other implementations compute it as well.
  EXPECT_EQ(InterestHash("chat", Target::kGroup, "g"), 6795045709472651109u);
}

// ---- Questions ----

Question Ask(Operation operation, Target target, std::string name) {
  Question question;
  question.operation = operation;
  question.hub = "chat";
  question.target = target;
  question.target_name = std::move(name);
  question.limit = 10;
  return question;
}

TEST(Questions, ListsTheWholeResourceInPages) {
  World w(3);
  w.LinkAll();
  for (int i = 0; i < 3; ++i) {
    for (int n = 0; n < 2; ++n) w.Open(i, absl::StrCat("c", n, i), {"g"}, false, "ann");
  }
  w.Settle();
  Question question = Ask(Operation::kList, Target::kGroup, "g");
  question.limit = 4;
  const uint64_t first = w.Ask(0, question);
  EXPECT_FALSE(w.at(0).done.contains(first));
  w.Settle();
  const Gathered page = w.at(0).done.at(first);
  EXPECT_TRUE(page.complete());
  EXPECT_TRUE(page.more);
  ASSERT_EQ(page.members.size(), 4u);
  question.after = page.members.back().connection_id;
  const uint64_t second = w.Ask(0, question);
  w.Settle();
  const Gathered rest = w.at(0).done.at(second);
  EXPECT_FALSE(rest.more);
  EXPECT_THAT(rest.members, ElementsAre(Member{"c11.00000001", "ann"}, Member{"c12.00000002", "ann"}));
}

TEST(Questions, AskOnlyTheOwnerOfAConnection) {
  World w(3);
  w.LinkAll();
  w.Open(1, "b");
  w.Settle();
  const uint64_t there = w.Ask(0, Ask(Operation::kExists, Target::kConnection, "b.00000001"));
  const uint64_t nobody = w.Ask(0, Ask(Operation::kExists, Target::kConnection, "b.99999999"));
  EXPECT_EQ(w.at(0).done.at(nobody).matched, 0u);  // At once: it is nobody's.
  w.Settle();
  EXPECT_EQ(w.at(0).done.at(there).matched, 1u);
  EXPECT_EQ(w.at(0).done.at(there).asked, 2u);
}

TEST(Questions, SayWhoDidNotAnswer) {
  World w(3);
  w.LinkAll();
  w.Cut(0, 2);
  const uint64_t id = w.Ask(0, Ask(Operation::kExists, Target::kGroup, "g"));
  w.Settle();
  EXPECT_FALSE(w.at(0).done.at(id).complete());
  EXPECT_THAT(w.at(0).done.at(id).silent, ElementsAre(w.name(2)));
}

TEST(Questions, EndAtTheirDeadline) {
  World w(2);
  w.LinkAll();
  const uint64_t id = w.Ask(0, Ask(Operation::kExists, Target::kGroup, "g"));
  w.Advance(kGatherNs - 1);
  EXPECT_FALSE(w.at(0).done.contains(id));
  w.Advance(1);
  ASSERT_TRUE(w.at(0).done.contains(id));
  EXPECT_THAT(w.at(0).done.at(id).silent, ElementsAre(w.name(1)));
}

TEST(Questions, AreAskedAgainWhenLostAndCarriedOutOnce) {
  World w(2);
  w.LinkAll();
  const auto b = w.Open(1, "b", {"g"});
  w.Settle();
  const uint64_t id = w.Ask(0, Ask(Operation::kClose, Target::kGroup, "g"));
  w.Fill(0, 1);
  w.DeliverRequest(0, 1);
  w.Fill(0, 1);
  w.DropResponses(0, 1);
  const auto c = w.Open(1, "c", {"g"});  // After the question was carried out: not its business.
  w.Advance(kResendNs + kNanosPerMilli);
  w.Settle();
  ASSERT_TRUE(w.at(0).done.contains(id));
  EXPECT_EQ(w.at(0).done.at(id).matched, 1u);
  EXPECT_EQ(w.at(1).got[b].back(), "close 1000");
  EXPECT_NE(w.at(1).got[c].back(), "close 1000");
}

TEST(Questions, AnAddIsAnsweredWhenEverybodyHeedsIt) {
  World w(3);
  w.LinkAll();
  const auto b = w.Open(1, "b", {}, false, "bob");
  w.Settle();
  Question add = Ask(Operation::kAddToGroups, Target::kUser, "bob");
  add.groups = {"g"};
  const uint64_t id = w.Ask(0, add);
  w.Settle();
  ASSERT_TRUE(w.at(0).done.contains(id));
  EXPECT_EQ(w.at(0).done.at(id).matched, 1u);
  (void)w.Publish(2, Target::kGroup, "g", "hi");
  w.Settle();
  EXPECT_EQ(w.at(1).got[b].back(), "hi");
}

TEST(Questions, GrantCheckAndRevoke) {
  World w(2);
  w.LinkAll();
  ConnectionSpec spec;
  spec.key = 900;
  spec.hub = "chat";
  spec.id = "x.00000001";
  w.Do(1, [&](ReplicaCore& core, Effects* e) { core.Open(std::move(spec), w.now, e); });
  w.Settle();
  const auto granted = [&](Operation operation) {
    Question question = Ask(operation, Target::kConnection, "x.00000001");
    question.permission_group = "g";
    const uint64_t id = w.Ask(0, question);
    w.Settle();
    return w.at(0).done.at(id).granted;
  };
  EXPECT_EQ(granted(Operation::kCheck), 0u);
  granted(Operation::kGrant);
  EXPECT_EQ(granted(Operation::kCheck), 1u);
  w.Send(1, 900, "g", "hi", 1);
  EXPECT_EQ(w.at(1).got[900].back(), "ack 1");
  granted(Operation::kRevoke);
  EXPECT_EQ(granted(Operation::kCheck), 0u);
}

TEST(Questions, StopAtTheirBound) {
  World w(2);
  w.LinkAll();
  for (size_t i = 0; i < kGathersMax; ++i) w.Ask(0, Ask(Operation::kExists, Target::kGroup, "g"));
  w.Do(0, [&](ReplicaCore& core, Effects* e) {
    EXPECT_EQ(ErrorReason(core.Ask(Ask(Operation::kExists, Target::kGroup, "g"), w.now, e).status()),
              "TOO_MANY_QUESTIONS");
  });
}

// ---- Publishers that are refused ----

TEST(SyncEngine, RefusesThePublisherWhenToldTo) {
  SyncSettings settings;
  settings.log.messages_max = 2;
  settings.when_full = WhenFull::kRefusePublisher;
  World w(2, settings);
  w.LinkAll();
  const auto a = w.Open(0, "a", {"g"});
  w.Open(1, "b", {"g"});
  w.Settle();
  w.Cut(0, 1);
  EXPECT_TRUE(w.Publish(0, Target::kGroup, "g", "1").ok());
  EXPECT_TRUE(w.Publish(0, Target::kGroup, "g", "2").ok());
  EXPECT_EQ(ErrorReason(w.Publish(0, Target::kGroup, "g", "3")), "PEER_LOG_FULL");
  EXPECT_THAT(w.at(0).got[a], ElementsAre("connected", "1", "2"));  // For nobody, not even here.
  EXPECT_EQ(w.sync(0).refused(), 1u);
  EXPECT_THAT(w.sync(0).gaps().listed(), IsEmpty());
}

// ---- Gaps that stay open ----

TEST(SyncEngine, ListsASilentOriginUntilItIsBack) {
  World w(2);
  w.LinkAll();
  w.Open(1, "b", {"g"});
  w.Settle();
  (void)w.Publish(0, Target::kGroup, "g", "1");
  w.Settle();
  w.Cut(0, 1);
  for (int64_t t = 0; t <= kOriginSilentNs; t += kSyncTickNs) w.Advance(kSyncTickNs);
  ASSERT_EQ(w.sync(1).gaps().listed().size(), 1u);
  EXPECT_EQ(w.sync(1).gaps().listed()[0].cause, GapCause::kOriginGone);
  EXPECT_EQ(w.sync(1).gaps().listed()[0].first, 2u);
  EXPECT_EQ(w.sync(1).gaps().listed()[0].last, 0u);
  ASSERT_TRUE(w.Link(0, 1).ok());
  EXPECT_THAT(w.sync(1).gaps().listed(), IsEmpty());
}

// ---- Audits ----

std::vector<Audit> AuditAll(World& w) {
  std::vector<Audit> audits;
  for (int i = 0; i < w.size(); ++i) audits.push_back(w.core(i).MakeAudit(w.now));
  return audits;
}

struct Audited {
  Audited() : w(2) {
    w.LinkAll();
    w.Open(1, "b", {"g"});
    w.Settle();
    for (int i = 0; i < 5; ++i) (void)w.Publish(0, Target::kGroup, "g", "x");
  }
  World w;
};

TEST(Audit, AddsUpAtRestAndUnderWay) {
  Audited a;
  const auto before = AuditAll(a.w);
  a.w.Settle();
  EXPECT_THAT(Judge(before, AuditAll(a.w)), IsEmpty());
  EXPECT_THAT(Judge(AuditAll(a.w), AuditAll(a.w)), IsEmpty());
}

TEST(Audit, FindsEveryKindOfDifference) {
  Audited a;
  a.w.Settle();
  const auto good = AuditAll(a.w);
  const auto kinds = [&](const std::vector<Audit>& first, const std::vector<Audit>& second) {
    std::vector<std::string> names;
    for (const Finding& finding : Judge(first, second)) names.emplace_back(FindingName(finding.kind));
    return names;
  };
  auto bad = good;
  bad[0].to[0].delivered -= 1;
  EXPECT_THAT(kinds(good, bad), ElementsAre("SumsDiffer", "SettledDiffers"));
  bad = good;
  bad[1].from[0].handed -= 1;
  EXPECT_THAT(kinds(good, bad), ElementsAre("SumsDiffer"));
  bad = good;
  bad[1].from[0].last_position += 1;
  bad[1].from[0].received += 1;
  bad[1].from[0].handed += 1;
  EXPECT_THAT(kinds(bad, bad), ElementsAre("MoreThanSent", "SettledDiffers"));
  bad = good;
  bad[1].from[0].last_position -= 1;
  bad[1].from[0].received -= 1;
  bad[1].from[0].handed -= 1;
  EXPECT_THAT(kinds(good, bad), ElementsAre("LessThanAcked"));
  bad = good;
  bad[1].epoch = "0000000000000bad";
  EXPECT_THAT(kinds(good, bad), ElementsAre("Missing"));
}

// ---- Traces ----

TEST(Trace, TellsWhatBecameOfAMessage) {
  World w(3);
  w.LinkAll();
  w.Open(0, "a", {"g"});
  w.Open(1, "b", {"g"});
  w.Settle();
  (void)w.Publish(0, Target::kGroup, "g", "x");
  const MessageId id{"contoso", w.sync(0).identity().epoch, 1};
  EXPECT_EQ(MessageId::Parse(id.Text())->Text(), id.Text());
  const auto fate = [&](size_t peer) { return FateName(w.sync(0).Tell(id)->peers[peer].fate); };
  EXPECT_EQ(fate(0), "Waiting");
  EXPECT_EQ(fate(1), "NoInterest");
  w.Fill(0, 1);
  EXPECT_EQ(fate(0), "Sent");
  w.now.wall_ns += 5;
  w.Settle();
  EXPECT_EQ(fate(0), "Acknowledged");
  const Why origin = *w.sync(0).Tell(id);
  EXPECT_TRUE(origin.is_origin);
  EXPECT_EQ(origin.recipients, 1u);
  EXPECT_EQ(origin.peers[0].acknowledged_wall_ns - origin.peers[0].sent_wall_ns, 5);
  const Why receiver = *w.sync(1).Tell(id);
  EXPECT_TRUE(receiver.remembered);
  EXPECT_EQ(receiver.recipients, 1u);
  EXPECT_EQ(receiver.received_wall_ns - receiver.accepted_wall_ns, 5);
  EXPECT_FALSE(w.sync(0).Tell({"contoso", id.epoch, 2}).has_value());
  EXPECT_FALSE(w.sync(0).Tell({"x", "0000000000000bad", 1}).has_value());
}

TEST(Trace, ForgetsTheOldestAndSaysSo) {
  SyncSettings settings;
  settings.trace_accepted = 4;
  World w(1, settings);
  for (int i = 0; i < 6; ++i) (void)w.Publish(0, Target::kAll, "", "x");
  const std::string epoch = w.sync(0).identity().epoch;
  EXPECT_FALSE(w.sync(0).Tell({"contoso", epoch, 2})->remembered);
  EXPECT_TRUE(w.sync(0).Tell({"contoso", epoch, 3})->remembered);
}

TEST(Trace, TellsALossApart) {
  SyncSettings settings;
  settings.log.messages_max = 1;
  World w(2, settings);
  w.LinkAll();
  w.Open(1, "b", {"g"});
  w.Settle();
  (void)w.Publish(0, Target::kGroup, "g", "1");
  w.Settle();
  w.Cut(0, 1);
  for (int i = 2; i <= 4; ++i) (void)w.Publish(0, Target::kGroup, "g", absl::StrCat(i));
  ASSERT_TRUE(w.Link(0, 1).ok());
  w.Settle();
  const MessageId lost{"contoso", w.sync(0).identity().epoch, 2};
  EXPECT_EQ(FateName(w.sync(0).Tell(lost)->peers[0].fate), "Lost");
  EXPECT_TRUE(w.sync(1).Tell(lost)->gap);
}

TEST(MessageId, RefusesWhatIsNone) {
  for (const char* text :
       {"", "a", "a:b:1", "contoso:00000000000000aa:0", "contoso:00000000000000aa:x", ":00000000000000aa:1",
        "contoso:00000000000000ag:1", "contoso:00000000000000aa:1:2"}) {
    EXPECT_FALSE(MessageId::Parse(text).has_value()) << text;
  }
}

}  // namespace
}  // namespace nonet::replica
