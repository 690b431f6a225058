#include "tools/cli/commands/fields.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tools/cli/errors.h"

namespace nonet::cli {
namespace {

using google::protobuf::FieldMask;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

TEST(Fields, OptionsBecomeFieldsAndPaths) {
  ObjectOptions options;
  options.sku = "Premium_P2";
  options.unit_count = 100;
  options.region_endpoint_enabled = false;
  options.tags = std::map<std::string, std::string>{{"a", "1"}};
  resource::v1::Replica replica;
  FieldMask mask;
  ASSERT_TRUE(ApplyFields(options, replica, mask).ok());
  EXPECT_EQ(replica.sku().name(), "Premium_P2");
  EXPECT_EQ(replica.sku().capacity(), 100u);
  EXPECT_TRUE(replica.has_region_endpoint_enabled());
  EXPECT_FALSE(replica.region_endpoint_enabled());
  EXPECT_EQ(replica.tags().at("a"), "1");
  EXPECT_THAT(mask.paths(), ElementsAre("sku.name", "sku.capacity", "region_endpoint_enabled", "tags"));
}

TEST(Fields, SetTakesTheProtosSpellingAndAzures) {
  for (const char* name : {"disable_local_auth", "disableLocalAuth", "properties.disableLocalAuth"}) {
    ObjectOptions options;
    options.set = {{name, "true"}};
    resource::v1::Resource resource;
    FieldMask mask;
    ASSERT_TRUE(ApplyFields(options, resource, mask).ok()) << name;
    EXPECT_TRUE(resource.disable_local_auth());
    EXPECT_THAT(mask.paths(), ElementsAre("disable_local_auth"));
  }
}

TEST(Fields, AnInheritedFieldOfAReplicaIsNamedForTheServerToRefuse) {
  ObjectOptions options;
  options.set = {{"disableLocalAuth", "true"}, {"hubs[chat].anonymousConnectPolicy", "allow"}};
  resource::v1::Replica replica;
  FieldMask mask;
  ASSERT_TRUE(ApplyFields(options, replica, mask).ok());
  EXPECT_THAT(mask.paths(), ElementsAre("disable_local_auth", "hubs"));
}

TEST(Fields, OneHubOrTagIsChangedAmongTheOthers) {
  ObjectOptions options;
  options.set = {{"hubs[Chat].anonymousConnectPolicy", "allow"},
                 {"hubs[news].websocket_keep_alive_interval_s", "10"},
                 {"tags.Team", "chat"}};
  EXPECT_TRUE(NeedsCurrent(options));
  resource::v1::Resource resource;
  resource.add_hubs()->set_hub("chat");
  (*resource.mutable_tags())["kept"] = "1";
  FieldMask mask;
  ASSERT_TRUE(ApplyFields(options, resource, mask).ok());
  ASSERT_EQ(resource.hubs_size(), 2);
  EXPECT_EQ(resource.hubs(0).anonymous_connect_policy(), "allow");
  EXPECT_EQ(resource.hubs(1).hub(), "news");
  EXPECT_EQ(resource.hubs(1).websocket_keep_alive_interval_s(), 10u);
  EXPECT_EQ(resource.tags().at("kept"), "1");
  EXPECT_EQ(resource.tags().at("Team"), "chat") << "keys keep their case";
  EXPECT_THAT(mask.paths(), ElementsAre("hubs", "tags"));
}

TEST(Fields, WholeFieldsNeedNoCurrentObject) {
  ObjectOptions options;
  options.set = {{"resource_stopped", "true"}};
  options.tags = std::map<std::string, std::string>{{"a", "1"}};
  EXPECT_FALSE(NeedsCurrent(options));
}

TEST(Fields, UnknownFieldsAndBadValuesAreUsage) {
  const std::vector<std::pair<std::string, std::string>> wrong = {
      {"disable_local_aut", "true"},
      {"disable_local_auth", "perhaps"},
      {"sku.capacity", "many"},
      {"location", "westus"},
      {"hubs[].anonymous_connect_policy", "allow"},
      {"hubs[chat]", "x"},
      {"hubs[chat].colour", "x"},
      {"tags.", "x"}};
  for (const auto& set : wrong) {
    ObjectOptions options;
    options.set = {set};
    resource::v1::Resource resource;
    FieldMask mask;
    const absl::Status status = ApplyFields(options, resource, mask);
    EXPECT_EQ(ExitCode(status), kExitUsage) << set.first;
  }
  ObjectOptions options;
  options.set = {{"disable_local_aut", "true"}};
  resource::v1::Resource resource;
  FieldMask mask;
  EXPECT_THAT(std::string(ApplyFields(options, resource, mask).message()),
              HasSubstr("did you mean disable_local_auth?"));
}

TEST(Fields, SettingsAreFoundByTheirNamesInTheContract) {
  ObjectOptions options;
  options.set = {
      {"publicNetworkAccess", "Disabled"},
      {"tls.clientCertEnabled", "true"},
      {"networkACLs", R"({"defaultAction": "Deny", "publicNetwork": {"allow": ["ClientConnection"]}})"},
      {"application_firewall.max_client_connection_lifetime_s", "60"}};
  EXPECT_TRUE(NeedsCurrent(options)) << "a part of a setting is changed on what is there";
  resource::v1::Resource resource;
  FieldMask mask;
  ASSERT_TRUE(ApplyFields(options, resource, mask).ok());
  EXPECT_EQ(resource.public_network_access(), "Disabled");
  EXPECT_TRUE(resource.tls().client_cert_enabled());
  EXPECT_EQ(resource.network_acls().default_action(), "Deny");
  EXPECT_EQ(resource.network_acls().public_network().allow(0), "ClientConnection");
  EXPECT_EQ(resource.application_firewall().max_client_connection_lifetime_s(), 60u);
  EXPECT_THAT(mask.paths(),
              ElementsAre("public_network_access", "tls", "network_acls", "application_firewall"));

  resource::v1::Replica replica;
  FieldMask of_replica;
  ASSERT_TRUE(ApplyFields(options, replica, of_replica).ok());
  EXPECT_THAT(of_replica.paths(),
              ElementsAre("public_network_access", "tls", "network_acls", "application_firewall"))
      << "for the server to refuse";
}

TEST(Fields, SettingsThatCannotBeReadAreUsageErrors) {
  const std::vector<std::pair<std::string, std::string>> wrong = {{"tls.client_cert_enabled", "perhaps"},
                                                                  {"tls.cert", "x"},
                                                                  {"network_acls", "{"},
                                                                  {"network_acls.ip_rules", "x"},
                                                                  {"shared_private_links", "x"},
                                                                  {"host_name", "x"},
                                                                  {"tls.client_cert_enabled.more", "true"}};
  for (const auto& [name, value] : wrong) {
    ObjectOptions options;
    options.set = {{name, value}};
    resource::v1::Resource resource;
    FieldMask mask;
    EXPECT_EQ(ExitCode(ApplyFields(options, resource, mask)), kExitUsage) << name;
  }
}

}  // namespace
}  // namespace nonet::cli
