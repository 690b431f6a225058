// How often each endpoint was answered: a counter an endpoint, found by its place in a plan, so that the
// answering threads look nothing up and lock nothing. Immutable.
//
//   counters.Add(counters.SeriesOf(response.resource, response.endpoint), 3);
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <vector>

#include "common/process/metrics.h"
#include "dnsresolver/core/answer_table.h"

namespace nonet::dns {

class EndpointCounters {  // Thread-safe.
 public:
  // The first kEndpointSeriesMax endpoints have a series of their own; the others share one.
  EndpointCounters(const AnswerPlan& plan, Metrics& metrics);
  // Whether one plan's counters do for the other: they have the same endpoints in the same places.
  static bool Same(const AnswerPlan& a, const AnswerPlan& b);
  // Which series counts an endpoint's answers: a number below series().
  size_t SeriesOf(int32_t resource, int32_t endpoint) const {
    const auto place = static_cast<size_t>(resource);
    if (place >= first_.size()) return counters_.size() - 1;
    return std::min(first_[place] + static_cast<size_t>(endpoint), counters_.size() - 1);
  }
  // The last one is shared.
  size_t series() const { return counters_.size(); }
  void Add(size_t series, uint32_t answers) const;

 private:
  std::vector<uint32_t> first_;  // By resource: where its endpoints' series begin; of those that have any.
  std::vector<Counter> counters_;
};

}  // namespace nonet::dns
