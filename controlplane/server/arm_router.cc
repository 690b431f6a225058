// arm_handlers.h: who handles what, and what the handlers share.
#include <nlohmann/json.hpp>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "common/base/names.h"
#include "common/base/status_macros.h"
#include "controlplane/codec/errors.h"
#include "controlplane/core/errors.h"
#include "controlplane/server/arm_handlers.h"

namespace nonet::controlplane::arm {

absl::StatusOr<Answer> Handle(Engine::Turn& turn, const Call& call) {
  const std::string& type = call.path.type;
  if (type == "webPubSub") return HandleResources(turn, call);
  if (type == "webPubSub/replicas") return HandleReplicas(turn, call);
  if (type == "webPubSub/replicas/sharedPrivateLinkResources") return HandleReplicaLinks(turn, call);
  if (absl::StartsWith(type, "webPubSub/replicas/")) return HandleReplicaActions(turn, call);
  for (const char* action : {"listKeys", "regenerateKey", "restart"}) {
    if (type == absl::StrCat("webPubSub/", action)) return HandleResourceActions(turn, call);
  }
  if (absl::StartsWith(type, "operation") && type != "operations") return HandleOperations(turn, call);
  for (const char* child : {"hubs", "sharedPrivateLinkResources", "privateEndpointConnections",
                            "customCertificates", "customDomains"}) {
    if (type == absl::StrCat("webPubSub/", child)) return HandleChildren(turn, call);
  }
  return HandleCatalog(turn, call);
}

absl::StatusOr<const resource::v1::Resource*> FindResource(const ControlPlane& plane, const ArmPath& path) {
  ASSIGN_OR_RETURN(const Object* object,
                   plane.resources().GetResource(ResourceName(path.resource()), path.group));
  if (!absl::EqualsIgnoreCase(object->resource().subscription(), path.subscription)) {
    return controlplane::errors::ResourceNotFound(path.resource());
  }
  return &object->resource();
}

absl::StatusOr<const resource::v1::Replica*> FindReplica(const ControlPlane& plane, const ArmPath& path) {
  RETURN_IF_ERROR(FindResource(plane, path).status());
  ASSIGN_OR_RETURN(const Object* object,
                   plane.resources().GetReplica(ReplicaName(path.resource(), path.child()), path.group));
  return &object->replica();
}

Answer Found(const Json& body) {
  return {.status = 200, .body = ToText(body), .etag = body.is_object() ? body.value("etag", "") : ""};
}

Answer Changed(int status, const Json& body, const std::string& operation, const std::string& location) {
  Answer answer = Found(body);
  if (operation.empty()) return answer;
  answer.status = status;
  answer.operation = operation;
  answer.location = location;
  return answer;
}

std::string OperationOf(const ControlPlane& plane, const std::string& changed, absl::string_view target) {
  if (!changed.empty()) return changed;
  const resource::v1::Operation* running = plane.resources().operations().Running(target);
  return running == nullptr ? "" : running->name();
}

absl::Status NotAllowed(const Call& call, absl::string_view allowed) {
  return errors::MethodNotAllowed(call.method, call.url_path.substr(0, 256), allowed);
}

Answer ListAnswer(const Call& call, Json values, const std::string& next_token) {
  Json body = {{"value", std::move(values)}};
  if (!next_token.empty()) {
    std::string link = absl::StrCat(call.base_url, call.url_path, "?api-version=", call.api_version);
    if (call.top != 0) absl::StrAppend(&link, "&$top=", call.top);
    absl::StrAppend(&link, "&$skipToken=", next_token);
    body["nextLink"] = link;
  }
  return Found(body);
}

}  // namespace nonet::controlplane::arm
