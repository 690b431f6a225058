// What any Prometheus client library tells about its own process, read from /proc:
// process_start_time_seconds, process_resident_memory_bytes, process_cpu_seconds_total.
//
//   ProcessMetrics process(metrics);
//   process.Update();  // Before each metrics.Text().
#pragma once

#include <cstdint>

#include "common/process/metrics.h"

namespace nonet {

class ProcessMetrics {  // One owner; not thread-safe.
 public:
  explicit ProcessMetrics(Metrics& metrics);
  void Update();

 private:
  Gauge start_time_;
  Gauge resident_;
  Counter cpu_;
  double cpu_seconds_ = 0;  // As last reported.
};

}  // namespace nonet
