// What the Azure Resource Manager door does: each call becomes the commands and reads that gRPC has, within
// one turn of the engine. There is no other model and no other validation behind this door.
//
//   absl::StatusOr<Answer> answer = Handle(turn, call);
//
// The loop thread only.
#pragma once

#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "controlplane/server/arm_call.h"
#include "controlplane/server/engine.h"

namespace nonet::controlplane::arm {

// Answers, or changes and answers. What is answered is true once the turn is durable.
absl::StatusOr<Answer> Handle(Engine::Turn& turn, const Call& call);

// ---- The parts, by type ----
absl::StatusOr<Answer> HandleResources(Engine::Turn& turn, const Call& call);
absl::StatusOr<Answer> HandleResourceActions(Engine::Turn& turn, const Call& call);
absl::StatusOr<Answer> HandleReplicas(Engine::Turn& turn, const Call& call);
absl::StatusOr<Answer> HandleReplicaActions(Engine::Turn& turn, const Call& call);
absl::StatusOr<Answer> HandleChildren(Engine::Turn& turn, const Call& call);
absl::StatusOr<Answer> HandleReplicaLinks(Engine::Turn& turn, const Call& call);
absl::StatusOr<Answer> HandleCatalog(Engine::Turn& turn, const Call& call);
absl::StatusOr<Answer> HandleOperations(Engine::Turn& turn, const Call& call);

// ---- What they share ----
// Of the path's subscription and group; NOT_FOUND otherwise.
absl::StatusOr<const resource::v1::Resource*> FindResource(const ControlPlane& plane, const ArmPath& path);
absl::StatusOr<const resource::v1::Replica*> FindReplica(const ControlPlane& plane, const ArmPath& path);
// 200, with the etag that is in the body.
Answer Found(const Json& body);
// After a change: `status` and the headers of the operation, or, when nothing had to change, 200 at once.
Answer Changed(int status, const Json& body, const std::string& operation, const std::string& location);
// METHOD_NOT_ALLOWED.
absl::Status NotAllowed(const Call& call, absl::string_view allowed);
// {"value": [...], "nextLink": ...}
Answer ListAnswer(const Call& call, Json values, const std::string& next_token);
// The operation of a change, or, where nothing had to change, the one that is under way with its target.
std::string OperationOf(const ControlPlane& plane, const std::string& changed, absl::string_view target);
// What an operation was about, as it is now; null where that is gone. NOT_FOUND when its resource is.
absl::StatusOr<Json> ShowTarget(const ControlPlane& plane, const resource::v1::Operation& operation);
// `child`: "hubs/chat". Null when there is none.
Json ShowChild(const resource::v1::Resource& parent, absl::string_view child);
// The same of a replica, which sees shared private links its own way.
Json ShowReplicaChild(const resource::v1::Resource& parent, const resource::v1::Replica& replica,
                      absl::string_view child);

}  // namespace nonet::controlplane::arm
