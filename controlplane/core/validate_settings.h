// Whether the settings of a resource (settings.proto) are ones that Azure would take, and their missing
// values filled in. Each works on one message alone; what depends on others is resource_set's business. Pure.
//
//   RETURN_IF_ERROR(NormalizeSettings(resource));
#pragma once

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "nonet/resource/v1/resource.pb.h"

namespace nonet::controlplane {

// Everything inherited but traffic profile and children other than hubs. INVALID_ARGUMENT (INVALID_SETTING,
// INVALID_HUB, with the path of what is wrong), or complete. Output-only parts of the identity are computed
// from the resource's uid.
absl::Status NormalizeSettings(resource::v1::Resource& resource);

// One child each; `etag`, `uid` and other output-only parts are left as they are.
absl::Status NormalizeChild(resource::v1::HubSettings& hub);
absl::Status NormalizeChild(resource::v1::SharedPrivateLink& link);
absl::Status NormalizeChild(resource::v1::PrivateEndpointConnection& connection);
absl::Status NormalizeChild(resource::v1::CustomCertificate& certificate);
absl::Status NormalizeChild(resource::v1::CustomDomain& domain);

// What is said about a link's request or approval: at most 140 characters.
absl::Status ValidateMessage(absl::string_view field, absl::string_view message);

}  // namespace nonet::controlplane
