// The owner thread's turn: everything that waits is applied in order, written as one synced batch, and only
// then published and replied to. A failed commit ends the process: nobody is told of what may not be there.
//
//   engine.Submit([=](Engine::Turn& turn) {
//     auto answer = turn.plane.Mutate(request, turn.now, DrawRandoms(), turn.effects);
//     turn.Tell([=](const absl::Status& committed) { reply(committed.ok() ? answer.status() : committed); });
//   });
//
// The owner thread writes the batch itself, and what comes in meanwhile waits for the next turn: while a
// synced write takes some hundred microseconds, handing it to another thread and back costs more than it
// saves. So where Then replies, the core and the store are at the same revision, and nothing is being
// written; what Tell hands over may be told during the next turn.
//
// Thread-safe: Submit, SubmitEnd. Everything else: the loop thread only.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "absl/functional/any_invocable.h"
#include "absl/status/status.h"
#include "absl/synchronization/mutex.h"
#include "common/loop/event_loop.h"
#include "common/process/metrics.h"
#include "controlplane/core/control_plane.h"
#include "controlplane/server/teller.h"
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
  struct Turn {
    ControlPlane& plane;
    Now now;
    Effects& effects;
    std::vector<Reply>& replies;
    std::vector<Reply>& answers;
    // On the owner thread, before the next turn.
    void Then(Reply reply) { replies.push_back(std::move(reply)); }
    // On a thread of its own, for what only hands over the answer to a caller.
    void Tell(Reply answer) { answers.push_back(std::move(answer)); }
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
  // When all of a turn has been applied, before it is written. Makes no effects.
  void OnClose(std::function<void(Turn&)> close) { close_ = std::move(close); }

  // RESOURCE_EXHAUSTED when too much waits, UNAVAILABLE when stopping; then `work` never runs.
  absl::Status Submit(Work work);
  // For the end of something taken in before, at most one each, so without the bound. Dropped when stopping.
  void SubmitEnd(Work work);
  // Takes in no more, then does all that was taken in.
  void Stop();

  const ControlPlane& plane() const { return plane_; }
  Now now() const { return {loop_.clock().SteadyNs(), loop_.clock().WallNs()}; }
  EventLoop& loop() { return loop_; }

 private:
  struct Series;
  void Enqueue(Work work) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mu_);
  void Drain();
  absl::Status Commit(const StoreBatch& batch, size_t commands);
  void Fail(const absl::Status& status);
  void ArmTimer();

  EventLoop& loop_;
  Store& store_;
  const std::unique_ptr<Series> series_;
  const size_t commands_queued_max_;
  const std::function<void(absl::Status)> fail_;
  std::function<void(const std::vector<LogEntry>&)> publish_;
  std::function<void(Turn&)> close_;
  ControlPlane plane_;
  absl::Status failed_;  // Why nothing can be durable any more; OK while it can.
  EventLoop::TimerId timer_ = 0;
  Teller teller_;
  // What was posted and has not run yet looks here whether the engine still is.
  const std::shared_ptr<bool> alive_;

  absl::Mutex mu_;  // Nothing is called with it held but EventLoop::Post, which only enqueues.
  std::vector<Work> queue_ ABSL_GUARDED_BY(mu_);
  bool drain_posted_ ABSL_GUARDED_BY(mu_) = false;
  absl::Status closed_ ABSL_GUARDED_BY(mu_);  // Why nothing is taken in any more; OK while it is.
};

// Fresh random values for one mutation, from the machine's random device.
Randoms DrawRandoms();

}  // namespace nonet::controlplane
