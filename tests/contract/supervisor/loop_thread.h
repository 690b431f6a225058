// An event loop on a thread of its own, and waiting for conditions on it.
#pragma once

#include <functional>
#include <optional>
#include <thread>
#include <type_traits>
#include <utility>

#include "absl/synchronization/notification.h"
#include "common/loop/event_loop.h"
#include "common/real/real_clock.h"

namespace nonet::supervisor {

class LoopThread {
 public:
  LoopThread() : loop_(RealClock()), thread_([this] { loop_.Run(); }) {}
  ~LoopThread() {
    loop_.Stop();
    thread_.join();
  }
  EventLoop& get() { return loop_; }

  // Runs `call` on the loop and returns what it does.
  template <typename Callable>
  auto Call(Callable call) {
    using Result = decltype(call());
    absl::Notification done;
    if constexpr (std::is_void_v<Result>) {
      loop_.Post([&] {
        call();
        done.Notify();
      });
      done.WaitForNotification();
    } else {
      std::optional<Result> result;
      loop_.Post([&] {
        result.emplace(call());
        done.Notify();
      });
      done.WaitForNotification();
      return *std::move(result);
    }
  }

  // Whether the condition, looked at on the loop every millisecond, came true within 20 s.
  bool Eventually(std::function<bool()> condition) {
    absl::Notification done;
    bool result = false;
    const int64_t deadline = RealClock().SteadyNs() + 20 * kNanosPerSecond;
    std::function<void()> look = [&] {
      result = condition();
      if (result || RealClock().SteadyNs() > deadline) {
        done.Notify();
      } else {
        loop_.RunAfter(kNanosPerMilli, [&] { look(); });
      }
    };
    loop_.Post([&] { look(); });
    done.WaitForNotification();
    return result;
  }

 private:
  EventLoop loop_;
  std::thread thread_;
};

}  // namespace nonet::supervisor
