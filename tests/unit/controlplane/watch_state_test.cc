// What a subscriber holds, refuses and acknowledges (common/watch).
#include "common/watch/watch_state.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "common/base/error.h"

namespace nonet {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;
using watch::v1::Event;
using watch::v1::WatchResponse;

// The object's etag stands for its content; "bad" is refused.
Event At(const std::string& name, uint64_t revision, const std::string& content = "good") {
  Event event;
  event.set_name(name);
  event.set_revision(revision);
  event.mutable_resource()->set_etag(content);
  return event;
}

Event Gone(const std::string& name, uint64_t revision) {
  Event event;
  event.set_name(name);
  event.set_revision(revision);
  event.set_deleted(true);
  return event;
}

WatchResponse Message(WatchResponse::Kind kind, uint64_t revision, std::vector<Event> events,
                      bool last = false) {
  WatchResponse message;
  message.set_kind(kind);
  message.set_revision(revision);
  message.set_last(last);
  for (Event& event : events) *message.add_events() = std::move(event);
  return message;
}

WatchResponse Snapshot(uint64_t revision, std::vector<Event> events, bool last = true) {
  return Message(WatchResponse::KIND_SNAPSHOT, revision, std::move(events), last);
}
WatchResponse Changes(uint64_t revision, std::vector<Event> events) {
  return Message(WatchResponse::KIND_CHANGES, revision, std::move(events));
}

absl::Status Validate(const Event& event) {
  if (event.resource().etag() != "bad") return absl::OkStatus();
  return MakeError(absl::StatusCode::kInvalidArgument, "BAD", "it is bad");
}

struct WatchStateTest : testing::Test {
  WatchState state{Validate};
  // Applies at once.
  std::optional<WatchClient::Delta> Take(WatchResponse message) {
    auto delta = state.Receive(std::move(message));
    if (delta) state.EndApply(state.BeginApply(delta->revision));
    return delta;
  }
};

TEST_F(WatchStateTest, SnapshotCountsWhenItsLastPartIsThere) {
  EXPECT_FALSE(Take(Snapshot(0, {At("a", 1)}, false)).has_value());
  EXPECT_TRUE(state.objects().empty());
  const auto delta = Take(Snapshot(5, {At("b", 2)}));
  ASSERT_TRUE(delta.has_value());
  EXPECT_THAT(delta->changed, ElementsAre("a", "b"));
  EXPECT_EQ(delta->revision, 5u);
  EXPECT_EQ(state.acknowledged(), 5u);
}

TEST_F(WatchStateTest, SnapshotReplacesEverything) {
  Take(Snapshot(5, {At("a", 1), At("b", 2), At("c", 3)}));
  const auto delta = Take(Snapshot(9, {At("b", 2), At("c", 8)}));
  EXPECT_THAT(delta->removed, ElementsAre("a"));
  EXPECT_THAT(delta->changed, ElementsAre("c"));
  EXPECT_EQ(state.objects().size(), 2u);
}

TEST_F(WatchStateTest, EmptySnapshotIsTold) {
  const auto delta = Take(Snapshot(0, {}));
  ASSERT_TRUE(delta.has_value());
  EXPECT_THAT(delta->changed, IsEmpty());
}

TEST_F(WatchStateTest, HalfASnapshotIsForgottenWithItsStream) {
  Take(Snapshot(5, {At("a", 1)}));
  Take(Snapshot(0, {At("b", 2)}, false));
  state.AbandonSnapshot();
  Take(Snapshot(6, {At("a", 1)}));
  EXPECT_FALSE(state.objects().contains("b"));
}

TEST_F(WatchStateTest, ChangesComeInOrderAndOlderOnesNeverWin) {
  Take(Snapshot(1, {At("a", 1)}));
  const auto delta = Take(Changes(3, {At("a", 2, "two"), At("a", 3, "three"), Gone("b", 3)}));
  EXPECT_THAT(delta->changed, ElementsAre("a"));
  EXPECT_EQ(state.objects().at("a").resource().etag(), "three");
  EXPECT_FALSE(Take(Changes(3, {At("a", 2, "two")})).has_value());
  EXPECT_EQ(state.objects().at("a").resource().etag(), "three");
  EXPECT_THAT(Take(Changes(4, {Gone("a", 4)}))->removed, ElementsAre("a"));
}

TEST_F(WatchStateTest, RefusedObjectKeepsItsLastGoodVersion) {
  Take(Snapshot(1, {At("a", 1, "good")}));
  EXPECT_FALSE(Take(Changes(2, {At("a", 2, "bad")})).has_value());
  EXPECT_EQ(state.objects().at("a").revision(), 1u);
  ASSERT_EQ(state.refusals().size(), 1u);
  EXPECT_EQ(state.refusals().at("a").revision(), 2u);
  EXPECT_EQ(state.refusals().at("a").error().reason(), "BAD");
  EXPECT_EQ(state.acknowledged(), 2u);  // But for what is refused.
  Take(Changes(3, {At("a", 3, "better")}));
  EXPECT_THAT(state.refusals(), IsEmpty());
  EXPECT_EQ(state.objects().at("a").resource().etag(), "better");
}

TEST_F(WatchStateTest, AcknowledgesNothingBeyondWhatIsApplied) {
  const auto first = state.Receive(Snapshot(5, {At("a", 1)}));
  const uint64_t one = state.BeginApply(first->revision);
  const auto second = state.Receive(Changes(6, {At("a", 6)}));
  const uint64_t two = state.BeginApply(second->revision);
  state.Receive(Message(WatchResponse::KIND_PROGRESS, 8, {}));
  EXPECT_EQ(state.acknowledged(), 0u);
  state.EndApply(two);
  EXPECT_EQ(state.acknowledged(), 0u);  // The first is still open.
  state.EndApply(one);
  EXPECT_EQ(state.acknowledged(), 8u);
  state.EndApply(one);  // Twice does no harm.
  state.Receive(Message(WatchResponse::KIND_PROGRESS, 9, {}));
  EXPECT_EQ(state.acknowledged(), 9u);
}

TEST_F(WatchStateTest, StateFileBringsItBack) {
  Take(Snapshot(5, {At("a", 1), At("b", 4)}));
  WatchState next(Validate);
  WatchClient::Delta delta;
  ASSERT_TRUE(next.Restore(state.Encode(), delta).ok());
  EXPECT_TRUE(delta.from_disk);
  EXPECT_THAT(delta.changed, ElementsAre("a", "b"));
  EXPECT_EQ(next.resume_revision(), 5u);
}

TEST_F(WatchStateTest, AfterRefusalsANewLifeAsksForEverythingAgain) {
  Take(Snapshot(5, {At("a", 1)}));
  Take(Changes(6, {At("a", 6, "bad")}));
  WatchState next(Validate);
  WatchClient::Delta delta;
  ASSERT_TRUE(next.Restore(state.Encode(), delta).ok());
  EXPECT_EQ(next.resume_revision(), 0u);
  EXPECT_EQ(next.objects().at("a").revision(), 1u);
}

TEST_F(WatchStateTest, DamagedStateFileIsRefusedWhole) {
  Take(Snapshot(5, {At("a", 1)}));
  const std::string good = state.Encode();
  std::string flipped = good;
  flipped.back() ^= 1;
  for (const std::string& bad :
       {std::string(), std::string("hello"), good.substr(0, 20), good.substr(0, good.size() - 1), flipped}) {
    WatchState next(Validate);
    WatchClient::Delta delta;
    EXPECT_TRUE(absl::IsDataLoss(next.Restore(bad, delta)));
    EXPECT_TRUE(next.objects().empty());
    EXPECT_EQ(next.resume_revision(), 0u);
  }
}

WatchResponse Of(const std::string& history, WatchResponse message) {
  message.set_history(history);
  return message;
}

TEST_F(WatchStateTest, AcknowledgesNothingOfAnotherHistoryUntilItsSnapshotIsApplied) {
  Take(Of("h1", Snapshot(40, {At("a", 40)})));
  EXPECT_EQ(state.acknowledged(), 40u);
  EXPECT_FALSE(Take(Of("h2", Snapshot(0, {At("a", 3)}, false))).has_value());
  EXPECT_EQ(state.acknowledged(), 0u);
  EXPECT_EQ(state.history(), "h1");  // Half a snapshot changes nothing that is held.
  Take(Snapshot(7, {At("b", 7)}));
  EXPECT_EQ(state.history(), "h2");
  EXPECT_EQ(state.acknowledged(), 7u);
  EXPECT_EQ(state.objects().at("a").revision(), 3u);
}

TEST_F(WatchStateTest, WhatWasBeingAppliedIsNotOfTheNewHistory) {
  const auto old = state.Receive(Of("h1", Snapshot(40, {At("a", 40)})));
  const uint64_t ticket = state.BeginApply(old->revision);
  state.Receive(Of("h2", Snapshot(0, {At("a", 3)}, false)));
  state.EndApply(ticket);
  EXPECT_EQ(state.acknowledged(), 0u);
}

TEST_F(WatchStateTest, AbandonedSnapshotOfAnotherHistoryLeavesTheOldOne) {
  Take(Of("h1", Snapshot(40, {At("a", 40)})));
  Take(Of("h2", Snapshot(0, {At("a", 3)}, false)));
  state.AbandonSnapshot();
  EXPECT_EQ(state.history(), "h1");
  EXPECT_EQ(state.resume_revision(), 40u);
}

TEST_F(WatchStateTest, FileKeepsTheHistory) {
  Take(Of("h1", Snapshot(40, {At("a", 40)})));
  WatchState next(Validate);
  WatchClient::Delta delta;
  ASSERT_TRUE(next.Restore(state.Encode(), delta).ok());
  EXPECT_EQ(next.history(), "h1");
  EXPECT_EQ(next.revision(), 40u);
}

}  // namespace
}  // namespace nonet
