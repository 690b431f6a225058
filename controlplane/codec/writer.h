// The model as Azure Resource Manager shows it (the shape of api-version 2024-03-01 and its additions).
//
//   response.body = ToText(ResourceToJson(resource, Audience::kArm));
//
// Pure; thread-safe. Reading is reader.h; what is written here can be read there.
#pragma once

#include <string>

#include "absl/strings/string_view.h"
#include "controlplane/codec/json.h"
#include "nonet/resource/v1/operation.pb.h"
#include "nonet/resource/v1/resource.pb.h"
#include "nonet/resource/v1/resource_service.pb.h"

namespace nonet::controlplane::arm {

enum class Audience {
  kArm,       // What Azure would send, and the etag.
  kOperator,  // Also the resource group, the hubs, the instance's addresses and why something failed.
};

std::string ResourceArmId(const resource::v1::Resource& resource);

Json ResourceToJson(const resource::v1::Resource& resource, Audience audience);
// A replica needs its parent for the id.
Json ReplicaToJson(const resource::v1::Replica& replica, const resource::v1::Resource& parent,
                   Audience audience);

// Children of a resource. A shared private link of a replica is below that replica's id.
Json HubToJson(const resource::v1::HubSettings& hub, const resource::v1::Resource& parent);
Json SharedPrivateLinkToJson(const resource::v1::SharedPrivateLink& link,
                             const resource::v1::Resource& resource, absl::string_view replica_id = "");
Json PrivateEndpointConnectionToJson(const resource::v1::PrivateEndpointConnection& connection,
                                     const resource::v1::Resource& parent);
Json CustomCertificateToJson(const resource::v1::CustomCertificate& certificate,
                             const resource::v1::Resource& parent);
Json CustomDomainToJson(const resource::v1::CustomDomain& domain, const resource::v1::Resource& parent);

// {primaryKey, secondaryKey, primaryConnectionString, secondaryConnectionString}. `endpoint` is a URL.
Json KeysToJson(const resource::v1::AccessKeys& keys, absl::string_view endpoint);
// Where clients find a resource, as connection strings have it: https where its instance listens so, with the
// instance's port, which DNS does not carry.
std::string EndpointUrl(const resource::v1::Resource& resource);
// "Endpoint=<url>;AccessKey=<key>;Version=1.0;"
std::string ConnectionString(absl::string_view endpoint, absl::string_view key);

// {"value": [{resourceType, sku, capacity}]}. `resource_type`: "Microsoft.SignalRService/WebPubSub".
Json SkusToJson(const resource::v1::ListSkusResponse& skus, absl::string_view resource_type);
Json UsagesToJson(const resource::v1::ListUsagesResponse& usages, absl::string_view subscription,
                  absl::string_view location);
Json NameAvailabilityToJson(const resource::v1::CheckNameAvailabilityResponse& answer);
// {id, name, status, startTime, endTime, percentComplete, error}: what Azure-AsyncOperation leads to.
// `status` is OperationState's, but Running as long as the fleet has not applied it.
Json OperationToJson(const resource::v1::Operation& operation, absl::string_view id,
                     absl::string_view status);
// What one can do with Microsoft.SignalRService: {"value": [{name, isDataAction, display, origin}]}.
Json ProviderOperations();
// The sub-resources that a private endpoint can lead to.
Json PrivateLinkResourcesToJson(const resource::v1::Resource& parent);

}  // namespace nonet::controlplane::arm
