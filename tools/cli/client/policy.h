// How long a call may take and how long an absent service is asked again. Plain data.
#pragma once

#include <cstdint>

#include "common/clock/clock.h"

namespace nonet::cli {

struct CallPolicy {
  int64_t timeout_ns = 10 * kNanosPerSecond;
  // The supervisor restarts a crashed process well within this.
  int64_t retry_ns = 5 * kNanosPerSecond;
};

// For a look at what may not be there.
inline constexpr CallPolicy kGlance = {.timeout_ns = 2 * kNanosPerSecond, .retry_ns = 0};

inline CallPolicy Within(int64_t timeout_ns) { return {.timeout_ns = timeout_ns}; }

}  // namespace nonet::cli
