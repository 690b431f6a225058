// Time as a seam. Cores take `now` as a value and never see a Clock; shells own one.
// Steady time measures, wall time is for display and for stamps that cross processes.
#pragma once

#include <cstdint>

namespace nonet {

inline constexpr int64_t kNanosPerMicro = 1'000;
inline constexpr int64_t kNanosPerMilli = 1'000'000;
inline constexpr int64_t kNanosPerSecond = 1'000'000'000;

class Clock {  // Thread-safe.
 public:
  virtual ~Clock() = default;
  // Nanoseconds since an arbitrary point; never goes back.
  virtual int64_t SteadyNs() const = 0;
  // Unix time, nanoseconds.
  virtual int64_t WallNs() const = 0;
};

}  // namespace nonet
