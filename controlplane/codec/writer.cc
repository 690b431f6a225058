#include "controlplane/codec/writer.h"

#include <map>
#include <nlohmann/json.hpp>

#include "absl/strings/str_cat.h"
#include "absl/time/time.h"
#include "common/base/names.h"
#include "controlplane/codec/arm_path.h"
#include "controlplane/codec/settings_writer.h"
#include "controlplane/codec/state_name.h"

namespace nonet::controlplane::arm {
namespace {

using resource::v1::Instance;
using resource::v1::Replica;
using resource::v1::Resource;
using resource::v1::Sku;

constexpr int kPublicPort = 443;  // What Azure reports; here the ports are the instance's.

std::string TimeText(const google::protobuf::Timestamp& time) {
  const absl::Time moment = absl::FromUnixSeconds(time.seconds()) + absl::Nanoseconds(time.nanos());
  return absl::FormatTime("%Y-%m-%dT%H:%M:%E3SZ", moment, absl::UTCTimeZone());
}

Json SkuToJson(const Sku& sku) {
  const size_t underscore = sku.name().find('_');
  return {{"name", sku.name()},
          {"tier", sku.tier().empty() ? sku.name().substr(0, underscore) : sku.tier()},
          {"size", underscore == std::string::npos ? "" : sku.name().substr(underscore + 1)},
          {"capacity", sku.capacity()}};
}

template <typename Object>
Json TagsToJson(const Object& object) {
  // By key: a protobuf map has no order.
  const std::map<std::string, std::string> sorted(object.tags().begin(), object.tags().end());
  Json tags = Json::object();
  for (const auto& [key, value] : sorted) tags[key] = value;
  return tags;
}

template <typename Object>
Json SystemDataToJson(const Object& object) {
  Json json = Json::object();
  if (object.has_create_time()) json["createdAt"] = TimeText(object.create_time());
  if (object.has_update_time()) json["lastModifiedAt"] = TimeText(object.update_time());
  return json;
}

Json InstanceToJson(const Instance& instance) {
  const resource::v1::Endpoint& endpoint = instance.endpoint();
  Json json = {{"hostName", instance.host_name()}, {"address", endpoint.host()}};
  if (endpoint.http_port() != 0) json["httpPort"] = endpoint.http_port();
  if (endpoint.https_port() != 0) json["httpsPort"] = endpoint.https_port();
  if (endpoint.grpc_port() != 0) json["grpcPort"] = endpoint.grpc_port();
  if (endpoint.peer_port() != 0) json["peerPort"] = endpoint.peer_port();
  if (endpoint.admin_port() != 0) json["adminPort"] = endpoint.admin_port();
  json["epoch"] = instance.epoch();
  return json;
}

// What resources and replicas have in common, in ARM's order.
template <typename Object>
Json CommonProperties(const Object& object, Audience audience) {
  Json properties = {{"provisioningState", StateName(object.provisioning_state())}};
  if (audience == Audience::kOperator && !object.provisioning_error().empty()) {
    properties["provisioningError"] = object.provisioning_error();
  }
  const bool enabled = !object.has_region_endpoint_enabled() || object.region_endpoint_enabled();
  properties["regionEndpointEnabled"] = enabled ? "Enabled" : "Disabled";
  properties["resourceStopped"] = object.resource_stopped() ? "true" : "false";
  return properties;
}

Json Child(const std::string& parent_id, absl::string_view type, absl::string_view name,
           absl::string_view etag, Json properties) {
  Json json = {{"id", ChildArmId(parent_id, type, name)},
               {"name", name},
               {"type", absl::StrCat(kResourceType, "/", type)},
               {"properties", std::move(properties)}};
  if (!etag.empty()) json["etag"] = etag;
  return json;
}

}  // namespace

std::string ResourceArmId(const Resource& resource) {
  return ResourceArmId(resource.subscription(), resource.resource_group(), InstanceId(resource.name()));
}

Json ResourceToJson(const Resource& resource, Audience audience) {
  Json properties = CommonProperties(resource, audience);
  properties["hostName"] = resource.host_name();
  properties["publicPort"] = kPublicPort;
  properties["serverPort"] = kPublicPort;
  properties["version"] = "1.0";
  if (!resource.instance().endpoint().host().empty()) {
    properties["externalIP"] = resource.instance().endpoint().host();
  }
  properties.update(SettingsToJson(resource));
  Json& connections = properties["privateEndpointConnections"] = Json::array();
  for (const auto& each : resource.private_endpoint_connections()) {
    connections.push_back(PrivateEndpointConnectionToJson(each, resource));
  }
  Json& links = properties["sharedPrivateLinkResources"] = Json::array();
  for (const auto& each : resource.shared_private_links()) {
    links.push_back(SharedPrivateLinkToJson(each, resource));
  }
  if (audience == Audience::kOperator) {
    Json hubs = Json::array();
    for (const resource::v1::HubSettings& hub : resource.hubs()) {
      Json json = {{"name", hub.hub()}};
      json.update(HubPropertiesToJson(hub));
      hubs.push_back(std::move(json));
    }
    if (!hubs.empty()) properties["hubs"] = std::move(hubs);
    properties["instance"] = InstanceToJson(resource.instance());
  }
  Json json = {{"id", ResourceArmId(resource)},
               {"name", InstanceId(resource.name())},
               {"type", kResourceType},
               {"kind", resource.kind().empty() ? "WebPubSub" : resource.kind()},
               {"location", resource.location()}};
  if (audience == Audience::kOperator) json["resourceGroup"] = resource.resource_group();
  json["sku"] = SkuToJson(resource.sku());
  if (resource.has_identity()) json["identity"] = IdentityToJson(resource.identity());
  json["tags"] = TagsToJson(resource);
  json["properties"] = std::move(properties);
  json["etag"] = resource.etag();
  json["systemData"] = SystemDataToJson(resource);
  return json;
}

Json ReplicaToJson(const Replica& replica, const Resource& parent, Audience audience) {
  Json properties = CommonProperties(replica, audience);
  if (audience == Audience::kOperator) {
    properties["hostName"] = parent.host_name();
    properties["instance"] = InstanceToJson(replica.instance());
  }
  Json json = {{"id", ChildArmId(ResourceArmId(parent), "replicas", InstanceId(replica.name()))},
               {"name", InstanceId(replica.name())},
               {"type", absl::StrCat(kResourceType, "/replicas")},
               {"location", replica.location()}};
  if (audience == Audience::kOperator) json["resourceGroup"] = parent.resource_group();
  json["sku"] = SkuToJson(replica.sku());
  json["tags"] = TagsToJson(replica);
  json["properties"] = std::move(properties);
  json["etag"] = replica.etag();
  json["systemData"] = SystemDataToJson(replica);
  return json;
}

Json HubToJson(const resource::v1::HubSettings& hub, const Resource& parent) {
  return Child(ResourceArmId(parent), "hubs", hub.hub(), hub.etag(), HubPropertiesToJson(hub));
}

Json SharedPrivateLinkToJson(const resource::v1::SharedPrivateLink& link, const Resource& resource,
                             absl::string_view replica_id) {
  // Without a status: within the resource, whose own approvals say it.
  std::string status = link.status();
  if (status.empty() && replica_id.empty()) {
    for (const auto& approval : resource.shared_private_link_approvals()) {
      if (approval.link() == link.name() && approval.link_uid() == link.uid()) status = approval.status();
    }
  }
  Json properties = {{"groupId", link.group_id()},
                     {"privateLinkResourceId", link.private_link_resource_id()},
                     {"provisioningState", "Succeeded"},
                     {"requestMessage", link.request_message()},
                     {"status", status.empty() ? "Pending" : status}};
  if (link.fqdns_size() > 0) {
    properties["fqdns"] = std::vector<std::string>(link.fqdns().begin(), link.fqdns().end());
  }
  const std::string id = ResourceArmId(resource);
  constexpr absl::string_view kType = "sharedPrivateLinkResources";
  if (replica_id.empty()) return Child(id, kType, link.name(), link.etag(), std::move(properties));
  Json json =
      Child(ChildArmId(id, "replicas", replica_id), kType, link.name(), link.etag(), std::move(properties));
  json["type"] = absl::StrCat(kResourceType, "/replicas/", kType);
  return json;
}

Json PrivateEndpointConnectionToJson(const resource::v1::PrivateEndpointConnection& connection,
                                     const Resource& parent) {
  return Child(
      ResourceArmId(parent), "privateEndpointConnections", connection.name(), connection.etag(),
      {{"provisioningState", "Succeeded"},
       {"privateEndpoint", {{"id", connection.private_endpoint_id()}}},
       {"groupIds", std::vector<std::string>(connection.group_ids().begin(), connection.group_ids().end())},
       {"privateLinkServiceConnectionState",
        {{"status", connection.status()},
         {"description", connection.description()},
         {"actionsRequired", connection.actions_required()}}}});
}

Json CustomCertificateToJson(const resource::v1::CustomCertificate& certificate, const Resource& parent) {
  Json properties = {{"provisioningState", "Succeeded"},
                     {"keyVaultBaseUri", certificate.key_vault_base_uri()},
                     {"keyVaultSecretName", certificate.key_vault_secret_name()}};
  if (!certificate.key_vault_secret_version().empty()) {
    properties["keyVaultSecretVersion"] = certificate.key_vault_secret_version();
  }
  return Child(ResourceArmId(parent), "customCertificates", certificate.name(), certificate.etag(),
               std::move(properties));
}

Json CustomDomainToJson(const resource::v1::CustomDomain& domain, const Resource& parent) {
  const std::string id = ResourceArmId(parent);
  return Child(
      id, "customDomains", domain.name(), domain.etag(),
      {{"provisioningState", "Succeeded"},
       {"domainName", domain.domain_name()},
       {"customCertificate", {{"id", ChildArmId(id, "customCertificates", domain.custom_certificate())}}}});
}

std::string EndpointUrl(const Resource& resource) {
  const resource::v1::Endpoint& endpoint = resource.instance().endpoint();
  if (endpoint.https_port() != 0) {
    return absl::StrCat("https://", resource.host_name(), ":", endpoint.https_port());
  }
  if (endpoint.http_port() != 0) {
    return absl::StrCat("http://", resource.host_name(), ":", endpoint.http_port());
  }
  return absl::StrCat("https://", resource.host_name());  // As in Azure, until it has reported.
}

std::string ConnectionString(absl::string_view endpoint, absl::string_view key) {
  return absl::StrCat("Endpoint=", endpoint, ";AccessKey=", key, ";Version=1.0;");
}

Json KeysToJson(const resource::v1::AccessKeys& keys, absl::string_view endpoint) {
  return {{"primaryKey", keys.primary_key()},
          {"secondaryKey", keys.secondary_key()},
          {"primaryConnectionString", ConnectionString(endpoint, keys.primary_key())},
          {"secondaryConnectionString", ConnectionString(endpoint, keys.secondary_key())}};
}

Json OperationToJson(const resource::v1::Operation& operation, absl::string_view id,
                     absl::string_view status) {
  Json json = {{"id", id},
               {"name", operation.name().substr(operation.name().find('/') + 1)},
               {"status", status},
               {"startTime", TimeText(operation.start_time())}};
  if (operation.has_end_time() && status != "Running") json["endTime"] = TimeText(operation.end_time());
  json["percentComplete"] = operation.percent_complete();
  if (!operation.progress().empty()) json["properties"] = {{"progress", operation.progress()}};
  return json;
}

}  // namespace nonet::controlplane::arm
