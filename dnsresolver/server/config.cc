#include "dnsresolver/server/config.h"

#include <algorithm>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "common/base/ip_range.h"
#include "common/base/names.h"
#include "common/regions/regions.h"
#include "dnsresolver/core/errors.h"
#include "dnsresolver/core/limits.h"
#include "dnsresolver/core/profile.h"

namespace nonet::dns {
namespace {

using resource::v1::Instance;
using resource::v1::ProvisioningState;
using resource::v1::TrafficEndpoint;
using resource::v1::TrafficProfile;
using watch::v1::Event;

absl::Status ValidateHostName(absl::string_view object, const std::string& host_name, const Name& zone) {
  const absl::StatusOr<Name> name = Name::FromText(host_name);
  if (name.ok() && name->IsWithin(zone) && name->size() > zone.size()) return absl::OkStatus();
  return errors::ConfigHostNameInvalid(object, host_name, zone.ToText());
}

// `held`: the same instance as it is in force, or nullptr. An address that was known is not forgotten.
absl::Status ValidateInstance(absl::string_view object, const std::string& location, const Instance& instance,
                              const Name& zone, const Instance* held) {
  if (FindRegion(location) == nullptr) return errors::ConfigRegionUnknown(object, location);
  const std::string& host = instance.endpoint().host();
  if (host.empty() && held != nullptr && held->host_name() == instance.host_name() &&
      !held->endpoint().host().empty()) {
    return errors::ConfigAddressLost(object, held->endpoint().host());
  }
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
  endpoint.https_port = static_cast<uint16_t>(instance.endpoint().https_port());
  endpoint.enabled = !object.has_region_endpoint_enabled() || object.region_endpoint_enabled();
  endpoint.stopped = object.resource_stopped();
  endpoint.provisioned = object.provisioning_state() == resource::v1::PROVISIONING_STATE_SUCCEEDED;
  endpoint.provisioning_state = StateName(object.provisioning_state());
  return endpoint;
}

RoutingMethod MethodOf(TrafficProfile::Method method) {
  switch (method) {
    case TrafficProfile::METHOD_PRIORITY:
      return RoutingMethod::kPriority;
    case TrafficProfile::METHOD_WEIGHTED:
      return RoutingMethod::kWeighted;
    case TrafficProfile::METHOD_GEOGRAPHIC:
      return RoutingMethod::kGeographic;
    case TrafficProfile::METHOD_MULTIVALUE:
      return RoutingMethod::kMultivalue;
    case TrafficProfile::METHOD_SUBNET:
      return RoutingMethod::kSubnet;
    case TrafficProfile::METHOD_FRONT_DOOR:
      return RoutingMethod::kFrontDoor;
    default:
      return RoutingMethod::kPerformance;
  }
}

// -1 when the resource has no such instance (any more).
int FindInstance(const ResourceTopology& resource, absl::string_view id) {
  for (size_t i = 0; i < resource.endpoints.size(); ++i) {
    if (absl::EqualsIgnoreCase(InstanceId(resource.endpoints[i].name), id)) return static_cast<int>(i);
  }
  return -1;
}

// What the control plane has validated; a subnet that cannot be read is left out.
ProfileEndpoint MakeProfileEndpoint(const TrafficEndpoint& in) {
  ProfileEndpoint out;
  out.enabled = !in.disabled();
  out.always_serve = in.always_serve();
  out.min_child_endpoints = std::max(1, static_cast<int>(in.min_child_endpoints()));
  out.priority = in.priority();
  out.weight = std::max<uint32_t>(1, in.weight());
  out.geo.assign(in.geo_mapping().begin(), in.geo_mapping().end());
  for (const std::string& text : in.subnets()) {
    const absl::StatusOr<IpRange> range = IpRange::Parse(text);
    if (!range.ok()) continue;
    const std::vector<IpPrefix> prefixes = PrefixesOf(range->v6, range->first, range->last);
    out.subnets.insert(out.subnets.end(), prefixes.begin(), prefixes.end());
  }
  return out;
}

// Appends the profile and, after it, those nested in it. The depth is bounded by the parser and the limit.
void AddProfile(const TrafficProfile& in, ResourceTopology& resource) {
  const size_t at = resource.profiles.size();
  resource.profiles.emplace_back();
  Profile profile;
  profile.name = in.name();
  profile.method = MethodOf(in.method());
  profile.enabled = !in.disabled();
  profile.max_return = std::clamp(in.max_return(), 1u, kMaxReturnMax);
  profile.latency_sensitivity_ms = in.latency_sensitivity_ms();
  for (const TrafficEndpoint& given : in.endpoints()) {
    if (profile.endpoints.size() >= kProfileEndpointsMax) break;
    ProfileEndpoint endpoint = MakeProfileEndpoint(given);
    if (given.has_profile()) {
      if (resource.profiles.size() >= kProfilesMax) continue;
      const Region* region = FindRegion(given.location());
      endpoint.name = given.profile().name();
      endpoint.region = region != nullptr ? region->number : resource.primary_region;
      endpoint.nested = static_cast<int>(resource.profiles.size());
      AddProfile(given.profile(), resource);
    } else {
      endpoint.instance = FindInstance(resource, given.instance());
      if (endpoint.instance < 0) continue;
      endpoint.name = given.instance();
      endpoint.region = resource.endpoints[static_cast<size_t>(endpoint.instance)].region;
    }
    profile.endpoints.push_back(std::move(endpoint));
  }
  resource.profiles[at] = std::move(profile);
}

// Who is probed: an instance that some enabled profile names without serving it always.
void MarkProbing(ResourceTopology& resource) {
  for (Endpoint& endpoint : resource.endpoints) endpoint.probing = Probing::kUnused;
  for (const Profile& profile : resource.profiles) {
    for (const ProfileEndpoint& use : profile.endpoints) {
      if (!profile.enabled || !use.enabled || use.instance < 0) continue;
      Probing& probing = resource.endpoints[static_cast<size_t>(use.instance)].probing;
      if (!use.always_serve) probing = Probing::kProbed;
      if (use.always_serve && probing == Probing::kUnused) probing = Probing::kAlwaysServed;
    }
  }
}

}  // namespace

absl::Status ValidateObject(const Event& event, const Name& zone, const Event* held) {
  if (event.has_resource()) {
    const resource::v1::Resource& resource = event.resource();
    if (absl::Status status = ValidateAge(event, resource.uid(), held); !status.ok()) return status;
    if (absl::Status status = ValidateHostName(event.name(), resource.host_name(), zone); !status.ok()) {
      return status;
    }
    return ValidateInstance(event.name(), resource.location(), resource.instance(), zone,
                            held != nullptr && held->has_resource() ? &held->resource().instance() : nullptr);
  }
  if (event.has_replica()) {
    const resource::v1::Replica& replica = event.replica();
    if (absl::Status status = ValidateAge(event, replica.uid(), held); !status.ok()) return status;
    return ValidateInstance(event.name(), replica.location(), replica.instance(), zone,
                            held != nullptr && held->has_replica() ? &held->replica().instance() : nullptr);
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
    const resource::v1::Resource& object = objects.find(resource.name)->second.resource();
    if (object.has_traffic_profile()) {
      AddProfile(object.traffic_profile(), resource);
      MarkProbing(resource);
    }
    KeepServing(resource);
    topology.resources.push_back(std::move(resource));
  }
  std::sort(topology.resources.begin(), topology.resources.end(),
            [](const ResourceTopology& a, const ResourceTopology& b) { return a.name < b.name; });
  return topology;
}

}  // namespace nonet::dns
