// Object names (AIP-122) and DNS host names: built and parsed here only.
//
//   "resources/contoso", "resources/contoso/replicas/westus", "resources/contoso/keys"
#pragma once

#include <optional>
#include <string>

#include "absl/strings/string_view.h"

namespace nonet {

std::string ResourceName(absl::string_view resource_id);
std::string ReplicaName(absl::string_view resource_id, absl::string_view replica_id);
std::string KeysName(absl::string_view resource_id);

struct ParsedName {
  enum class Kind { kResource, kReplica, kKeys };
  Kind kind;
  std::string resource_id;
  std::string replica_id;  // Empty unless kReplica.
};

// nullopt when the name has none of the three forms. Ids are not validated.
std::optional<ParsedName> ParseName(absl::string_view name);

// What a person calls the instance: the replica id, or the resource id for the primary's.
std::string InstanceId(absl::string_view object_name);

// Ids of resources and replicas: ^[a-zA-Z][a-zA-Z0-9-]{1,61}[a-zA-Z0-9]$ (ARM's rule).
bool IsValidId(absl::string_view id);

}  // namespace nonet
