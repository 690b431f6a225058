#include <gmock/gmock.h>
#include <google/protobuf/util/message_differencer.h>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>
#include <random>

#include "common/base/error.h"
#include "controlplane/codec/reader.h"
#include "controlplane/codec/writer.h"

namespace nonet::controlplane::arm {
namespace {

using google::protobuf::util::MessageDifferencer;
using resource::v1::Resource;
using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Not;

Json Parse(const std::string& text) { return *ParseJson(text); }

// Everything a resource can be told.
Resource Full() {
  Resource resource;
  ReadResource(Parse(R"({
    "location": "East US", "kind": "webpubsub", "tags": {"b": "2", "a": "1"},
    "sku": {"name": "premium_p1", "tier": "Premium", "capacity": 3},
    "identity": {"type": "UserAssigned", "userAssignedIdentities": {"/subscriptions/s/id": {}}},
    "properties": {
      "regionEndpointEnabled": "Disabled", "resourceStopped": "true", "tls": {"clientCertEnabled": true},
      "disableLocalAuth": true, "disableAadAuth": true, "publicNetworkAccess": "disabled",
      "liveTraceConfiguration": {"enabled": "true", "categories": [{"name": "MessagingLogs", "enabled": "false"}]},
      "resourceLogConfiguration": {"categories": [{"name": "connectivitylogs", "enabled": "true"}]},
      "networkACLs": {"defaultAction": "deny", "publicNetwork": {"allow": ["RESTAPI", "clientconnection"]},
        "privateEndpoints": [{"name": "pe", "deny": ["Trace"]}], "ipRules": [{"value": "10.0.0.0/8", "action": "Allow"}]},
      "socketIO": {"serviceMode": "Serverless"},
      "applicationFirewall": {
        "clientConnectionCountRules": [{"type": "ThrottleByJwtCustomClaimRule", "claimName": "sub", "maxCount": 9}],
        "clientTrafficControlRules": [{"type": "TrafficThrottleByUserIdRule", "maxInboundMessageBytes": 5000000000,
                                       "aggregationWindowInSeconds": 30}],
        "maxClientConnectionLifetimeInSeconds": 3600}
    }})"),
               nullptr, resource)
      .IgnoreError();
  resource.set_name("resources/contoso");
  resource.set_resource_group("nonet");
  resource.set_subscription("00000000-0000-0000-0000-000000000000");
  return resource;
}

absl::Status ReadStatus(const std::string& text, const Json* current = nullptr) {
  Resource resource;
  return ReadResource(Parse(text), current, resource).status();
}

TEST(ArmReader, ReadsWhatAzuresDocumentationShows) {
  const Resource resource = Full();
  EXPECT_EQ(resource.location(), "eastus");
  EXPECT_EQ(resource.kind(), "WebPubSub") << "in Azure's spelling";
  EXPECT_EQ(resource.sku().name(), "Premium_P1");
  EXPECT_EQ(resource.sku().capacity(), 3u);
  EXPECT_EQ(resource.tags().at("a"), "1");
  EXPECT_FALSE(resource.region_endpoint_enabled());
  EXPECT_TRUE(resource.resource_stopped());
  EXPECT_EQ(resource.public_network_access(), "Disabled");
  EXPECT_THAT(resource.network_acls().public_network().allow(), ElementsAre("RESTAPI", "ClientConnection"));
  EXPECT_EQ(resource.network_acls().ip_rules(0).value(), "10.0.0.0/8");
  EXPECT_EQ(resource.application_firewall().client_traffic_control_rules(0).max_inbound_message_bytes(),
            5'000'000'000u);
  EXPECT_EQ(resource.identity().user_assigned_identities().count("/subscriptions/s/id"), 1u);
}

TEST(ArmReader, WhatIsWrittenIsReadBackTheSame) {
  const Resource before = Full();
  const Json written = ResourceToJson(before, Audience::kArm);
  Resource after;
  const auto read = ReadResource(written, &written, after);
  ASSERT_TRUE(read.ok()) << read.status();
  after.set_name(before.name());
  after.set_resource_group(before.resource_group());
  after.set_subscription(before.subscription());
  MessageDifferencer differencer;
  std::string differences;
  differencer.ReportDifferencesToString(&differences);
  EXPECT_TRUE(differencer.Compare(before, after)) << differences;
  EXPECT_THAT(read->mask, Not(Contains("location"))) << "as it stands";
}

TEST(ArmReader, APutStandsForWhatItLeavesOutButNotForChildren) {
  Resource resource;
  const auto read = ReadResource(Parse(R"({"location": "eastus"})"), nullptr, resource);
  ASSERT_TRUE(read.ok());
  EXPECT_THAT(read->mask, Contains("network_acls"));
  EXPECT_THAT(read->mask, Contains("tags"));
  for (const char* kept : {"sku", "application_firewall", "hubs", "traffic_profile", "custom_domains"}) {
    EXPECT_THAT(read->mask, Not(Contains(kept)));
  }
  EXPECT_TRUE(resource.region_endpoint_enabled()) << "Azure's default";
}

TEST(ArmReader, AChangedLocationIsLeftToTheCoreToRefuse) {
  const Json current = ResourceToJson(Full(), Audience::kArm);
  Resource resource;
  const auto read = ReadResource(MergePatch(current, Parse(R"({"location": "westus"})")), &current, resource);
  ASSERT_TRUE(read.ok());
  EXPECT_THAT(read->mask, Contains("location"));
}

TEST(ArmReader, MergePatchKeepsWhatItDoesNotNameAndRemovesNull) {
  const Json current = ResourceToJson(Full(), Audience::kArm);
  const Json patch = Parse(R"({"location": "eastus", "tags": {"a": null, "c": "3"},
                               "properties": {"networkACLs": {"defaultAction": "Allow"}}})");
  Resource resource;
  ASSERT_TRUE(ReadResource(MergePatch(current, patch), &current, resource).ok());
  EXPECT_EQ(resource.tags().count("a"), 0u);
  EXPECT_EQ(resource.tags().at("b"), "2");
  EXPECT_EQ(resource.tags().at("c"), "3");
  EXPECT_EQ(resource.network_acls().default_action(), "Allow");
  EXPECT_EQ(resource.network_acls().ip_rules_size(), 1) << "not named, so kept";
  EXPECT_TRUE(resource.disable_local_auth());
}

TEST(ArmReader, UnknownPropertiesAreNamedWithTheirPath) {
  const absl::Status status =
      ReadStatus(R"({"properties": {"networkACLs": {"ipRules": [{"value": "1.2.3.4", "x": 1}]}}})");
  EXPECT_EQ(ErrorReason(status), "UNKNOWN_PROPERTY");
  EXPECT_THAT(std::string(status.message()), HasSubstr("properties.networkACLs.ipRules[0].x"));
  EXPECT_EQ(GetErrorDetails(status).metadata["target"], "properties.networkACLs.ipRules[0].x");
}

TEST(ArmReader, APropertyInTheWrongCaseIsToldTheRightOne) {
  const absl::Status status = ReadStatus(R"({"properties": {"networkAcls": {}}})");
  EXPECT_EQ(GetErrorDetails(status).next_step, "leave it out, or use one of: networkACLs");
}

TEST(ArmReader, WrongTypesSayWhatWasExpectedAndFound) {
  for (const auto& [text, sentence] : std::vector<std::pair<std::string, std::string>>{
           {R"([])", "the body must be an object, not an array"},
           {R"({"location": 7})", "location must be a string, not a number"},
           {R"({"tags": {"a": 1}})", "tags.a must be a string, not a number"},
           {R"({"sku": {"name": "Premium_P1", "capacity": "1"}})",
            "sku.capacity must be a whole number from 0 to 4294967295, not a string"},
           {R"({"sku": {"name": "Premium_P1", "capacity": -1}})",
            "sku.capacity must be a whole number from 0 to 4294967295, not -1"},
           {R"({"properties": {"disableLocalAuth": "true"}})",
            "properties.disableLocalAuth must be true or false, not a string"},
           {R"({"properties": {"regionEndpointEnabled": true}})",
            "properties.regionEndpointEnabled must be a string, not a boolean"}}) {
    const absl::Status status = ReadStatus(text);
    EXPECT_EQ(ErrorReason(status), "WRONG_TYPE") << text;
    EXPECT_EQ(status.message(), sentence);
  }
}

TEST(ArmReader, ReadOnlyPropertiesMayBeSentAsTheyStand) {
  Resource stored = Full();
  stored.set_host_name("contoso.webpubsub.azure.com");
  const Json current = ResourceToJson(stored, Audience::kArm);
  EXPECT_TRUE(ReadStatus(ToText(current), &current).ok());
  Json changed = current;
  changed["properties"]["hostName"] = "evil.webpubsub.azure.com";
  const absl::Status status = ReadStatus(ToText(changed), &current);
  EXPECT_EQ(ErrorReason(status), "READ_ONLY_PROPERTY");
  EXPECT_EQ(status.message(), "properties.hostName is read-only and is \"contoso.webpubsub.azure.com\"");
  EXPECT_EQ(ErrorReason(ReadStatus(R"({"name": "other"})", &current)), "READ_ONLY_PROPERTY");
}

TEST(ArmReader, FactsThatMoveByThemselvesArePassedOver) {
  const Json current = ResourceToJson(Full(), Audience::kArm);
  EXPECT_TRUE(ReadStatus(R"({"etag": "3", "systemData": {"createdBy": "me"},
                             "properties": {"provisioningState": "Creating", "externalIP": "10.0.0.1"}})",
                         &current)
                  .ok());
}

