#include "common/real/real_clock.h"

#include <ctime>

namespace nonet {
namespace {

int64_t ReadNs(clockid_t id) {
  timespec ts{};
  clock_gettime(id, &ts);
  return static_cast<int64_t>(ts.tv_sec) * kNanosPerSecond + ts.tv_nsec;
}

class MachineClock final : public Clock {
 public:
  int64_t SteadyNs() const override { return ReadNs(CLOCK_MONOTONIC); }
  int64_t WallNs() const override { return ReadNs(CLOCK_REALTIME); }
};

}  // namespace

const Clock& RealClock() {
  static const MachineClock clock;
  return clock;
}

}  // namespace nonet
