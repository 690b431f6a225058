#include "dnsresolver/server/endpoint_counters.h"

#include <algorithm>
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

EndpointCounters::EndpointCounters(const AnswerPlan& plan, Metrics& metrics) {
  for (const ResourceTopology& resource : plan.topology().resources) {
    if (counters_.size() == kEndpointSeriesMax) break;
    first_.push_back(static_cast<uint32_t>(counters_.size()));
    for (const Endpoint& endpoint : resource.endpoints) {
      if (counters_.size() < kEndpointSeriesMax) counters_.push_back(Series(metrics, endpoint.name));
    }
  }
  counters_.push_back(Series(metrics, "(others)"));
}

bool EndpointCounters::Same(const AnswerPlan& a, const AnswerPlan& b) {
  const auto same_name = [](const Endpoint& x, const Endpoint& y) { return x.name == y.name; };
  const auto same_endpoints = [&](const ResourceTopology& x, const ResourceTopology& y) {
    return std::equal(x.endpoints.begin(), x.endpoints.end(), y.endpoints.begin(), y.endpoints.end(),
                      same_name);
  };
  const std::vector<ResourceTopology>& of_a = a.topology().resources;
  const std::vector<ResourceTopology>& of_b = b.topology().resources;
  return std::equal(of_a.begin(), of_a.end(), of_b.begin(), of_b.end(), same_endpoints);
}

void EndpointCounters::Add(size_t series, uint32_t answers) const {
  Counter counter = counters_[series];
  counter.Increment(answers);
}

}  // namespace nonet::dns