TEST(ArmReader, AReplicaSaysWhichPropertiesAreItsResources) {
  resource::v1::Replica replica;
  const auto read = ReadReplica(
      Parse(
          R"({"location": "westus", "identity": {"type": "None"}, "properties": {"networkACLs": {"x": 1}, "tls": {}}})"),
      nullptr, replica);
  ASSERT_TRUE(read.ok()) << read.status();
  EXPECT_THAT(read->inherited, ElementsAre("tls", "network_acls", "identity"));
}

TEST(ArmReader, HubsRoundTrip) {
  const Json body = Parse(R"({"properties": {
    "eventHandlers": [{"urlTemplate": "http://localhost/{hub}/{event}", "userEventPattern": "*",
                       "systemEvents": ["Connect", "disconnected"],
                       "auth": {"type": "ManagedIdentity", "managedIdentity": {"resource": "abc"}}}],
    "eventListeners": [{"filter": {"type": "EventName", "systemEvents": ["connected"], "userEventPattern": "e1"},
                        "endpoint": {"type": "EventHub", "fullyQualifiedNamespace": "ex.servicebus.windows.net",
                                     "eventHubName": "h1"}}],
    "anonymousConnectPolicy": "Allow", "webSocketKeepAliveIntervalInSeconds": 30}})");
  resource::v1::HubSettings hub;
  ASSERT_TRUE(ReadHub(body, nullptr, hub).ok());
  EXPECT_EQ(hub.anonymous_connect_policy(), "allow");
  EXPECT_THAT(hub.event_handlers(0).system_events(), ElementsAre("connect", "disconnected"));
  EXPECT_EQ(hub.event_listeners(0).event_hub_name(), "h1");
  hub.set_hub("chat");
  const Json written = HubToJson(hub, Full());
  resource::v1::HubSettings again;
  ASSERT_TRUE(ReadHub(written, &written, again).ok());
  again.set_hub("chat");
  EXPECT_TRUE(MessageDifferencer::Equals(hub, again));
}

