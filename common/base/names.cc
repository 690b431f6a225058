#include "common/base/names.h"

#include <vector>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"

namespace nonet {

std::string ResourceName(absl::string_view resource_id) { return absl::StrCat("resources/", resource_id); }

std::string ReplicaName(absl::string_view resource_id, absl::string_view replica_id) {
  return absl::StrCat("resources/", resource_id, "/replicas/", replica_id);
}

std::string KeysName(absl::string_view resource_id) {
  return absl::StrCat("resources/", resource_id, "/keys");
}

std::optional<ParsedName> ParseName(absl::string_view name) {
  const std::vector<absl::string_view> parts = absl::StrSplit(name, '/');
  if (parts.size() < 2 || parts[0] != "resources" || parts[1].empty()) return std::nullopt;
  const std::string resource(parts[1]);
  if (parts.size() == 2) return ParsedName{ParsedName::Kind::kResource, resource, ""};
  if (parts.size() == 3 && parts[2] == "keys") return ParsedName{ParsedName::Kind::kKeys, resource, ""};
  if (parts.size() == 4 && parts[2] == "replicas" && !parts[3].empty()) {
    return ParsedName{ParsedName::Kind::kReplica, resource, std::string(parts[3])};
  }
  return std::nullopt;
}

std::string InstanceId(absl::string_view object_name) {
  const auto parsed = ParseName(object_name);
  if (!parsed) return std::string(object_name);
  return parsed->kind == ParsedName::Kind::kReplica ? parsed->replica_id : parsed->resource_id;
}

bool IsValidId(absl::string_view id) {
  if (id.size() < 3 || id.size() > 63 || !absl::ascii_isalpha(id.front()) || id.back() == '-') return false;
  for (const char c : id) {
    if (!absl::ascii_isalnum(c) && c != '-') return false;
  }
  return true;
}

}  // namespace nonet
