// The properties of a resource that it hands on to its replicas. Pure; thread-safe.
#pragma once

#include <string>
#include <vector>

#include "controlplane/codec/object_reader.h"
#include "nonet/resource/v1/resource.pb.h"

namespace nonet::controlplane::arm {

// Reads them from "properties" into `out`; adds the paths of those that stand for something to `mask`.
void ReadSettings(ObjectReader& properties, resource::v1::Resource& out, std::vector<std::string>& mask);
void ReadIdentity(ObjectReader identity, const Json* current, resource::v1::Resource& out);
// Reads "properties" of a hub.
void ReadHubProperties(ObjectReader& properties, resource::v1::HubSettings& out);

// Which of them `properties` has, by the names of our fields; marks all as known.
std::vector<std::string> InheritedProperties(ObjectReader& properties);

}  // namespace nonet::controlplane::arm
