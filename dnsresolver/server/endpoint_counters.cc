#include "dnsresolver/server/endpoint_counters.h"

#include <cstddef>
#include <string>

namespace nonet::dns {
namespace {

Counter Series(Metrics& metrics, const std::string& endpoint) {
  return metrics.AddCounter("nonet_dns_answers_total",
                            "Queries for a resource's name, by the endpoint given.",
                            {{"endpoint", endpoint}});
}

}  // namespace

EndpointCounters::EndpointCounters(const AnswerPlan& plan, Metrics& metrics)
    : others_(Series(metrics, "(others)")) {
  uint32_t first = 0;
  for (const ResourceTopology& resource : plan.topology().resources) {
    first_.push_back(first);
    first += static_cast<uint32_t>(resource.endpoints.size());
    for (const Endpoint& endpoint : resource.endpoints) {
      if (counters_.size() < kEndpointSeriesMax) counters_.push_back(Series(metrics, endpoint.name));
    }
  }
}

void EndpointCounters::Add(int32_t resource, int32_t endpoint, uint32_t answers) const {
  const size_t at = first_[static_cast<size_t>(resource)] + static_cast<size_t>(endpoint);
  Counter counter = at < counters_.size() ? counters_[at] : others_;
  counter.Increment(answers);
}

}  // namespace nonet::dns
