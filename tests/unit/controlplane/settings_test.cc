// Which settings of a resource are taken, completed or refused.
#include <gtest/gtest.h>

#include <functional>

#include "tests/unit/controlplane/plane.h"

namespace nonet::controlplane {
namespace {

using Change = std::function<void(Resource&)>;

// The answer to setting one field of contoso.
absl::StatusOr<Object> Set(Plane& plane, const std::string& path, const Change& change) {
  auto request = Plane::UpdateRequest({path});
  change(*request.mutable_resource());
  return plane.Do(request);
}

TEST(Settings, DefaultsAreAzures) {
  Plane plane;
  const Resource resource = plane.CreateContoso();
  EXPECT_EQ(resource.kind(), "WebPubSub");
  EXPECT_EQ(resource.public_network_access(), "Enabled");
  EXPECT_FALSE(resource.has_identity());
  EXPECT_FALSE(resource.has_network_acls());
}

TEST(Settings, AllRoundTripThroughCreationAndRestart) {
  Plane before;
  auto request = Plane::CreateRequest();
  Resource& given = *request.mutable_resource();
  given.set_kind("SocketIO");
  given.set_disable_aad_auth(true);
  given.set_public_network_access("Disabled");
  given.mutable_tls()->set_client_cert_enabled(true);
  given.mutable_live_trace_configuration()->set_enabled(true);
  given.mutable_live_trace_configuration()->add_categories()->set_name("MessagingLogs");
  given.mutable_resource_log_configuration()->add_categories()->set_name("HttpRequestLogs");
  given.mutable_socket_io()->set_service_mode("Serverless");
  given.mutable_network_acls()->mutable_public_network()->add_allow("ClientConnection");
  given.mutable_network_acls()->add_ip_rules()->set_value("10.0.0.0/8");
  auto& rule = *given.mutable_application_firewall()->add_client_connection_count_rules();
  rule.set_type("ThrottleByUserIdRule");
  ASSERT_TRUE(before.Do(request).ok());

  Plane after = before.Restarted();
  const Resource& kept = after.core.resources().Find("resources/contoso")->resource();
  EXPECT_EQ(kept.kind(), "SocketIO");
  EXPECT_TRUE(kept.disable_aad_auth());
  EXPECT_EQ(kept.public_network_access(), "Disabled");
  EXPECT_TRUE(kept.tls().client_cert_enabled());
  EXPECT_EQ(kept.live_trace_configuration().categories(0).name(), "MessagingLogs");
  EXPECT_EQ(kept.resource_log_configuration().categories(0).name(), "HttpRequestLogs");
  EXPECT_EQ(kept.socket_io().service_mode(), "Serverless");
  EXPECT_EQ(kept.network_acls().default_action(), "Deny");
  EXPECT_EQ(kept.network_acls().ip_rules(0).action(), "Allow");
  EXPECT_EQ(kept.application_firewall().client_connection_count_rules(0).max_count(), 20u);
}

TEST(Settings, RefusesEveryValueThatAzureDoesNotListNamingTheField) {
  Plane plane;
  plane.CreateContoso();
  const std::vector<std::tuple<std::string, std::string, Change>> cases = {
      {"public_network_access", "public_network_access",
       [](Resource& r) { r.set_public_network_access("Sometimes"); }},
      {"identity", "identity.type", [](Resource& r) { r.mutable_identity()->set_type("Mine"); }},
      {"identity", "identity.user_assigned_identities",
       [](Resource& r) { r.mutable_identity()->set_type("UserAssigned"); }},
      {"network_acls", "network_acls.default_action",
       [](Resource& r) { r.mutable_network_acls()->set_default_action("Perhaps"); }},
      {"network_acls", "network_acls.public_network.allow",
       [](Resource& r) { r.mutable_network_acls()->mutable_public_network()->add_allow("Everything"); }},
      {"network_acls", "network_acls.public_network",
       [](Resource& r) {
         r.mutable_network_acls()->mutable_public_network()->add_allow("Trace");
         r.mutable_network_acls()->mutable_public_network()->add_deny("Trace");
       }},
      {"network_acls", "network_acls.ip_rules[0].value",
       [](Resource& r) { r.mutable_network_acls()->add_ip_rules()->set_value("10.0.0.0/99"); }},
      {"live_trace_configuration", "live_trace_configuration.categories",
       [](Resource& r) { r.mutable_live_trace_configuration()->add_categories()->set_name("AllLogs"); }},
      {"socket_io", "socket_io", [](Resource& r) { r.mutable_socket_io(); }},
      {"application_firewall", "application_firewall.client_connection_count_rules[0].type",
       [](Resource& r) { r.mutable_application_firewall()->add_client_connection_count_rules(); }},
      {"application_firewall", "application_firewall.client_traffic_control_rules[0].claim_name",
       [](Resource& r) {
         r.mutable_application_firewall()->add_client_traffic_control_rules()->set_type(
             "TrafficThrottleByJwtCustomClaimRule");
       }},
  };
  for (const auto& [path, field, change] : cases) {
    const auto answer = Set(plane, path, change);
    EXPECT_EQ(Reason(answer), "INVALID_SETTING") << field;
    EXPECT_EQ(GetErrorDetails(answer.status()).metadata["field"], field) << answer.status();
  }
  EXPECT_EQ(plane.core.revision(), 1u);
}

TEST(Settings, ListsAreBounded) {
  Plane plane;
  plane.CreateContoso();
  const auto rules = [](int count) {
    return [count](Resource& r) {
      for (int i = 0; i < count; ++i) r.mutable_network_acls()->add_ip_rules()->set_value("10.0.0.1");
    };
  };
  EXPECT_TRUE(Set(plane, "network_acls", rules(kIpRulesMax)).ok());
  EXPECT_EQ(Reason(Set(plane, "network_acls", rules(kIpRulesMax + 1))), "INVALID_SETTING");
}

TEST(Settings, FirewallNeedsPremiumBothWaysRound) {
  Plane plane;
  auto create = Plane::CreateRequest();
  create.mutable_resource()->mutable_sku()->set_name("Standard_S1");
  ASSERT_TRUE(plane.Do(create).ok());
  const Change limit = [](Resource& r) {
    r.mutable_application_firewall()->set_max_client_connection_lifetime_s(60);
  };
  EXPECT_EQ(Reason(Set(plane, "application_firewall", limit)), "PREMIUM_REQUIRED");
  ASSERT_TRUE(Set(plane, "sku", [](Resource& r) { r.mutable_sku()->set_name("Premium_P1"); }).ok());
  ASSERT_TRUE(Set(plane, "application_firewall", limit).ok());
  EXPECT_EQ(Reason(Set(plane, "sku", [](Resource& r) { r.mutable_sku()->set_name("Standard_S1"); })),
            "PREMIUM_REQUIRED");
}

TEST(Settings, SystemAssignedIdentityHasAPrincipalOfItsOwnThatLasts) {
  Plane plane;
  plane.CreateContoso();
  const Change assign = [](Resource& r) { r.mutable_identity()->set_type("SystemAssigned"); };
  const ManagedIdentity first = Set(plane, "identity", assign)->resource().identity();
  EXPECT_EQ(first.principal_id().size(), 36u);
  EXPECT_NE(first.principal_id(), first.tenant_id());
  const Change tag = [](Resource& r) { (*r.mutable_tags())["a"] = "b"; };
  EXPECT_EQ(Set(plane, "tags", tag)->resource().identity().principal_id(), first.principal_id());
  EXPECT_FALSE(Set(plane, "identity", [](Resource&) {})->resource().has_identity());
}

TEST(Settings, KindIsImmutableAndFactsCannotBeMasked) {
  Plane plane;
  plane.CreateContoso();
  EXPECT_EQ(Reason(plane.Do(Plane::UpdateRequest({"kind"}))), "IMMUTABLE_FIELD");
  for (const std::string path : {"warnings", "operation", "identity.principal_id"}) {
    EXPECT_EQ(Reason(plane.Do(Plane::UpdateRequest({path}))), "OUTPUT_ONLY_FIELD") << path;
  }
}

TEST(Settings, OfAReplicaAreAllInherited) {
  Plane plane;
  plane.CreateContoso();
  ASSERT_TRUE(plane.AddReplica("westus").ok());
  for (const std::string path : {"identity", "network_acls", "public_network_access", "tls",
                                 "disable_aad_auth", "application_firewall", "live_trace_configuration",
                                 "custom_domains", "shared_private_links", "kind"}) {
    EXPECT_EQ(Reason(plane.Do(Plane::UpdateReplica("westus", {path}))), "INHERITED_FIELD") << path;
  }
}

TEST(EventHandlers, AreCheckedOneByOne) {
  Plane plane;
  plane.CreateContoso();
  const auto with = [&](const std::string& url, const std::string& event) {
    return Set(plane, "hubs", [&](Resource& r) {
      HubSettings& hub = *r.add_hubs();
      hub.set_hub("chat");
      hub.add_event_handlers()->set_url_template(url);
      hub.mutable_event_handlers(0)->add_system_events(event);
    });
  };
  EXPECT_EQ(Reason(with("", "connect")), "INVALID_HUB");
  EXPECT_EQ(Reason(with("ftp://a", "connect")), "INVALID_HUB");
  EXPECT_EQ(Reason(with("http://{hub}.example.com/", "connect")), "INVALID_HUB");
  EXPECT_EQ(Reason(with("http://a/{room}", "connect")), "INVALID_HUB");
  EXPECT_EQ(Reason(with("http://a/{hub}/{event}", "reconnect")), "INVALID_SETTING");
  EXPECT_TRUE(with("http://a/{hub}/{event}?code=1", "connect").ok());
}

TEST(EventListeners, AreTenOverAllHubs) {
  Plane plane;
  plane.CreateContoso();
  const auto listeners = [](int first, int second) {
    return [=](Resource& r) {
      for (const int count : {first, second}) {
        HubSettings& hub = *r.add_hubs();
        hub.set_hub(absl::StrCat("hub", r.hubs_size()));
        for (int i = 0; i < count; ++i) {
          EventListener& listener = *hub.add_event_listeners();
          listener.set_user_event_pattern("*");
          listener.set_fully_qualified_namespace("a.servicebus.windows.net");
          listener.set_event_hub_name("events");
        }
      }
    };
  };
  EXPECT_TRUE(Set(plane, "hubs", listeners(4, 6)).ok());
  EXPECT_EQ(Reason(Set(plane, "hubs", listeners(5, 6))), "INVALID_SETTING");
}

TEST(RegenerateAccessKey, OfTheSaltLeavesBothKeys) {
  Plane plane;
  plane.CreateContoso();
  const AccessKeys before = plane.core.resources().Find("resources/contoso/keys")->access_keys();
  RegenerateAccessKeyRequest request;
  request.set_name("resources/contoso/keys");
  request.set_key_type(KEY_TYPE_SALT);
  const AccessKeys after = plane.Do(request).value().access_keys();
  EXPECT_EQ(after.primary_key(), before.primary_key());
  EXPECT_EQ(after.secondary_key(), before.secondary_key());
  EXPECT_NE(after.salt(), before.salt());
}

}  // namespace
}  // namespace nonet::controlplane
