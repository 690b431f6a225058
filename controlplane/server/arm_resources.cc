// arm_handlers.h: resources, their keys, their restart.
#include <nlohmann/json.hpp>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "common/base/names.h"
#include "common/base/status_macros.h"
#include "controlplane/codec/reader.h"
#include "controlplane/codec/writer.h"
#include "controlplane/core/paging.h"
#include "controlplane/server/arm_handlers.h"

namespace nonet::controlplane::arm {
namespace {

using resource::v1::Resource;

absl::StatusOr<Answer> ResourcePage(const ControlPlane& plane, const Call& call) {
  const ArmPath& path = call.path;
  const std::string list = CanonicalName(absl::StrCat("arm resources ", path.subscription, " ", path.group));
  ASSIGN_OR_RETURN(Page page, Page::Begin(list, call.top, call.skip_token));
  Json values = Json::array();
  const auto& objects = plane.resources().objects();
  for (auto it = objects.upper_bound(page.after()); it != objects.end(); ++it) {
    if (!it->second->has_resource()) continue;
    const Resource& resource = it->second->resource();
    if (!absl::EqualsIgnoreCase(resource.subscription(), path.subscription)) continue;
    if (!path.group.empty() && !absl::EqualsIgnoreCase(resource.resource_group(), path.group)) continue;
    Json json = ResourceToJson(resource, Audience::kArm);
    if (!page.Take(it->first, ToText(json).size())) break;
    values.push_back(std::move(json));
  }
  return ListAnswer(call, std::move(values), page.NextToken());
}

// PUT and PATCH. `stored` is nullptr for a creation.
absl::StatusOr<Answer> WriteResource(Engine::Turn& turn, const Call& call, const Resource* stored,
                                     const Json& body, int status) {
  const Json current = stored == nullptr ? Json() : ResourceToJson(*stored, Audience::kArm);
  Resource next;
  ASSIGN_OR_RETURN(const Read read, ReadResource(body, stored == nullptr ? nullptr : &current, next));
  absl::StatusOr<Object> answer;
  if (stored == nullptr) {
    next.set_subscription(call.path.subscription);
    next.set_resource_group(call.path.group);
    resource::v1::CreateResourceRequest request;
    request.set_resource_id(call.path.resource());
    *request.mutable_resource() = std::move(next);
    answer = turn.plane.Mutate(request, turn.now, DrawRandoms(), turn.effects);
  } else {
    next.set_name(stored->name());
    next.set_etag(WantedEtag(call));
    resource::v1::UpdateResourceRequest request;
    request.set_resource_group(call.path.group);
    *request.mutable_resource() = std::move(next);
    for (const std::string& path : read.mask) request.mutable_update_mask()->add_paths(path);
    answer = turn.plane.Mutate(request, turn.now, DrawRandoms(), turn.effects);
  }
  RETURN_IF_ERROR(answer.status());
  const Resource& resource = answer->resource();
  return Changed(status, ResourceToJson(resource, Audience::kArm), resource.operation(), resource.location());
}

absl::StatusOr<Answer> PutResource(Engine::Turn& turn, const Call& call) {
  RETURN_IF_ERROR(RequireBody(call));
  const auto stored = FindResource(turn.plane, call.path);
  // One of that name in another group or subscription is the core's to refuse: names are unique.
  RETURN_IF_ERROR(CheckConditions(call, stored.ok(), call.path.resource()));
  return WriteResource(turn, call, stored.ok() ? *stored : nullptr, *call.body, stored.ok() ? 200 : 201);
}

absl::StatusOr<Answer> PatchResource(Engine::Turn& turn, const Call& call) {
  RETURN_IF_ERROR(RequireBody(call));
  ASSIGN_OR_RETURN(const Resource* stored, FindResource(turn.plane, call.path));
  const Json merged = MergePatch(ResourceToJson(*stored, Audience::kArm), *call.body);
  return WriteResource(turn, call, stored, merged, 202);
}

absl::StatusOr<Answer> RemoveResource(Engine::Turn& turn, const Call& call) {
  const auto stored = FindResource(turn.plane, call.path);
  if (absl::IsNotFound(stored.status())) return Answer{.status = 204};
  RETURN_IF_ERROR(stored.status());
  const std::string location = (*stored)->location();
  resource::v1::DeleteResourceRequest request;
  request.set_name((*stored)->name());
  request.set_etag(WantedEtag(call));
  request.set_resource_group(call.path.group);
  ASSIGN_OR_RETURN(const Object answer, turn.plane.Mutate(request, turn.now, DrawRandoms(), turn.effects));
  return Answer{.status = 202,
                .operation = OperationOf(turn.plane, answer.resource().operation(), answer.resource().name()),
                .location = location};
}

absl::StatusOr<Answer> ListKeys(const ControlPlane& plane, const Call& call, const Resource& resource) {
  ASSIGN_OR_RETURN(const Object* keys,
                   plane.resources().GetKeys(KeysName(call.path.resource()), call.path.group));
  Answer answer = Found(KeysToJson(keys->access_keys(), EndpointUrl(resource)));
  return answer;
}

absl::StatusOr<Answer> RegenerateKey(Engine::Turn& turn, const Call& call, const Resource& resource) {
  RETURN_IF_ERROR(RequireBody(call));
  ASSIGN_OR_RETURN(const resource::v1::KeyType type, ReadKeyType(*call.body));
  resource::v1::RegenerateAccessKeyRequest request;
  request.set_name(KeysName(call.path.resource()));
  request.set_key_type(type);
  request.set_resource_group(call.path.group);
  const std::string url = EndpointUrl(resource);
  const std::string location = resource.location();
  ASSIGN_OR_RETURN(const Object answer, turn.plane.Mutate(request, turn.now, DrawRandoms(), turn.effects));
  return Changed(202, KeysToJson(answer.access_keys(), url), answer.access_keys().operation(), location);
}

absl::StatusOr<Answer> RestartResource(Engine::Turn& turn, const Call& call) {
  resource::v1::RestartResourceRequest request;
  request.set_name(ResourceName(call.path.resource()));
  request.set_resource_group(call.path.group);
  ASSIGN_OR_RETURN(const Object answer, turn.plane.Mutate(request, turn.now, DrawRandoms(), turn.effects));
  return Answer{
      .status = 202, .operation = answer.resource().operation(), .location = answer.resource().location()};
}

}  // namespace

absl::StatusOr<Answer> HandleResources(Engine::Turn& turn, const Call& call) {
  if (!call.path.is_object) {
    return call.method == "GET" ? ResourcePage(turn.plane, call) : NotAllowed(call, "GET");
  }
  if (call.method == "PUT") return PutResource(turn, call);
  if (call.method == "PATCH") return PatchResource(turn, call);
  if (call.method == "DELETE") return RemoveResource(turn, call);
  if (call.method != "GET") return NotAllowed(call, "GET, PUT, PATCH, DELETE");
  ASSIGN_OR_RETURN(const Resource* resource, FindResource(turn.plane, call.path));
  return Found(ResourceToJson(*resource, Audience::kArm));
}

absl::StatusOr<Answer> HandleResourceActions(Engine::Turn& turn, const Call& call) {
  if (call.method != "POST") return NotAllowed(call, "POST");
  ASSIGN_OR_RETURN(const Resource* resource, FindResource(turn.plane, call.path));
  if (call.path.type == "webPubSub/listKeys") return ListKeys(turn.plane, call, *resource);
  if (call.path.type == "webPubSub/regenerateKey") return RegenerateKey(turn, call, *resource);
  return RestartResource(turn, call);
}

}  // namespace nonet::controlplane::arm
