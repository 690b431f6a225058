#include "tools/cli/deploy/diff.h"

#include <algorithm>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "tools/cli/deploy/limits.h"

namespace nonet::cli::deploy {
namespace {

class Comparer {
 public:
  void Run(const Json& before, const Json& after, const std::string& path) {
    if (before == after || found.size() >= kDifferencesShownMax) return;
    if (before.is_object() && after.is_object()) return Members(before, after, path);
    if (before.is_array() && after.is_array()) return Items(before, after, path);
    found.push_back({.path = path, .before = before, .after = after});
  }

  std::vector<Difference> found;

 private:
  void Members(const Json& before, const Json& after, const std::string& path) {
    const auto below = [&](const std::string& key) {
      return path.empty() ? key : absl::StrCat(path, ".", key);
    };
    for (const auto& [key, value] : after.items()) {
      if (before.contains(key)) {
        Run(before[key], value, below(key));
      } else {
        Add({.path = below(key), .before = {}, .after = value, .added = true});
      }
    }
    for (const auto& [key, value] : before.items()) {
      if (!after.contains(key)) Add({.path = below(key), .before = value, .after = {}, .removed = true});
    }
  }

  void Items(const Json& before, const Json& after, const std::string& path) {
    const size_t common = std::min(before.size(), after.size());
    for (size_t i = 0; i < common; ++i) Run(before[i], after[i], absl::StrCat(path, "[", i, "]"));
    for (size_t i = common; i < after.size(); ++i) {
      Add({.path = absl::StrCat(path, "[", i, "]"), .before = {}, .after = after[i], .added = true});
    }
    for (size_t i = common; i < before.size(); ++i) {
      Add({.path = absl::StrCat(path, "[", i, "]"), .before = before[i], .after = {}, .removed = true});
    }
  }

  void Add(Difference difference) {
    // Nothing said and an empty list or object are the same.
    const Json& value = difference.added ? difference.after : difference.before;
    if (value.is_null() || (value.is_structured() && value.empty())) return;
    if (found.size() < kDifferencesShownMax) found.push_back(std::move(difference));
  }
};

}  // namespace

std::vector<Difference> Compare(const Json& before, const Json& after) {
  Comparer comparer;
  comparer.Run(before, after, "");
  return std::move(comparer.found);
}

Json WithoutFacts(Json document) {
  if (!document.is_object()) return document;
  for (const char* key : {"id", "etag", "systemData", "resourceGroup", "warnings", "operation"})
    document.erase(key);
  if (document.contains("properties") && document["properties"].is_object()) {
    for (const char* key :
         {"provisioningState", "provisioningError", "instance", "hostName", "hostNamePrefix", "externalIP",
          "publicPort", "serverPort", "version", "privateEndpointConnections", "sharedPrivateLinkResources",
          "status", "statusMessage"}) {
      document["properties"].erase(key);
    }
  }
  return document;
}

Json WithoutSecrets(const Json& value, const std::vector<std::string>& secrets) {
  if (value.is_string()) {
    const auto& text = value.get_ref<const std::string&>();
    const bool secret = std::any_of(secrets.begin(), secrets.end(),
                                    [&](const std::string& s) { return absl::StrContains(text, s); });
    return secret ? Json("*******") : value;
  }
  if (!value.is_structured()) return value;
  Json shown = value;
  for (auto& item : shown.items()) item.value() = WithoutSecrets(item.value(), secrets);
  return shown;
}

}  // namespace nonet::cli::deploy
