#include "tools/supervisor/server/cluster_file.h"

#include <nlohmann/json.hpp>

#include "absl/strings/str_cat.h"
#include "common/base/names.h"
#include "tools/supervisor/core/limits.h"
#include "tools/supervisor/server/certificates.h"
#include "tools/supervisor/server/token_file.h"

namespace nonet::supervisor {
namespace {

using Json = nlohmann::ordered_json;  // In the order of the documentation.
using Objects = std::map<std::string, watch::v1::Event>;
using resource::v1::PROVISIONING_STATE_DELETING;

template <typename Object>
Json InstanceJson(const Object& object, bool primary,
                  const std::map<std::string, const ProcessView*>& running) {
  const auto it = running.find(object.name());
  const ProcessView* process = it == running.end() ? nullptr : it->second;
  const bool placed = process != nullptr && !process->address.empty();
  const auto at = [&](absl::string_view scheme, uint16_t port) {
    return placed ? Json(absl::StrCat(scheme, process->address, ":", port)) : Json();
  };
  return {{"name", InstanceId(object.name())},
          {"role", primary ? "primary" : "replica"},
          {"region", object.location()},
          {"hostName", object.instance().host_name()},
          {"address", placed ? Json(process->address) : Json()},
          {"http", at("http://", kInstanceHttpPort)},
          {"https", at("https://", kInstanceHttpsPort)},
          {"grpc", at("", kInstanceGrpcPort)},
          {"peer", at("", kInstancePeerPort)},
          {"admin", at("", kInstanceAdminPort)},
          {"pid", process != nullptr && process->identity.pid != 0 ? Json(process->identity.pid) : Json()}};
}

Json ResourceJson(const resource::v1::Resource& resource, const Objects& objects,
                  const std::map<std::string, const ProcessView*>& running) {
  const std::string id = InstanceId(resource.name());
  Json https = nullptr, http = nullptr;
  const auto keys = objects.find(KeysName(id));
  if (keys != objects.end() && keys->second.has_access_keys()) {
    const auto string = [&](absl::string_view scheme, uint16_t port) {
      return absl::StrCat("Endpoint=", scheme, resource.host_name(), ":", port,
                          ";AccessKey=", keys->second.access_keys().primary_key(), ";Version=1.0;");
    };
    https = string("https://", kInstanceHttpsPort);
    http = string("http://", kInstanceHttpPort);
  }
  Json instances = Json::array();
  instances.push_back(InstanceJson(resource, /*primary=*/true, running));
  const std::string prefix = absl::StrCat(resource.name(), "/replicas/");
  for (auto it = objects.lower_bound(prefix); it != objects.end() && it->first.starts_with(prefix); ++it) {
    if (!it->second.has_replica()) continue;
    const resource::v1::Replica& replica = it->second.replica();
    if (replica.provisioning_state() == PROVISIONING_STATE_DELETING) continue;
    instances.push_back(InstanceJson(replica, /*primary=*/false, running));
  }
  return {{"name", id},
          {"resourceGroup", resource.resource_group()},
          {"subscription", resource.subscription()},
          {"hostName", resource.host_name()},
          {"connectionString", https},
          {"httpConnectionString", http},
          {"instances", std::move(instances)}};
}

}  // namespace

std::string LocalAddress(const Settings& settings, int offset) {
  return absl::StrCat("127.0.0.1:", settings.base_port + offset);
}

std::string RenderClusterFile(const Settings& settings, const std::string& dir,
                              const std::vector<ProcessView>& processes, const Objects& objects) {
  std::map<std::string, const ProcessView*> running;
  for (const ProcessView& process : processes) running[process.key] = &process;
  Json resources = Json::array();
  for (const auto& [name, event] : objects) {
    if (!event.has_resource() || event.resource().provisioning_state() == PROVISIONING_STATE_DELETING)
      continue;
    resources.push_back(ResourceJson(event.resource(), objects, running));
  }
  const Json file = {{"cluster", settings.cluster},
                     {"controlplane",
                      {{"grpc", LocalAddress(settings, kControlplaneGrpcOffset)},
                       {"http", absl::StrCat("http://", LocalAddress(settings, kControlplaneHttpOffset))},
                       {"https", absl::StrCat("https://", LocalAddress(settings, kControlplaneHttpsOffset))},
                       {"admin", LocalAddress(settings, kControlplaneAdminOffset)},
                       {"armTokenFile", settings.open ? Json() : Json(TokenFile(dir))}}},
                     {"dns",
                      {{"address", LocalAddress(settings, kDnsOffset)},
                       {"grpc", LocalAddress(settings, kDnsGrpcOffset)},
                       {"admin", LocalAddress(settings, kDnsAdminOffset)}}},
                     {"supervisor",
                      {{"grpc", LocalAddress(settings, kSupervisorGrpcOffset)},
                       {"admin", LocalAddress(settings, kSupervisorAdminOffset)}}},
                     {"caFile", AuthorityFile(dir)},
                     {"peerTls", settings.peer_tls},
                     {"resources", std::move(resources)}};
  return file.dump(2) + "\n";
}

}  // namespace nonet::supervisor
