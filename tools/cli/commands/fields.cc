#include "tools/cli/commands/fields.h"

#include <google/protobuf/util/json_util.h>

#include <algorithm>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/strip.h"
#include "common/base/status_macros.h"
#include "tools/cli/args/suggest.h"
#include "tools/cli/errors.h"

namespace nonet::cli {
namespace {

using google::protobuf::FieldMask;
using resource::v1::HubSettings;
using resource::v1::Replica;
using resource::v1::Resource;

// "properties.disableLocalAuth" -> "disable_local_auth". What is in brackets, and after "tags.", stays as it
// is.
std::string CanonicalField(absl::string_view field) {
  absl::ConsumePrefix(&field, "properties.");
  if (absl::StartsWith(field, "tags.")) return std::string(field);
  std::string canonical;
  bool inside = false;
  for (const char c : field) {
    if (c == '[') inside = true;
    if (c == ']') inside = false;
    if (!inside && absl::ascii_isupper(c)) canonical += '_';
    canonical += inside ? c : absl::ascii_tolower(c);
  }
  if (canonical == "sku") return "sku.name";
  if (canonical == "unit_count" || canonical == "capacity") return "sku.capacity";
  return canonical;
}

void Touch(FieldMask& mask, absl::string_view path) {
  if (std::find(mask.paths().begin(), mask.paths().end(), path) == mask.paths().end())
    mask.add_paths(std::string(path));
}

absl::StatusOr<bool> Flag(absl::string_view field, absl::string_view value) {
  const std::string lower = absl::AsciiStrToLower(value);
  if (lower == "true" || lower == "enabled") return true;
  if (lower == "false" || lower == "disabled") return false;
  return errors::Usage(absl::StrCat("\"", value, "\" is neither true nor false"),
                       absl::StrCat("--set ", field, "=true"));
}

absl::StatusOr<uint32_t> Count(absl::string_view field, absl::string_view value) {
  uint32_t count = 0;
  if (absl::SimpleAtoi(value, &count)) return count;
  return errors::Usage(absl::StrCat("\"", value, "\" is not a number"), absl::StrCat("--set ", field, "=1"));
}

absl::Status UnknownField(absl::string_view field, const std::vector<std::string>& fields) {
  return errors::Usage(absl::StrCat("there is no field ", field, DidYouMean(field, fields)),
                       absl::StrCat("--set with one of ", absl::StrJoin(fields, ", ")));
}

// Fields that both kinds have. False when it is none of them.
template <typename Object>
absl::StatusOr<bool> SetOwn(absl::string_view field, const std::string& value, Object& object,
                            FieldMask& mask) {
  if (field == "sku.name") {
    object.mutable_sku()->set_name(value);
  } else if (field == "sku.capacity") {
    ASSIGN_OR_RETURN(const uint32_t count, Count(field, value));
    object.mutable_sku()->set_capacity(count);
  } else if (field == "region_endpoint_enabled") {
    ASSIGN_OR_RETURN(const bool flag, Flag(field, value));
    object.set_region_endpoint_enabled(flag);
  } else if (field == "resource_stopped") {
    ASSIGN_OR_RETURN(const bool flag, Flag(field, value));
    object.set_resource_stopped(flag);
  } else if (absl::StartsWith(field, "tags.") && field.size() > 5) {
    (*object.mutable_tags())[std::string(field.substr(5))] = value;
    field = "tags";
  } else {
    return false;
  }
  Touch(mask, field);
  return true;
}

// "hubs[chat].anonymous_connect_policy"
absl::StatusOr<bool> SetHub(absl::string_view field, const std::string& value, Resource& resource,
                            FieldMask& mask) {
  absl::string_view rest = field;
  if (!absl::ConsumePrefix(&rest, "hubs[")) return false;
  const size_t end = rest.find(']');
  if (end == rest.npos || end == 0 || rest.substr(end + 1, 1) != ".") return false;
  const std::string name(rest.substr(0, end));
  const absl::string_view setting = rest.substr(end + 2);
  if (setting != "anonymous_connect_policy" && setting != "websocket_keep_alive_interval_s" &&
      setting != "web_socket_keep_alive_interval_in_seconds") {
    return false;
  }
  auto& hubs = *resource.mutable_hubs();
  auto hub = std::find_if(hubs.begin(), hubs.end(),
                          [&](const HubSettings& h) { return absl::EqualsIgnoreCase(h.hub(), name); });
  HubSettings& target = hub == hubs.end() ? *resource.add_hubs() : *hub;
  if (target.hub().empty()) target.set_hub(name);
  if (setting == "anonymous_connect_policy") {
    target.set_anonymous_connect_policy(value);
  } else {
    ASSIGN_OR_RETURN(const uint32_t seconds, Count(field, value));
    target.set_websocket_keep_alive_interval_s(seconds);
  }
  Touch(mask, "hubs");
  return true;
}

// The whole profile as JSON, field names as in the API; empty takes it away.
absl::Status SetProfile(const std::string& value, Resource& resource, FieldMask& mask) {
  Touch(mask, "traffic_profile");
  resource.clear_traffic_profile();
  if (value.empty()) return absl::OkStatus();
  const auto status = google::protobuf::util::JsonStringToMessage(value, resource.mutable_traffic_profile());
  if (status.ok()) return absl::OkStatus();
  return errors::Usage(absl::StrCat("the traffic profile cannot be read: ",
                                    absl::string_view(status.message().data(), status.message().size())),
                       "--set 'traffic_profile={\"method\":\"METHOD_WEIGHTED\",\"endpoints\":[{\"instance\":"
                       "\"westus\",\"weight\":9}]}'");
}

// What the plain options say.
template <typename Object>
void ApplyOptions(const ObjectOptions& options, Object& object, FieldMask& mask) {
  if (!options.sku.empty()) {
    object.mutable_sku()->set_name(options.sku);
    Touch(mask, "sku.name");
  }
  if (options.unit_count) {
    object.mutable_sku()->set_capacity(*options.unit_count);
    Touch(mask, "sku.capacity");
  }
  if (options.region_endpoint_enabled) {
    object.set_region_endpoint_enabled(*options.region_endpoint_enabled);
    Touch(mask, "region_endpoint_enabled");
  }
  if (options.tags) {
    object.clear_tags();
    for (const auto& [key, value] : *options.tags) (*object.mutable_tags())[key] = value;
    Touch(mask, "tags");
  }
}

}  // namespace

bool NeedsCurrent(const ObjectOptions& options) {
  return std::any_of(options.set.begin(), options.set.end(), [](const auto& set) {
    const std::string field = CanonicalField(set.first);
    return absl::StartsWith(field, "tags.") || absl::StartsWith(field, "hubs[");
  });
}

absl::Status ApplyFields(const ObjectOptions& options, Resource& object, FieldMask& mask) {
  static const std::vector<std::string> fields = {"sku.name",
                                                  "sku.capacity",
                                                  "tags.KEY",
                                                  "region_endpoint_enabled",
                                                  "resource_stopped",
                                                  "disable_local_auth",
                                                  "hubs[HUB].anonymous_connect_policy",
                                                  "hubs[HUB].websocket_keep_alive_interval_s",
                                                  "traffic_profile"};
  ApplyOptions(options, object, mask);
  for (const auto& [name, value] : options.set) {
    const std::string field = CanonicalField(name);
    if (field == "disable_local_auth") {
      ASSIGN_OR_RETURN(const bool flag, Flag(field, value));
      object.set_disable_local_auth(flag);
      Touch(mask, field);
      continue;
    }
    if (field == "traffic_profile") {
      RETURN_IF_ERROR(SetProfile(value, object, mask));
      continue;
    }
    ASSIGN_OR_RETURN(const bool hub, SetHub(field, value, object, mask));
    if (hub) continue;
    ASSIGN_OR_RETURN(const bool own, SetOwn(field, value, object, mask));
    if (!own) return UnknownField(name, fields);
  }
  return absl::OkStatus();
}

absl::Status ApplyFields(const ObjectOptions& options, Replica& object, FieldMask& mask) {
  static const std::vector<std::string> fields = {"sku.name", "sku.capacity", "tags.KEY",
                                                  "region_endpoint_enabled", "resource_stopped"};
  ApplyOptions(options, object, mask);
  for (const auto& [name, value] : options.set) {
    const std::string field = CanonicalField(name);
    if (field == "disable_local_auth" || field == "traffic_profile" || field == "hubs" ||
        absl::StartsWith(field, "hubs[")) {
      Touch(mask, absl::StartsWith(field, "hubs") ? "hubs" : field);
      continue;
    }
    ASSIGN_OR_RETURN(const bool own, SetOwn(field, value, object, mask));
    if (!own) return UnknownField(name, fields);
  }
  return absl::OkStatus();
}

}  // namespace nonet::cli
