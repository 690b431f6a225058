// The machine's clock. The only place that reads it.
#pragma once

#include "common/clock/clock.h"

namespace nonet {

// Lives for the whole process; thread-safe.
const Clock& RealClock();

}  // namespace nonet
