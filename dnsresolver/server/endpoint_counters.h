// How often each endpoint was answered: a counter an endpoint, found by its place in one plan, so that the
// answering threads look nothing up and lock nothing. Immutable.
//
//   counters.Add(response.resource, response.endpoint, 3);
#pragma once

#include <cstdint>
#include <vector>

#include "common/process/metrics.h"
#include "dnsresolver/core/answer_table.h"

namespace nonet::dns {

class EndpointCounters {  // Thread-safe.
 public:
  // The first kEndpointSeriesMax endpoints have a series of their own; the others share one.
  EndpointCounters(const AnswerPlan& plan, Metrics& metrics);
  void Add(int32_t resource, int32_t endpoint, uint32_t answers) const;

 private:
  std::vector<uint32_t> first_;  // By resource: where its endpoints' counters begin.
  std::vector<Counter> counters_;
  Counter others_;
};

}  // namespace nonet::dns
