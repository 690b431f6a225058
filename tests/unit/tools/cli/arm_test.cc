#include "tools/cli/render/arm.h"

#include <gtest/gtest.h>

namespace nonet::cli {
namespace {

resource::v1::Resource Contoso() {
  resource::v1::Resource resource;
  resource.set_name("resources/contoso");
  resource.set_resource_group("nonet");
  resource.set_subscription("00000000-0000-0000-0000-000000000000");
  resource.set_location("eastus");
  resource.mutable_sku()->set_name("Premium_P1");
  resource.mutable_sku()->set_tier("Premium");
  resource.mutable_sku()->set_capacity(2);
  (*resource.mutable_tags())["b"] = "2";
  (*resource.mutable_tags())["a"] = "1";
  resource.set_host_name("contoso.webpubsub.azure.com");
  resource.set_provisioning_state(resource::v1::PROVISIONING_STATE_SUCCEEDED);
  resource.set_etag("7");
  resource.mutable_instance()->set_host_name("contoso-eastus-1a2b3c4d.webpubsub.azure.com");
  resource.mutable_instance()->mutable_endpoint()->set_host("127.80.15.1");
  resource.mutable_instance()->mutable_endpoint()->set_http_port(8080);
  resource.mutable_create_time()->set_seconds(1'700'000'000);
  return resource;
}

resource::v1::Replica WestUs() {
  resource::v1::Replica replica;
  replica.set_name("resources/contoso/replicas/westus");
  replica.set_location("westus");
  replica.mutable_sku()->set_name("Premium_P2");
  replica.mutable_sku()->set_capacity(100);
  replica.set_region_endpoint_enabled(false);
  replica.set_resource_stopped(true);
  replica.set_provisioning_state(resource::v1::PROVISIONING_STATE_FAILED);
  replica.set_provisioning_error("no instance answered in 30 s");
  replica.set_etag("9");
  return replica;
}

TEST(Arm, ResourceHasAzuresShape) {
  const Json json = ResourceJson(Contoso());
  EXPECT_EQ(json["id"],
            "/subscriptions/00000000-0000-0000-0000-000000000000/resourceGroups/nonet/providers/"
            "Microsoft.SignalRService/WebPubSub/contoso");
  EXPECT_EQ(json["name"], "contoso");
  EXPECT_EQ(json["type"], "Microsoft.SignalRService/WebPubSub");
  EXPECT_EQ(json["location"], "eastus");
  EXPECT_EQ(json["sku"],
            Json({{"name", "Premium_P1"}, {"tier", "Premium"}, {"size", "P1"}, {"capacity", 2}}));
  EXPECT_EQ(json["tags"].dump(), R"({"a":"1","b":"2"})") << "in the order of keys";
  const Json& properties = json["properties"];
  EXPECT_EQ(properties["provisioningState"], "Succeeded");
  EXPECT_EQ(properties["regionEndpointEnabled"], "Enabled") << "unset means enabled";
  EXPECT_EQ(properties["resourceStopped"], "false") << "a string, as Azure has it";
  EXPECT_EQ(properties["hostName"], "contoso.webpubsub.azure.com");
  EXPECT_EQ(properties["disableLocalAuth"], false);
  EXPECT_EQ(properties["instance"]["address"], "127.80.15.1");
  EXPECT_EQ(json["etag"], "7");
  EXPECT_EQ(json["systemData"]["createdAt"], "2023-11-14T22:13:20.000Z");
}

TEST(Arm, ReplicaIsAChildOfItsResource) {
  const Json json = ReplicaJson(WestUs(), Contoso());
  EXPECT_EQ(json["id"], ResourceArmId(Contoso()) + "/replicas/westus");
  EXPECT_EQ(json["type"], "Microsoft.SignalRService/WebPubSub/replicas");
  EXPECT_EQ(json["sku"]["tier"], "Premium") << "from the name, where the server says none";
  EXPECT_EQ(json["sku"]["size"], "P2");
  EXPECT_EQ(json["properties"]["regionEndpointEnabled"], "Disabled");
  EXPECT_EQ(json["properties"]["resourceStopped"], "true");
  EXPECT_EQ(json["properties"]["provisioningState"], "Failed");
  EXPECT_EQ(json["properties"]["provisioningError"], "no instance answered in 30 s");
}

TEST(Arm, ListsAreBareArraysAndShowIsOneObject) {
  EXPECT_TRUE(ReplicaList({WestUs()}, Contoso()).document.is_array());
  EXPECT_EQ(Render(ReplicaList({}, Contoso()), Format::kJson, {}), "[]\n");
  EXPECT_TRUE(OneReplica(WestUs(), Contoso()).document.is_object());
  EXPECT_EQ(Render(ReplicaList({WestUs()}, Contoso()), Format::kName, {}), "westus\n");
  EXPECT_EQ(Render(ResourceList({Contoso()}), Format::kName, {}), "contoso\n");
}

TEST(Arm, TableSaysStoppedBeforeDisabled) {
  const std::string table = Render(ReplicaList({WestUs()}, Contoso()), Format::kTable, {});
  EXPECT_NE(table.find("stopped"), std::string::npos) << table;
  EXPECT_EQ(table.find("disabled"), std::string::npos) << table;
  EXPECT_NE(table.find("Premium_P2 x100"), std::string::npos) << table;
}

TEST(Arm, KeysCarryConnectionStrings) {
  resource::v1::AccessKeys keys;
  keys.set_primary_key("k1");
  keys.set_secondary_key("k2");
  const Json json = Keys(keys, "http://contoso.webpubsub.azure.com:8080").document;
  EXPECT_EQ(json["primaryKey"], "k1");
  EXPECT_EQ(json["secondaryConnectionString"],
            "Endpoint=http://contoso.webpubsub.azure.com:8080;AccessKey=k2;Version=1.0;");
}

TEST(Arm, EffectiveSaysWhereEachSettingComesFrom) {
  resource::v1::EffectiveConfiguration configuration;
  auto* setting = configuration.add_settings();
  setting->set_path("disable_local_auth");
  setting->set_value("true");
  setting->set_source(resource::v1::EffectiveConfiguration::SOURCE_INHERITED);
  EXPECT_EQ(Render(Effective(configuration), Format::kTable, {}),
            "SETTING             VALUE  SOURCE\ndisable_local_auth  true   inherited\n");
}

}  // namespace
}  // namespace nonet::cli
