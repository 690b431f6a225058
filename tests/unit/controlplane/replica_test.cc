// Rules about replicas, and what holds on each instance.
#include <gtest/gtest.h>

#include "controlplane/core/effective.h"
#include "tests/unit/controlplane/plane.h"

namespace nonet::controlplane {
namespace {

const std::vector<std::string>& EightRegions() {
  static const std::vector<std::string> regions = {"westus",    "westeurope", "northeurope", "japaneast",
                                                   "centralus", "uksouth",    "brazilsouth", "southeastasia"};
  return regions;
}

TEST(CreateReplica, TakesItsOwnConfigurationAndAHostNameOfItsRegion) {
  Plane plane;
  plane.CreateContoso();
  auto request = Plane::ReplicaRequest("westus");
  request.mutable_replica()->set_region_endpoint_enabled(false);
  request.mutable_replica()->mutable_sku()->set_capacity(5);
  const Replica replica = plane.Do(request).value().replica();
  EXPECT_EQ(replica.name(), "resources/contoso/replicas/westus");
  EXPECT_FALSE(replica.region_endpoint_enabled());
  EXPECT_EQ(replica.sku().capacity(), 5u);
  EXPECT_EQ(replica.instance().host_name(), "contoso-westus-00000002.webpubsub.azure.com");
  EXPECT_EQ(replica.provisioning_state(), PROVISIONING_STATE_CREATING);
}

TEST(CreateReplica, RefusesTheNinth) {
  Plane plane;
  plane.CreateContoso();
  for (const std::string& region : EightRegions()) ASSERT_TRUE(plane.AddReplica(region).ok()) << region;
  const auto ninth = plane.AddReplica("eastasia");
  EXPECT_EQ(ninth.status().code(), absl::StatusCode::kFailedPrecondition);
  EXPECT_EQ(Reason(ninth), "REPLICA_LIMIT");
  EXPECT_EQ(GetErrorDetails(ninth.status()).next_step,
            "nonet replica delete --replica-name westus --name contoso");
  EXPECT_EQ(plane.core.revision(), 9u);
}

TEST(CreateReplica, NotByTheNameOfThePrimarysInstance) {
  Plane plane;
  plane.CreateContoso();
  auto request = Plane::ReplicaRequest("westus");
  request.set_replica_id("Contoso");
  EXPECT_EQ(Reason(plane.Do(request)), "INVALID_NAME");
}

TEST(CreateReplica, OnePerLocationAndNotThePrimarys) {
  Plane plane;
  plane.CreateContoso();
  EXPECT_EQ(Reason(plane.AddReplica("eastus")), "LOCATION_TAKEN");
  ASSERT_TRUE(plane.AddReplica("westus").ok());
  auto request = Plane::ReplicaRequest("westus");
  request.set_replica_id("another");
  const auto answer = plane.Do(request);
  EXPECT_EQ(Reason(answer), "LOCATION_TAKEN");
  EXPECT_EQ(answer.status().message(), "contoso is in westus already: westus");
}

TEST(CreateReplica, NeedsAPremiumPrimaryAndAPremiumSku) {
  Plane plane;
  auto standard = Plane::CreateRequest("fabrikam");
  standard.mutable_resource()->mutable_sku()->set_name("Standard_S1");
  ASSERT_TRUE(plane.Do(standard).ok());
  const auto answer = plane.AddReplica("westus", "fabrikam");
  EXPECT_EQ(Reason(answer), "PREMIUM_REQUIRED");
  EXPECT_EQ(GetErrorDetails(answer.status()).next_step,
            "nonet resource update --name fabrikam --sku Premium_P1");
  plane.CreateContoso();
  auto request = Plane::ReplicaRequest("westus");
  request.mutable_replica()->mutable_sku()->set_name("Standard_S1");
  EXPECT_EQ(Reason(plane.Do(request)), "PREMIUM_REQUIRED");
}

TEST(CreateReplica, RefusesBadNamesMissingParentsAndDoubles) {
  Plane plane;
  EXPECT_EQ(Reason(plane.AddReplica("westus")), "RESOURCE_NOT_FOUND");
  plane.CreateContoso();
  auto request = Plane::ReplicaRequest("westus");
  request.set_replica_id("w");
  EXPECT_EQ(Reason(plane.Do(request)), "INVALID_NAME");
  ASSERT_TRUE(plane.AddReplica("westus").ok());
  EXPECT_EQ(Reason(plane.AddReplica("westus")), "REPLICA_EXISTS");
  request = Plane::ReplicaRequest("atlantis");
  EXPECT_EQ(Reason(plane.Do(request)), "UNKNOWN_REGION");
}

TEST(UpdateReplica, RefusesInheritedFieldsByNameWithThePrimary) {
  Plane plane;
  plane.CreateContoso();
  ASSERT_TRUE(plane.AddReplica("westus").ok());
  for (const std::string path : {"disable_local_auth", "hubs", "hubs.anonymous_connect_policy"}) {
    const auto answer = plane.Do(Plane::UpdateReplica("westus", {path}));
    EXPECT_EQ(answer.status().code(), absl::StatusCode::kInvalidArgument);
    EXPECT_EQ(Reason(answer), "INHERITED_FIELD");
    EXPECT_EQ(answer.status().message(),
              path + " is inherited: replica westus takes it from the primary, contoso");
  }
}

TEST(UpdateReplica, EnableAndDisableStaySucceeded) {
  Plane plane;
  plane.CreateContoso();
  ASSERT_TRUE(plane.AddReplica("westus").ok());
  plane.Serve("resources/contoso/replicas/westus");
  auto request = Plane::UpdateReplica("westus", {"region_endpoint_enabled"});
  request.mutable_replica()->set_region_endpoint_enabled(false);
  const Replica replica = plane.Do(request).value().replica();
  EXPECT_FALSE(replica.region_endpoint_enabled());
  EXPECT_EQ(replica.provisioning_state(), PROVISIONING_STATE_SUCCEEDED);
}

TEST(UpdateReplica, UnknownReplicaIsNotFound) {
  Plane plane;
  plane.CreateContoso();
  const auto answer = plane.Do(Plane::UpdateReplica("westus", {"tags"}));
  EXPECT_EQ(Reason(answer), "REPLICA_NOT_FOUND");
  EXPECT_EQ(GetErrorDetails(answer.status()).next_step, "nonet replica list --name contoso");
}

TEST(RestartReplica, OfAStoppedOneIsRefused) {
  Plane plane;
  plane.CreateContoso();
  ASSERT_TRUE(plane.AddReplica("westus").ok());
  auto stop = Plane::UpdateReplica("westus", {"resource_stopped"});
  stop.mutable_replica()->set_resource_stopped(true);
  ASSERT_TRUE(plane.Do(stop).ok());
  RestartReplicaRequest restart;
  restart.set_name("resources/contoso/replicas/westus");
  const auto answer = plane.Do(restart);
  EXPECT_EQ(Reason(answer), "INSTANCE_STOPPED");
  EXPECT_EQ(GetErrorDetails(answer.status()).next_step,
            "nonet replica start --replica-name westus --name contoso");
}

std::string SettingOf(const EffectiveConfiguration& configuration, const std::string& path) {
  for (const auto& setting : configuration.settings()) {
    if (setting.path() == path) {
      return absl::StrCat(setting.value(), " ", EffectiveConfiguration::Source_Name(setting.source()));
    }
  }
  return "absent";
}

TEST(EffectiveConfiguration, SaysWhereEachSettingComesFrom) {
  Plane plane;
  auto create = Plane::CreateRequest();
  create.mutable_resource()->set_disable_local_auth(true);
  HubSettings& hub = *create.mutable_resource()->add_hubs();
  hub.set_hub("chat");
  hub.set_anonymous_connect_policy("allow");
  ASSERT_TRUE(plane.Do(create).ok());
  auto replica = Plane::ReplicaRequest("westus");
  replica.mutable_replica()->mutable_sku()->set_capacity(3);
  ASSERT_TRUE(plane.Do(replica).ok());

  const auto primary = plane.core.Effective("resources/contoso").value();
  EXPECT_EQ(SettingOf(primary, "disable_local_auth"), "true SOURCE_OWN");
  EXPECT_EQ(SettingOf(primary, "sku.capacity"), "1 SOURCE_DEFAULT");
  const auto west = plane.core.Effective("resources/contoso/replicas/westus").value();
  EXPECT_EQ(west.name(), "resources/contoso/replicas/westus");
  EXPECT_EQ(SettingOf(west, "disable_local_auth"), "true SOURCE_INHERITED");
  EXPECT_EQ(SettingOf(west, "hubs[chat].anonymous_connect_policy"), "allow SOURCE_INHERITED");
  EXPECT_EQ(SettingOf(west, "hubs[chat].websocket_keep_alive_interval_s"), "20 SOURCE_DEFAULT");
  EXPECT_EQ(SettingOf(west, "sku.capacity"), "3 SOURCE_OWN");
  EXPECT_EQ(SettingOf(west, "location"), "westus SOURCE_OWN");
  EXPECT_TRUE(absl::IsNotFound(plane.core.Effective("resources/contoso/replicas/nowhere").status()));
}

}  // namespace
}  // namespace nonet::controlplane
