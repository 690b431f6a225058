// Callbacks, timers and sockets that never run at the same time: the owner of one core. They run in turns, on
// the thread of Run. A network callback of any other thread only posts here; what was posted is drained in
// one batch.
//
//   EventLoop loop(RealClock());
//   loop.Post([&] { hub.Apply(...); });
//   loop.Run();
//
// Once turns are shared (ShareTurns), a thread that calls RunOrPost while no turn is running takes the turn
// itself: what it read from the network is then worked off, and answered, without waking another thread,
// which between two cores costs more than most work here. Everyone else's posts are drained by who has the
// turn.
//
// Thread-safe: Post, RunOrPost, Stop, InTurn, clock. Everything else: in a turn only (or before and after
// Run, on its thread). With a SimulatedClock, due timers run after the next posted batch: advance the clock,
// then Post.
#pragma once

#include <cstdint>
#include <memory>
#include <utility>

#include "absl/functional/any_invocable.h"
#include "common/clock/clock.h"

namespace boost::asio {
class any_io_executor;
}

namespace nonet {

class EventLoop {
 public:
  using Task = absl::AnyInvocable<void()>;
  using TimerId = uint64_t;  // 0 is never a timer.

  explicit EventLoop(const Clock& clock);  // The clock outlives the loop.
  ~EventLoop();                            // Run must have returned. Pending tasks are destroyed, not run.
  EventLoop(const EventLoop&) = delete;
  EventLoop& operator=(const EventLoop&) = delete;

  // Runs until Stop. At most once.
  void Run();
  // Tasks posted before still run.
  void Stop();

  // Tasks run in the order posted. Unbounded: who posts from outside bounds what it has in flight.
  void Post(Task task);
  // As Post; but where turns are shared and none is running, what is posted runs here and now, this task
  // last. Call it with no lock held that a task may want, and from where no task waits for the caller.
  void RunOrPost(Task task);
  // Whether RunOrPost may take a turn; at first it may not. Once it may not again, every later turn is on the
  // thread of Run, where it may wait for the threads that called RunOrPost.
  void ShareTurns(bool share);
  // Runs `task` once at `steady_ns` or as soon after as possible.
  TimerId RunAt(int64_t steady_ns, Task task);
  TimerId RunAfter(int64_t delay_ns, Task task) {
    return RunAt(clock().SteadyNs() + delay_ns, std::move(task));
  }
  // No effect when it has run or was cancelled.
  void Cancel(TimerId timer);

  // Whether the calling thread has the turn. After Run, its thread keeps it.
  bool InTurn() const;
  const Clock& clock() const;
  // Runs handlers in turns. For common/http and other socket shells; include
  // <boost/asio/any_io_executor.hpp> to use it.
  boost::asio::any_io_executor executor();

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace nonet
