// Resources, replicas and keys as Azure Resource Manager shows them (api-version 2024-03-01), and as tables.
// Pure; thread-safe.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "absl/strings/string_view.h"
#include "nonet/resource/v1/resource.pb.h"
#include "nonet/resource/v1/resource_service.pb.h"
#include "tools/cli/render/format.h"

namespace nonet::cli {

// "Succeeded"; "Unknown" for what a newer server may say.
std::string ProvisioningStateName(resource::v1::ProvisioningState state);

// "/subscriptions/<sub>/resourceGroups/<group>/providers/Microsoft.SignalRService/WebPubSub/<name>"
std::string ResourceArmId(const resource::v1::Resource& resource);

// A resource as one object; its instance's facts are under properties.instance.
Json ResourceJson(const resource::v1::Resource& resource);
// A replica needs its parent for the id.
Json ReplicaJson(const resource::v1::Replica& replica, const resource::v1::Resource& parent);

View ResourceList(const std::vector<resource::v1::Resource>& resources);
View OneResource(const resource::v1::Resource& resource);
View ReplicaList(const std::vector<resource::v1::Replica>& replicas, const resource::v1::Resource& parent);
View OneReplica(const resource::v1::Replica& replica, const resource::v1::Resource& parent);

// {primaryKey, secondaryKey, primaryConnectionString, secondaryConnectionString}. `endpoint` is a URL.
View Keys(const resource::v1::AccessKeys& keys, absl::string_view endpoint);

View Effective(const resource::v1::EffectiveConfiguration& configuration);

}  // namespace nonet::cli
