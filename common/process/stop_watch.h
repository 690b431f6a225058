// Turns SIGTERM and SIGINT into a call, and sees to it that what they ask for happens: a process that has not
// ended within 5 s is ended, whatever hangs in it. One a process.
//
//   auto watch = StopWatch::Start([&] { loop.Post(stop); });
#pragma once

#include <cstdint>
#include <functional>
#include <memory>

#include "common/clock/clock.h"

namespace nonet {

// From the signal to the end by force (exit code 1), which takes a moment itself.
inline constexpr int64_t kStopNsMax = 4'700 * kNanosPerMilli;

class StopWatch {  // Thread-safe.
 public:
  // `on_signal` runs at the first signal, on a thread of its own; it must be brief. Later signals change
  // nothing.
  static std::unique_ptr<StopWatch> Start(std::function<void()> on_signal);
  // No call follows. The signals get their defaults back, unless the watch is armed: then it goes on to the
  // process's end.
  virtual ~StopWatch() = default;
  // Begins the 5 s without a signal. Idempotent.
  virtual void Arm() = 0;
};

}  // namespace nonet
