#include "dnsresolver/server/config.h"

#include <algorithm>
#include <map>
#include <string>
#include <utility>

#include "absl/strings/ascii.h"
#include "common/base/names.h"
#include "common/regions/regions.h"
#include "dnsresolver/core/errors.h"

namespace nonet::dns {
namespace {

using resource::v1::Instance;
using resource::v1::ProvisioningState;
using watch::v1::Event;

absl::Status ValidateHostName(absl::string_view object, const std::string& host_name, const Name& zone) {
  const absl::StatusOr<Name> name = Name::FromText(host_name);
  if (name.ok() && name->IsWithin(zone) && name->size() > zone.size()) return absl::OkStatus();
  return errors::ConfigHostNameInvalid(object, host_name, zone.ToText());
}

absl::Status ValidateInstance(absl::string_view object, const std::string& location, const Instance& instance,
                              const Name& zone) {
  if (FindRegion(location) == nullptr) return errors::ConfigRegionUnknown(object, location);
  const std::string& host = instance.endpoint().host();
  if (!host.empty() && !ParseIpv4(host).has_value()) return errors::ConfigAddressInvalid(object, host);
  return instance.host_name().empty() ? absl::OkStatus()
                                      : ValidateHostName(object, instance.host_name(), zone);
}

// A resource created anew under an old name has another uid, and may have any revision.
absl::Status ValidateAge(const Event& event, const std::string& uid, const Event* held) {
  if (held == nullptr) return absl::OkStatus();
  const std::string& held_uid = held->has_resource() ? held->resource().uid() : held->replica().uid();
  if (uid != held_uid || event.revision() >= held->revision()) return absl::OkStatus();
  return errors::ConfigStale(event.name(), event.revision(), held->revision());
}

// PROVISIONING_STATE_SUCCEEDED -> "Succeeded"
std::string StateName(ProvisioningState state) {
  std::string name = resource::v1::ProvisioningState_Name(state);
  name = absl::AsciiStrToLower(name.substr(name.rfind('_') + 1));
  if (!name.empty()) name[0] = absl::ascii_toupper(static_cast<unsigned char>(name[0]));
  return name;
}

// Of a Resource (its primary's instance) and a Replica alike.
template <typename Object>
Endpoint MakeEndpoint(const Object& object) {
  const Instance& instance = object.instance();
  Endpoint endpoint;
  endpoint.name = object.name();
  endpoint.host_name = instance.host_name();
  endpoint.region = FindRegion(object.location())->number;
  endpoint.address = ParseIpv4(instance.endpoint().host());
  endpoint.http_port = static_cast<uint16_t>(instance.endpoint().http_port());
  endpoint.enabled = !object.has_region_endpoint_enabled() || object.region_endpoint_enabled();
  endpoint.stopped = object.resource_stopped();
  endpoint.provisioned = object.provisioning_state() == resource::v1::PROVISIONING_STATE_SUCCEEDED;
  endpoint.provisioning_state = StateName(object.provisioning_state());
  return endpoint;
}

}  // namespace

absl::Status ValidateObject(const Event& event, const Name& zone, const Event* held) {
  if (event.has_resource()) {
    const resource::v1::Resource& resource = event.resource();
    if (absl::Status status = ValidateAge(event, resource.uid(), held); !status.ok()) return status;
    if (absl::Status status = ValidateHostName(event.name(), resource.host_name(), zone); !status.ok()) {
      return status;
    }
    return ValidateInstance(event.name(), resource.location(), resource.instance(), zone);
  }
  if (event.has_replica()) {
    const resource::v1::Replica& replica = event.replica();
    if (absl::Status status = ValidateAge(event, replica.uid(), held); !status.ok()) return status;
    return ValidateInstance(event.name(), replica.location(), replica.instance(), zone);
  }
  return errors::ConfigObjectUnexpected(event.name());
}

Topology BuildTopology(const WatchClient::Objects& objects, uint64_t revision) {
  std::map<std::string, ResourceTopology> resources;  // By resource id.
  for (const auto& [name, event] : objects) {
    const auto parsed = ParseName(name);
    if (!parsed.has_value() || !event.has_resource()) continue;
    ResourceTopology& topology = resources[parsed->resource_id];
    topology.name = name;
    topology.host_name = event.resource().host_name();
    topology.primary_region = FindRegion(event.resource().location())->number;
    topology.endpoints.push_back(MakeEndpoint(event.resource()));
  }
  for (const auto& [name, event] : objects) {
    const auto parsed = ParseName(name);
    if (!parsed.has_value() || !event.has_replica()) continue;
    const auto owner = resources.find(parsed->resource_id);
    if (owner != resources.end()) owner->second.endpoints.push_back(MakeEndpoint(event.replica()));
  }
  Topology topology;
  topology.revision = revision;
  for (auto& [id, resource] : resources) {
    std::sort(resource.endpoints.begin(), resource.endpoints.end(),
              [](const Endpoint& a, const Endpoint& b) { return a.name < b.name; });
    topology.resources.push_back(std::move(resource));
  }
  std::sort(topology.resources.begin(), topology.resources.end(),
            [](const ResourceTopology& a, const ResourceTopology& b) { return a.name < b.name; });
  return topology;
}

}  // namespace nonet::dns
