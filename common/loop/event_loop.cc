#include "common/loop/event_loop.h"

#include <algorithm>
#include <atomic>
#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>
#include <chrono>
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

}  // namespace

struct EventLoop::Impl {
  explicit Impl(const Clock& clock_in) : clock(clock_in), work(asio::make_work_guard(io)), timer(io) {}

  void Drain() ABSL_LOCKS_EXCLUDED(mu);
  void RunDue();
  void Arm();

  const Clock& clock;
  std::atomic<std::thread::id> thread{};
  std::atomic<bool> stopping{false};
  std::atomic<bool> closing{false};  // The destructor runs: nothing is accepted any more.

  absl::Mutex mu;
  std::vector<Task> posted ABSL_GUARDED_BY(mu);
  bool wake_pending ABSL_GUARDED_BY(mu) = false;

  // The loop thread only.
  std::vector<Task> batch;  // Keeps its capacity from turn to turn.
  using Due = std::pair<int64_t, TimerId>;
  std::map<Due, Task> timers;  // In the order they run: by time, then by age.
  absl::flat_hash_map<TimerId, int64_t> due_of;
  TimerId last_timer = 0;
  int64_t armed_for_ns = INT64_MAX;

  // Destroyed before the rest: what its pending handlers own may still call Cancel or Post.
  asio::io_context io{1};  // One thread runs it.
  asio::executor_work_guard<asio::io_context::executor_type> work;
  asio::steady_timer timer;
};

void EventLoop::Impl::Drain() {
  {
    absl::MutexLock lock(&mu);
    batch.swap(posted);
    wake_pending = false;
  }
  for (Task& task : batch) {
    Task running = std::move(task);  // Destroyed right after it ran.
    running();
  }
  batch.clear();
  RunDue();
  if (stopping.load(std::memory_order_acquire)) io.stop();
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
  const int64_t wait_ns = std::clamp<int64_t>(due_ns - clock.SteadyNs(), 0, kTimerWaitNsMax);
  timer.expires_after(std::chrono::nanoseconds(wait_ns));
  timer.async_wait([this](const boost::system::error_code& error) {
    if (error) return;  // Set again meanwhile.
    armed_for_ns = INT64_MAX;
    RunDue();
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
  NONET_CHECK(impl_->thread.load() == std::thread::id());
  impl_->thread = std::this_thread::get_id();
  impl_->Arm();
  impl_->io.run();
}

void EventLoop::Stop() {
  Post([this] { impl_->stopping = true; });
}

void EventLoop::Post(Task task) {
  if (impl_->closing.load(std::memory_order_relaxed)) return;
  bool wake = false;
  {
    absl::MutexLock lock(&impl_->mu);
    impl_->posted.push_back(std::move(task));
    wake = !std::exchange(impl_->wake_pending, true);
  }
  if (wake) asio::post(impl_->io, [impl = impl_.get()] { impl->Drain(); });
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

bool EventLoop::InLoopThread() const { return impl_->thread.load() == std::this_thread::get_id(); }

const Clock& EventLoop::clock() const { return impl_->clock; }

boost::asio::io_context& EventLoop::io() { return impl_->io; }

}  // namespace nonet
