// arm_handlers.h: what became of a change, in both of Azure's styles of polling. An operation has succeeded
// here when it has ended and the fleet has what it changed, so that what a caller awaits has happened.
#include <nlohmann/json.hpp>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "common/base/error.h"
#include "common/base/names.h"
#include "common/base/status_macros.h"
#include "controlplane/codec/error_envelope.h"
#include "controlplane/codec/state_name.h"
#include "controlplane/codec/writer.h"
#include "controlplane/server/arm_handlers.h"

namespace nonet::controlplane::arm {
namespace {

using resource::v1::Operation;

constexpr absl::string_view kRunning = "Running";

// Where an operation stands for callers of this door; `why` is set when it failed or was canceled.
std::string StandingOf(const ControlPlane& plane, const Operation& operation, Now now, absl::Status& why) {
  switch (operation.state()) {
    case resource::v1::OPERATION_STATE_FAILED:
    case resource::v1::OPERATION_STATE_CANCELED:
      why = MakeError(absl::StatusCode::kFailedPrecondition, operation.error().reason(),
                      operation.error().message(), {.next_step = operation.error().next_step()});
      return std::string(StateName(operation.state()));
    case resource::v1::OPERATION_STATE_SUCCEEDED:
      break;
    default:
      return std::string(kRunning);
  }
  const ControlPlane::Convergence convergence = plane.CheckConvergence(operation.name(), 0, now);
  if (absl::IsUnavailable(convergence.status)) return std::string(kRunning);
  if (convergence.status.ok()) return std::string(StateName(operation.state()));
  why = convergence.status;
  return std::string(StateName(resource::v1::OPERATION_STATE_FAILED));
}

// GET .../operationStatuses/12, where Azure-AsyncOperation leads to.
Answer StatusAnswer(const Call& call, const Operation& operation, const std::string& standing,
                    const absl::Status& why) {
  const std::string id =
      absl::StrCat("/subscriptions/", call.path.subscription, "/providers/", kProvider, "/locations/",
                   call.path.location, "/operationStatuses/", call.path.names.front());
  Json json = OperationToJson(operation, id, standing);
  if (!why.ok()) json["error"] = ErrorBody(why);
  return {.status = 200, .body = ToText(json)};
}

// GET .../operationResults/12, where Location leads to.
absl::StatusOr<Answer> ResultAnswer(const ControlPlane& plane, const Operation& operation) {
  if (absl::StartsWith(operation.verb(), "Delete") || absl::StartsWith(operation.verb(), "Restart")) {
    return Answer{.status = 204};
  }
  ASSIGN_OR_RETURN(const Json json, ShowTarget(plane, operation));
  if (json.is_null()) return Answer{.status = 204};
  return Found(json);
}

}  // namespace

absl::StatusOr<Json> ShowTarget(const ControlPlane& plane, const Operation& operation) {
  const auto name = ParseName(operation.target());
  if (!name) return Json();
  ASSIGN_OR_RETURN(const Object* parent, plane.resources().GetResource(ResourceName(name->resource_id), ""));
  const resource::v1::Resource& resource = parent->resource();
  if (name->kind == ParsedName::Kind::kKeys) {
    ASSIGN_OR_RETURN(const Object* keys, plane.resources().GetKeys(operation.target(), ""));
    return KeysToJson(keys->access_keys(), EndpointUrl(resource));
  }
  if (name->kind == ParsedName::Kind::kReplica) {
    ASSIGN_OR_RETURN(const Object* replica, plane.resources().GetReplica(operation.target(), ""));
    if (operation.child().empty()) return ReplicaToJson(replica->replica(), resource, Audience::kArm);
    return ShowReplicaChild(resource, replica->replica(), operation.child());
  }
  if (!operation.child().empty()) return ShowChild(resource, operation.child());
  return ResourceToJson(resource, Audience::kArm);
}

absl::StatusOr<Answer> HandleOperations(Engine::Turn& turn, const Call& call) {
  if (call.method != "GET") return NotAllowed(call, "GET");
  ASSIGN_OR_RETURN(const Operation* operation, turn.plane.resources().operations().Get(
                                                   absl::StrCat("operations/", call.path.names.front())));
  absl::Status why;
  const std::string standing = StandingOf(turn.plane, *operation, turn.now, why);
  const bool running = standing == kRunning;
  Answer answer;
  if (call.path.type == "operationStatuses") {
    answer = StatusAnswer(call, *operation, standing, why);
  } else if (running) {
    answer.status = 202;
    answer.operation = operation->name();
    answer.location = call.path.location;
  } else {
    RETURN_IF_ERROR(why);
    ASSIGN_OR_RETURN(answer, ResultAnswer(turn.plane, *operation));
  }
  if (running) answer.hold_for = operation->name();
  return answer;
}

}  // namespace nonet::controlplane::arm
