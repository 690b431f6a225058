// Making what `up` names and does not exist.
#include <algorithm>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "common/base/names.h"
#include "common/base/status_macros.h"
#include "tools/cli/commands/change.h"
#include "tools/cli/commands/up.h"
#include "tools/cli/errors.h"

namespace nonet::cli {
namespace {

using resource::v1::Replica;
using resource::v1::Resource;

constexpr char kDefaultPrimary[] = "eastus";
constexpr char kDefaultGroup[] = "nonet";

absl::Status CheckSame(const Context& context, const Resource& resource, const UpOptions& options) {
  if (options.primary && *options.primary != resource.location()) {
    return errors::SettingsDiffer("--primary", resource.location(), *options.primary, context.dir);
  }
  if (options.group && !absl::EqualsIgnoreCase(*options.group, resource.resource_group())) {
    return errors::SettingsDiffer("--resource-group", resource.resource_group(), *options.group, context.dir);
  }
  return absl::OkStatus();
}

// What is made is added to `made`.
absl::StatusOr<Resource> MakeResource(const Context& context, ControlClient& control, const std::string& name,
                                      const UpOptions& options, std::vector<Awaited>& made) {
  ASSIGN_OR_RETURN(const resource::v1::ListResourcesResponse list,
                   control.List(resource::v1::ListResourcesRequest()));
  for (const Resource& resource : list.resources()) {
    if (!absl::EqualsIgnoreCase(InstanceId(resource.name()), name)) continue;
    RETURN_IF_ERROR(CheckSame(context, resource, options));
    return resource;
  }
  resource::v1::CreateResourceRequest request;
  request.set_resource_id(name);
  request.set_request_id(RequestId());
  request.mutable_resource()->set_location(options.primary.value_or(kDefaultPrimary));
  request.mutable_resource()->set_resource_group(options.group.value_or(kDefaultGroup));
  ASSIGN_OR_RETURN(Resource resource, control.Create(request));
  made.push_back({resource.name(), resource.etag()});
  return resource;
}

absl::Status MakeReplicas(ControlClient& control, const Resource& parent, const UpOptions& options,
                          std::vector<Awaited>& made) {
  resource::v1::ListReplicasRequest list;
  list.set_parent(parent.name());
  ASSIGN_OR_RETURN(const resource::v1::ListReplicasResponse existing, control.List(list));
  for (const std::string& region : options.replicas) {
    const bool exists = std::any_of(existing.replicas().begin(), existing.replicas().end(),
                                    [&](const Replica& replica) { return replica.location() == region; });
    if (exists) continue;
    resource::v1::CreateReplicaRequest request;
    request.set_parent(parent.name());
    request.set_replica_id(region);
    request.set_request_id(RequestId());
    request.mutable_replica()->set_location(region);
    ASSIGN_OR_RETURN(const Replica replica, control.Create(request));
    made.push_back({replica.name(), replica.etag()});
  }
  return absl::OkStatus();
}

// The objects whose process runs: what a fault or a stop keeps down is not waited for.
std::vector<Awaited> Running(const supervisor::v1::Cluster& cluster) {
  std::vector<Awaited> running;
  for (const supervisor::v1::Process& process : cluster.processes()) {
    if (!process.object().empty() && process.state() == supervisor::v1::STATE_READY) {
      running.push_back({process.object(), ""});
    }
  }
  return running;
}

}  // namespace

absl::Status MakeResources(const Context& context, Cluster& cluster, const std::string& name,
                           const UpOptions& options) {
  std::vector<Awaited> made;
  ASSIGN_OR_RETURN(const Resource resource, MakeResource(context, *cluster.control, name, options, made));
  RETURN_IF_ERROR(MakeReplicas(*cluster.control, resource, options, made));
  if (!made.empty()) {
    SayProgress(context,
                absl::StrCat("waiting for ", made.size(), made.size() == 1 ? " instance" : " instances"));
  }
  // The resolver may still be starting: it is not waited for before the next line.
  RETURN_IF_ERROR(AwaitEverybody(*cluster.control, made, options.timeout_ns).status());
  ASSIGN_OR_RETURN(const supervisor::v1::Cluster ready,
                   cluster.supervisor->WaitUntilReady(Within(options.timeout_ns)));
  // What restarted reports a new life meanwhile: the resolver has to have that too.
  return AwaitConvergence(context, *cluster.control, Running(ready), options.timeout_ns);
}

}  // namespace nonet::cli
