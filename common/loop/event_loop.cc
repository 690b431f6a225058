#include "common/loop/event_loop.h"

#include <sys/timerfd.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/posix/stream_descriptor.hpp>
#include <boost/asio/post.hpp>
#include <map>
#include <thread>
#include <utility>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/container/flat_hash_map.h"
#include "absl/synchronization/mutex.h"
#include "common/base/check.h"
#include "common/loop/turn_executor.h"

namespace nonet {
namespace {

namespace asio = boost::asio;

// A timer that is further away is looked at again after this long: a machine may sleep meanwhile.
constexpr int64_t kTimerWaitNsMax = 3600 * kNanosPerSecond;

int OpenTimer() {
  const int fd = timerfd_create(CLOCK_MONOTONIC, TFD_NONBLOCK | TFD_CLOEXEC);
  NONET_CHECK(fd >= 0);
  return fd;
}

}  // namespace

struct EventLoop::Impl {
  explicit Impl(const Clock& clock_in)
      : clock(clock_in), work(asio::make_work_guard(io)), timer(executor(), OpenTimer()) {
    WaitForTimer();
  }

  // What runs the handlers of sockets and timers: each is a turn.
  template <typename Handler>
  void Run(Handler&& handler) ABSL_LOCKS_EXCLUDED(mu) {
    if (InTurn()) return handler();
    TakeTurn();
    handler();
    // Nothing else was ready to share a batch with.
    if (std::exchange(waited, false) && TakeBatch()) {
      RunBatch();
      RunDue();
    }
    EndTurn();
  }
  asio::any_io_executor executor() {
    return TurnExecutor<asio::io_context::executor_type, Impl>(io.get_executor(), this);
  }

  bool InTurn() const { return holder.load(std::memory_order_relaxed) == std::this_thread::get_id(); }
  // The loop's thread. Waits until a turn on another thread ends.
  void TakeTurn() ABSL_LOCKS_EXCLUDED(mu);
  void EndTurn() ABSL_LOCKS_EXCLUDED(mu);
  // Any thread. Whether it has got the turn with it, and has to run batches until there is none.
  bool Add(Task task, bool may_take_turn) ABSL_LOCKS_EXCLUDED(mu);
  // Any other thread, with the turn. Whether there is a next batch to run; without one the turn has ended. As
  // soon as the loop's thread wants the turn, the rest is left to it.
  bool NextBatchOrEndTurn() ABSL_LOCKS_EXCLUDED(mu);
  // Whether the loop's thread has yet to be told of what is posted; then by PostDrain.
  bool DrainNewlyDue() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mu) {
    return !posted.empty() && !std::exchange(drain_due, true);
  }
  void PostDrain();

  // The loop's thread: handlers, until Stop.
  void RunHandlers();
  void Drain() ABSL_LOCKS_EXCLUDED(mu);
  bool TakeBatch() ABSL_LOCKS_EXCLUDED(mu);  // Whether there is one.
  void RunBatch();
  void RunDue();
  void Arm();
  void WaitForTimer();

  const Clock& clock;
  // Who has the turn; only its own thread can find itself there.
  std::atomic<std::thread::id> holder{};
  std::atomic<bool> closing{false};  // The destructor runs: nothing is accepted any more.

  absl::Mutex mu;
  std::vector<Task> posted ABSL_GUARDED_BY(mu);
  bool drain_due ABSL_GUARDED_BY(mu) = false;    // On the loop's thread.
  bool shared ABSL_GUARDED_BY(mu) = false;       // ShareTurns.
  bool running ABSL_GUARDED_BY(mu) = false;      // Between the beginning and the end of Run.
  bool turn ABSL_GUARDED_BY(mu) = false;         // Somebody has it.
  bool turn_away ABSL_GUARDED_BY(mu) = false;    // Somebody who is not the loop's thread has it.
  bool turn_wanted ABSL_GUARDED_BY(mu) = false;  // By the loop's thread.

  // The loop's thread: it found nothing ready before the handler that it runs next.
  bool waited = false;

  // In a turn only.
  std::vector<Task> batch;  // Keeps its capacity from turn to turn.
  using Due = std::pair<int64_t, TimerId>;
  std::map<Due, Task> timers;  // In the order they run: by time, then by age.
  absl::flat_hash_map<TimerId, int64_t> due_of;
  TimerId last_timer = 0;
  int64_t armed_for_ns = INT64_MAX;

  // Destroyed before the rest: what its pending handlers own may still call Cancel or Post.
  asio::io_context io{1};  // One thread runs it.
  asio::executor_work_guard<asio::io_context::executor_type> work;
  asio::posix::stream_descriptor timer;  // A timerfd: set from any thread without waking the loop's.
};

void EventLoop::Impl::TakeTurn() {
  absl::MutexLock lock(&mu);
  if (turn) {
    turn_wanted = true;
    const auto free = [this]() ABSL_SHARED_LOCKS_REQUIRED(mu) { return !turn; };
    mu.Await(absl::Condition(&free));
    turn_wanted = false;
  }
  turn = true;
  holder.store(std::this_thread::get_id(), std::memory_order_relaxed);
}

void EventLoop::Impl::EndTurn() {
  bool wake = false;
  {
    absl::MutexLock lock(&mu);
    holder.store(std::thread::id(), std::memory_order_relaxed);
    turn = false;
    wake = DrainNewlyDue();
  }
  if (wake) PostDrain();
}

bool EventLoop::Impl::Add(Task task, bool may_take_turn) {
  if (closing.load(std::memory_order_relaxed)) return false;
  bool wake = false;
  {
    absl::MutexLock lock(&mu);
    posted.push_back(std::move(task));
    if (may_take_turn && shared && running && !turn && !turn_wanted) {
      turn = turn_away = true;
      holder.store(std::this_thread::get_id(), std::memory_order_relaxed);
      return true;
    }
    wake = !turn && DrainNewlyDue();  // Who has the turn sees to it.
  }
  if (wake) PostDrain();
  return false;
}

