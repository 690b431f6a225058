// The fake Clock: time moves when a test says so. Steady and wall time advance together.
#pragma once

#include <atomic>

#include "common/clock/clock.h"

namespace nonet {

class SimulatedClock final : public Clock {  // Thread-safe.
 public:
  explicit SimulatedClock(int64_t wall_ns = 1'700'000'000 * kNanosPerSecond) : start_wall_ns_(wall_ns) {}

  int64_t SteadyNs() const override { return elapsed_ns_.load(std::memory_order_acquire); }
  int64_t WallNs() const override { return start_wall_ns_ + SteadyNs(); }
  void AdvanceNs(int64_t ns) { elapsed_ns_.fetch_add(ns, std::memory_order_acq_rel); }

 private:
  const int64_t start_wall_ns_;
  std::atomic<int64_t> elapsed_ns_{0};
};

}  // namespace nonet
