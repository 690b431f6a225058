// Small topologies to steer in, for tests and benchmarks.
#pragma once

#include <algorithm>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "common/base/check.h"
#include "common/regions/regions.h"
#include "dnsresolver/core/answer_table.h"

namespace nonet::dns {

inline constexpr char kZone[] = "webpubsub.azure.com";

inline int RegionNumber(absl::string_view name) {
  const Region* region = FindRegion(name);
  NONET_CHECK(region != nullptr);
  return region->number;
}

inline std::string HostOf(absl::string_view resource, absl::string_view region) {
  return absl::StrCat(resource, "-", region, "-0a1b2c3d.", kZone);
}

// The first region is the primary's; endpoint i listens on 127.80.0.(i+1).
inline ResourceTopology MakeResource(const std::string& id, const std::vector<std::string>& regions) {
  ResourceTopology resource;
  resource.name = "resources/" + id;
  resource.host_name = absl::StrCat(id, ".", kZone);
  resource.primary_region = RegionNumber(regions[0]);
  for (size_t i = 0; i < regions.size(); ++i) {
    Endpoint endpoint;
    endpoint.name = i == 0 ? resource.name : absl::StrCat(resource.name, "/replicas/", regions[i]);
    endpoint.host_name = HostOf(id, regions[i]);
    endpoint.region = RegionNumber(regions[i]);
    endpoint.address = Ipv4{127, 80, 0, static_cast<uint8_t>(i + 1)};
    endpoint.http_port = 8080;
    endpoint.provisioning_state = "Succeeded";
    resource.endpoints.push_back(endpoint);
  }
  std::sort(resource.endpoints.begin(), resource.endpoints.end(),
            [](const Endpoint& a, const Endpoint& b) { return a.name < b.name; });
  return resource;
}

inline AnswerSettings DefaultSettings() {
  AnswerSettings settings;
  settings.zone = *Name::FromText(kZone);
  settings.name_server_address = Ipv4{127, 0, 0, 1};
  settings.server_id = "test server";
  return settings;
}

inline std::shared_ptr<const PrefixTable> BuiltInPrefixes() {
  static const auto table = std::make_shared<const PrefixTable>(PrefixTable::BuiltIn());
  return table;
}

inline std::shared_ptr<const AnswerPlan> MakePlan(std::vector<ResourceTopology> resources,
                                                  AnswerSettings settings = DefaultSettings()) {
  Topology topology;
  topology.resources = std::move(resources);
  topology.revision = 7;
  return std::make_shared<const AnswerPlan>(std::move(settings), std::move(topology), BuiltInPrefixes());
}

inline Health AllOf(const AnswerPlan& plan, MonitorStatus status) {
  Health health;
  for (const ResourceTopology& resource : plan.topology().resources) {
    health.emplace_back(resource.endpoints.size(), status);
  }
  return health;
}

// contoso: primary eastus, replicas westeurope and westus; all Online.
inline AnswerTable ContosoTable(AnswerSettings settings = DefaultSettings()) {
  const auto plan = MakePlan({MakeResource("contoso", {"eastus", "westus", "westeurope"})}, settings);
  return AnswerTable(plan, AllOf(*plan, MonitorStatus::kOnline));
}

inline IpPrefix Ip(absl::string_view text) {
  const auto prefix = IpPrefix::Parse(text);
  NONET_CHECK(prefix.ok());
  return *prefix;
}

}  // namespace nonet::dns
