// The owner thread's turn: one commit for all that waits, and what a crash around it leaves.
#include "controlplane/server/engine.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <thread>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
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
    durable = batch.revision;
    if (fault == Fault::kAfterCommit) return absl::DataLossError("died after the commit");
    return status;
  }
  Fault fault = Fault::kNone;
  int commits = 0;
  uint64_t durable = 0;

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
  // Until all that was taken in has been answered.
  void Run() {
    engine.SubmitEnd([this](Engine::Turn& turn) { turn.Then([this](const absl::Status&) { loop.Stop(); }); });
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

// Each command comes when the one before has been answered, as of a single caller.
TEST(Engine, WritesCommandsThatComeOneByOneAndFailsWithTheFirstThatCannotBeWritten) {
  MemoryStore store;
  Life life(store);
  std::vector<uint64_t> published;
  life.engine.OnPublish([&](const std::vector<LogEntry>& log) {
    EXPECT_EQ(life.store.durable, log.back().revision);
    published.push_back(log.back().revision);
  });
  std::function<void(int)> next = [&](int n) {
    if (n == 5) life.store.fault = FaultyStore::Fault::kBeforeCommit;
    ASSERT_TRUE(life.engine
                    .Submit([&, n](Engine::Turn& turn) {
                      auto answer = turn.plane.Mutate(Create("contoso" + std::to_string(n)), turn.now,
                                                      DrawRandoms(), turn.effects);
                      EXPECT_TRUE(answer.ok());
                      turn.Then([&, n](const absl::Status& committed) {
                        life.replies.push_back(committed);
                        committed.ok() ? next(n + 1) : life.loop.Stop();
                      });
                    })
                    .ok());
  };
  next(1);
  life.loop.Run();
  EXPECT_EQ(published, (std::vector<uint64_t>{1, 2, 3, 4}));
  ASSERT_EQ(life.replies.size(), 5u);
  EXPECT_EQ(life.replies[4].code(), absl::StatusCode::kDataLoss);
  EXPECT_EQ(life.failures.size(), 1u);
  EXPECT_EQ(store.Load()->revision, 4u);
}

// What a stream starts with: later turns are published to it, so their changes must not be in it, and all
// that is in it must be durable.
TEST(Engine, RepliesFindTheCoreWhereTheStoreIs) {
  MemoryStore store;
  Life life(store);
  std::vector<std::pair<uint64_t, uint64_t>> seen;  // Of the core, of the store.
  const auto look = [&] {
    return life.engine.Submit([&](Engine::Turn& turn) {
      turn.Then([&](const absl::Status&) {
        seen.emplace_back(life.engine.plane().revision(), store.Load()->revision);
      });
    });
  };
  ASSERT_TRUE(look().ok());
  ASSERT_TRUE(life.Submit(Create("contoso")).ok());  // Of the same turn, though it comes after.
  life.loop.Post([&] {
    ASSERT_TRUE(life.Submit(Create("fabrikam")).ok());
    ASSERT_TRUE(look().ok());
    life.engine.SubmitEnd(
        [&](Engine::Turn& turn) { turn.Then([&](const absl::Status&) { life.loop.Stop(); }); });
  });
  life.loop.Run();
  EXPECT_EQ(seen, (std::vector<std::pair<uint64_t, uint64_t>>{{1, 1}, {2, 2}}));
}

TEST(Engine, FailsWhatComesInAfterACommitThatFailed) {
  MemoryStore store;
  Life life(store);
  life.store.fault = FaultyStore::Fault::kBeforeCommit;
  life.engine.OnPublish([](const std::vector<LogEntry>&) { ADD_FAILURE() << "nobody may hear of it"; });
  ASSERT_TRUE(life.Submit(Create("contoso")).ok());
  std::vector<absl::Status> reads;
  ASSERT_TRUE(life.engine
                  .Submit([&](Engine::Turn& turn) {
                    turn.Then([&](const absl::Status& committed) {
                      reads.push_back(committed);  // A read sees what is not durable.
                      EXPECT_EQ(life.Submit(Create("fabrikam")).code(), absl::StatusCode::kDataLoss);
                      life.loop.Stop();
                    });
                  })
                  .ok());
  life.loop.Run();
  ASSERT_EQ(life.replies.size(), 1u);
  EXPECT_EQ(life.replies[0].code(), absl::StatusCode::kDataLoss);
  ASSERT_EQ(reads.size(), 1u);
  EXPECT_EQ(reads[0].code(), absl::StatusCode::kDataLoss);
  EXPECT_EQ(life.failures.size(), 1u);
  EXPECT_EQ(life.store.commits, 1);  // Nothing is written after it.
  EXPECT_EQ(store.Load()->revision, 0u);
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

TEST(Engine, TellsCallersOnAThreadOfItsOwnAfterTheCommit) {
  MemoryStore store;
  std::vector<int> told;  // Of one teller; it has ended when it is read.
  std::vector<int> commits;
  std::vector<std::thread::id> threads;
  {
    Life life(store);
    for (int i = 0; i < 100; ++i) {
      ASSERT_TRUE(life.engine
                      .Submit([&, i](Engine::Turn& turn) {
                        auto answer = turn.plane.Mutate(Create(absl::StrCat("contoso", i)), turn.now,
                                                        DrawRandoms(), turn.effects);
                        EXPECT_TRUE(answer.ok()) << answer.status();
                        turn.Tell([&, i](const absl::Status& committed) {
                          EXPECT_TRUE(committed.ok()) << committed;
                          told.push_back(i);
                          commits.push_back(life.store.commits);
                          threads.push_back(std::this_thread::get_id());
                        });
                      })
                      .ok());
    }
    life.Run();
  }
  ASSERT_EQ(told.size(), 100u);
  EXPECT_TRUE(std::is_sorted(told.begin(), told.end()));
  EXPECT_EQ(commits, std::vector<int>(100, 1));
  for (const std::thread::id thread : threads) EXPECT_NE(thread, std::this_thread::get_id());
}

TEST(Engine, TellsCallersWhenTheCommitFailed) {
  MemoryStore store;
  std::vector<absl::Status> told;
  {
    Life life(store);
    life.store.fault = FaultyStore::Fault::kBeforeCommit;
    ASSERT_TRUE(life.engine
                    .Submit([&](Engine::Turn& turn) {
                      EXPECT_TRUE(
                          turn.plane.Mutate(Create("contoso"), turn.now, DrawRandoms(), turn.effects).ok());
                      turn.Tell([&](const absl::Status& committed) { told.push_back(committed); });
                    })
                    .ok());
    life.Run();
  }
  ASSERT_EQ(told.size(), 1u);
  EXPECT_EQ(told[0].code(), absl::StatusCode::kDataLoss);
}

}  // namespace
}  // namespace nonet::controlplane
