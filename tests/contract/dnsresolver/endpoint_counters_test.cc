// Series for the first endpoints, and one that the others share.
#include "dnsresolver/server/endpoint_counters.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "dnsresolver/core/limits.h"
#include "tests/unit/dnsresolver/topologies.h"

namespace nonet::dns {
namespace {

TEST(EndpointCounters, EndpointsBeyondTheBoundShareTheLastSeries) {
  const std::vector<std::string> regions = {"eastus", "westus", "westeurope"};
  constexpr int kResources = 400;  // 1,200 endpoints; the bound falls between two of one resource.
  ASSERT_EQ(kEndpointSeriesMax % 3, 1u);
  std::vector<ResourceTopology> resources;
  for (int i = 0; i < kResources; ++i) {
    resources.push_back(MakeResource(absl::StrCat("res", 1000 + i), regions));
  }
  const auto plan = MakePlan(std::move(resources));
  Metrics metrics;
  const EndpointCounters counters(*plan, metrics);
  ASSERT_EQ(counters.series(), kEndpointSeriesMax + 1);
  for (int resource = 0; resource < kResources; ++resource) {
    for (int endpoint = 0; endpoint < 3; ++endpoint) {
      const size_t place = static_cast<size_t>(3 * resource + endpoint);
      ASSERT_EQ(counters.SeriesOf(resource, endpoint), std::min(place, kEndpointSeriesMax));
    }
  }
}

}  // namespace
}  // namespace nonet::dns
