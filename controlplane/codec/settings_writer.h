// The settings of a resource as ARM's properties. Pure; thread-safe.
#pragma once

#include "controlplane/codec/json.h"
#include "nonet/resource/v1/resource.pb.h"

namespace nonet::controlplane::arm {

// Within "properties": tls, networkACLs, publicNetworkAccess, disableLocalAuth, ...
Json SettingsToJson(const resource::v1::Resource& resource);
Json IdentityToJson(const resource::v1::ManagedIdentity& identity);
// "properties" of a hub.
Json HubPropertiesToJson(const resource::v1::HubSettings& hub);

}  // namespace nonet::controlplane::arm
