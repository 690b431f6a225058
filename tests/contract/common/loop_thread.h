// An event loop on a thread of its own, for tests of what runs there.
//
//   LoopThread loop(RealClock());
//   auto server = loop.Call([&] { return Server::Listen(loop.get(), ...); });
#pragma once

#include <optional>
#include <thread>
#include <type_traits>
#include <utility>

#include "absl/synchronization/notification.h"
#include "common/loop/event_loop.h"

namespace nonet {

class LoopThread {
 public:
  explicit LoopThread(const Clock& clock) : loop_(clock), thread_([this] { loop_.Run(); }) {}
  ~LoopThread() {
    loop_.Stop();
    thread_.join();
  }

  EventLoop& get() { return loop_; }

  // Runs `function` on the loop thread and waits for its result.
  template <class Function>
  auto Call(Function function) {
    absl::Notification done;
    if constexpr (std::is_void_v<decltype(function())>) {
      loop_.Post([&] {
        function();
        done.Notify();
      });
      done.WaitForNotification();
    } else {
      std::optional<decltype(function())> result;
      loop_.Post([&] {
        result.emplace(function());
        done.Notify();
      });
      done.WaitForNotification();
      return *std::move(result);
    }
  }

  // Waits until a condition of the loop thread holds; false when it does not within 20 s.
  template <class Condition>
  bool Eventually(Condition condition) {
    for (const int64_t end = RealNowNs() + 20 * kNanosPerSecond; RealNowNs() < end;
         std::this_thread::yield()) {
      if (Call(condition)) return true;
    }
    return false;
  }

 private:
  static int64_t RealNowNs();

  EventLoop loop_;
  std::thread thread_;
};

}  // namespace nonet
