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
      : clock(clock_in), work(asio::make_work_guard(io)), timer(io, OpenTimer()) {
    WaitForTimer();
  }

  bool InTurn() const { return thread.load(std::memory_order_relaxed) == std::this_thread::get_id(); }
  void Add(Task task) ABSL_LOCKS_EXCLUDED(mu);

  // Handlers, until Stop.
  void RunHandlers();
  void Drain() ABSL_LOCKS_EXCLUDED(mu);
  bool TakeBatch() ABSL_LOCKS_EXCLUDED(mu);  // Whether there is one.
  void RunBatch();
  void RunDue();
  void Arm();
  void WaitForTimer();

  const Clock& clock;
  std::atomic<std::thread::id> thread{};  // Of Run, once it began.
  std::atomic<bool> closing{false};       // The destructor runs: nothing is accepted any more.

  absl::Mutex mu;
  std::vector<Task> posted ABSL_GUARDED_BY(mu);
  bool drain_due ABSL_GUARDED_BY(mu) = false;  // Drain is among the handlers.

  // The loop's thread: it found nothing ready before the handler that it runs now, so that what that one
  // posts shares a batch with nothing else, and runs right behind it.
  bool lone = false;

  // The loop's thread.
  std::vector<Task> batch;  // Keeps its capacity from turn to turn.
  using Due = std::pair<int64_t, TimerId>;
  std::map<Due, Task> timers;  // In the order they run: by time, then by age.
  absl::flat_hash_map<TimerId, int64_t> due_of;
  TimerId last_timer = 0;
  int64_t armed_for_ns = INT64_MAX;

  // Destroyed before the rest: what its pending handlers own may still call Cancel or Post.
  asio::io_context io{1};  // One thread runs it.
  asio::executor_work_guard<asio::io_context::executor_type> work;
  asio::posix::stream_descriptor timer;  // A timerfd.
};

void EventLoop::Impl::Add(Task task) {
  if (closing.load(std::memory_order_relaxed)) return;
  bool wake = false;
  {
    absl::MutexLock lock(&mu);
    posted.push_back(std::move(task));
    wake = !drain_due && !(InTurn() && lone);
    drain_due |= wake;
  }
  if (wake) asio::post(io, [this] { Drain(); });
}

void EventLoop::Impl::RunHandlers() {
  while (!io.stopped()) {
    io.poll();  // Until nothing is ready.
    lone = true;
    io.run_one();
    lone = false;
    if (!TakeBatch()) continue;
    RunBatch();
    RunDue();
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
  NONET_CHECK(impl_->thread.exchange(std::this_thread::get_id()) == std::thread::id());
  impl_->Arm();
  impl_->RunHandlers();
}

void EventLoop::Stop() {
  Post([this] { impl_->io.stop(); });
}

void EventLoop::Post(Task task) { impl_->Add(std::move(task)); }

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

boost::asio::any_io_executor EventLoop::executor() { return impl_->io.get_executor(); }

}  // namespace nonet
