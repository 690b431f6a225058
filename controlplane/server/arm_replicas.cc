// arm_handlers.h: replicas, and the shared private links as one replica sees them.
#include <nlohmann/json.hpp>

#include "absl/strings/str_cat.h"
#include "common/base/names.h"
#include "common/base/status_macros.h"
#include "controlplane/codec/reader.h"
#include "controlplane/codec/writer.h"
#include "controlplane/core/catalog.h"
#include "controlplane/core/child_kinds.h"
#include "controlplane/core/errors.h"
#include "controlplane/core/links.h"
#include "controlplane/core/lists.h"
#include "controlplane/server/arm_handlers.h"

namespace nonet::controlplane::arm {
namespace {

using resource::v1::Replica;
using resource::v1::Resource;
using resource::v1::SharedPrivateLink;

absl::StatusOr<Answer> ReplicaPage(const ControlPlane& plane, const Call& call) {
  ASSIGN_OR_RETURN(const Resource* parent, FindResource(plane, call.path));
  resource::v1::ListReplicasRequest request;
  request.set_parent(parent->name());
  request.set_resource_group(call.path.group);
  request.set_page_size(call.top);
  request.set_page_token(call.skip_token);
  ASSIGN_OR_RETURN(const auto page, controlplane::ListReplicas(plane.resources(), request));
  Json values = Json::array();
  for (const Replica& replica : page.replicas()) {
    values.push_back(ReplicaToJson(replica, *parent, Audience::kArm));
  }
  return ListAnswer(call, std::move(values), page.next_page_token());
}

// PUT and PATCH. `stored` is nullptr for a creation.
absl::StatusOr<Answer> WriteReplica(Engine::Turn& turn, const Call& call, const Resource& parent,
                                    const Replica* stored, const Json& body, int status) {
  const Json current = stored == nullptr ? Json() : ReplicaToJson(*stored, parent, Audience::kArm);
  Replica next;
  ASSIGN_OR_RETURN(const Read read, ReadReplica(body, stored == nullptr ? nullptr : &current, next));
  if (!read.inherited.empty()) {
    return controlplane::errors::InheritedField(read.inherited.front(), call.path.resource(),
                                                call.path.child());
  }
  absl::StatusOr<Object> answer;
  if (stored == nullptr) {
    resource::v1::CreateReplicaRequest request;
    request.set_parent(parent.name());
    request.set_replica_id(call.path.child());
    request.set_resource_group(call.path.group);
    *request.mutable_replica() = std::move(next);
    answer = turn.plane.Mutate(request, turn.now, DrawRandoms(), turn.effects);
  } else {
    next.set_name(stored->name());
    next.set_etag(WantedEtag(call));
    resource::v1::UpdateReplicaRequest request;
    request.set_resource_group(call.path.group);
    *request.mutable_replica() = std::move(next);
    for (const std::string& path : read.mask) request.mutable_update_mask()->add_paths(path);
    answer = turn.plane.Mutate(request, turn.now, DrawRandoms(), turn.effects);
  }
  RETURN_IF_ERROR(answer.status());
  const Replica& replica = answer->replica();
  // The parent may have moved in memory, but no replica changes what is shown of it.
  ASSIGN_OR_RETURN(const Resource* owner, FindResource(turn.plane, call.path));
  return Changed(status, ReplicaToJson(replica, *owner, Audience::kArm), replica.operation(),
                 replica.location());
}

absl::StatusOr<Answer> PutReplica(Engine::Turn& turn, const Call& call) {
  RETURN_IF_ERROR(RequireBody(call));
  ASSIGN_OR_RETURN(const Resource* parent, FindResource(turn.plane, call.path));
  const auto stored = FindReplica(turn.plane, call.path);
  RETURN_IF_ERROR(CheckConditions(call, stored.ok(), call.path.child()));
  return WriteReplica(turn, call, *parent, stored.ok() ? *stored : nullptr, *call.body,
                      stored.ok() ? 200 : 201);
}

absl::StatusOr<Answer> PatchReplica(Engine::Turn& turn, const Call& call) {
  RETURN_IF_ERROR(RequireBody(call));
  ASSIGN_OR_RETURN(const Resource* parent, FindResource(turn.plane, call.path));
  ASSIGN_OR_RETURN(const Replica* stored, FindReplica(turn.plane, call.path));
  const Json merged = MergePatch(ReplicaToJson(*stored, *parent, Audience::kArm), *call.body);
  return WriteReplica(turn, call, *parent, stored, merged, 202);
}

// In one call, as Azure documents it: 200 when it is gone, 204 when there was none.
absl::StatusOr<Answer> DeleteReplica(Engine::Turn& turn, const Call& call) {
  const auto stored = FindReplica(turn.plane, call.path);
  if (absl::IsNotFound(stored.status())) return Answer{.status = 204};
  RETURN_IF_ERROR(stored.status());
  resource::v1::DeleteReplicaRequest request;
  request.set_name((*stored)->name());
  request.set_etag(WantedEtag(call));
  request.set_resource_group(call.path.group);
  ASSIGN_OR_RETURN(const Object answer, turn.plane.Mutate(request, turn.now, DrawRandoms(), turn.effects));
  return Answer{.status = 200,
                .wait_for = OperationOf(turn.plane, answer.replica().operation(), answer.replica().name())};
}

Json LinkJson(const SharedPrivateLink& link, const Resource& parent, const Replica& replica) {
  return SharedPrivateLinkToJson(LinkView(link, ApprovalsOf(replica)), parent, InstanceId(replica.name()));
}

absl::StatusOr<Answer> PutReplicaLink(Engine::Turn& turn, const Call& call, const Resource& parent,
                                      const Replica& replica) {
  RETURN_IF_ERROR(RequireBody(call));
  const auto* stored = FindChild<SharedPrivateLink>(parent, call.path.grandchild());
  RETURN_IF_ERROR(CheckConditions(call, stored != nullptr, call.path.grandchild()));
  const Json current = stored == nullptr ? Json() : LinkJson(*stored, parent, replica);
  resource::v1::CreateOrUpdateSharedPrivateLinkRequest request;
  RETURN_IF_ERROR(
      ReadSharedPrivateLink(*call.body, stored == nullptr ? nullptr : &current, *request.mutable_link()));
  request.mutable_link()->set_name(call.path.grandchild());
  request.mutable_link()->set_etag(WantedEtag(call));
  request.set_parent(replica.name());
  request.set_resource_group(call.path.group);
  ASSIGN_OR_RETURN(const Object answer, turn.plane.Mutate(request, turn.now, DrawRandoms(), turn.effects));
  // What holds the approval is the replica.
  ASSIGN_OR_RETURN(const Resource* owner, FindResource(turn.plane, call.path));
  const auto* link = FindChild<SharedPrivateLink>(*owner, call.path.grandchild());
  if (link == nullptr) {
    return controlplane::errors::ChildNotFound("shared private link", call.path.resource(),
                                               call.path.grandchild());
  }
  return Changed(200, LinkJson(*link, *owner, answer.replica()), answer.replica().operation(),
                 answer.replica().location());
}

}  // namespace

Json ShowReplicaChild(const Resource& parent, const Replica& replica, absl::string_view child) {
  const SharedPrivateLink* link = FindChild<SharedPrivateLink>(parent, child.substr(child.find('/') + 1));
  return link == nullptr ? Json() : LinkJson(*link, parent, replica);
}

absl::StatusOr<Answer> HandleReplicas(Engine::Turn& turn, const Call& call) {
  if (!call.path.is_object) {
    return call.method == "GET" ? ReplicaPage(turn.plane, call) : NotAllowed(call, "GET");
  }
  if (call.method == "PUT") return PutReplica(turn, call);
  if (call.method == "PATCH") return PatchReplica(turn, call);
  if (call.method == "DELETE") return DeleteReplica(turn, call);
  if (call.method != "GET") return NotAllowed(call, "GET, PUT, PATCH, DELETE");
  ASSIGN_OR_RETURN(const Resource* parent, FindResource(turn.plane, call.path));
  ASSIGN_OR_RETURN(const Replica* replica, FindReplica(turn.plane, call.path));
  return Found(ReplicaToJson(*replica, *parent, Audience::kArm));
}

absl::StatusOr<Answer> HandleReplicaActions(Engine::Turn& turn, const Call& call) {
  ASSIGN_OR_RETURN(const Replica* replica, FindReplica(turn.plane, call.path));
  if (call.path.type == "webPubSub/replicas/skus") {
    if (call.method != "GET") return NotAllowed(call, "GET");
    return Found(SkusToJson(SkuChoices(/*replica=*/true), absl::StrCat(kResourceType, "/replicas")));
  }
  if (call.method != "POST") return NotAllowed(call, "POST");
  resource::v1::RestartReplicaRequest request;
  request.set_name(replica->name());
  request.set_resource_group(call.path.group);
  ASSIGN_OR_RETURN(const Object answer, turn.plane.Mutate(request, turn.now, DrawRandoms(), turn.effects));
  return Answer{
      .status = 202, .operation = answer.replica().operation(), .location = answer.replica().location()};
}

absl::StatusOr<Answer> HandleReplicaLinks(Engine::Turn& turn, const Call& call) {
  ASSIGN_OR_RETURN(const Resource* parent, FindResource(turn.plane, call.path));
  ASSIGN_OR_RETURN(const Replica* replica, FindReplica(turn.plane, call.path));
  if (!call.path.is_object) {
    if (call.method != "GET") return NotAllowed(call, "GET");
    resource::v1::ListSharedPrivateLinksRequest request;
    request.set_parent(replica->name());
    request.set_resource_group(call.path.group);
    request.set_page_size(call.top);
    request.set_page_token(call.skip_token);
    ASSIGN_OR_RETURN(const auto page, ListSharedPrivateLinks(turn.plane.resources(), request));
    Json values = Json::array();
    for (const SharedPrivateLink& link : page.links()) values.push_back(LinkJson(link, *parent, *replica));
    return ListAnswer(call, std::move(values), page.next_page_token());
  }
  if (call.method == "PUT") return PutReplicaLink(turn, call, *parent, *replica);
  if (call.method != "GET") return NotAllowed(call, "GET, PUT");
  const auto* link = FindChild<SharedPrivateLink>(*parent, call.path.grandchild());
  if (link == nullptr) {
    return controlplane::errors::ChildNotFound("shared private link", call.path.resource(),
                                               call.path.grandchild());
  }
  return Found(LinkJson(*link, *parent, *replica));
}

}  // namespace nonet::controlplane::arm
