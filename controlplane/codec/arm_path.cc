#include "controlplane/codec/arm_path.h"

#include <array>

#include "absl/strings/escaping.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "controlplane/codec/errors.h"

namespace nonet::controlplane::arm {
namespace {

constexpr size_t kPathBytesMax = 4096;

// A type that is followed by names of objects, and below what.
struct Collection {
  absl::string_view parent;
  absl::string_view name;
};
constexpr std::array<Collection, 9> kCollections = {{{"", "webPubSub"},
                                                     {"webPubSub", "replicas"},
                                                     {"webPubSub", "hubs"},
                                                     {"webPubSub", "sharedPrivateLinkResources"},
                                                     {"webPubSub", "privateEndpointConnections"},
                                                     {"webPubSub", "privateLinkResources"},
                                                     {"webPubSub", "customCertificates"},
                                                     {"webPubSub", "customDomains"},
                                                     {"webPubSub/replicas", "sharedPrivateLinkResources"}}};
// What can be asked of one object: verbs and computed lists.
constexpr std::array<Collection, 6> kActions = {{{"webPubSub", "listKeys"},
                                                 {"webPubSub", "regenerateKey"},
                                                 {"webPubSub", "restart"},
                                                 {"webPubSub", "skus"},
                                                 {"webPubSub/replicas", "restart"},
                                                 {"webPubSub/replicas", "skus"}}};

template <size_t N>
absl::string_view Known(const std::array<Collection, N>& all, absl::string_view parent,
                        absl::string_view name) {
  for (const Collection& each : all) {
    if (each.parent == parent && absl::EqualsIgnoreCase(each.name, name)) return each.name;
  }
  return {};
}

int HexDigit(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

std::optional<std::string> Decode(absl::string_view text) {
  std::string out;
  for (size_t i = 0; i < text.size(); ++i) {
    if (text[i] != '%') {
      out += text[i];
      continue;
    }
    const int high = i + 2 < text.size() ? HexDigit(text[i + 1]) : -1;
    const int low = i + 2 < text.size() ? HexDigit(text[i + 2]) : -1;
    if (high < 0 || low < 0) return std::nullopt;
    out += static_cast<char>(high * 16 + low);
    i += 2;
  }
  return out;
}

// Takes "key/value" off the front.
std::optional<std::string> Take(absl::string_view key, std::vector<std::string>& segments) {
  if (segments.size() < 2 || !absl::EqualsIgnoreCase(segments[0], key) || segments[1].empty()) {
    return std::nullopt;
  }
  std::string value = std::move(segments[1]);
  segments.erase(segments.begin(), segments.begin() + 2);
  return value;
}

// What is behind the provider's name, outside of a resource group.
bool ReadProviderWide(std::vector<std::string>& rest, ArmPath& path) {
  if (path.subscription.empty()) {
    path.type = "operations";
    return rest.size() == 1 && absl::EqualsIgnoreCase(rest[0], path.type);
  }
  auto location = Take("locations", rest);
  if (!location || rest.empty()) return false;
  path.location = *std::move(location);
  for (const absl::string_view type : {"usages", "checkNameAvailability"}) {
    if (rest.size() == 1 && absl::EqualsIgnoreCase(rest[0], type)) {
      path.type = std::string(type);
      return true;
    }
  }
  for (const absl::string_view type : {"operationStatuses", "operationResults"}) {
    if (rest.size() == 2 && absl::EqualsIgnoreCase(rest[0], type) && !rest[1].empty()) {
      path.type = std::string(type);
      path.names.push_back(std::move(rest[1]));
      path.is_object = true;
      return true;
    }
  }
  return false;
}

// Types and names in turn.
bool ReadTypes(const std::vector<std::string>& rest, ArmPath& path) {
  for (size_t i = 0; i < rest.size(); i += 2) {
    absl::string_view type = Known(kCollections, path.type, rest[i]);
    const bool last = i + 1 >= rest.size();
    if (type.empty() && last) type = Known(kActions, path.type, rest[i]);
    if (type.empty()) return false;
    path.type = path.type.empty() ? std::string(type) : absl::StrCat(path.type, "/", type);
    path.is_object = !last;
    if (last) break;
    if (rest[i + 1].empty()) return false;
    path.names.push_back(rest[i + 1]);
  }
  return !path.type.empty();
}

}  // namespace

absl::StatusOr<ArmPath> ParseArmPath(absl::string_view text) {
  const absl::Status no_such_path = errors::NoSuchPath(absl::CHexEscape(text.substr(0, 256)));
  if (text.size() > kPathBytesMax || !absl::StartsWith(text, "/")) return no_such_path;
  absl::string_view trimmed = text.substr(1);
  if (absl::EndsWith(trimmed, "/")) trimmed.remove_suffix(1);
  std::vector<std::string> segments;
  for (const absl::string_view segment : absl::StrSplit(trimmed, '/')) {
    auto decoded = Decode(segment);
    if (!decoded) return no_such_path;
    segments.push_back(*std::move(decoded));
  }
  ArmPath path;
  path.subscription = Take("subscriptions", segments).value_or("");
  if (!path.subscription.empty()) path.group = Take("resourceGroups", segments).value_or("");
  const auto provider = Take("providers", segments);
  if (!provider || !absl::EqualsIgnoreCase(*provider, kProvider)) return no_such_path;
  const bool known = !path.subscription.empty() && ReadTypes(segments, path);
  if (known) {
    // A single resource, and all below it, is within a group; the list is of one or of all.
    if (!path.names.empty() && path.group.empty()) return no_such_path;
    return path;
  }
  path.type.clear();
  path.names.clear();
  if (!path.group.empty() || !ReadProviderWide(segments, path)) return no_such_path;
  return path;
}

std::string ResourceArmId(absl::string_view subscription, absl::string_view group,
                          absl::string_view resource) {
  return absl::StrCat("/subscriptions/", subscription, "/resourceGroups/", group, "/providers/",
                      kResourceType, "/", resource);
}

std::string ChildArmId(absl::string_view parent_id, absl::string_view type, absl::string_view name) {
  return absl::StrCat(parent_id, "/", type, "/", name);
}

}  // namespace nonet::controlplane::arm
