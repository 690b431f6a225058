#include "tools/cli/deploy/arm_ids.h"

#include <algorithm>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_split.h"

namespace nonet::cli::deploy {
namespace {

const std::vector<std::pair<Kind, std::string>>& Types() {
  static const auto* const types = new std::vector<std::pair<Kind, std::string>>{
      {Kind::kResource, "Microsoft.SignalRService/webPubSub"},
      {Kind::kReplica, "Microsoft.SignalRService/webPubSub/replicas"},
      {Kind::kHub, "Microsoft.SignalRService/webPubSub/hubs"},
      {Kind::kSharedPrivateLink, "Microsoft.SignalRService/webPubSub/sharedPrivateLinkResources"},
      {Kind::kReplicaSharedPrivateLink,
       "Microsoft.SignalRService/webPubSub/replicas/sharedPrivateLinkResources"},
      {Kind::kPrivateEndpointConnection, "Microsoft.SignalRService/webPubSub/privateEndpointConnections"},
      {Kind::kCustomCertificate, "Microsoft.SignalRService/webPubSub/customCertificates"},
      {Kind::kCustomDomain, "Microsoft.SignalRService/webPubSub/customDomains"},
  };
  return *types;
}

}  // namespace

std::optional<Kind> KindOfType(absl::string_view type) {
  for (const auto& [kind, name] : Types()) {
    if (absl::EqualsIgnoreCase(name, type)) return kind;
  }
  return std::nullopt;
}

std::string TypeOfKind(Kind kind) {
  for (const auto& [known, name] : Types()) {
    if (known == kind) return name;
  }
  return "";
}

std::vector<std::string> KnownTypes() {
  std::vector<std::string> names;
  for (const auto& [kind, name] : Types()) names.push_back(name);
  return names;
}

size_t SegmentsOfType(absl::string_view type) {
  return static_cast<size_t>(std::count(type.begin(), type.end(), '/'));
}

std::string MakeId(absl::string_view subscription, absl::string_view group, absl::string_view type,
                   absl::string_view name) {
  const std::vector<absl::string_view> types = absl::StrSplit(type, '/');
  const std::vector<absl::string_view> names = absl::StrSplit(name, '/');
  std::string id =
      absl::StrCat("/subscriptions/", subscription, "/resourceGroups/", group, "/providers/", types[0]);
  for (size_t i = 0; i + 1 < types.size() && i < names.size(); ++i) {
    absl::StrAppend(&id, "/", types[i + 1], "/", names[i]);
  }
  return id;
}

std::optional<ParsedId> ParseId(absl::string_view id) {
  const std::vector<std::string> parts = absl::StrSplit(id, '/');
  // "", subscriptions, S, resourceGroups, G, providers, NS, T, N, ...
  if (parts.size() < 9 || parts.size() % 2 == 0 || !parts[0].empty() ||
      !absl::EqualsIgnoreCase(parts[1], "subscriptions") ||
      !absl::EqualsIgnoreCase(parts[3], "resourceGroups") || !absl::EqualsIgnoreCase(parts[5], "providers")) {
    return std::nullopt;
  }
  ParsedId parsed{.subscription = parts[2], .group = parts[4], .type = parts[6], .names = {}};
  for (size_t i = 7; i + 1 < parts.size(); i += 2) {
    absl::StrAppend(&parsed.type, "/", parts[i]);
    parsed.names.push_back(parts[i + 1]);
  }
  return parsed;
}

std::string IdKey(absl::string_view id) { return absl::AsciiStrToLower(id); }

}  // namespace nonet::cli::deploy
