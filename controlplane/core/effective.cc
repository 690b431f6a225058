#include "controlplane/core/effective.h"

#include <map>
#include <string>

#include "absl/strings/str_cat.h"
#include "controlplane/core/limits.h"

namespace nonet::controlplane {
namespace {

using resource::v1::EffectiveConfiguration;
using Source = EffectiveConfiguration::Source;

struct Value {
  std::string text;
  Source source;
};
using Settings = std::map<std::string, Value>;

std::string Bool(bool value) { return value ? "true" : "false"; }

template <typename Message>
void AddOwn(const Message& message, Settings& settings) {
  const auto add = [&](const std::string& path, const std::string& value, const std::string& standard) {
    settings[path] = {value, value == standard ? EffectiveConfiguration::SOURCE_DEFAULT
                                               : EffectiveConfiguration::SOURCE_OWN};
  };
  settings["location"] = {message.location(), EffectiveConfiguration::SOURCE_OWN};
  add("sku.name", message.sku().name(), "Premium_P1");
  add("sku.capacity", absl::StrCat(message.sku().capacity()),
      message.sku().name() == "Premium_P2" ? "100" : "1");
  add("region_endpoint_enabled", Bool(message.region_endpoint_enabled()), "true");
  add("resource_stopped", Bool(message.resource_stopped()), "false");
  for (const auto& [key, value] : message.tags()) {
    settings[absl::StrCat("tags[", key, "]")] = {value, EffectiveConfiguration::SOURCE_OWN};
  }
}

void AddInherited(const resource::v1::Resource& primary, Source set, Settings& settings) {
  const auto add = [&](const std::string& path, const std::string& value, const std::string& standard) {
    settings[path] = {value, value == standard ? EffectiveConfiguration::SOURCE_DEFAULT : set};
  };
  add("disable_local_auth", Bool(primary.disable_local_auth()), "false");
  add("traffic_profile.method",
      primary.has_traffic_profile()
          ? resource::v1::TrafficProfile::Method_Name(primary.traffic_profile().method())
          : "METHOD_PERFORMANCE",
      "METHOD_PERFORMANCE");
  for (const resource::v1::HubSettings& hub : primary.hubs()) {
    const std::string path = absl::StrCat("hubs[", hub.hub(), "].");
    add(path + "anonymous_connect_policy", hub.anonymous_connect_policy(), "deny");
    add(path + "websocket_keep_alive_interval_s", absl::StrCat(hub.websocket_keep_alive_interval_s()),
        absl::StrCat(kKeepAliveDefaultS));
  }
}

}  // namespace

EffectiveConfiguration EffectiveOf(const resource::v1::Resource& primary,
                                   const resource::v1::Replica* replica) {
  Settings settings;
  EffectiveConfiguration result;
  if (replica == nullptr) {
    result.set_name(primary.name());
    AddOwn(primary, settings);
    AddInherited(primary, EffectiveConfiguration::SOURCE_OWN, settings);
  } else {
    result.set_name(replica->name());
    AddOwn(*replica, settings);
    AddInherited(primary, EffectiveConfiguration::SOURCE_INHERITED, settings);
  }
  for (const auto& [path, value] : settings) {
    EffectiveConfiguration::Setting& setting = *result.add_settings();
    setting.set_path(path);
    setting.set_value(value.text);
    setting.set_source(value.source);
  }
  return result;
}

}  // namespace nonet::controlplane
