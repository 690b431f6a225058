#include <thread>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "common/base/names.h"
#include "common/base/status_macros.h"
#include "tools/cli/commands/change.h"
#include "tools/cli/commands/fields.h"
#include "tools/cli/commands/objects.h"
#include "tools/cli/render/arm.h"

namespace nonet::cli {
namespace {

using resource::v1::Replica;
using resource::v1::Resource;

absl::StatusOr<Replica> Get(ControlClient& control, const std::string& name) {
  resource::v1::GetReplicaRequest request;
  request.set_name(name);
  return control.Get(request);
}

absl::StatusOr<Replica> Create(ControlClient& control, const Resource& parent, const ObjectOptions& options,
                               const std::string& region) {
  resource::v1::CreateReplicaRequest request;
  request.set_parent(parent.name());
  request.set_replica_id(options.replica_name.empty() ? region : options.replica_name);
  request.set_request_id(RequestId(options.change));
  request.set_validate_only(options.change.dry_run);
  request.set_resource_group(options.group);
  request.set_force(options.force);
  request.mutable_replica()->set_location(region);
  google::protobuf::FieldMask everything;
  RETURN_IF_ERROR(ApplyFields(options, *request.mutable_replica(), everything));
  return control.Create(request);
}

absl::StatusOr<Replica> Update(ControlClient& control, const std::string& name,
                               const ObjectOptions& options) {
  resource::v1::UpdateReplicaRequest request;
  request.set_request_id(RequestId(options.change));
  request.set_validate_only(options.change.dry_run);
  request.set_resource_group(options.group);
  request.set_force(options.force);
  Replica& replica = *request.mutable_replica();
  std::string etag = options.change.etag;
  if (NeedsCurrent(options)) {
    // A part of a field is changed on what was read, and only if nobody else changed it since.
    ASSIGN_OR_RETURN(replica, Get(control, name));
    if (etag.empty()) etag = replica.etag();
  }
  replica.set_name(name);
  replica.set_etag(etag);
  RETURN_IF_ERROR(ApplyFields(options, replica, *request.mutable_update_mask()));
  return control.Update(request);
}

template <typename Request>
Request About(const std::string& name, const ObjectOptions& options) {
  Request request;
  request.set_name(name);
  request.set_request_id(RequestId(options.change));
  request.set_validate_only(options.change.dry_run);
  request.set_resource_group(options.group);
  return request;
}

google::protobuf::Duration DrainOf(int64_t ns) {
  google::protobuf::Duration drain;
  drain.set_seconds(ns / kNanosPerSecond);
  drain.set_nanos(static_cast<int32_t>(ns % kNanosPerSecond));
  return drain;
}

absl::StatusOr<Replica> ChangeOne(ControlClient& control, const std::string& name, ObjectOptions options) {
  switch (options.verb) {
    case ObjectVerb::kDelete: {
      auto request = About<resource::v1::DeleteReplicaRequest>(name, options);
      request.set_etag(options.change.etag);
      if (options.drain_ns) *request.mutable_drain() = DrainOf(*options.drain_ns);
      return control.Delete(request);
    }
    case ObjectVerb::kRestart:
      return control.Restart(About<resource::v1::RestartReplicaRequest>(name, options));
    case ObjectVerb::kEnable:
    case ObjectVerb::kDisable:
      options.region_endpoint_enabled = options.verb == ObjectVerb::kEnable;
      break;
    case ObjectVerb::kStart:
    case ObjectVerb::kStop:
      options.set.emplace_back("resource_stopped", options.verb == ObjectVerb::kStop ? "true" : "false");
      break;
    default:
      break;
  }
  return Update(control, name, options);
}

// One after the other, so that a refusal leaves those before it and says so by name; waiting is together.
absl::StatusOr<std::vector<Replica>> Change(const Context& context, ControlClient& control,
                                            const Resource& parent, const ObjectOptions& options) {
  std::vector<Replica> changed;
  if (options.verb != ObjectVerb::kCreate) {
    const std::string name = ReplicaName(InstanceId(parent.name()), options.replica_name);
    ASSIGN_OR_RETURN(Replica replica, ChangeOne(control, name, options));
    changed.push_back(std::move(replica));
    return changed;
  }
  for (const std::string& region : options.regions) {
    absl::StatusOr<Replica> replica = Create(control, parent, options, region);
    if (!replica.ok()) {
      std::vector<std::string> before;
      for (const Replica& r : changed) before.push_back(InstanceId(r.name()));
      if (!before.empty() && !options.change.dry_run) {
        Say(context, absl::StrCat("accepted before the error: ", absl::StrJoin(before, ", ")));
      }
      return replica.status();
    }
    changed.push_back(*std::move(replica));
  }
  return changed;
}

View ViewOf(const std::vector<Replica>& replicas, const Resource& parent) {
  return replicas.size() == 1 ? OneReplica(replicas[0], parent) : ReplicaList(replicas, parent);
}

absl::Status List(const Context& context, ControlClient& control, const Resource& parent,
                  const ObjectOptions& options) {
  ASSIGN_OR_RETURN(const std::vector<Replica> replicas, AllReplicas(control, parent.name(), options.group));
  View view = ReplicaList(replicas, parent);
  view.table.when_empty = absl::StrCat(InstanceId(parent.name()), " has no replicas\n");
  Print(context, view);
  return absl::OkStatus();
}

absl::Status Show(const Context& context, ControlClient& control, const Resource& parent,
                  const ObjectOptions& options) {
  const std::string name = ReplicaName(InstanceId(parent.name()), options.replica_name);
  if (options.effective) return ShowEffective(context, control, name);
  ASSIGN_OR_RETURN(const Replica replica, Get(control, name));
  Print(context, OneReplica(replica, parent));
  return absl::OkStatus();
}

absl::Status FinishChange(const Context& context, ControlClient& control, const Resource& parent,
                          const ObjectOptions& options, std::vector<Replica> changed) {
  std::vector<Awaited> awaited;
  std::vector<std::string> names;
  for (const Replica& replica : changed) {
    awaited.push_back({replica.name(), replica.etag()});
    names.push_back(InstanceId(replica.name()));
  }
  SayProgress(context, absl::StrCat("waiting until ", absl::StrJoin(names, ", "), " is so everywhere"));
  RETURN_IF_ERROR(AwaitConvergence(context, control, awaited, options.change.timeout_ns));
  if (options.verb == ObjectVerb::kDelete) {
    Say(context, absl::StrCat("deleted replica ", absl::StrJoin(names, ", ")));
    return absl::OkStatus();
  }
  for (Replica& replica : changed) {
    ASSIGN_OR_RETURN(replica, Get(control, replica.name()));
  }
  Print(context, ViewOf(changed, parent));
  return absl::OkStatus();
}

}  // namespace

absl::Status RunReplica(const Context& context, ControlClient& control, const ObjectOptions& options) {
  ASSIGN_OR_RETURN(const Resource parent, FindResource(control, options.name, options.group));
  if (options.verb == ObjectVerb::kList) return List(context, control, parent, options);
  if (options.verb == ObjectVerb::kShow) return Show(context, control, parent, options);
  ASSIGN_OR_RETURN(std::vector<Replica> changed, Change(context, control, parent, options));
  for (const Replica& replica : changed) SayWarnings(context, replica);
  if (options.change.dry_run) Say(context, "dry run: nothing was changed");
  if (options.change.no_wait && !options.change.dry_run) {
    std::vector<std::string> operations;
    for (const Replica& replica : changed) operations.push_back(replica.operation());
    ASSIGN_OR_RETURN(const bool shown, ShowOperations(context, control, operations));
    if (shown) return absl::OkStatus();
  }
  if (options.change.dry_run || options.change.no_wait) {
    Print(context, ViewOf(changed, parent));
    return absl::OkStatus();
  }
  return FinishChange(context, control, parent, options, std::move(changed));
}

}  // namespace nonet::cli
