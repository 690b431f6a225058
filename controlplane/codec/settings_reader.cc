#include "controlplane/codec/settings_reader.h"

#include <array>
#include <nlohmann/json.hpp>
#include <utility>

#include "controlplane/codec/errors.h"

namespace nonet::controlplane::arm {
namespace {

using google::protobuf::RepeatedPtrField;

// Longer lists than any that is allowed: the core says where the limit of each is.
constexpr size_t kItemsMax = 1000;

// ARM's name, our field's.
constexpr std::array<std::pair<absl::string_view, absl::string_view>, 10> kInherited = {
    {{"tls", "tls"},
     {"liveTraceConfiguration", "live_trace_configuration"},
     {"resourceLogConfiguration", "resource_log_configuration"},
     {"networkACLs", "network_acls"},
     {"publicNetworkAccess", "public_network_access"},
     {"disableLocalAuth", "disable_local_auth"},
     {"disableAadAuth", "disable_aad_auth"},
     {"socketIO", "socket_io"},
     {"applicationFirewall", "application_firewall"},
     {"hubs", "hubs"}}};

void Add(std::optional<std::vector<std::string>> from, RepeatedPtrField<std::string>* to) {
  if (!from) return;
  for (std::string& each : *from) *to->Add() = std::move(each);
}

void ReadCategories(ObjectReader& parent, RepeatedPtrField<resource::v1::LogCategory>* out) {
  parent.Objects("categories", kItemsMax, [out](ObjectReader& category) {
    resource::v1::LogCategory& to = *out->Add();
    category.Require("name");
    to.set_name(
        category.Spelled("name", {"ConnectivityLogs", "MessagingLogs", "HttpRequestLogs"}).value_or(""));
    to.set_enabled(category.BoolText("enabled").value_or(false));
  });
}

template <typename Acl>
void ReadAcl(ObjectReader& acl, Acl& out) {
  for (const auto& [name, to] :
       {std::pair("allow", out.mutable_allow()), std::pair("deny", out.mutable_deny())}) {
    Add(acl.SpelledStrings(name, {"ClientConnection", "ServerConnection", "RESTAPI", "Trace"}, kItemsMax),
        to);
  }
}

void ReadNetworkAcls(ObjectReader acls, resource::v1::NetworkAcls& out) {
  if (auto action = acls.Spelled("defaultAction", {"Allow", "Deny"})) out.set_default_action(*action);
  if (ObjectReader network = acls.Object("publicNetwork"); network.present()) {
    ReadAcl(network, *out.mutable_public_network());
    network.Finish();
  }
  acls.Objects("privateEndpoints", kItemsMax, [&out](ObjectReader& endpoint) {
    resource::v1::PrivateEndpointAcl& to = *out.add_private_endpoints();
    endpoint.Require("name");
    to.set_name(endpoint.String("name").value_or(""));
    ReadAcl(endpoint, to);
  });
  acls.Objects("ipRules", kItemsMax, [&out](ObjectReader& rule) {
    resource::v1::IpRule& to = *out.add_ip_rules();
    rule.Require("value");
    to.set_value(rule.String("value").value_or(""));
    to.set_action(rule.Spelled("action", {"Allow", "Deny"}).value_or(""));
  });
  acls.Finish();
}

void ReadFirewall(ObjectReader firewall, resource::v1::ApplicationFirewall& out) {
  firewall.Objects("clientConnectionCountRules", kItemsMax, [&out](ObjectReader& rule) {
    resource::v1::ClientConnectionCountRule& to = *out.add_client_connection_count_rules();
    rule.Require("type");
    to.set_type(rule.Spelled("type", {"ThrottleByUserIdRule", "ThrottleByJwtSignatureRule",
                                      "ThrottleByJwtCustomClaimRule"})
                    .value_or(""));
    to.set_max_count(rule.Number("maxCount").value_or(0));
    to.set_claim_name(rule.String("claimName").value_or(""));
  });
  firewall.Objects("clientTrafficControlRules", kItemsMax, [&out](ObjectReader& rule) {
    resource::v1::ClientTrafficControlRule& to = *out.add_client_traffic_control_rules();
    rule.Require("type");
    to.set_type(rule.Spelled("type", {"TrafficThrottleByUserIdRule", "TrafficThrottleByJwtSignatureRule",
                                      "TrafficThrottleByJwtCustomClaimRule"})
                    .value_or(""));
    to.set_max_inbound_message_bytes(rule.BigNumber("maxInboundMessageBytes").value_or(0));
    to.set_aggregation_window_s(rule.Number("aggregationWindowInSeconds").value_or(0));
    to.set_claim_name(rule.String("claimName").value_or(""));
  });
  out.set_max_client_connection_lifetime_s(
      firewall.BigNumber("maxClientConnectionLifetimeInSeconds").value_or(0));
  firewall.Finish();
}

void ReadEventHandler(ObjectReader& handler, resource::v1::EventHandler& out) {
  handler.Require("urlTemplate");
  out.set_url_template(handler.String("urlTemplate").value_or(""));
  out.set_user_event_pattern(handler.String("userEventPattern").value_or(""));
  Add(handler.SpelledStrings("systemEvents", {"connect", "connected", "disconnected"}, kItemsMax),
      out.mutable_system_events());
  ObjectReader auth = handler.Object("auth");
  if (!auth.present()) return;
  out.mutable_auth()->set_type(auth.Spelled("type", {"None", "ManagedIdentity"}).value_or(""));
  ObjectReader identity = auth.Object("managedIdentity");
  out.mutable_auth()->set_managed_identity_resource(identity.String("resource").value_or(""));
  identity.Finish();
  auth.Finish();
}

void ReadEventListener(ObjectReader& listener, resource::v1::EventListener& out) {
  listener.Require("filter");
  listener.Require("endpoint");
  ObjectReader filter = listener.Object("filter");
  filter.Require("type");
  filter.OneOf("type", {"EventName"});
  Add(filter.SpelledStrings("systemEvents", {"connected", "disconnected"}, kItemsMax),
      out.mutable_system_events());
  out.set_user_event_pattern(filter.String("userEventPattern").value_or(""));
  filter.Finish();
  ObjectReader endpoint = listener.Object("endpoint");
  endpoint.Require("type");
  endpoint.OneOf("type", {"EventHub"});
  out.set_fully_qualified_namespace(endpoint.String("fullyQualifiedNamespace").value_or(""));
  out.set_event_hub_name(endpoint.String("eventHubName").value_or(""));
  endpoint.Finish();
}

}  // namespace

void ReadSettings(ObjectReader& properties, resource::v1::Resource& out, std::vector<std::string>& mask) {
  if (ObjectReader tls = properties.Object("tls"); tls.present()) {
    out.mutable_tls()->set_client_cert_enabled(tls.Bool("clientCertEnabled").value_or(false));
    tls.Finish();
  }
  if (ObjectReader trace = properties.Object("liveTraceConfiguration"); trace.present()) {
    out.mutable_live_trace_configuration()->set_enabled(trace.BoolText("enabled").value_or(false));
    ReadCategories(trace, out.mutable_live_trace_configuration()->mutable_categories());
    trace.Finish();
  }
  if (ObjectReader logs = properties.Object("resourceLogConfiguration"); logs.present()) {
    out.mutable_resource_log_configuration();
    ReadCategories(logs, out.mutable_resource_log_configuration()->mutable_categories());
    logs.Finish();
  }
  if (ObjectReader acls = properties.Object("networkACLs"); acls.present()) {
    ReadNetworkAcls(std::move(acls), *out.mutable_network_acls());
  }
  if (auto access = properties.Spelled("publicNetworkAccess", {"Enabled", "Disabled"})) {
    out.set_public_network_access(*access);
  }
  out.set_disable_local_auth(properties.Bool("disableLocalAuth").value_or(false));
  out.set_disable_aad_auth(properties.Bool("disableAadAuth").value_or(false));
  if (ObjectReader socket_io = properties.Object("socketIO"); socket_io.present()) {
    out.mutable_socket_io()->set_service_mode(
        socket_io.Spelled("serviceMode", {"Default", "Serverless"}).value_or(""));
    socket_io.Finish();
  }
  for (const char* path : {"tls", "live_trace_configuration", "resource_log_configuration", "network_acls",
                           "public_network_access", "disable_local_auth", "disable_aad_auth", "socket_io"}) {
    mask.emplace_back(path);
  }
  if (ObjectReader firewall = properties.Object("applicationFirewall"); firewall.present()) {
    ReadFirewall(std::move(firewall), *out.mutable_application_firewall());
    mask.emplace_back("application_firewall");
  }
}

void ReadIdentity(ObjectReader identity, const Json* current, resource::v1::Resource& out) {
  if (!identity.present()) return;
  resource::v1::ManagedIdentity& to = *out.mutable_identity();
  to.set_type(identity.Spelled("type", {"None", "SystemAssigned", "UserAssigned"}).value_or(""));
  identity.ReadOnly("principalId", current);
  identity.ReadOnly("tenantId", current);
  const Json* users = Member(current, "userAssignedIdentities");
  identity.ObjectMap("userAssignedIdentities", kItemsMax,
                     [&to, users](const std::string& id, ObjectReader& user) {
                       const Json* stands = Member(users, id);
                       user.ReadOnly("principalId", stands);
                       user.ReadOnly("clientId", stands);
                       (*to.mutable_user_assigned_identities())[id];
                     });
  identity.Finish();
}

void ReadHubProperties(ObjectReader& properties, resource::v1::HubSettings& out) {
  properties.Objects("eventHandlers", kItemsMax,
                     [&out](ObjectReader& handler) { ReadEventHandler(handler, *out.add_event_handlers()); });
  properties.Objects("eventListeners", kItemsMax, [&out](ObjectReader& listener) {
    ReadEventListener(listener, *out.add_event_listeners());
  });
  if (auto policy = properties.Spelled("anonymousConnectPolicy", {"deny", "allow"})) {
    out.set_anonymous_connect_policy(*policy);
  }
  constexpr absl::string_view kKeepAlive = "webSocketKeepAliveIntervalInSeconds";
  if (const auto keep_alive = properties.Number(kKeepAlive)) {
    // Our message has no way to say 0 but as "not given".
    if (*keep_alive == 0) properties.Fail(errors::NotAllowed(properties.Path(kKeepAlive), "0", "1 to 120"));
    out.set_websocket_keep_alive_interval_s(*keep_alive);
  }
}

std::vector<std::string> InheritedProperties(ObjectReader& properties) {
  std::vector<std::string> found;
  for (const auto& [arm, field] : kInherited) {
    if (properties.Has(arm)) found.emplace_back(field);
  }
  return found;
}

}  // namespace nonet::controlplane::arm
