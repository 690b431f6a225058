#include "common/process/stop_watch.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <unistd.h>

#include <cerrno>
#include <thread>
#include <utility>

#include "absl/base/thread_annotations.h"
#include "absl/synchronization/mutex.h"
#include "common/base/check.h"
#include "common/process/log.h"
#include "common/real/real_clock.h"

namespace nonet {
namespace {

// What travels through the pipe to the watching thread. A signal handler may do no more than write there.
constexpr char kSignal = 's';
constexpr char kArm = 'a';
constexpr char kEnd = 'e';

int g_write_fd = -1;

void Send(char what) {
  const int saved = errno;  // A handler leaves errno alone.
  while (write(g_write_fd, &what, 1) < 0 && errno == EINTR) {
  }
  errno = saved;
}

void OnSignal(int) { Send(kSignal); }

// Waits for one letter; 0 when `deadline_ns` passed first.
char Receive(int fd, int64_t deadline_ns) {
  while (true) {
    int wait_ms = -1;
    if (deadline_ns != INT64_MAX) {
      const int64_t left_ns = deadline_ns - RealClock().SteadyNs();
      if (left_ns <= 0) return 0;
      wait_ms = static_cast<int>(left_ns / kNanosPerMilli) + 1;
    }
    pollfd readable = {.fd = fd, .events = POLLIN, .revents = 0};
    if (poll(&readable, 1, wait_ms) <= 0) continue;
    char what = 0;
    if (read(fd, &what, 1) == 1) return what;
  }
}

// Shared between the watch and its thread, which outlives it once armed.
struct State {
  absl::Mutex mu;
  std::function<void()> on_signal ABSL_GUARDED_BY(mu);  // Empty once called, and when the watch is gone.
  bool armed ABSL_GUARDED_BY(mu) = false;
};

void Watch(int fd, const std::shared_ptr<State>& state) {
  int64_t deadline_ns = INT64_MAX;
  while (true) {
    const char what = Receive(fd, deadline_ns);
    if (what == 0) {
      log::Error("the stop took too long; ending by force");
      _exit(1);
    }
    absl::MutexLock lock(&state->mu);
    if (what == kEnd) {
      if (!state->armed) return;
      continue;  // Nothing but the end of the process takes the deadline away.
    }
    if (!std::exchange(state->armed, true)) deadline_ns = RealClock().SteadyNs() + kStopNsMax;
    if (what == kSignal && state->on_signal) std::exchange(state->on_signal, nullptr)();
  }
}

class PipeStopWatch final : public StopWatch {
 public:
  explicit PipeStopWatch(std::function<void()> on_signal) : state_(std::make_shared<State>()) {
    {
      absl::MutexLock lock(&state_->mu);
      state_->on_signal = std::move(on_signal);
    }
    int fds[2];
    NONET_CHECK(g_write_fd < 0);
    NONET_CHECK(pipe2(fds, O_CLOEXEC) == 0);
    g_write_fd = fds[1];
    fcntl(g_write_fd, F_SETFL, O_NONBLOCK);  // A flood of signals never blocks its handler.
    std::thread([fd = fds[0], state = state_] { Watch(fd, state); }).detach();
    struct sigaction action {};
    action.sa_handler = OnSignal;
    action.sa_flags = SA_RESTART;
    sigaction(SIGTERM, &action, nullptr);
    sigaction(SIGINT, &action, nullptr);
  }

  ~PipeStopWatch() override {
    absl::MutexLock lock(&state_->mu);
    state_->on_signal = nullptr;
    if (state_->armed) return;
    signal(SIGTERM, SIG_DFL);
    signal(SIGINT, SIG_DFL);
    Send(kEnd);
  }

  void Arm() override { Send(kArm); }

 private:
  const std::shared_ptr<State> state_;
};

}  // namespace

std::unique_ptr<StopWatch> StopWatch::Start(std::function<void()> on_signal) {
  return std::make_unique<PipeStopWatch>(std::move(on_signal));
}

}  // namespace nonet