TEST(ArmReader, AHubNeedsItsPropertiesAndAKeepAliveAboveZero) {
  resource::v1::HubSettings hub;
  EXPECT_EQ(ErrorReason(ReadHub(Parse("{}"), nullptr, hub)), "MISSING_PROPERTY");
  EXPECT_EQ(ErrorReason(ReadHub(Parse(R"({"properties": {"webSocketKeepAliveIntervalInSeconds": 0}})"),
                                nullptr, hub)),
            "VALUE_NOT_ALLOWED");
}

TEST(ArmReader, ADomainsCertificateMustBeOfTheSameResource) {
  resource::v1::CustomDomain domain;
  const std::string prefix =
      R"({"properties": {"domainName": "chat.example.com", "customCertificate": {"id": "/subscriptions/s/resourceGroups/g)"
      R"(/providers/Microsoft.SignalRService/webPubSub/)";
  ASSERT_TRUE(
      ReadCustomDomain(Parse(prefix + R"(Contoso/customCertificates/cert"}}})"), nullptr, "contoso", domain)
          .ok());
  EXPECT_EQ(domain.custom_certificate(), "cert");
  for (const char* id : {"fabrikam/customCertificates/cert", "contoso/customDomains/cert", "contoso"}) {
    EXPECT_EQ(ErrorReason(ReadCustomDomain(Parse(prefix + id + R"("}}})"), nullptr, "contoso", domain)),
              "VALUE_NOT_ALLOWED")
        << id;
  }
}

