// ARM ids and the resource types that a template may have here. Pure; thread-safe.
//
//   "/subscriptions/S/resourceGroups/G/providers/Microsoft.SignalRService/webPubSub/contoso/replicas/westus"
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "absl/strings/string_view.h"

namespace nonet::cli::deploy {

enum class Kind {
  kResource,
  kReplica,
  kHub,
  kSharedPrivateLink,
  kReplicaSharedPrivateLink,
  kPrivateEndpointConnection,
  kCustomCertificate,
  kCustomDomain,
};

// "Microsoft.SignalRService/webPubSub/replicas", compared without case.
std::optional<Kind> KindOfType(absl::string_view type);
// As Azure spells it.
std::string TypeOfKind(Kind kind);
// All of them.
std::vector<std::string> KnownTypes();

// Slashes of a type and of a name that belong together: type a/b/c has name x/y.
size_t SegmentsOfType(absl::string_view type);

// `type` and `name` have as many segments as belong together.
std::string MakeId(absl::string_view subscription, absl::string_view group, absl::string_view type,
                   absl::string_view name);

struct ParsedId {
  std::string subscription, group;
  std::string type;                // "Microsoft.SignalRService/webPubSub/replicas"
  std::vector<std::string> names;  // "contoso", "westus"
};
// nullopt when it is no id of a resource in a resource group.
std::optional<ParsedId> ParseId(absl::string_view id);

// For comparing: ids are equal without case.
std::string IdKey(absl::string_view id);

}  // namespace nonet::cli::deploy
