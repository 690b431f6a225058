// writer.h: what there is to choose from, as opposed to what exists.
#include <array>
#include <nlohmann/json.hpp>
#include <vector>

#include "absl/strings/str_cat.h"
#include "controlplane/codec/arm_path.h"
#include "controlplane/codec/writer.h"

namespace nonet::controlplane::arm {
namespace {

struct ProviderOperation {
  absl::string_view type;         // Below the provider, "" for the provider itself.
  absl::string_view verb;         // "read", "write", "delete", or an action's name with "/action".
  absl::string_view resource;     // For people.
  absl::string_view description;  // For people.
};
// One for every permission that a call of this door would need in Azure.
constexpr std::array<ProviderOperation, 34> kOperations = {{
    {"operations", "read", "Operations", "List what can be done with the provider"},
    {"locations/usages", "read", "Usages", "Read how much of the quotas of a region is used"},
    {"locations/checkNameAvailability", "action", "Names", "Ask whether a name is free"},
    {"locations/operationStatuses", "read", "Operation status", "Read how far an operation is"},
    {"locations/operationResults", "read", "Operation result", "Read what an operation led to"},
    {"WebPubSub", "read", "Web PubSub", "Read a resource, or list them"},
    {"WebPubSub", "write", "Web PubSub", "Create or change a resource"},
    {"WebPubSub", "delete", "Web PubSub", "Delete a resource with its replicas"},
    {"WebPubSub/listKeys", "action", "Access keys", "Read the access keys"},
    {"WebPubSub/regenerateKey", "action", "Access keys", "Replace an access key or the salt"},
    {"WebPubSub/restart", "action", "Web PubSub", "Restart the primary's instance"},
    {"WebPubSub/skus", "read", "SKUs", "List the SKUs that a resource can have"},
    {"WebPubSub/replicas", "read", "Replicas", "Read a replica, or list them"},
    {"WebPubSub/replicas", "write", "Replicas", "Create or change a replica"},
    {"WebPubSub/replicas", "delete", "Replicas", "Delete a replica"},
    {"WebPubSub/replicas/restart", "action", "Replicas", "Restart a replica's instance"},
    {"WebPubSub/replicas/skus", "read", "SKUs", "List the SKUs that a replica can have"},
    {"WebPubSub/replicas/sharedPrivateLinkResources", "read", "Shared private links",
     "Read a replica's links"},
    {"WebPubSub/replicas/sharedPrivateLinkResources", "write", "Shared private links",
     "Ask for a link's approval at a replica again"},
    {"WebPubSub/hubs", "read", "Hubs", "Read the settings of a hub, or list them"},
    {"WebPubSub/hubs", "write", "Hubs", "Create or change the settings of a hub"},
    {"WebPubSub/hubs", "delete", "Hubs", "Delete the settings of a hub"},
    {"WebPubSub/sharedPrivateLinkResources", "read", "Shared private links", "Read a link, or list them"},
    {"WebPubSub/sharedPrivateLinkResources", "write", "Shared private links", "Create or change a link"},
    {"WebPubSub/sharedPrivateLinkResources", "delete", "Shared private links", "Delete a link"},
    {"WebPubSub/privateEndpointConnections", "read", "Private endpoint connections",
     "Read a connection, or list them"},
    {"WebPubSub/privateEndpointConnections", "write", "Private endpoint connections",
     "Approve or reject a connection"},
    {"WebPubSub/privateEndpointConnections", "delete", "Private endpoint connections", "Delete a connection"},
    {"WebPubSub/privateLinkResources", "read", "Private link resources",
     "List what private endpoints can lead to"},
    {"WebPubSub/customCertificates", "read", "Custom certificates", "Read a certificate, or list them"},
    {"WebPubSub/customCertificates", "write", "Custom certificates", "Create or change a certificate"},
    {"WebPubSub/customCertificates", "delete", "Custom certificates", "Delete a certificate"},
    {"WebPubSub/customDomains", "read", "Custom domains", "Read a domain, or list them"},
    {"WebPubSub/customDomains", "write", "Custom domains", "Create, change or delete a domain"},
}};

}  // namespace

Json SkusToJson(const resource::v1::ListSkusResponse& skus, absl::string_view resource_type) {
  Json list = Json::array();
  for (const auto& choice : skus.skus()) {
    const std::vector<uint32_t> allowed(choice.allowed_values().begin(), choice.allowed_values().end());
    Json capacity = {{"minimum", allowed.empty() ? 0 : allowed.front()},
                     {"maximum", allowed.empty() ? 0 : allowed.back()},
                     {"default", allowed.empty() ? 0 : allowed.front()},
                     {"allowedValues", allowed},
                     {"scaleType", choice.scale_type()}};
    list.push_back({{"resourceType", resource_type},
                    {"sku", {{"name", choice.sku().name()}, {"tier", choice.sku().tier()}}},
                    {"capacity", std::move(capacity)}});
  }
  return {{"value", std::move(list)}};
}

Json UsagesToJson(const resource::v1::ListUsagesResponse& usages, absl::string_view subscription,
                  absl::string_view location) {
  Json list = Json::array();
  for (const auto& usage : usages.usages()) {
    list.push_back({{"id", absl::StrCat("/subscriptions/", subscription, "/providers/", kProvider,
                                        "/locations/", location, "/usages/", usage.name())},
                    {"currentValue", usage.current_value()},
                    {"limit", usage.limit()},
                    {"name", {{"value", usage.name()}, {"localizedValue", usage.display_name()}}},
                    {"unit", usage.unit()}});
  }
  return {{"value", std::move(list)}};
}

Json NameAvailabilityToJson(const resource::v1::CheckNameAvailabilityResponse& answer) {
  Json json = {{"nameAvailable", answer.name_available()}};
  if (!answer.reason().empty()) json["reason"] = answer.reason();
  if (!answer.message().empty()) json["message"] = answer.message();
  return json;
}

Json ProviderOperations() {
  Json list = Json::array();
  for (const ProviderOperation& each : kOperations) {
    list.push_back({{"name", absl::StrCat(kProvider, "/", each.type, "/", each.verb)},
                    {"isDataAction", false},
                    {"display",
                     {{"provider", kProvider},
                      {"resource", each.resource},
                      {"operation", each.description},
                      {"description", each.description}}},
                    {"origin", "user,system"}});
  }
  return {{"value", std::move(list)}};
}

Json PrivateLinkResourcesToJson(const resource::v1::Resource& parent) {
  // One group, as Azure has; what it can be shared with is every target that a shared private link may name.
  constexpr absl::string_view kGroup = "webpubsub";
  struct Shareable {
    absl::string_view name;
    absl::string_view type;
    absl::string_view group;
    absl::string_view description;
  };
  constexpr std::array<Shareable, 2> kShareable = {
      {{"upstream", "Microsoft.Web/sites", "sites", "An app service or a function that event handlers call"},
       {"keyvault", "Microsoft.KeyVault/vaults", "vault", "A key vault that custom certificates come from"}}};
  Json types = Json::array();
  for (const Shareable& each : kShareable) {
    types.push_back(
        {{"name", each.name},
         {"properties", {{"description", each.description}, {"groupId", each.group}, {"type", each.type}}}});
  }
  Json properties = {{"groupId", kGroup},
                     {"requiredMembers", Json::array({std::string(kGroup)})},
                     {"requiredZoneNames", Json::array({"privatelink.webpubsub.azure.com"})},
                     {"shareablePrivateLinkResourceTypes", std::move(types)}};
  Json one = {{"id", ChildArmId(ResourceArmId(parent), "privateLinkResources", kGroup)},
              {"name", kGroup},
              {"type", absl::StrCat(kResourceType, "/privateLinkResources")},
              {"properties", std::move(properties)}};
  return {{"value", Json::array({std::move(one)})}};
}

}  // namespace nonet::controlplane::arm
