#include "tools/cli/render/arm.h"

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "common/base/names.h"
#include "controlplane/codec/state_name.h"
#include "controlplane/codec/writer.h"

namespace nonet::cli {
namespace {

namespace arm = controlplane::arm;
using arm::Audience;
using resource::v1::AccessKeys;
using resource::v1::EffectiveConfiguration;
using resource::v1::ProvisioningState;
using resource::v1::Replica;
using resource::v1::Resource;

template <typename Object>
bool Enabled(const Object& object) {
  return !object.has_region_endpoint_enabled() || object.region_endpoint_enabled();
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
  return std::string(controlplane::StateName(state));
}

std::string ResourceArmId(const Resource& resource) { return arm::ResourceArmId(resource); }

Json ResourceJson(const Resource& resource) { return arm::ResourceToJson(resource, Audience::kOperator); }

Json ReplicaJson(const Replica& replica, const Resource& parent) {
  return arm::ReplicaToJson(replica, parent, Audience::kOperator);
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

View Keys(const AccessKeys& keys, absl::string_view endpoint) {
  const std::string primary = arm::ConnectionString(endpoint, keys.primary_key());
  const std::string secondary = arm::ConnectionString(endpoint, keys.secondary_key());
  return {.document = arm::KeysToJson(keys, endpoint),
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
