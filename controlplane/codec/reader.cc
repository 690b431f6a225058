#include "controlplane/codec/reader.h"

#include <nlohmann/json.hpp>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "common/base/status_macros.h"
#include "controlplane/codec/arm_path.h"
#include "controlplane/codec/errors.h"
#include "controlplane/codec/object_reader.h"
#include "controlplane/codec/settings_reader.h"

namespace nonet::controlplane::arm {
namespace {

// What every object has beside its properties: who it is cannot be set by the body.
void ReadEnvelope(ObjectReader& body, const Json* current) {
  for (const char* name : {"id", "name", "type"}) body.ReadOnly(name, current);
  body.Ignore({"etag", "systemData"});
}

template <typename Object>
void ReadTags(ObjectReader& body, Object& out) {
  const auto tags = body.StringMap("tags");
  if (!tags) return;
  for (const auto& [key, value] : *tags) (*out.mutable_tags())[key] = value;
}

template <typename Object>
void ReadSku(ObjectReader sku, Object& out, std::vector<std::string>& mask) {
  if (!sku.present()) return;
  sku.Require("name");
  out.mutable_sku()->set_name(
      sku.Spelled("name", {"Free_F1", "Standard_S1", "Premium_P1", "Premium_P2"}).value_or(""));
  // Azure computes the tier from the name whatever is sent, and so does the core.
  sku.OneOf("tier", {"Free", "Basic", "Standard", "Premium"});
  sku.Ignore({"size", "family"});
  if (const auto capacity = sku.Number("capacity")) {
    if (*capacity == 0) sku.Fail(errors::NotAllowed(sku.Path("capacity"), "0", "what the list of SKUs says"));
    out.mutable_sku()->set_capacity(*capacity);
  }
  sku.Finish();
  mask.emplace_back("sku");
}

// What resources and replicas have in common.
template <typename Object>
void ReadTracked(ObjectReader& body, ObjectReader& properties, const Json* current, Object& out,
                 std::vector<std::string>& mask) {
  ReadEnvelope(body, current);
  if (const auto location = body.String("location")) {
    out.set_location(NormalizeLocation(*location));
    const Json* stands = Member(current, "location");
    // The core says that it cannot change.
    if (stands != nullptr && *stands != out.location()) mask.emplace_back("location");
  }
  ReadTags(body, out);
  ReadSku(body.Object("sku"), out, mask);
  properties.Ignore({"provisioningState"});
  out.set_region_endpoint_enabled(
      properties.OneOf("regionEndpointEnabled", {"Enabled", "Disabled"}).value_or("Enabled") == "Enabled");
  out.set_resource_stopped(properties.BoolText("resourceStopped").value_or(false));
  for (const char* path : {"tags", "region_endpoint_enabled", "resource_stopped"}) mask.emplace_back(path);
}

}  // namespace

std::string NormalizeLocation(absl::string_view location) {
  std::string name;
  for (const char c : location) {
    if (c != ' ') name += absl::ascii_tolower(static_cast<unsigned char>(c));
  }
  return name;
}

Json MergePatch(const Json& current, const Json& patch) {
  Json merged = current;
  merged.merge_patch(patch);
  return merged;
}

absl::StatusOr<Read> ReadResource(const Json& body, const Json* current, resource::v1::Resource& out) {
  absl::Status status;
  Read read;
  ObjectReader top(&body, "", status);
  ObjectReader properties = top.Object("properties");
  ReadTracked(top, properties, current, out, read.mask);
  if (const auto kind = top.Spelled("kind", {"WebPubSub", "SocketIO"})) {
    out.set_kind(*kind);
    const Json* stands = Member(current, "kind");
    if (stands != nullptr && *stands != *kind) read.mask.emplace_back("kind");
  }
  ReadIdentity(top.Object("identity"), Member(current, "identity"), out);
  read.mask.emplace_back("identity");
  ReadSettings(properties, out, read.mask);
  const Json* stands = Member(current, "properties");
  for (const char* name : {"hostName", "publicPort", "serverPort", "version", "hostNamePrefix"}) {
    properties.ReadOnly(name, stands);
  }
  // Children have calls of their own; where an instance is reached moves by itself.
  properties.Ignore({"externalIP", "privateEndpointConnections", "sharedPrivateLinkResources"});
  properties.Finish();
  top.Finish();
  RETURN_IF_ERROR(status);
  return read;
}

absl::StatusOr<Read> ReadReplica(const Json& body, const Json* current, resource::v1::Replica& out) {
  absl::Status status;
  Read read;
  ObjectReader top(&body, "", status);
  ObjectReader properties = top.Object("properties");
  ReadTracked(top, properties, current, out, read.mask);
  read.inherited = InheritedProperties(properties);
  for (const char* name : {"identity", "kind"}) {
    if (top.Has(name)) read.inherited.emplace_back(name);
  }
  properties.Finish();
  top.Finish();
  RETURN_IF_ERROR(status);
  return read;
}

absl::Status ReadHub(const Json& body, const Json* current, resource::v1::HubSettings& out) {
  absl::Status status;
  ObjectReader top(&body, "", status);
  ReadEnvelope(top, current);
  top.Require("properties");
  ObjectReader properties = top.Object("properties");
  ReadHubProperties(properties, out);
  properties.Finish();
  top.Finish();
  return status;
}

absl::Status ReadSharedPrivateLink(const Json& body, const Json* current,
                                   resource::v1::SharedPrivateLink& out) {
  absl::Status status;
  ObjectReader top(&body, "", status);
  ReadEnvelope(top, current);
  ObjectReader properties = top.Object("properties");
  out.set_group_id(properties.String("groupId").value_or(""));
  out.set_private_link_resource_id(properties.String("privateLinkResourceId").value_or(""));
  out.set_request_message(properties.String("requestMessage").value_or(""));
  if (const auto fqdns = properties.Strings("fqdns", 1000)) {
    for (const std::string& each : *fqdns) out.add_fqdns(each);
  }
  properties.Ignore({"provisioningState"});
  properties.ReadOnly("status", Member(current, "properties"));
  properties.Finish();
  top.Finish();
  return status;
}

absl::Status ReadPrivateEndpointConnection(const Json& body, const Json* current,
                                           resource::v1::PrivateEndpointConnection& out) {
  absl::Status status;
  ObjectReader top(&body, "", status);
  ReadEnvelope(top, current);
  ObjectReader properties = top.Object("properties");
  ObjectReader endpoint = properties.Object("privateEndpoint");
  const Json* stands = Member(current, "properties");
  if (endpoint.present()) {
    out.set_private_endpoint_id(endpoint.String("id").value_or(""));
  } else if (const Json* id = Member(Member(stands, "privateEndpoint"), "id")) {
    out.set_private_endpoint_id(id->get<std::string>());  // Who approves need not repeat whom.
  }
  endpoint.Finish();
  if (const Json* groups = Member(stands, "groupIds")) {
    for (const Json& group : *groups) out.add_group_ids(group.get<std::string>());
  }
  ObjectReader state = properties.Object("privateLinkServiceConnectionState");
  if (state.present()) {
    out.set_status(state.Spelled("status", {"Pending", "Approved", "Rejected", "Disconnected"}).value_or(""));
    out.set_description(state.String("description").value_or(""));
    out.set_actions_required(state.String("actionsRequired").value_or(""));
  }
  state.Finish();
  properties.Ignore({"provisioningState"});
  properties.ReadOnly("groupIds", stands);
  properties.Finish();
  top.Finish();
  return status;
}

absl::Status ReadCustomCertificate(const Json& body, const Json* current,
                                   resource::v1::CustomCertificate& out) {
  absl::Status status;
  ObjectReader top(&body, "", status);
  ReadEnvelope(top, current);
  top.Require("properties");
  ObjectReader properties = top.Object("properties");
  properties.Require("keyVaultBaseUri");
  properties.Require("keyVaultSecretName");
  out.set_key_vault_base_uri(properties.String("keyVaultBaseUri").value_or(""));
  out.set_key_vault_secret_name(properties.String("keyVaultSecretName").value_or(""));
  out.set_key_vault_secret_version(properties.String("keyVaultSecretVersion").value_or(""));
  properties.Ignore({"provisioningState"});
  properties.Finish();
  top.Finish();
  return status;
}

absl::Status ReadCustomDomain(const Json& body, const Json* current, absl::string_view resource_id,
                              resource::v1::CustomDomain& out) {
  absl::Status status;
  ObjectReader top(&body, "", status);
  ReadEnvelope(top, current);
  top.Require("properties");
  ObjectReader properties = top.Object("properties");
  properties.Require("domainName");
  out.set_domain_name(properties.String("domainName").value_or(""));
  ObjectReader certificate = properties.Object("customCertificate");
  if (const auto id = certificate.String("id")) {
    const auto path = ParseArmPath(*id);
    if (path.ok() && path->type == "webPubSub/customCertificates" && path->is_object &&
        absl::EqualsIgnoreCase(path->resource(), resource_id)) {
      out.set_custom_certificate(path->child());
    } else {
      certificate.Fail(
          errors::NotAllowed(certificate.Path("id"), id->substr(0, 256),
                             absl::string_view("the id of a custom certificate of this resource")));
    }
  }
  certificate.Finish();
  properties.Ignore({"provisioningState"});
  properties.Finish();
  top.Finish();
  return status;
}

absl::StatusOr<resource::v1::KeyType> ReadKeyType(const Json& body) {
  absl::Status status;
  ObjectReader top(&body, "", status);
  top.Require("keyType");
  const std::string type = top.OneOf("keyType", {"Primary", "Secondary", "Salt"}).value_or("");
  top.Finish();
  RETURN_IF_ERROR(status);
  if (type == "Primary") return resource::v1::KEY_TYPE_PRIMARY;
  return type == "Secondary" ? resource::v1::KEY_TYPE_SECONDARY : resource::v1::KEY_TYPE_SALT;
}

absl::StatusOr<resource::v1::CheckNameAvailabilityRequest> ReadNameQuestion(const Json& body) {
  absl::Status status;
  ObjectReader top(&body, "", status);
  top.Require("type");
  top.Require("name");
  resource::v1::CheckNameAvailabilityRequest request;
  request.set_type(top.String("type").value_or(""));
  request.set_name(top.String("name").value_or(""));
  top.Finish();
  RETURN_IF_ERROR(status);
  return request;
}

}  // namespace nonet::controlplane::arm
