#include "replica/server/instance_config.h"

#include <algorithm>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "common/base/names.h"
#include "common/clock/clock.h"
#include "replica/codec/names.h"
#include "replica/core/errors.h"

namespace nonet::replica {
namespace {

constexpr uint32_t kKeepAliveDefaultS = 20;
constexpr uint32_t kKeepAliveMaxS = 120;
// HMAC-SHA256 accepts any key; a shorter one than this could be guessed.
constexpr size_t kKeyBytesMin = 16;

HubConfig FromProto(const resource::v1::HubSettings& hub) {
  HubConfig out;
  out.anonymous_allowed = hub.anonymous_connect_policy() == "allow";
  const uint32_t seconds = hub.websocket_keep_alive_interval_s();
  out.keep_alive_ns = (seconds == 0 ? kKeepAliveDefaultS : seconds) * kNanosPerSecond;
  return out;
}

PeerTarget TargetOf(const std::string& name, const resource::v1::Instance& instance) {
  PeerTarget target;
  target.instance = name;
  target.tag = TagOfHost(instance.host_name());
  target.epoch = instance.epoch();
  if (!instance.endpoint().host().empty() && instance.endpoint().peer_port() != 0) {
    target.address = absl::StrCat(instance.endpoint().host(), ":", instance.endpoint().peer_port());
  }
  return target;
}

absl::Status ValidateResource(const std::string& name, const resource::v1::Resource& resource) {
  if (resource.host_name().empty()) return errors::BadConfiguration(name, "it has no host name");
  if (TagOfHost(resource.instance().host_name()).empty()) {
    return errors::BadConfiguration(name, "its instance's host name does not end in 8 hex digits");
  }
  for (const auto& hub : resource.hubs()) {
    if (!IsValidHub(hub.hub())) {
      return errors::BadConfiguration(name, absl::StrCat("hub name \"", hub.hub(), "\" is invalid"));
    }
    const std::string& policy = hub.anonymous_connect_policy();
    if (!policy.empty() && policy != "allow" && policy != "deny") {
      return errors::BadConfiguration(
          name, absl::StrCat("anonymous_connect_policy \"", policy, "\" is neither \"allow\" nor \"deny\""));
    }
    if (hub.websocket_keep_alive_interval_s() > kKeepAliveMaxS) {
      return errors::BadConfiguration(name, "websocket_keep_alive_interval_s is above 120");
    }
  }
  return absl::OkStatus();
}

}  // namespace

HubConfig InstanceConfig::Hub(absl::string_view lower_case_name) const {
  const auto it = hubs.find(std::string(lower_case_name));
  return it == hubs.end() ? FromProto({}) : it->second;
}

std::string TagOfHost(absl::string_view host) {
  const absl::string_view label = host.substr(0, host.find('.'));
  const size_t dash = label.rfind('-');
  if (dash == absl::string_view::npos) return "";
  const absl::string_view tag = label.substr(dash + 1);
  const bool hex = tag.size() == 8 && std::all_of(tag.begin(), tag.end(), absl::ascii_isxdigit);
  return hex ? absl::AsciiStrToLower(tag) : "";
}

InstanceConfig BuildConfig(const ConfigObjects& objects, absl::string_view instance) {
  InstanceConfig config;
  const auto own = ParseName(instance);
  if (!own) return config;
  const std::string resource_name = ResourceName(own->resource_id);
  bool found_resource = false, found_keys = false;
  const auto add_instance = [&](const std::string& name, const std::string& region,
                                const resource::v1::Instance& facts) {
    if (name == instance) {
      config.instance_host = facts.host_name();
      config.tag = TagOfHost(facts.host_name());
    } else {
      config.peers.push_back(TargetOf(name, facts));
      config.peers.back().region = region;
    }
  };
  for (const auto& [name, event] : objects) {
    const auto parsed = ParseName(name);
    if (!parsed || parsed->resource_id != own->resource_id) continue;
    if (event.has_resource() && name == resource_name) {
      found_resource = true;
      config.resource_host = event.resource().host_name();
      config.disable_local_auth = event.resource().disable_local_auth();
      for (const auto& hub : event.resource().hubs()) config.hubs[CanonicalHub(hub.hub())] = FromProto(hub);
      add_instance(name, event.resource().location(), event.resource().instance());
    } else if (event.has_replica()) {
      add_instance(name, event.replica().location(), event.replica().instance());
    } else if (event.has_access_keys()) {
      found_keys = true;
      config.keys = {event.access_keys().primary_key(), event.access_keys().secondary_key()};
    }
  }
  config.complete = found_resource && found_keys && !config.tag.empty();
  return config;
}

absl::Status ValidateObject(const watch::v1::Event& event) {
  if (event.has_resource()) return ValidateResource(event.name(), event.resource());
  if (event.has_replica()) {
    if (TagOfHost(event.replica().instance().host_name()).empty()) {
      return errors::BadConfiguration(event.name(), "its instance's host name does not end in 8 hex digits");
    }
  } else if (event.has_access_keys()) {
    const auto& keys = event.access_keys();
    if (keys.primary_key().size() < kKeyBytesMin || keys.secondary_key().size() < kKeyBytesMin) {
      return errors::BadConfiguration(event.name(), "a key is shorter than 16 bytes");
    }
  }
  return absl::OkStatus();
}

}  // namespace nonet::replica
