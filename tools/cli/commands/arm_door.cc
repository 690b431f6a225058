#include "tools/cli/commands/arm_door.h"

#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "common/base/names.h"
#include "common/base/status_macros.h"
#include "controlplane/codec/api_version.h"
#include "controlplane/codec/reader.h"
#include "controlplane/codec/writer.h"
#include "controlplane/core/errors.h"
#include "controlplane/core/validate.h"
#include "tools/cli/commands/endpoint_url.h"
#include "tools/cli/deploy/errors.h"

namespace nonet::cli {
namespace {

namespace arm = controlplane::arm;
using deploy::Kind;
using resource::v1::Replica;
using resource::v1::Resource;

// Without what only the template knows of a resource, and in the types that a text of it would be read in:
// what an expression makes is a signed number, what the codec reads an unsigned one.
Json WithoutTemplateKeys(Json body) {
  for (const char* key : {"type", "apiVersion", "name", "dependsOn", "condition", "copy", "resources",
                          "existing", "comments", "metadata"}) {
    body.erase(key);
  }
  return Json::parse(body.dump(-1, ' ', false, Json::error_handler_t::replace));
}

absl::Status CheckVersion(Kind kind, const Json& body) {
  if (!body.contains("apiVersion")) return absl::OkStatus();
  const std::string type = deploy::TypeOfKind(kind);
  return arm::CheckApiVersion(body["apiVersion"].get<std::string>(), type.substr(type.find('/') + 1));
}

template <typename Object>
std::vector<std::string> WarningsOf(const Object& object) {
  std::vector<std::string> sentences;
  for (const resource::v1::Warning& warning : object.warnings()) {
    sentences.push_back(warning.next_step().empty()
                            ? warning.message()
                            : absl::StrCat(warning.message(), " / try: ", warning.next_step()));
  }
  return sentences;
}

// Missing is no error here.
template <typename T>
absl::StatusOr<std::optional<T>> OrNothing(absl::StatusOr<T> answer) {
  if (answer.ok()) return std::optional<T>(*std::move(answer));
  if (absl::IsNotFound(answer.status())) return std::optional<T>();
  return answer.status();
}

const Json* OrNull(const std::optional<Json>& json) { return json ? &*json : nullptr; }

}  // namespace

ArmDoor::ArmDoor(ControlClient& control, ChildClient& children, std::string group)
    : control_(control), children_(children), group_(std::move(group)) {}

template <typename Request>
Request ArmDoor::About(const std::string& parent, bool validate_only) const {
  Request request;
  request.set_parent(parent);
  request.set_resource_group(group_);
  request.set_request_id(RequestId());
  request.set_validate_only(validate_only);
  return request;
}

absl::StatusOr<std::optional<Resource>> ArmDoor::FindParent(const std::string& name) {
  resource::v1::GetResourceRequest request;
  request.set_name(ResourceName(name));
  request.set_resource_group(group_);
  return OrNothing(control_.Get(request));
}

absl::StatusOr<std::optional<Json>> ArmDoor::Find(Kind kind, const Names& names) {
  ASSIGN_OR_RETURN(const std::optional<Resource> parent, FindParent(names[0]));
  if (!parent) return std::optional<Json>();
  const auto child = [&](auto request, auto render) -> absl::StatusOr<std::optional<Json>> {
    request.set_parent(parent->name());
    request.set_name(names.back());
    request.set_resource_group(group_);
    ASSIGN_OR_RETURN(const auto found, OrNothing(children_.Get(request)));
    return found ? std::optional<Json>(render(*found, *parent)) : std::nullopt;
  };
  switch (kind) {
    case Kind::kResource:
      return std::optional<Json>(arm::ResourceToJson(*parent, arm::Audience::kArm));
    case Kind::kReplica: {
      resource::v1::GetReplicaRequest request;
      request.set_name(ReplicaName(names[0], names[1]));
      request.set_resource_group(group_);
      ASSIGN_OR_RETURN(const std::optional<Replica> replica, OrNothing(control_.Get(request)));
      if (!replica) return std::optional<Json>();
      return std::optional<Json>(arm::ReplicaToJson(*replica, *parent, arm::Audience::kArm));
    }
    case Kind::kHub:
      return child(resource::v1::GetHubRequest(), arm::HubToJson);
    case Kind::kSharedPrivateLink:
      return child(resource::v1::GetSharedPrivateLinkRequest(),
                   [](const auto& link, const Resource& r) { return arm::SharedPrivateLinkToJson(link, r); });
    case Kind::kReplicaSharedPrivateLink: {
      resource::v1::GetSharedPrivateLinkRequest request;
      request.set_parent(ReplicaName(names[0], names[1]));
      request.set_name(names[2]);
      request.set_resource_group(group_);
      ASSIGN_OR_RETURN(const auto link, OrNothing(children_.Get(request)));
      if (!link) return std::optional<Json>();
      return std::optional<Json>(arm::SharedPrivateLinkToJson(*link, *parent, names[1]));
    }
    case Kind::kPrivateEndpointConnection:
      return child(resource::v1::GetPrivateEndpointConnectionRequest(), arm::PrivateEndpointConnectionToJson);
    case Kind::kCustomCertificate:
      return child(resource::v1::GetCustomCertificateRequest(), arm::CustomCertificateToJson);
    case Kind::kCustomDomain:
      return child(resource::v1::GetCustomDomainRequest(), arm::CustomDomainToJson);
  }
  return std::optional<Json>();
}

absl::StatusOr<ArmDoor::Written> ArmDoor::Put(Kind kind, const Names& names, const Json& body,
                                              bool validate_only) {
  RETURN_IF_ERROR(CheckVersion(kind, body));
  const Json bare = WithoutTemplateKeys(body);
  if (kind == Kind::kResource) return PutResource(names, bare, validate_only);
  if (kind == Kind::kReplica) return PutReplica(names, bare, validate_only);
  return PutChild(kind, names, bare, validate_only);
}

absl::StatusOr<ArmDoor::Written> ArmDoor::PutResource(const Names& names, const Json& body,
                                                      bool validate_only) {
  ASSIGN_OR_RETURN(const std::optional<Json> current, Find(Kind::kResource, names));
  Resource given;
  ASSIGN_OR_RETURN(const arm::Read read, arm::ReadResource(body, OrNull(current), given));
  absl::StatusOr<Resource> stored;
  if (current) {
    resource::v1::UpdateResourceRequest request;
    *request.mutable_resource() = std::move(given);
    request.mutable_resource()->set_name(ResourceName(names[0]));
    for (const std::string& path : read.mask) request.mutable_update_mask()->add_paths(path);
    request.set_resource_group(group_);
    request.set_request_id(RequestId());
    request.set_validate_only(validate_only);
    stored = control_.Update(request);
  } else {
    resource::v1::CreateResourceRequest request;
    request.set_resource_id(names[0]);
    *request.mutable_resource() = std::move(given);
    request.mutable_resource()->set_resource_group(group_);
    request.set_request_id(RequestId());
    request.set_validate_only(validate_only);
    stored = control_.Create(request);
  }
  RETURN_IF_ERROR(stored.status());
  return Written{.document = arm::ResourceToJson(*stored, arm::Audience::kArm),
                 .awaited = {stored->name(), stored->etag()},
                 .warnings = WarningsOf(*stored)};
}

absl::StatusOr<ArmDoor::Written> ArmDoor::PutReplica(const Names& names, const Json& body,
                                                     bool validate_only) {
  ASSIGN_OR_RETURN(const std::optional<Resource> parent, FindParent(names[0]));
  ASSIGN_OR_RETURN(const std::optional<Json> current, Find(Kind::kReplica, names));
  Replica given;
  ASSIGN_OR_RETURN(const arm::Read read, arm::ReadReplica(body, OrNull(current), given));
  if (!read.inherited.empty()) {
    return controlplane::errors::InheritedField(read.inherited.front(), names[0], names[1]);
  }
  if (!parent && validate_only) {
    // The control plane would only miss the parent; what is wrong by itself is told now.
    Replica alone = given;
    RETURN_IF_ERROR(controlplane::ValidateId("replica", names[1]));
    RETURN_IF_ERROR(controlplane::NormalizeReplica(alone));
  }
  absl::StatusOr<Replica> stored;
  if (current) {
    resource::v1::UpdateReplicaRequest request;
    *request.mutable_replica() = std::move(given);
    request.mutable_replica()->set_name(ReplicaName(names[0], names[1]));
    for (const std::string& path : read.mask) request.mutable_update_mask()->add_paths(path);
    request.set_resource_group(group_);
    request.set_request_id(RequestId());
    request.set_validate_only(validate_only);
    stored = control_.Update(request);
  } else {
    auto request = About<resource::v1::CreateReplicaRequest>(ResourceName(names[0]), validate_only);
    request.set_replica_id(names[1]);
    *request.mutable_replica() = std::move(given);
    stored = control_.Create(request);
  }
  RETURN_IF_ERROR(stored.status());
  const Resource of = parent.value_or(Resource());
  return Written{.document = arm::ReplicaToJson(*stored, of, arm::Audience::kArm),
                 .awaited = {stored->name(), stored->etag()},
                 .warnings = WarningsOf(*stored)};
}

absl::StatusOr<ArmDoor::Written> ArmDoor::PutChild(Kind kind, const Names& names, const Json& body,
                                                   bool validate_only) {
  ASSIGN_OR_RETURN(const std::optional<Resource> found, FindParent(names[0]));
  const Resource parent = found.value_or(Resource());
  ASSIGN_OR_RETURN(const std::optional<Json> current, Find(kind, names));
  const std::string target = ResourceName(names[0]);
  const auto finish = [&](const auto& stored, Json document) {
    return Written{.document = std::move(document), .awaited = {target, stored.etag()}, .warnings = {}};
  };
  switch (kind) {
    case Kind::kHub: {
      auto request = About<resource::v1::CreateOrUpdateHubRequest>(target, validate_only);
      RETURN_IF_ERROR(arm::ReadHub(body, OrNull(current), *request.mutable_hub()));
      request.mutable_hub()->set_hub(names[1]);
      ASSIGN_OR_RETURN(const auto stored, children_.Put(request));
      return finish(stored, arm::HubToJson(stored, parent));
    }
    case Kind::kSharedPrivateLink:
    case Kind::kReplicaSharedPrivateLink: {
      const bool replica = kind == Kind::kReplicaSharedPrivateLink;
      const std::string owner = replica ? ReplicaName(names[0], names[1]) : target;
      auto request = About<resource::v1::CreateOrUpdateSharedPrivateLinkRequest>(owner, validate_only);
      RETURN_IF_ERROR(arm::ReadSharedPrivateLink(body, OrNull(current), *request.mutable_link()));
      request.mutable_link()->set_name(names.back());
      ASSIGN_OR_RETURN(const auto stored, children_.Put(request));
      Written written = finish(stored, arm::SharedPrivateLinkToJson(stored, parent, replica ? names[1] : ""));
      written.awaited.name = owner;
      written.warnings = WarningsOf(stored);
      return written;
    }
    case Kind::kPrivateEndpointConnection: {
      auto request =
          About<resource::v1::CreateOrUpdatePrivateEndpointConnectionRequest>(target, validate_only);
      RETURN_IF_ERROR(
          arm::ReadPrivateEndpointConnection(body, OrNull(current), *request.mutable_connection()));
      request.mutable_connection()->set_name(names[1]);
      ASSIGN_OR_RETURN(const auto stored, children_.Put(request));
      return finish(stored, arm::PrivateEndpointConnectionToJson(stored, parent));
    }
    case Kind::kCustomCertificate: {
      auto request = About<resource::v1::CreateOrUpdateCustomCertificateRequest>(target, validate_only);
      RETURN_IF_ERROR(arm::ReadCustomCertificate(body, OrNull(current), *request.mutable_certificate()));
      request.mutable_certificate()->set_name(names[1]);
      ASSIGN_OR_RETURN(const auto stored, children_.Put(request));
      return finish(stored, arm::CustomCertificateToJson(stored, parent));
    }
    default: {
      auto request = About<resource::v1::CreateOrUpdateCustomDomainRequest>(target, validate_only);
      RETURN_IF_ERROR(arm::ReadCustomDomain(body, OrNull(current), names[0], *request.mutable_domain()));
      request.mutable_domain()->set_name(names[1]);
      ASSIGN_OR_RETURN(const auto stored, children_.Put(request));
      return finish(stored, arm::CustomDomainToJson(stored, parent));
    }
  }
}

absl::StatusOr<std::vector<std::string>> ArmDoor::ListIds() {
  ASSIGN_OR_RETURN(const std::vector<Resource> resources, AllResources(control_, group_));
  std::vector<std::string> ids;
  for (const Resource& resource : resources) {
    const std::string id = arm::ResourceArmId(resource);
    ids.push_back(id);
    ASSIGN_OR_RETURN(const std::vector<Replica> replicas, AllReplicas(control_, resource.name(), group_));
    const auto add = [&](absl::string_view type, const std::string& name) {
      ids.push_back(absl::StrCat(id, "/", type, "/", name));
    };
    for (const Replica& replica : replicas) add("replicas", InstanceId(replica.name()));
    for (const auto& hub : resource.hubs()) add("hubs", hub.hub());
    for (const auto& link : resource.shared_private_links()) add("sharedPrivateLinkResources", link.name());
    for (const auto& one : resource.private_endpoint_connections()) {
      add("privateEndpointConnections", one.name());
    }
    for (const auto& one : resource.custom_certificates()) add("customCertificates", one.name());
    for (const auto& one : resource.custom_domains()) add("customDomains", one.name());
  }
  return ids;
}

absl::StatusOr<Json> ArmDoor::Show(const std::string& id) {
  const std::optional<deploy::ParsedId> parsed = deploy::ParseId(id);
  const std::optional<Kind> kind = parsed ? deploy::KindOfType(parsed->type) : std::nullopt;
  if (!kind || !absl::EqualsIgnoreCase(parsed->group, group_)) {
    return deploy::errors::BadExpression(
        0, absl::StrCat("reference: ", id, " is nothing of resource group ", group_));
  }
  ASSIGN_OR_RETURN(std::optional<Json> found, Find(*kind, parsed->names));
  if (!found) return deploy::errors::NotDeployedYet(id);
  return *std::move(found);
}

absl::StatusOr<Json> ArmDoor::ListKeys(const std::string& id) {
  const std::optional<deploy::ParsedId> parsed = deploy::ParseId(id);
  if (!parsed || deploy::KindOfType(parsed->type) != Kind::kResource) {
    return deploy::errors::BadExpression(0, absl::StrCat("listKeys: ", id, " has no keys"));
  }
  ASSIGN_OR_RETURN(const std::optional<Resource> resource, FindParent(parsed->names[0]));
  if (!resource) return deploy::errors::NotDeployedYet(id);
  resource::v1::GetAccessKeysRequest request;
  request.set_name(KeysName(parsed->names[0]));
  request.set_resource_group(group_);
  ASSIGN_OR_RETURN(const resource::v1::AccessKeys keys, control_.Get(request));
  return arm::KeysToJson(keys, EndpointUrl(*resource));
}

}  // namespace nonet::cli
