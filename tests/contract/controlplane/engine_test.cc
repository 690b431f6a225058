// The owner thread's turn: one commit for all that waits, and what a crash around it leaves.
#include "controlplane/server/engine.h"

#include <gtest/gtest.h>

#include "common/base/error.h"
#include "common/clock/simulated_clock.h"
#include "controlplane/store/memory_store.h"

namespace nonet::controlplane {
namespace {

using resource::v1::CreateResourceRequest;

CreateResourceRequest Create(const std::string& id, const std::string& request_id = "") {
  CreateResourceRequest request;
  request.set_resource_id(id);
  request.set_request_id(request_id);
  request.mutable_resource()->set_location("eastus");
  return request;
}

// A process that dies around its commit: nobody hears of the turn, whether or not it was written.
class FaultyStore final : public Store {
 public:
  enum class Fault { kNone, kBeforeCommit, kAfterCommit };
  explicit FaultyStore(Store& store) : store_(store) {}
  absl::StatusOr<StoredState> Load() override { return store_.Load(); }
  absl::Status Commit(const StoreBatch& batch) override {
    ++commits;
    if (fault == Fault::kBeforeCommit) return absl::DataLossError("died before the commit");
    const absl::Status status = store_.Commit(batch);
    if (fault == Fault::kAfterCommit) return absl::DataLossError("died after the commit");
    return status;
  }
  Fault fault = Fault::kNone;
  int commits = 0;

 private:
  Store& store_;
};

// One life of the process: everything is submitted, then the loop runs until it has been done.
struct Life {
  explicit Life(Store& inner, size_t queued_max = kCommandsQueuedMax)
      : store(inner),
        engine(loop, store, metrics, {.resources = {}, .commands_queued_max = queued_max},
               [this](absl::Status why) { failures.push_back(why); }) {
    EXPECT_TRUE(engine.Start().ok());
  }
  absl::Status Submit(const CreateResourceRequest& request) {
    return engine.Submit([this, request](Engine::Turn& turn) {
      auto answer = turn.plane.Mutate(request, turn.now, DrawRandoms(), turn.effects);
      turn.Then([this, answer](const absl::Status& committed) {
        commits_at_reply.push_back(store.commits);
        replies.push_back(committed.ok() ? answer.status() : committed);
        if (committed.ok() && answer.ok()) uids.push_back(answer->resource().uid());
      });
    });
  }
  void Run() {
    loop.Post([this] { loop.Stop(); });
    loop.Run();
  }

  SimulatedClock clock;
  EventLoop loop{clock};
  FaultyStore store;
  Metrics metrics;
  std::vector<absl::Status> failures;
  std::vector<absl::Status> replies;
  std::vector<std::string> uids;
  std::vector<int> commits_at_reply;
  Engine engine;
};

TEST(Engine, WritesAllThatWaitsAsOneBatch) {
  MemoryStore store;
  Life life(store);
  std::vector<uint64_t> published;
  life.engine.OnPublish([&](const std::vector<LogEntry>& log) {
    EXPECT_EQ(life.store.commits, 1);  // Durable before anybody hears of it.
    EXPECT_TRUE(life.replies.empty());
    for (const LogEntry& entry : log) published.push_back(entry.revision);
  });
  for (int i = 0; i < 100; ++i) ASSERT_TRUE(life.Submit(Create("contoso" + std::to_string(i))).ok());
  life.Run();
  EXPECT_EQ(life.store.commits, 1);
  EXPECT_EQ(life.replies.size(), 100u);
  EXPECT_EQ(life.commits_at_reply, std::vector<int>(100, 1));
  ASSERT_EQ(published.size(), 100u);
  for (uint64_t i = 0; i < 100; ++i) EXPECT_EQ(published[i], i + 1);
}

TEST(Engine, WritesNothingForReadsAndRefusals) {
  MemoryStore store;
  Life life(store);
  ASSERT_TRUE(life.Submit(Create("x")).ok());
  ASSERT_TRUE(life.engine.Submit([](Engine::Turn& turn) { (void)turn.plane.ListSubscribers(); }).ok());
  life.Run();
  EXPECT_EQ(life.store.commits, 0);
  ASSERT_EQ(life.replies.size(), 1u);
  EXPECT_EQ(ErrorReason(life.replies[0]), "INVALID_NAME");
}

TEST(Engine, RefusesMoreThanItsQueueHolds) {
  MemoryStore store;
  Life life(store, 3);
  for (int i = 0; i < 3; ++i) EXPECT_TRUE(life.Submit(Create("contoso" + std::to_string(i))).ok());
  const absl::Status refused = life.Submit(Create("onemore"));
  EXPECT_EQ(refused.code(), absl::StatusCode::kResourceExhausted);
  EXPECT_EQ(ErrorReason(refused), "OVERLOADED");
  life.Run();
  EXPECT_EQ(life.replies.size(), 3u);
}

TEST(Engine, KilledBetweenCommitAndReplyAnswersTheRepeatAndAppliesOnce) {
  MemoryStore store;
  {
    Life life(store);
    life.store.fault = FaultyStore::Fault::kAfterCommit;
    ASSERT_TRUE(life.Submit(Create("contoso", "id-1")).ok());
    life.engine.OnPublish([](const std::vector<LogEntry>&) { ADD_FAILURE() << "nobody may hear of it"; });
    life.Run();
    ASSERT_EQ(life.failures.size(), 1u);  // The process ends.
    ASSERT_EQ(life.replies.size(), 1u);
    EXPECT_FALSE(life.replies[0].ok());
    EXPECT_FALSE(life.Submit(Create("fabrikam")).ok());
  }
  const uint64_t revision = store.Load()->revision;
  EXPECT_EQ(revision, 1u);
  Life life(store);
  ASSERT_TRUE(life.Submit(Create("contoso", "id-1")).ok());
  ASSERT_TRUE(life.Submit(Create("contoso", "id-1")).ok());
  life.Run();
  ASSERT_EQ(life.uids.size(), 2u);
  EXPECT_EQ(life.uids[0], life.uids[1]);
  EXPECT_EQ(life.uids[0], store.Load()->objects[0].resource().uid());
  EXPECT_EQ(store.Load()->revision, revision);
}

TEST(Engine, KilledBeforeTheCommitLeavesNothing) {
  MemoryStore store;
  {
    Life life(store);
    life.store.fault = FaultyStore::Fault::kBeforeCommit;
    ASSERT_TRUE(life.Submit(Create("contoso", "id-1")).ok());
    life.Run();
    EXPECT_EQ(life.failures.size(), 1u);
  }
  EXPECT_EQ(store.Load()->revision, 0u);
  Life life(store);
  ASSERT_TRUE(life.Submit(Create("contoso", "id-1")).ok());
  life.Run();
  ASSERT_EQ(life.replies.size(), 1u);
  EXPECT_TRUE(life.replies[0].ok());
  EXPECT_EQ(store.Load()->revision, 1u);
}

TEST(Engine, DoesWhatItTookInBeforeItStops) {
  MemoryStore store;
  Life life(store);
  ASSERT_TRUE(life.Submit(Create("contoso")).ok());
  life.loop.Post([&] {
    life.engine.Stop();
    EXPECT_EQ(ErrorReason(life.Submit(Create("late"))), "STOPPING");
  });
  life.Run();
  EXPECT_EQ(life.replies.size(), 1u);
  EXPECT_EQ(store.Load()->revision, 1u);
}

}  // namespace
}  // namespace nonet::controlplane