// Replaces one value somewhere below.
void Disturb(Json& json, std::mt19937& random) {
  static const std::vector<Json> kStrangers = {nullptr,
                                               true,
                                               -1,
                                               1e300,
                                               18446744073709551615u,
                                               "",
                                               "\xff",
                                               Json::array(),
                                               Json::object(),
                                               Json::array({nullptr}),
                                               Json{{"x", {{"y", 1}}}}};
  if (json.is_structured() && !json.empty() && random() % 4 != 0) {
    auto it = json.begin();
    std::advance(it, random() % json.size());
    return Disturb(*it, random);
  }
  json = kStrangers[random() % kStrangers.size()];
}

TEST(ArmReader, WhateverIsInADocumentItIsReadOrRefusedAsInvalid) {
  const Json whole = ResourceToJson(Full(), Audience::kArm);
  size_t refused = 0;
  for (uint32_t seed = 0; seed < 3000; ++seed) {
    std::mt19937 random(seed);
    Json document = whole;
    for (uint32_t i = 0; i <= random() % 3; ++i) Disturb(document, random);
    Resource resource;
    resource::v1::Replica replica;
    resource::v1::HubSettings hub;
    resource::v1::SharedPrivateLink link;
    resource::v1::PrivateEndpointConnection connection;
    resource::v1::CustomCertificate certificate;
    resource::v1::CustomDomain domain;
    const std::vector<absl::Status> statuses = {
        ReadResource(document, seed % 2 == 0 ? &whole : nullptr, resource).status(),
        ReadReplica(document, nullptr, replica).status(),
        ReadHub(document, nullptr, hub),
        ReadSharedPrivateLink(document, nullptr, link),
        ReadPrivateEndpointConnection(document, nullptr, connection),
        ReadCustomCertificate(document, nullptr, certificate),
        ReadCustomDomain(document, nullptr, "contoso", domain),
        ReadKeyType(document).status(),
        ReadNameQuestion(document).status()};
    for (const absl::Status& status : statuses) {
      if (!status.ok()) ++refused;
      ASSERT_TRUE(status.ok() || absl::IsInvalidArgument(status)) << "seed " << seed << ": " << status;
    }
  }
  EXPECT_GT(refused, 3000u) << "the disturbances disturb";
}

TEST(ArmJson, RefusesWhatIsTooDeepTooLongTwiceOrNoJson) {
  const auto message = [](const std::string& text) {
    return std::string(ParseJson(text).status().message());
  };
  EXPECT_TRUE(ParseJson(std::string(kJsonDepthMax, '[') + std::string(kJsonDepthMax, ']')).ok());
  EXPECT_THAT(message(std::string(kJsonDepthMax + 1, '[')), HasSubstr("deeper than 32"));
  EXPECT_TRUE(ParseJson(R"({"a": "[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[\"[["})").ok()) << "in a string";
  EXPECT_THAT(message(std::string(kJsonBytesMax + 1, ' ')), HasSubstr("1048577 bytes"));
  EXPECT_THAT(message(R"({"a": 1, "b": {"a": 2}, "a": 3})"), HasSubstr("\"a\" is there twice"));
  EXPECT_THAT(message(R"({"a": )"), HasSubstr("at byte 7"));
  EXPECT_THAT(message("{\"a\": \"\xff\"}"), HasSubstr("at byte"));
}

}  // namespace
}  // namespace nonet::controlplane::arm
