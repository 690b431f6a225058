// Paths and ids of Azure Resource Manager: /subscriptions/S/resourceGroups/G/providers/
// Microsoft.SignalRService/webPubSub/contoso/replicas/westus. Read in any case, written in one. Pure.
//
//   ASSIGN_OR_RETURN(const ArmPath path, ParseArmPath(request.path));   // path.type == "webPubSub/replicas"
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

namespace nonet::controlplane::arm {

inline constexpr absl::string_view kProvider = "Microsoft.SignalRService";
// What ids and `type` say; URLs are written "webPubSub" as often.
inline constexpr absl::string_view kResourceType = "Microsoft.SignalRService/WebPubSub";

struct ArmPath {
  std::string subscription;  // Empty for /providers/... alone.
  std::string group;         // Empty when the path is not within a resource group.
  std::string location;      // Of /locations/{location}/...; empty otherwise.
  // The types without the provider, in one spelling: "operations", "usages", "checkNameAvailability",
  // "operationStatuses", "operationResults", "webPubSub", "webPubSub/replicas/sharedPrivateLinkResources",
  // "webPubSub/restart".
  std::string type;
  // The names between the types; one less than types for a list or an action.
  std::vector<std::string> names;

  // Whether the path ends in a name: one object, and not a list of them or an action.
  bool is_object = false;

  const std::string& resource() const { return names.at(0); }
  const std::string& child() const { return names.at(1); }
  const std::string& grandchild() const { return names.at(2); }
};

// NOT_FOUND for every path that Microsoft.SignalRService does not have. `path` is percent-encoded.
absl::StatusOr<ArmPath> ParseArmPath(absl::string_view path);

// "/subscriptions/S/resourceGroups/G/providers/Microsoft.SignalRService/WebPubSub/contoso"
std::string ResourceArmId(absl::string_view subscription, absl::string_view group,
                          absl::string_view resource);
// ResourceArmId(...)/hubs/chat
std::string ChildArmId(absl::string_view parent_id, absl::string_view type, absl::string_view name);

}  // namespace nonet::controlplane::arm
