#include "tools/cli/commands/fields.h"

#include <google/protobuf/descriptor.h>
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
  if (absl::StartsWith(canonical, "network_a_c_ls"))
    return absl::StrCat("network_acls", canonical.substr(14));
  if (absl::StartsWith(canonical, "socket_i_o")) return absl::StrCat("socket_io", canonical.substr(10));
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

// "tls" of "tls.client_cert_enabled".
std::string TopOf(absl::string_view field) { return std::string(field.substr(0, field.find('.'))); }

// Settings that need no words of their own, found by their names in the contract: "public_network_access",
// "tls.client_cert_enabled", "network_acls" with its value as JSON.
const google::protobuf::FieldDescriptor* SettingOf(absl::string_view field) {
  const auto* setting = Resource::descriptor()->FindFieldByName(TopOf(field));
  // 20 to 39 are what is inherited, but for the children, which have verbs.
  if (setting == nullptr || setting->number() < 20 || setting->number() > 39) return nullptr;
  return setting->is_repeated() ? nullptr : setting;
}

absl::Status SetScalar(absl::string_view field, const std::string& value,
                       const google::protobuf::FieldDescriptor& leaf, google::protobuf::Message& message) {
  const google::protobuf::Reflection& reflection = *message.GetReflection();
  using google::protobuf::FieldDescriptor;
  if (leaf.is_repeated()) return UnknownField(field, {TopOf(field)});
  switch (leaf.cpp_type()) {
    case FieldDescriptor::CPPTYPE_BOOL: {
      ASSIGN_OR_RETURN(const bool flag, Flag(field, value));
      reflection.SetBool(&message, &leaf, flag);
      return absl::OkStatus();
    }
    case FieldDescriptor::CPPTYPE_STRING:
      reflection.SetString(&message, &leaf, value);
      return absl::OkStatus();
    case FieldDescriptor::CPPTYPE_UINT32:
    case FieldDescriptor::CPPTYPE_UINT64: {
      ASSIGN_OR_RETURN(const uint32_t count, Count(field, value));
      if (leaf.cpp_type() == FieldDescriptor::CPPTYPE_UINT32) {
        reflection.SetUInt32(&message, &leaf, count);
      } else {
        reflection.SetUInt64(&message, &leaf, count);
      }
      return absl::OkStatus();
    }
    default:
      return UnknownField(field, {TopOf(field)});
  }
}

// False when it is no such setting.
absl::StatusOr<bool> SetSetting(absl::string_view field, const std::string& value, Resource& resource,
                                FieldMask& mask) {
  const google::protobuf::FieldDescriptor* setting = SettingOf(field);
  if (setting == nullptr) return false;
  Touch(mask, setting->name());
  const google::protobuf::Reflection& reflection = *resource.GetReflection();
  const bool message = setting->cpp_type() == google::protobuf::FieldDescriptor::CPPTYPE_MESSAGE;
  if (!message) {
    if (field != setting->name()) return false;
    RETURN_IF_ERROR(SetScalar(field, value, *setting, resource));
    return true;
  }
  if (field == setting->name()) {
    reflection.ClearField(&resource, setting);
    if (value.empty()) return true;
    const auto status =
        google::protobuf::util::JsonStringToMessage(value, reflection.MutableMessage(&resource, setting));
    if (status.ok()) return true;
    return errors::Usage(absl::StrCat(field, " cannot be read: ",
                                      absl::string_view(status.message().data(), status.message().size())),
                         absl::StrCat("--set '", field, "={...}' with the value as JSON"));
  }
  google::protobuf::Message& inner = *reflection.MutableMessage(&resource, setting);
  const std::string rest(field.substr(field.find('.') + 1));
  const auto* leaf = inner.GetDescriptor()->FindFieldByName(rest);
  if (leaf == nullptr) {
    std::vector<std::string> names;
    for (int i = 0; i < inner.GetDescriptor()->field_count(); ++i) {
      names.push_back(absl::StrCat(setting->name(), ".", inner.GetDescriptor()->field(i)->name()));
    }
    return UnknownField(field, names);
  }
  RETURN_IF_ERROR(SetScalar(field, value, *leaf, inner));
  return true;
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
    return absl::StartsWith(field, "tags.") || absl::StartsWith(field, "hubs[") ||
           (absl::StrContains(field, '.') && !absl::StartsWith(field, "sku."));
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
                                                  "traffic_profile",
                                                  "disable_aad_auth",
                                                  "public_network_access",
                                                  "tls.client_cert_enabled",
                                                  "network_acls",
                                                  "identity",
                                                  "application_firewall",
                                                  "live_trace_configuration",
                                                  "resource_log_configuration",
                                                  "socket_io.service_mode"};
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
    if (own) continue;
    ASSIGN_OR_RETURN(const bool setting, SetSetting(field, value, object, mask));
    if (!setting) return UnknownField(name, fields);
  }
  return absl::OkStatus();
}

absl::Status ApplyFields(const ObjectOptions& options, Replica& object, FieldMask& mask) {
  static const std::vector<std::string> fields = {"sku.name", "sku.capacity", "tags.KEY",
                                                  "region_endpoint_enabled", "resource_stopped"};
  ApplyOptions(options, object, mask);
  for (const auto& [name, value] : options.set) {
    const std::string field = CanonicalField(name);
    if (field == "hubs" || absl::StartsWith(field, "hubs[") || SettingOf(field) != nullptr) {
      Touch(mask, absl::StartsWith(field, "hubs") ? "hubs" : TopOf(field));
      continue;
    }
    ASSIGN_OR_RETURN(const bool own, SetOwn(field, value, object, mask));
    if (!own) return UnknownField(name, fields);
  }
  return absl::OkStatus();
}

}  // namespace nonet::cli
