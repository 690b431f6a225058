// The owner thread's turn: everything that waits is applied in order, written as one synced batch, and only
// then published and replied to. A failed commit ends the process: nobody is told of what may not be there.
//
//   engine.Submit([=](Engine::Turn& turn) {
//     auto answer = turn.plane.Mutate(request, turn.now, DrawRandoms(), turn.effects);
//     turn.Then([=](const absl::Status& committed) { reply(committed.ok() ? answer.status() : committed); });
//   });
//
// One batch is written at a time, by a thread of its own (committer.h); but where commands come one by one,
// as of a single caller, the owner thread writes them itself: nobody else would use the time, and a hand-over
// to another thread and back costs as much as the rest of the command. What comes in meanwhile is applied to
// the next turn, which is closed and written when the disk is free again: so the core may be ahead of what is
// durable, by the batch under way and the open turn. Whoever tells the outside of the core's state does that
// in a reply, of what was read in the turn or at its close.
//
// Thread-safe: Submit, SubmitEnd. Everything else: the loop thread only.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "absl/functional/any_invocable.h"
#include "absl/status/status.h"
#include "absl/synchronization/mutex.h"
#include "common/loop/event_loop.h"
#include "common/process/metrics.h"
#include "controlplane/core/control_plane.h"
#include "controlplane/server/committer.h"
#include "controlplane/store/store.h"

namespace nonet::controlplane {

class Engine {
 public:
  struct Options {
    ResourceSet::Options resources;
    size_t log_events_max = kLogEventsMax;
    size_t commands_queued_max = kCommandsQueuedMax;
  };
  // Told OK once the turn is durable, else why it may not be.
  using Reply = absl::AnyInvocable<void(const absl::Status& committed)>;
  // Called at the close of a turn, when all of it has been applied and nothing after it. Makes no effects.
  using Closing = absl::AnyInvocable<Reply()>;
  struct Turn {
    ControlPlane& plane;
    Now now;
    Effects& effects;
    std::vector<Reply>& replies;
    std::vector<Closing>& closings;
    bool& alone;
    void Then(Reply reply) { replies.push_back(std::move(reply)); }
    void AtClose(Closing closing) { closings.push_back(std::move(closing)); }
    // The replies of this turn find the core and the store at the same revision, and nothing being written.
    void FinishAlone() { alone = true; }
  };
  using Work = absl::AnyInvocable<void(Turn&)>;

  // All outlive the engine. `fail` is called at most once, when a commit failed.
  Engine(EventLoop& loop, Store& store, Metrics& metrics, Options options,
         std::function<void(absl::Status)> fail);
  ~Engine();

  // Loads the stored state.
  absl::Status Start();
  // What each turn changed, after it is durable and before its replies.
  void OnPublish(std::function<void(const std::vector<LogEntry>&)> publish) { publish_ = std::move(publish); }
  // At the close of each turn, after its closings.
  void OnClose(std::function<void(Turn&)> close) { close_ = std::move(close); }

  // RESOURCE_EXHAUSTED when too much waits to be applied or to be durable, UNAVAILABLE when stopping; then
  // `work` never runs.
  absl::Status Submit(Work work);
  // For the end of something taken in before, at most one each, so without the bound. Dropped when stopping.
  void SubmitEnd(Work work);
  // Takes in no more, then does all that was taken in. Waits for the disk.
  void Stop();

  const ControlPlane& plane() const { return plane_; }
  Now now() const { return {loop_.clock().SteadyNs(), loop_.clock().WallNs()}; }
  EventLoop& loop() { return loop_; }

 private:
  struct Series;
  // A turn: open while it is applied, closed when it is to be written.
  struct Batch {
    Effects effects;            // Until it is closed.
    std::vector<LogEntry> log;  // Of a closed one: what to publish.
    uint64_t revision = 0;      // Of a closed one.
    std::vector<Reply> replies;
    std::vector<Closing> closings;
    size_t commands = 0;
    bool alone = false;
  };

  void Enqueue(Work work) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mu_);
  void Drain();
  // What waits goes into the open turn.
  void Apply();
  // Closes the open turn. Begins to write it, or answers it when it is ready to be finished, with failed_.
  std::optional<Batch> Close();
  void Committed(Committer::Outcome outcome);
  void Count(const Batch& batch, const Committer::Outcome& outcome);
  void Finish(Batch batch, const absl::Status& committed);
  void Fail(const absl::Status& status);
  void ArmTimer();
  Turn TurnOf(Batch& batch);

  EventLoop& loop_;
  Store& store_;  // The committer's, after Start.
  const std::unique_ptr<Series> series_;
  const size_t commands_queued_max_;
  const std::function<void(absl::Status)> fail_;
  std::function<void(const std::vector<LogEntry>&)> publish_;
  std::function<void(Turn&)> close_;
  ControlPlane plane_;
  Batch open_;
  std::optional<Batch> under_way_;  // Being written.
  bool single_ = false;             // The last one that was written had one command.
  absl::Status failed_;             // Why nothing can be durable any more; OK while it can.
  EventLoop::TimerId timer_ = 0;
  // What was posted and has not run yet looks here whether the engine still is.
  const std::shared_ptr<bool> alive_;

  absl::Mutex mu_;  // Nothing is called with it held but EventLoop::Post, which only enqueues.
  std::vector<Work> queue_ ABSL_GUARDED_BY(mu_);
  size_t unfinished_ ABSL_GUARDED_BY(mu_) = 0;  // Taken out of queue_, and not durable yet.
  bool drain_posted_ ABSL_GUARDED_BY(mu_) = false;
  absl::Status closed_ ABSL_GUARDED_BY(mu_);  // Why nothing is taken in any more; OK while it is.

  Committer committer_;  // First to go.
};

// Fresh random values for one mutation, from the machine's random device.
Randoms DrawRandoms();

}  // namespace nonet::controlplane
