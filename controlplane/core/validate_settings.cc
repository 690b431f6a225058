#include "controlplane/core/validate_settings.h"

#include <initializer_list>
#include <map>
#include <set>
#include <string>

#include "absl/strings/escaping.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "common/base/status_macros.h"
#include "controlplane/core/errors.h"
#include "controlplane/core/limits.h"
#include "controlplane/core/object.h"
#include "controlplane/core/request_table.h"
#include "controlplane/core/validate_text.h"

namespace nonet::controlplane {
namespace {

using namespace resource::v1;  // The whole file is about these.
using Words = std::initializer_list<absl::string_view>;
using google::protobuf::RepeatedPtrField;

// One of a few words; the first is the default.
absl::Status OneOf(const std::string& field, std::string& value, Words words) {
  if (value.empty()) value = std::string(*words.begin());
  for (const absl::string_view word : words) {
    if (value == word) return absl::OkStatus();
  }
  return errors::InvalidSetting(
      field, absl::StrCat("\"", value, "\" is not possible; ", absl::StrJoin(words, ", "), " are"));
}

absl::Status NoneTwice(const std::string& field, const RepeatedPtrField<std::string>& values, Words words) {
  std::set<std::string> seen;
  for (const std::string& value : values) {
    std::string copy = value;
    if (copy.empty()) return errors::InvalidSetting(field, "an entry is empty");
    RETURN_IF_ERROR(OneOf(field, copy, words));
    if (!seen.insert(value).second)
      return errors::InvalidSetting(field, absl::StrCat(value, " is in it twice"));
  }
  return absl::OkStatus();
}

absl::Status AtMost(const std::string& field, int count, int limit) {
  if (count <= limit) return absl::OkStatus();
  return errors::InvalidSetting(field, absl::StrCat(count, " entries; at most ", limit, " are possible"));
}

// A UUID that is the same for the same words: what a directory would have drawn.
std::string UuidOf(absl::string_view kind, absl::string_view of) {
  std::string hex = absl::BytesToHexString(RequestDigest(kind, of));
  hex[12] = '4';
  hex[16] = '8';
  return absl::StrCat(hex.substr(0, 8), "-", hex.substr(8, 4), "-", hex.substr(12, 4), "-", hex.substr(16, 4),
                      "-", hex.substr(20, 12));
}

absl::Status NormalizeIdentity(Resource& resource) {
  if (!resource.has_identity()) return absl::OkStatus();
  ManagedIdentity& identity = *resource.mutable_identity();
  RETURN_IF_ERROR(
      OneOf("identity.type", *identity.mutable_type(), {"None", "SystemAssigned", "UserAssigned"}));
  auto& users = *identity.mutable_user_assigned_identities();
  RETURN_IF_ERROR(
      AtMost("identity.user_assigned_identities", static_cast<int>(users.size()), kUserIdentitiesMax));
  if ((identity.type() == "UserAssigned") != !users.empty()) {
    return errors::InvalidSetting(
        "identity.user_assigned_identities",
        users.empty() ? "type UserAssigned needs at least one identity" : "only type UserAssigned has them");
  }
  for (const auto& [id, facts] : std::map<std::string, UserAssignedIdentity>(users.begin(), users.end())) {
    RETURN_IF_ERROR(ValidateArmId("identity.user_assigned_identities", id));
    users[id].set_principal_id(UuidOf("principal", CanonicalName(id)));
    users[id].set_client_id(UuidOf("client", CanonicalName(id)));
  }
  const bool system = identity.type() == "SystemAssigned" && !resource.uid().empty();
  identity.set_principal_id(system ? UuidOf("principal", resource.uid()) : "");
  identity.set_tenant_id(system ? UuidOf("tenant", resource.subscription()) : "");
  if (identity.type() == "None") resource.clear_identity();
  return absl::OkStatus();
}

template <typename Acl>
absl::Status CheckAcl(const std::string& field, const Acl& acl) {
  const Words types = {"ClientConnection", "ServerConnection", "RESTAPI", "Trace"};
  RETURN_IF_ERROR(NoneTwice(field + ".allow", acl.allow(), types));
  RETURN_IF_ERROR(NoneTwice(field + ".deny", acl.deny(), types));
  for (const std::string& allowed : acl.allow()) {
    for (const std::string& denied : acl.deny()) {
      if (allowed == denied) return errors::InvalidSetting(field, allowed + " is allowed and denied");
    }
  }
  return absl::OkStatus();
}

absl::Status NormalizeNetworkAcls(NetworkAcls& acls) {
  RETURN_IF_ERROR(OneOf("network_acls.default_action", *acls.mutable_default_action(), {"Deny", "Allow"}));
  RETURN_IF_ERROR(CheckAcl("network_acls.public_network", acls.public_network()));
  RETURN_IF_ERROR(AtMost("network_acls.private_endpoints", acls.private_endpoints_size(), kChildrenMax));
  std::set<std::string> names;
  for (int i = 0; i < acls.private_endpoints_size(); ++i) {
    const std::string field = absl::StrCat("network_acls.private_endpoints[", i, "]");
    RETURN_IF_ERROR(ValidateChildName(field + ".name", acls.private_endpoints(i).name()));
    if (!names.insert(CanonicalName(acls.private_endpoints(i).name())).second) {
      return errors::InvalidSetting(field, acls.private_endpoints(i).name() + " is named twice");
    }
    RETURN_IF_ERROR(CheckAcl(field, acls.private_endpoints(i)));
  }
  RETURN_IF_ERROR(AtMost("network_acls.ip_rules", acls.ip_rules_size(), kIpRulesMax));
  for (int i = 0; i < acls.ip_rules_size(); ++i) {
    const std::string field = absl::StrCat("network_acls.ip_rules[", i, "]");
    RETURN_IF_ERROR(ValidateIpRule(field + ".value", acls.ip_rules(i).value()));
    RETURN_IF_ERROR(OneOf(field + ".action", *acls.mutable_ip_rules(i)->mutable_action(), {"Allow", "Deny"}));
  }
  return absl::OkStatus();
}

absl::Status CheckCategories(const std::string& field, const RepeatedPtrField<LogCategory>& categories,
                             Words names) {
  RepeatedPtrField<std::string> given;
  for (const LogCategory& category : categories) *given.Add() = category.name();
  return NoneTwice(field, given, names);
}

absl::Status CheckClaim(const std::string& field, absl::string_view type, absl::string_view claim) {
  const bool custom = absl::EndsWith(type, "ByJwtCustomClaimRule");
  if (custom && claim.empty()) return errors::InvalidSetting(field + ".claim_name", "this rule needs one");
  if (!custom && !claim.empty()) {
    return errors::InvalidSetting(field + ".claim_name", absl::StrCat(type, " has none"));
  }
  return ValidateText(field + ".claim_name", claim);
}

absl::Status NormalizeFirewall(ApplicationFirewall& firewall) {
  const std::string counts = "application_firewall.client_connection_count_rules";
  RETURN_IF_ERROR(AtMost(counts, firewall.client_connection_count_rules_size(), kFirewallRulesMax));
  for (int i = 0; i < firewall.client_connection_count_rules_size(); ++i) {
    ClientConnectionCountRule& rule = *firewall.mutable_client_connection_count_rules(i);
    const std::string field = absl::StrCat(counts, "[", i, "]");
    if (rule.type().empty()) return errors::InvalidSetting(field + ".type", "it is required");
    RETURN_IF_ERROR(
        OneOf(field + ".type", *rule.mutable_type(),
              {"ThrottleByUserIdRule", "ThrottleByJwtSignatureRule", "ThrottleByJwtCustomClaimRule"}));
    if (rule.max_count() == 0) rule.set_max_count(kRuleMaxCountDefault);
    RETURN_IF_ERROR(CheckClaim(field, rule.type(), rule.claim_name()));
  }
  const std::string traffic = "application_firewall.client_traffic_control_rules";
  RETURN_IF_ERROR(AtMost(traffic, firewall.client_traffic_control_rules_size(), kFirewallRulesMax));
  for (int i = 0; i < firewall.client_traffic_control_rules_size(); ++i) {
    ClientTrafficControlRule& rule = *firewall.mutable_client_traffic_control_rules(i);
    const std::string field = absl::StrCat(traffic, "[", i, "]");
    if (rule.type().empty()) return errors::InvalidSetting(field + ".type", "it is required");
    RETURN_IF_ERROR(OneOf(field + ".type", *rule.mutable_type(),
                          {"TrafficThrottleByUserIdRule", "TrafficThrottleByJwtSignatureRule",
                           "TrafficThrottleByJwtCustomClaimRule"}));
    if (rule.max_inbound_message_bytes() == 0) rule.set_max_inbound_message_bytes(kRuleBytesDefault);
    if (rule.aggregation_window_s() == 0) rule.set_aggregation_window_s(kRuleWindowDefaultS);
    if (rule.aggregation_window_s() > kRuleWindowMaxS) {
      return errors::InvalidSetting(field + ".aggregation_window_s",
                                    absl::StrCat("at most ", kRuleWindowMaxS, " seconds are possible"));
    }
    RETURN_IF_ERROR(CheckClaim(field, rule.type(), rule.claim_name()));
  }
  if (firewall.max_client_connection_lifetime_s() > kConnectionLifetimeMaxS) {
    return errors::InvalidSetting("application_firewall.max_client_connection_lifetime_s",
                                  absl::StrCat("at most ", kConnectionLifetimeMaxS, " seconds are possible"));
  }
  return absl::OkStatus();
}

absl::Status NormalizeHandler(const std::string& hub, EventHandler& handler) {
  if (const std::string why = WhyNotUrlTemplate(handler.url_template()); !why.empty()) {
    return errors::InvalidHub(hub, absl::StrCat("url_template: ", why));
  }
  RETURN_IF_ERROR(ValidateText("user_event_pattern", handler.user_event_pattern()));
  RETURN_IF_ERROR(
      NoneTwice("system_events", handler.system_events(), {"connect", "connected", "disconnected"}));
  if (!handler.has_auth()) return absl::OkStatus();
  UpstreamAuth& auth = *handler.mutable_auth();
  RETURN_IF_ERROR(OneOf("auth.type", *auth.mutable_type(), {"None", "ManagedIdentity"}));
  return ValidateText("auth.managed_identity_resource", auth.managed_identity_resource());
}

absl::Status CheckListener(const std::string& hub, const EventListener& listener) {
  if (listener.fully_qualified_namespace().empty() || listener.event_hub_name().empty()) {
    return errors::InvalidHub(hub, "an event listener needs fully_qualified_namespace and event_hub_name");
  }
  if (listener.system_events().empty() && listener.user_event_pattern().empty()) {
    return errors::InvalidHub(hub, "an event listener needs system_events or user_event_pattern");
  }
  RETURN_IF_ERROR(ValidateText("event_hub_name", listener.event_hub_name()));
  RETURN_IF_ERROR(ValidateText("user_event_pattern", listener.user_event_pattern()));
  RETURN_IF_ERROR(ValidateDnsName("fully_qualified_namespace", listener.fully_qualified_namespace()));
  return NoneTwice("system_events", listener.system_events(), {"connected", "disconnected"});
}

absl::Status NormalizeHubs(Resource& resource) {
  if (static_cast<size_t>(resource.hubs_size()) > kHubsMax) return errors::TooManyHubs(resource.hubs_size());
  std::set<std::string> seen;
  int listeners = 0;
  for (HubSettings& hub : *resource.mutable_hubs()) {
    RETURN_IF_ERROR(NormalizeChild(hub));
    if (!seen.insert(CanonicalName(hub.hub())).second) {
      return errors::InvalidHub(hub.hub(), "it has settings twice; names are compared without case");
    }
    listeners += hub.event_listeners_size();
  }
  return AtMost("hubs.event_listeners", listeners, kEventListenersMax);
}

}  // namespace

absl::Status NormalizeSettings(Resource& resource) {
  RETURN_IF_ERROR(OneOf("kind", *resource.mutable_kind(), {"WebPubSub", "SocketIO"}));
  RETURN_IF_ERROR(NormalizeHubs(resource));
  RETURN_IF_ERROR(NormalizeIdentity(resource));
  RETURN_IF_ERROR(
      OneOf("public_network_access", *resource.mutable_public_network_access(), {"Enabled", "Disabled"}));
  if (resource.has_network_acls()) RETURN_IF_ERROR(NormalizeNetworkAcls(*resource.mutable_network_acls()));
  RETURN_IF_ERROR(CheckCategories("live_trace_configuration.categories",
                                  resource.live_trace_configuration().categories(),
                                  {"ConnectivityLogs", "MessagingLogs"}));
  RETURN_IF_ERROR(CheckCategories("resource_log_configuration.categories",
                                  resource.resource_log_configuration().categories(),
                                  {"ConnectivityLogs", "MessagingLogs", "HttpRequestLogs"}));
  if (resource.has_socket_io()) {
    if (resource.kind() != "SocketIO") {
      return errors::InvalidSetting("socket_io", "only a resource of kind SocketIO has it");
    }
    RETURN_IF_ERROR(OneOf("socket_io.service_mode", *resource.mutable_socket_io()->mutable_service_mode(),
                          {"Default", "Serverless"}));
  }
  if (!resource.has_application_firewall()) return absl::OkStatus();
  return NormalizeFirewall(*resource.mutable_application_firewall());
}

absl::Status NormalizeChild(HubSettings& hub) {
  if (!IsHubName(hub.hub())) {
    return errors::InvalidHub(hub.hub(), "a name is 1 to 128 letters, digits and _`,.[], a letter first");
  }
  if (hub.anonymous_connect_policy().empty()) hub.set_anonymous_connect_policy("deny");
  if (hub.anonymous_connect_policy() != "deny" && hub.anonymous_connect_policy() != "allow") {
    return errors::InvalidHub(hub.hub(),
                              absl::StrCat("anonymous_connect_policy is \"", hub.anonymous_connect_policy(),
                                           "\"; it can be allow or deny"));
  }
  if (hub.websocket_keep_alive_interval_s() == 0) hub.set_websocket_keep_alive_interval_s(kKeepAliveDefaultS);
  if (hub.websocket_keep_alive_interval_s() < kKeepAliveMinS ||
      hub.websocket_keep_alive_interval_s() > kKeepAliveMaxS) {
    return errors::InvalidHub(hub.hub(),
                              absl::StrCat("websocket_keep_alive_interval_s must be ", kKeepAliveMinS, " to ",
                                           kKeepAliveMaxS, ", not ", hub.websocket_keep_alive_interval_s()));
  }
  RETURN_IF_ERROR(AtMost("hubs.event_handlers", hub.event_handlers_size(), kEventHandlersMax));
  for (EventHandler& handler : *hub.mutable_event_handlers()) {
    RETURN_IF_ERROR(NormalizeHandler(hub.hub(), handler));
  }
  RETURN_IF_ERROR(AtMost("hubs.event_listeners", hub.event_listeners_size(), kEventListenersMax));
  for (const EventListener& listener : hub.event_listeners()) {
    RETURN_IF_ERROR(CheckListener(hub.hub(), listener));
  }
  return absl::OkStatus();
}

absl::Status NormalizeChild(SharedPrivateLink& link) {
  RETURN_IF_ERROR(ValidateChildName("link.name", link.name()));
  if (link.group_id().empty()) return errors::MissingField("link.group_id");
  RETURN_IF_ERROR(ValidateText("link.group_id", link.group_id()));
  RETURN_IF_ERROR(ValidateArmId("link.private_link_resource_id", link.private_link_resource_id()));
  RETURN_IF_ERROR(ValidateMessage("link.request_message", link.request_message()));
  RETURN_IF_ERROR(AtMost("link.fqdns", link.fqdns_size(), kFqdnsMax));
  for (const std::string& fqdn : link.fqdns()) RETURN_IF_ERROR(ValidateDnsName("link.fqdns", fqdn));
  return absl::OkStatus();
}

absl::Status NormalizeChild(PrivateEndpointConnection& connection) {
  RETURN_IF_ERROR(ValidateChildName("connection.name", connection.name()));
  RETURN_IF_ERROR(ValidateArmId("connection.private_endpoint_id", connection.private_endpoint_id()));
  if (connection.group_ids().empty()) connection.add_group_ids("webpubsub");
  RETURN_IF_ERROR(NoneTwice("connection.group_ids", connection.group_ids(), {"webpubsub"}));
  RETURN_IF_ERROR(OneOf("connection.status", *connection.mutable_status(),
                        {"Pending", "Approved", "Rejected", "Disconnected"}));
  RETURN_IF_ERROR(ValidateText("connection.description", connection.description()));
  return ValidateText("connection.actions_required", connection.actions_required());
}

absl::Status NormalizeChild(CustomCertificate& certificate) {
  RETURN_IF_ERROR(ValidateChildName("certificate.name", certificate.name()));
  if (!absl::StartsWith(certificate.key_vault_base_uri(), "https://")) {
    return errors::InvalidSetting("certificate.key_vault_base_uri", "it must begin with https://");
  }
  RETURN_IF_ERROR(ValidateText("certificate.key_vault_base_uri", certificate.key_vault_base_uri()));
  if (certificate.key_vault_secret_name().empty()) {
    return errors::MissingField("certificate.key_vault_secret_name");
  }
  RETURN_IF_ERROR(ValidateText("certificate.key_vault_secret_name", certificate.key_vault_secret_name()));
  return ValidateText("certificate.key_vault_secret_version", certificate.key_vault_secret_version());
}

absl::Status NormalizeChild(CustomDomain& domain) {
  RETURN_IF_ERROR(ValidateChildName("domain.name", domain.name()));
  RETURN_IF_ERROR(ValidateDnsName("domain.domain_name", domain.domain_name()));
  return ValidateChildName("domain.custom_certificate", domain.custom_certificate());
}

absl::Status ValidateMessage(absl::string_view field, absl::string_view message) {
  if (message.size() <= kRequestMessageMax) return absl::OkStatus();
  return errors::InvalidSetting(
      field, absl::StrCat(message.size(), " characters; at most ", kRequestMessageMax, " are possible"));
}

}  // namespace nonet::controlplane
