// Hubs, shared private links and operations as Azure Resource Manager shows them, and as tables. Pure;
// thread-safe.
#pragma once

#include <string>
#include <vector>

#include "nonet/resource/v1/operation.pb.h"
#include "nonet/resource/v1/resource.pb.h"
#include "tools/cli/render/format.h"

namespace nonet::cli {

View HubList(const std::vector<resource::v1::HubSettings>& hubs, const resource::v1::Resource& parent);
View OneHub(const resource::v1::HubSettings& hub, const resource::v1::Resource& parent);

// A link as it stands at one instance: the replica's id, empty for the primary's.
struct LinkAt {
  resource::v1::SharedPrivateLink link;
  std::string replica;
};
View LinkList(const std::vector<LinkAt>& links, const resource::v1::Resource& parent);
View OneLink(const LinkAt& link, const resource::v1::Resource& parent);

// {name, status, startTime, endTime, percentComplete, error, properties: {target, verb, progress}}
View OperationList(const std::vector<resource::v1::Operation>& operations);
View OneOperation(const resource::v1::Operation& operation);

// "a link is not approved / try: nonet ..."
std::string WarningSentence(const resource::v1::Warning& warning);

}  // namespace nonet::cli
