#include "controlplane/core/validate.h"

#include <algorithm>
#include <map>
#include <vector>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "common/base/names.h"
#include "common/base/status_macros.h"
#include "common/regions/regions.h"
#include "controlplane/core/catalog.h"
#include "controlplane/core/errors.h"
#include "controlplane/core/limits.h"
#include "controlplane/core/validate_profile.h"
#include "controlplane/core/validate_settings.h"

namespace nonet::controlplane {
namespace {

using google::protobuf::Map;
using resource::v1::Replica;
using resource::v1::Resource;
using resource::v1::Sku;

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

absl::Status CheckPremiumSettings(const Resource& resource) {
  if (IsPremium(resource.sku())) return absl::OkStatus();
  const auto& firewall = resource.application_firewall();
  const std::string id = InstanceId(resource.name());
  if (!firewall.client_connection_count_rules().empty() || !firewall.client_traffic_control_rules().empty() ||
      firewall.max_client_connection_lifetime_s() != 0) {
    return errors::PremiumNeededBy("the application firewall", id, resource.sku().name());
  }
  if (!resource.custom_domains().empty()) {
    return errors::PremiumNeededBy("a custom domain", id, resource.sku().name());
  }
  return absl::OkStatus();
}

bool IsPremium(const Sku& sku) { return absl::StartsWith(sku.name(), "Premium_"); }

absl::Status NormalizeSku(Sku& sku) {
  if (sku.name().empty()) sku.set_name("Premium_P1");
  if (sku.name() != "Free_F1" && sku.name() != "Standard_S1" && sku.name() != "Premium_P1" &&
      sku.name() != "Premium_P2") {
    return errors::UnknownSku(sku.name());
  }
  if (sku.capacity() == 0) sku.set_capacity(sku.name() == "Premium_P2" ? 100 : 1);
  const std::vector<uint32_t> capacities = SkuCapacities(sku.name());
  if (std::find(capacities.begin(), capacities.end(), sku.capacity()) == capacities.end()) {
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
  RETURN_IF_ERROR(NormalizeSettings(resource));
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
