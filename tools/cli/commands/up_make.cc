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

absl::StatusOr<Resource> MakeResource(const Context& context, ControlClient& control, const std::string& name,
                                      const UpOptions& options) {
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
  return control.Create(request);
}

// All replicas, those that are new included.
absl::StatusOr<std::vector<Replica>> MakeReplicas(ControlClient& control, const Resource& parent,
                                                  const UpOptions& options) {
  resource::v1::ListReplicasRequest list;
  list.set_parent(parent.name());
  ASSIGN_OR_RETURN(const resource::v1::ListReplicasResponse existing, control.List(list));
  std::vector<Replica> replicas(existing.replicas().begin(), existing.replicas().end());
  for (const std::string& region : options.replicas) {
    const bool exists = std::any_of(replicas.begin(), replicas.end(),
                                    [&](const Replica& replica) { return replica.location() == region; });
    if (exists) continue;
    resource::v1::CreateReplicaRequest request;
    request.set_parent(parent.name());
    request.set_replica_id(region);
    request.set_request_id(RequestId());
    request.mutable_replica()->set_location(region);
    ASSIGN_OR_RETURN(Replica replica, control.Create(request));
    replicas.push_back(std::move(replica));
  }
  return replicas;
}

}  // namespace

absl::Status MakeResources(const Context& context, Cluster& cluster, const std::string& name,
                           const UpOptions& options) {
  ASSIGN_OR_RETURN(const Resource resource, MakeResource(context, *cluster.control, name, options));
  ASSIGN_OR_RETURN(const std::vector<Replica> replicas, MakeReplicas(*cluster.control, resource, options));
  std::vector<Awaited> awaited = {{resource.name(), resource.etag()}};
  for (const Replica& replica : replicas) awaited.push_back({replica.name(), replica.etag()});
  SayProgress(context,
              absl::StrCat("waiting for ", awaited.size(), awaited.size() == 1 ? " instance" : " instances"));
  // The resolver may still be starting: it is not waited for before the next line.
  RETURN_IF_ERROR(AwaitEverybody(*cluster.control, awaited, options.timeout_ns).status());
  RETURN_IF_ERROR(cluster.supervisor->WaitUntilReady(Within(options.timeout_ns)).status());
  // What restarted reports a new life meanwhile: the resolver has to have that too.
  for (Awaited& each : awaited) each.etag.clear();
  return AwaitConvergence(context, *cluster.control, awaited, options.timeout_ns);
}

}  // namespace nonet::cli
