#include "controlplane/codec/settings_writer.h"

#include <map>
#include <nlohmann/json.hpp>
#include <vector>

namespace nonet::controlplane::arm {
namespace {

using google::protobuf::RepeatedPtrField;

Json StringsToJson(const RepeatedPtrField<std::string>& strings) {
  return std::vector<std::string>(strings.begin(), strings.end());
}

// As Azure writes some booleans.
const char* BoolText(bool value) { return value ? "true" : "false"; }

Json CategoriesToJson(const RepeatedPtrField<resource::v1::LogCategory>& categories) {
  Json json = Json::array();
  for (const auto& each : categories) {
    json.push_back({{"name", each.name()}, {"enabled", BoolText(each.enabled())}});
  }
  return json;
}

template <typename Acl>
void AddAcl(const Acl& acl, Json& json) {
  if (acl.allow_size() > 0) json["allow"] = StringsToJson(acl.allow());
  if (acl.deny_size() > 0) json["deny"] = StringsToJson(acl.deny());
}

Json NetworkAclsToJson(const resource::v1::NetworkAcls& acls) {
  Json json = {{"defaultAction", acls.default_action()}};
  Json network = Json::object();
  AddAcl(acls.public_network(), network);
  json["publicNetwork"] = std::move(network);
  Json& endpoints = json["privateEndpoints"] = Json::array();
  for (const auto& each : acls.private_endpoints()) {
    Json endpoint = {{"name", each.name()}};
    AddAcl(each, endpoint);
    endpoints.push_back(std::move(endpoint));
  }
  if (acls.ip_rules_size() > 0) {
    Json& rules = json["ipRules"] = Json::array();
    for (const auto& each : acls.ip_rules()) {
      rules.push_back({{"value", each.value()}, {"action", each.action()}});
    }
  }
  return json;
}

Json FirewallToJson(const resource::v1::ApplicationFirewall& firewall) {
  Json counts = Json::array();
  for (const auto& each : firewall.client_connection_count_rules()) {
    Json rule = {{"type", each.type()}};
    if (!each.claim_name().empty()) rule["claimName"] = each.claim_name();
    rule["maxCount"] = each.max_count();
    counts.push_back(std::move(rule));
  }
  Json traffic = Json::array();
  for (const auto& each : firewall.client_traffic_control_rules()) {
    Json rule = {{"type", each.type()}};
    if (!each.claim_name().empty()) rule["claimName"] = each.claim_name();
    rule["aggregationWindowInSeconds"] = each.aggregation_window_s();
    rule["maxInboundMessageBytes"] = each.max_inbound_message_bytes();
    traffic.push_back(std::move(rule));
  }
  return {{"clientConnectionCountRules", std::move(counts)},
          {"clientTrafficControlRules", std::move(traffic)},
          {"maxClientConnectionLifetimeInSeconds", firewall.max_client_connection_lifetime_s()}};
}

Json ListenersToJson(const resource::v1::HubSettings& hub) {
  Json listeners = Json::array();
  for (const auto& each : hub.event_listeners()) {
    Json filter = {{"type", "EventName"}};
    if (each.system_events_size() > 0) filter["systemEvents"] = StringsToJson(each.system_events());
    if (!each.user_event_pattern().empty()) filter["userEventPattern"] = each.user_event_pattern();
    listeners.push_back({{"filter", std::move(filter)},
                         {"endpoint",
                          {{"type", "EventHub"},
                           {"fullyQualifiedNamespace", each.fully_qualified_namespace()},
                           {"eventHubName", each.event_hub_name()}}}});
  }
  return listeners;
}

}  // namespace

Json IdentityToJson(const resource::v1::ManagedIdentity& identity) {
  Json json = {{"type", identity.type().empty() ? "None" : identity.type()}};
  if (!identity.principal_id().empty()) json["principalId"] = identity.principal_id();
  if (!identity.tenant_id().empty()) json["tenantId"] = identity.tenant_id();
  if (identity.user_assigned_identities_size() == 0) return json;
  Json& users = json["userAssignedIdentities"] = Json::object();
  const std::map<std::string, resource::v1::UserAssignedIdentity> sorted(
      identity.user_assigned_identities().begin(), identity.user_assigned_identities().end());
  for (const auto& [id, user] : sorted) {
    users[id] = {{"principalId", user.principal_id()}, {"clientId", user.client_id()}};
  }
  return json;
}

Json SettingsToJson(const resource::v1::Resource& resource) {
  Json json = {{"tls", {{"clientCertEnabled", resource.tls().client_cert_enabled()}}},
               {"liveTraceConfiguration",
                {{"enabled", BoolText(resource.live_trace_configuration().enabled())},
                 {"categories", CategoriesToJson(resource.live_trace_configuration().categories())}}}};
  if (resource.has_resource_log_configuration()) {
    json["resourceLogConfiguration"] = {
        {"categories", CategoriesToJson(resource.resource_log_configuration().categories())}};
  }
  if (resource.has_network_acls()) json["networkACLs"] = NetworkAclsToJson(resource.network_acls());
  json["publicNetworkAccess"] =
      resource.public_network_access().empty() ? "Enabled" : resource.public_network_access();
  json["disableLocalAuth"] = resource.disable_local_auth();
  json["disableAadAuth"] = resource.disable_aad_auth();
  if (resource.has_socket_io()) json["socketIO"] = {{"serviceMode", resource.socket_io().service_mode()}};
  if (resource.has_application_firewall()) {
    json["applicationFirewall"] = FirewallToJson(resource.application_firewall());
  }
  return json;
}

Json HubPropertiesToJson(const resource::v1::HubSettings& hub) {
  Json json = Json::object();
  Json& handlers = json["eventHandlers"] = Json::array();
  for (const auto& each : hub.event_handlers()) {
    Json handler = {{"urlTemplate", each.url_template()}};
    if (!each.user_event_pattern().empty()) handler["userEventPattern"] = each.user_event_pattern();
    if (each.system_events_size() > 0) handler["systemEvents"] = StringsToJson(each.system_events());
    if (each.has_auth()) {
      Json& auth = handler["auth"] = {{"type", each.auth().type().empty() ? "None" : each.auth().type()}};
      if (!each.auth().managed_identity_resource().empty()) {
        auth["managedIdentity"] = {{"resource", each.auth().managed_identity_resource()}};
      }
    }
    handlers.push_back(std::move(handler));
  }
  if (hub.event_listeners_size() > 0) json["eventListeners"] = ListenersToJson(hub);
  json["anonymousConnectPolicy"] = hub.anonymous_connect_policy();
  json["webSocketKeepAliveIntervalInSeconds"] = hub.websocket_keep_alive_interval_s();
  return json;
}

}  // namespace nonet::controlplane::arm