bool EventLoop::Impl::NextBatchOrEndTurn() {
  bool wake = false;
  {
    absl::MutexLock lock(&mu);
    if (!posted.empty() && !turn_wanted && shared) {
      batch.swap(posted);
      return true;
    }
    holder.store(std::thread::id(), std::memory_order_relaxed);
    turn = turn_away = false;
    wake = DrainNewlyDue();
  }
  if (wake) PostDrain();
  return false;
}

void EventLoop::Impl::PostDrain() {
  asio::post(io, [this] { Run([this] { Drain(); }); });
}

void EventLoop::Impl::RunHandlers() {
  while (!io.stopped()) {
    io.poll();  // Until nothing is ready.
    waited = true;
    io.run_one();
  }
}

void EventLoop::Impl::Drain() {
  {
    absl::MutexLock lock(&mu);
    batch.swap(posted);
    drain_due = false;
  }
  RunBatch();
  RunDue();
}

bool EventLoop::Impl::TakeBatch() {
  absl::MutexLock lock(&mu);
  batch.swap(posted);
  return !batch.empty();
}

void EventLoop::Impl::RunBatch() {
  for (Task& task : batch) {
    Task running_task = std::move(task);  // Destroyed right after it ran.
    running_task();
  }
  batch.clear();
}

void EventLoop::Impl::RunDue() {
  // Only what is due now: a timer that sets itself again at once does not starve the sockets.
  const int64_t now = clock.SteadyNs();
  const TimerId newest = last_timer;
  for (auto it = timers.begin(); it != timers.end() && it->first.first <= now && it->first.second <= newest;
       it = timers.begin()) {
    Task task = std::move(it->second);
    due_of.erase(it->first.second);
    timers.erase(it);
    task();
  }
  Arm();
}

void EventLoop::Impl::Arm() {
  if (closing.load(std::memory_order_relaxed)) return;
  if (timers.empty()) {
    armed_for_ns = INT64_MAX;  // A wait that is still pending finds nothing to do.
    return;
  }
  const int64_t due_ns = timers.begin()->first.first;
  if (due_ns == armed_for_ns) return;
  armed_for_ns = due_ns;
  const int64_t wait_ns = std::clamp<int64_t>(due_ns - clock.SteadyNs(), 1, kTimerWaitNsMax);  // 0 disarms.
  const itimerspec at = {
      .it_interval = {},
      .it_value = {.tv_sec = wait_ns / kNanosPerSecond, .tv_nsec = wait_ns % kNanosPerSecond}};
  NONET_CHECK(timerfd_settime(timer.native_handle(), 0, &at, nullptr) == 0);
}

void EventLoop::Impl::WaitForTimer() {
  timer.async_wait(asio::posix::stream_descriptor::wait_read, [this](const boost::system::error_code& error) {
    if (error) return;  // The loop is being destroyed.
    uint64_t expirations = 0;
    // Nothing to read: it was set again meanwhile.
    if (read(timer.native_handle(), &expirations, sizeof(expirations)) > 0) armed_for_ns = INT64_MAX;
    RunDue();
    WaitForTimer();
  });
}

EventLoop::EventLoop(const Clock& clock) : impl_(std::make_unique<Impl>(clock)) {}

EventLoop::~EventLoop() {
  impl_->closing = true;
  // What the tasks own may call Cancel or Post while it is destroyed.
  std::vector<Task> posted;
  {
    absl::MutexLock lock(&impl_->mu);
    posted.swap(impl_->posted);
  }
  posted.clear();
  std::map<Impl::Due, Task> timers;
  timers.swap(impl_->timers);
  impl_->due_of.clear();
  timers.clear();
}

void EventLoop::Run() {
  {
    absl::MutexLock lock(&impl_->mu);
    NONET_CHECK(!std::exchange(impl_->running, true));
  }
  impl_->Run([this] { impl_->Arm(); });
  impl_->RunHandlers();
  impl_->TakeTurn();  // For good.
}

void EventLoop::Stop() {
  Post([this] {
    ShareTurns(false);
    impl_->io.stop();
  });
}

void EventLoop::Post(Task task) { impl_->Add(std::move(task), /*may_take_turn=*/false); }

void EventLoop::RunOrPost(Task task) {
  if (!impl_->Add(std::move(task), /*may_take_turn=*/true)) return;
  while (impl_->NextBatchOrEndTurn()) impl_->RunBatch();
}

void EventLoop::ShareTurns(bool share) {
  absl::MutexLock lock(&impl_->mu);
  impl_->shared = share;
}

EventLoop::TimerId EventLoop::RunAt(int64_t steady_ns, Task task) {
  const TimerId id = ++impl_->last_timer;
  if (impl_->closing.load(std::memory_order_relaxed)) return id;
  impl_->timers.emplace(Impl::Due{steady_ns, id}, std::move(task));
  impl_->due_of.emplace(id, steady_ns);
  if (steady_ns < impl_->armed_for_ns) impl_->Arm();
  return id;
}

void EventLoop::Cancel(TimerId timer) {
  const auto it = impl_->due_of.find(timer);
  if (it == impl_->due_of.end()) return;
  const Impl::Due due{it->second, timer};
  impl_->due_of.erase(it);
  const auto node = impl_->timers.extract(due);  // The task is destroyed when all is consistent again.
}

bool EventLoop::InTurn() const { return impl_->InTurn(); }

const Clock& EventLoop::clock() const { return impl_->clock; }

boost::asio::any_io_executor EventLoop::executor() { return impl_->executor(); }

}  // namespace nonet
