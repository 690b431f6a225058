// Callbacks, timers and sockets that never run at the same time: the owner of one core. They run in turns, on
// the thread of Run. A network callback of any other thread only posts here; what was posted is drained in
// one batch.
//
//   EventLoop loop(RealClock());
//   loop.Post([&] { hub.Apply(...); });
//   loop.Run();
//
// Thread-safe: Post, Stop, InTurn, clock. Everything else: on its thread only (or before and after Run). With
// a SimulatedClock, due timers run after the next posted batch: advance the clock, then Post.
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
  // Runs `task` once at `steady_ns` or as soon after as possible.
  TimerId RunAt(int64_t steady_ns, Task task);
  TimerId RunAfter(int64_t delay_ns, Task task) {
    return RunAt(clock().SteadyNs() + delay_ns, std::move(task));
  }
  // No effect when it has run or was cancelled.
  void Cancel(TimerId timer);

  // Whether the calling thread is that of Run, since it began.
  bool InTurn() const;
  const Clock& clock() const;
  // Runs handlers on the loop's thread. For common/http and other socket shells; include
  // <boost/asio/any_io_executor.hpp> to use it.
  boost::asio::any_io_executor executor();

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace nonet
