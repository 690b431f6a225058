#include "controlplane/core/validate.h"

#include <set>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "common/base/names.h"
#include "common/base/status_macros.h"
#include "common/regions/regions.h"
#include "controlplane/core/errors.h"
#include "controlplane/core/limits.h"
#include "controlplane/core/validate_profile.h"

namespace nonet::controlplane {
namespace {

using google::protobuf::Map;
using resource::v1::HubSettings;
using resource::v1::Replica;
using resource::v1::Resource;
using resource::v1::Sku;

// 1 to 10, then tens to 100; P2 is ten times as big and comes in hundreds (Azure's capacity lists).
bool IsCapacity(absl::string_view sku, uint32_t n) {
  if (sku == "Free_F1") return n == 1;
  if (sku == "Premium_P2") return n >= 100 && n <= 1000 && n % 100 == 0;
  return (n >= 1 && n <= 10) || (n >= 20 && n <= 100 && n % 10 == 0);
}

absl::string_view AllowedCapacities(absl::string_view sku) {
  if (sku == "Free_F1") return "1";
  if (sku == "Premium_P2") return "100, 200, ... 1000";
  return "1 to 10, 20, 30, ... 100";
}

bool IsUuid(absl::string_view text) {
  if (text.size() != 36) return false;
  for (size_t i = 0; i < text.size(); ++i) {
    const bool hyphen = i == 8 || i == 13 || i == 18 || i == 23;
    if (hyphen ? text[i] != '-' : !absl::ascii_isxdigit(text[i])) return false;
  }
  return true;
}

absl::Status ValidateTags(const Map<std::string, std::string>& tags) {
  if (tags.size() > kTagsMax) {
    return errors::InvalidTags(absl::StrCat(tags.size(), " tags; at most ", kTagsMax, " are possible"));
  }
  for (const auto& [key, value] : std::map<std::string, std::string>(tags.begin(), tags.end())) {
    if (key.empty()) return errors::InvalidTags("a tag's name is empty");
    if (key.size() > kTagKeyMax) {
      return errors::InvalidTags(
          absl::StrCat("a tag's name has ", key.size(), " characters, above ", kTagKeyMax));
    }
    if (value.size() > kTagValueMax) {
      return errors::InvalidTags(
          absl::StrCat("the value of tag ", key, " has ", value.size(), " characters, above ", kTagValueMax));
    }
  }
  return absl::OkStatus();
}

// A letter, then letters, digits and _`,.[] (proto, HubSettings.hub).
bool IsHubName(absl::string_view hub) {
  if (hub.empty() || hub.size() > kHubNameMax || !absl::ascii_isalpha(hub.front())) return false;
  for (const char c : hub) {
    if (!absl::ascii_isalnum(c) && !absl::StrContains("_`,.[]", c)) return false;
  }
  return true;
}

absl::Status NormalizeHubs(Resource& resource) {
  if (static_cast<size_t>(resource.hubs_size()) > kHubsMax) return errors::TooManyHubs(resource.hubs_size());
  std::set<std::string> seen;
  for (HubSettings& hub : *resource.mutable_hubs()) {
    if (!IsHubName(hub.hub())) {
      return errors::InvalidHub(hub.hub(), "a name is 1 to 128 letters, digits and _`,.[], a letter first");
    }
    if (!seen.insert(absl::AsciiStrToLower(hub.hub())).second) {
      return errors::InvalidHub(hub.hub(), "it has settings twice; names are compared without case");
    }
    if (hub.anonymous_connect_policy().empty()) hub.set_anonymous_connect_policy("deny");
    if (hub.anonymous_connect_policy() != "deny" && hub.anonymous_connect_policy() != "allow") {
      return errors::InvalidHub(hub.hub(),
                                absl::StrCat("anonymous_connect_policy is \"", hub.anonymous_connect_policy(),
                                             "\"; it can be allow or deny"));
    }
    if (hub.websocket_keep_alive_interval_s() == 0) {
      hub.set_websocket_keep_alive_interval_s(kKeepAliveDefaultS);
    }
    if (hub.websocket_keep_alive_interval_s() < kKeepAliveMinS ||
        hub.websocket_keep_alive_interval_s() > kKeepAliveMaxS) {
      return errors::InvalidHub(
          hub.hub(), absl::StrCat("websocket_keep_alive_interval_s must be ", kKeepAliveMinS, " to ",
                                  kKeepAliveMaxS, ", not ", hub.websocket_keep_alive_interval_s()));
    }
  }
  return absl::OkStatus();
}

// The values that a stored object always has explicitly, so that no reader needs to know the defaults.
template <typename Message>
absl::Status NormalizeCommon(Message& message) {
  RETURN_IF_ERROR(ValidateRegion(message.location()));
  RETURN_IF_ERROR(NormalizeSku(*message.mutable_sku()));
  RETURN_IF_ERROR(ValidateTags(message.tags()));
  if (!message.has_region_endpoint_enabled()) message.set_region_endpoint_enabled(true);
  if (!message.has_resource_stopped()) message.set_resource_stopped(false);
  return absl::OkStatus();
}

}  // namespace

bool IsPremium(const Sku& sku) { return absl::StartsWith(sku.name(), "Premium_"); }

absl::Status NormalizeSku(Sku& sku) {
  if (sku.name().empty()) sku.set_name("Premium_P1");
  if (sku.name() != "Free_F1" && sku.name() != "Standard_S1" && sku.name() != "Premium_P1" &&
      sku.name() != "Premium_P2") {
    return errors::UnknownSku(sku.name());
  }
  if (sku.capacity() == 0) sku.set_capacity(sku.name() == "Premium_P2" ? 100 : 1);
  if (!IsCapacity(sku.name(), sku.capacity())) {
    return errors::InvalidCapacity(sku.name(), sku.capacity(), AllowedCapacities(sku.name()));
  }
  sku.set_tier(sku.name().substr(0, sku.name().find('_')));
  return absl::OkStatus();
}

absl::Status NormalizeResource(Resource& resource) {
  if (resource.resource_group().empty()) resource.set_resource_group("nonet");
  if (resource.subscription().empty()) resource.set_subscription("00000000-0000-0000-0000-000000000000");
  RETURN_IF_ERROR(ValidateResourceGroup(resource.resource_group()));
  if (!IsUuid(resource.subscription())) return errors::InvalidSubscription(resource.subscription());
  RETURN_IF_ERROR(NormalizeCommon(resource));
  RETURN_IF_ERROR(NormalizeHubs(resource));
  if (!resource.has_traffic_profile()) return absl::OkStatus();
  return NormalizeProfile(*resource.mutable_traffic_profile());
}

absl::Status NormalizeReplica(Replica& replica) {
  RETURN_IF_ERROR(NormalizeCommon(replica));
  if (!IsPremium(replica.sku())) return errors::ReplicaSkuNotPremium(replica.sku().name());
  return absl::OkStatus();
}

absl::Status ValidateId(absl::string_view what, absl::string_view id) {
  if (id.empty()) return errors::MissingField(absl::StrCat(what, "_id"));
  return IsValidId(id) ? absl::OkStatus() : errors::InvalidId(what, id);
}

absl::Status ValidateRegion(absl::string_view region) {
  if (region.empty()) return errors::MissingField("location");
  if (FindRegion(region) == nullptr) return errors::UnknownRegion(region, NearestRegionName(region));
  return absl::OkStatus();
}

absl::Status ValidateRequestId(absl::string_view request_id) {
  if (request_id.size() > kRequestIdMax) return errors::InvalidRequestId();
  for (const char c : request_id) {
    if (!absl::ascii_isgraph(c)) return errors::InvalidRequestId();
  }
  return absl::OkStatus();
}

absl::Status ValidateResourceGroup(absl::string_view group) {
  bool valid = !group.empty() && group.size() <= kResourceGroupMax && group.back() != '.';
  for (const char c : group) valid = valid && (absl::ascii_isalnum(c) || absl::StrContains("_-.()", c));
  return valid ? absl::OkStatus() : errors::InvalidResourceGroup(group);
}

}  // namespace nonet::controlplane
