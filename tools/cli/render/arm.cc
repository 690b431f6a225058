#include "tools/cli/render/arm.h"

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "common/base/names.h"
#include "tools/cli/render/time.h"

namespace nonet::cli {
namespace {

using resource::v1::AccessKeys;
using resource::v1::EffectiveConfiguration;
using resource::v1::Instance;
using resource::v1::ProvisioningState;
using resource::v1::Replica;
using resource::v1::Resource;
using resource::v1::Sku;

constexpr absl::string_view kProvider = "Microsoft.SignalRService";

Json SkuJson(const Sku& sku) {
  const size_t underscore = sku.name().find('_');
  return {{"name", sku.name()},
          {"tier", sku.tier().empty() ? sku.name().substr(0, underscore) : sku.tier()},
          {"size", underscore == std::string::npos ? "" : sku.name().substr(underscore + 1)},
          {"capacity", sku.capacity()}};
}

template <typename Object>
Json TagsJson(const Object& object) {
  // By key: a protobuf map has no order.
  const std::map<std::string, std::string> sorted(object.tags().begin(), object.tags().end());
  Json tags = Json::object();
  for (const auto& [key, value] : sorted) tags[key] = value;
  return tags;
}

template <typename Object>
Json SystemDataJson(const Object& object) {
  return {{"createdAt", TimeText(object.create_time())}, {"lastModifiedAt", TimeText(object.update_time())}};
}

Json InstanceJson(const Instance& instance) {
  const resource::v1::Endpoint& endpoint = instance.endpoint();
  Json json = {{"hostName", instance.host_name()}, {"address", endpoint.host()}};
  if (endpoint.http_port() != 0) json["httpPort"] = endpoint.http_port();
  if (endpoint.https_port() != 0) json["httpsPort"] = endpoint.https_port();
  if (endpoint.grpc_port() != 0) json["grpcPort"] = endpoint.grpc_port();
  if (endpoint.admin_port() != 0) json["adminPort"] = endpoint.admin_port();
  json["epoch"] = instance.epoch();
  return json;
}

template <typename Object>
bool Enabled(const Object& object) {
  return !object.has_region_endpoint_enabled() || object.region_endpoint_enabled();
}

// What resources and replicas have in common, in ARM's order.
template <typename Object>
Json PropertiesJson(const Object& object) {
  Json properties = {{"provisioningState", ProvisioningStateName(object.provisioning_state())}};
  if (!object.provisioning_error().empty()) properties["provisioningError"] = object.provisioning_error();
  properties["regionEndpointEnabled"] = Enabled(object) ? "Enabled" : "Disabled";
  properties["resourceStopped"] = object.resource_stopped() ? "true" : "false";
  return properties;
}

Cell StateCell(ProvisioningState state) {
  const Tone tone = state == resource::v1::PROVISIONING_STATE_SUCCEEDED ? Tone::kGood
                    : state == resource::v1::PROVISIONING_STATE_FAILED  ? Tone::kBad
                                                                        : Tone::kPlain;
  return Cell(ProvisioningStateName(state), tone);
}

template <typename Object>
std::vector<Cell> Row(const Object& object) {
  return {Cell(InstanceId(object.name())),
          Cell(object.location()),
          Cell(absl::StrCat(object.sku().name(), " x", object.sku().capacity())),
          StateCell(object.provisioning_state()),
          Cell(object.resource_stopped() ? "stopped"
               : Enabled(object)         ? "enabled"
                                         : "disabled"),
          Cell(object.instance().endpoint().host().empty() ? "-" : object.instance().endpoint().host()),
          Cell(object.instance().host_name())};
}

std::vector<std::string> Columns() {
  return {"NAME", "LOCATION", "SKU", "PROVISIONING", "ENDPOINT", "ADDRESS", "INSTANCE HOST NAME"};
}

}  // namespace

std::string ProvisioningStateName(ProvisioningState state) {
  switch (state) {
    case resource::v1::PROVISIONING_STATE_CREATING:
      return "Creating";
    case resource::v1::PROVISIONING_STATE_UPDATING:
      return "Updating";
    case resource::v1::PROVISIONING_STATE_DELETING:
      return "Deleting";
    case resource::v1::PROVISIONING_STATE_SUCCEEDED:
      return "Succeeded";
    case resource::v1::PROVISIONING_STATE_FAILED:
      return "Failed";
    case resource::v1::PROVISIONING_STATE_CANCELED:
      return "Canceled";
    default:
      return "Unknown";
  }
}

std::string ResourceArmId(const Resource& resource) {
  return absl::StrCat("/subscriptions/", resource.subscription(), "/resourceGroups/",
                      resource.resource_group(), "/providers/", kProvider, "/webPubSub/",
                      InstanceId(resource.name()));
}

Json ResourceJson(const Resource& resource) {
  Json properties = PropertiesJson(resource);
  properties["hostName"] = resource.host_name();
  properties["version"] = "1.0";
  properties["disableLocalAuth"] = resource.disable_local_auth();
  Json hubs = Json::array();
  for (const resource::v1::HubSettings& hub : resource.hubs()) {
    hubs.push_back({{"name", hub.hub()},
                    {"anonymousConnectPolicy", hub.anonymous_connect_policy()},
                    {"webSocketKeepAliveIntervalInSeconds", hub.websocket_keep_alive_interval_s()}});
  }
  if (!hubs.empty()) properties["hubs"] = std::move(hubs);
  properties["instance"] = InstanceJson(resource.instance());
  return {{"id", ResourceArmId(resource)},
          {"name", InstanceId(resource.name())},
          {"type", absl::StrCat(kProvider, "/WebPubSub")},
          {"kind", "WebPubSub"},
          {"location", resource.location()},
          {"resourceGroup", resource.resource_group()},
          {"sku", SkuJson(resource.sku())},
          {"tags", TagsJson(resource)},
          {"properties", std::move(properties)},
          {"etag", resource.etag()},
          {"systemData", SystemDataJson(resource)}};
}

Json ReplicaJson(const Replica& replica, const Resource& parent) {
  Json properties = PropertiesJson(replica);
  properties["hostName"] = parent.host_name();
  properties["instance"] = InstanceJson(replica.instance());
  return {{"id", absl::StrCat(ResourceArmId(parent), "/replicas/", InstanceId(replica.name()))},
          {"name", InstanceId(replica.name())},
          {"type", absl::StrCat(kProvider, "/WebPubSub/replicas")},
          {"location", replica.location()},
          {"resourceGroup", parent.resource_group()},
          {"sku", SkuJson(replica.sku())},
          {"tags", TagsJson(replica)},
          {"properties", std::move(properties)},
          {"etag", replica.etag()},
          {"systemData", SystemDataJson(replica)}};
}

View ResourceList(const std::vector<Resource>& resources) {
  View view{.document = Json::array(),
            .table = {.columns = Columns(), .rows = {}, .when_empty = ""},
            .text = "",
            .names = {}};
  for (const Resource& resource : resources) {
    view.document.push_back(ResourceJson(resource));
    view.table.rows.push_back(Row(resource));
    view.names.push_back(InstanceId(resource.name()));
  }
  return view;
}

View OneResource(const Resource& resource) {
  View view = ResourceList({resource});
  view.document = ResourceJson(resource);
  return view;
}

View ReplicaList(const std::vector<Replica>& replicas, const Resource& parent) {
  View view{.document = Json::array(),
            .table = {.columns = Columns(), .rows = {}, .when_empty = ""},
            .text = "",
            .names = {}};
  for (const Replica& replica : replicas) {
    view.document.push_back(ReplicaJson(replica, parent));
    view.table.rows.push_back(Row(replica));
    view.names.push_back(InstanceId(replica.name()));
  }
  return view;
}

View OneReplica(const Replica& replica, const Resource& parent) {
  View view = ReplicaList({replica}, parent);
  view.document = ReplicaJson(replica, parent);
  return view;
}

std::string ConnectionString(absl::string_view endpoint, absl::string_view key) {
  return absl::StrCat("Endpoint=", endpoint, ";AccessKey=", key, ";Version=1.0;");
}

View Keys(const AccessKeys& keys, absl::string_view endpoint) {
  const std::string primary = ConnectionString(endpoint, keys.primary_key());
  const std::string secondary = ConnectionString(endpoint, keys.secondary_key());
  return {.document = {{"primaryKey", keys.primary_key()},
                       {"secondaryKey", keys.secondary_key()},
                       {"primaryConnectionString", primary},
                       {"secondaryConnectionString", secondary}},
          .table = {.columns = {"KEY", "VALUE", "CONNECTION STRING"},
                    .rows = {{Cell("primary"), Cell(keys.primary_key()), Cell(primary)},
                             {Cell("secondary"), Cell(keys.secondary_key()), Cell(secondary)}},
                    .when_empty = ""},
          .text = "",
          .names = {"primary", "secondary"}};
}

View Effective(const EffectiveConfiguration& configuration) {
  View view{.document = Json::array(),
            .table = {.columns = {"SETTING", "VALUE", "SOURCE"}, .rows = {}, .when_empty = ""},
            .text = "",
            .names = {}};
  for (const EffectiveConfiguration::Setting& setting : configuration.settings()) {
    const char* source = setting.source() == EffectiveConfiguration::SOURCE_OWN         ? "own"
                         : setting.source() == EffectiveConfiguration::SOURCE_INHERITED ? "inherited"
                                                                                        : "default";
    view.document.push_back({{"path", setting.path()}, {"value", setting.value()}, {"source", source}});
    view.table.rows.push_back({Cell(setting.path()), Cell(setting.value()), Cell(source)});
    view.names.push_back(setting.path());
  }
  return view;
}

}  // namespace nonet::cli
