// Rules about resources and their keys.
#include <gtest/gtest.h>

#include <map>
#include <string>

#include "tests/unit/controlplane/plane.h"

namespace nonet::controlplane {
namespace {

TEST(CreateResource, FillsInDefaultsAndFacts) {
  Plane plane;
  const Resource resource = plane.CreateContoso();
  EXPECT_EQ(resource.name(), "resources/contoso");
  EXPECT_EQ(resource.resource_group(), "nonet");
  EXPECT_EQ(resource.subscription(), "00000000-0000-0000-0000-000000000000");
  EXPECT_EQ(resource.sku().name(), "Premium_P1");
  EXPECT_EQ(resource.sku().capacity(), 1u);
  EXPECT_EQ(resource.sku().tier(), "Premium");
  EXPECT_TRUE(resource.region_endpoint_enabled());
  EXPECT_FALSE(resource.resource_stopped());
  EXPECT_EQ(resource.host_name(), "contoso.webpubsub.azure.com");
  EXPECT_EQ(resource.instance().host_name(), "contoso-eastus-00000001.webpubsub.azure.com");
  EXPECT_EQ(resource.provisioning_state(), PROVISIONING_STATE_CREATING);
  EXPECT_EQ(resource.etag(), "1");
  EXPECT_EQ(resource.uid(), "00000000-0000-4000-8000-000000000001");
  EXPECT_EQ(resource.create_time().seconds(), 1'700'000'000);
  EXPECT_EQ(resource.restart_generation(), 1u);
}

TEST(CreateResource, MakesTwoDifferentKeysAtTheSameRevision) {
  Plane plane;
  plane.CreateContoso();
  const Object* keys = plane.core.resources().GetKeys("resources/contoso/keys", "").value();
  EXPECT_GE(keys->access_keys().primary_key().size(), 43u);
  EXPECT_GE(keys->access_keys().secondary_key().size(), 43u);
  EXPECT_NE(keys->access_keys().primary_key(), keys->access_keys().secondary_key());
  EXPECT_EQ(keys->revision(), 1u);
  EXPECT_EQ(plane.core.revision(), 1u);
}

TEST(CreateResource, IgnoresFactsInTheRequest) {
  Plane plane;
  auto request = Plane::CreateRequest();
  request.mutable_resource()->set_uid("mine");
  request.mutable_resource()->set_etag("77");
  request.mutable_resource()->set_host_name("elsewhere");
  request.mutable_resource()->set_provisioning_state(PROVISIONING_STATE_SUCCEEDED);
  const Resource resource = plane.Do(request).value().resource();
  EXPECT_NE(resource.uid(), "mine");
  EXPECT_EQ(resource.etag(), "1");
  EXPECT_EQ(resource.host_name(), "contoso.webpubsub.azure.com");
  EXPECT_EQ(resource.provisioning_state(), PROVISIONING_STATE_CREATING);
}

TEST(CreateResource, RefusesANameThatIsTakenWhateverItsCase) {
  Plane plane;
  plane.CreateContoso();
  const auto answer = plane.Do(Plane::CreateRequest("CONTOSO"));
  EXPECT_EQ(answer.status().code(), absl::StatusCode::kAlreadyExists);
  EXPECT_EQ(Reason(answer), "RESOURCE_EXISTS");
  EXPECT_EQ(plane.core.revision(), 1u);
}

TEST(CreateResource, RefusesANameWhoseHostNameIsAnInstances) {
  Plane plane;
  plane.CreateContoso();
  EXPECT_EQ(Reason(plane.Do(Plane::CreateRequest("contoso-eastus-00000001"))), "HOST_NAME_TAKEN");
}

TEST(CreateResource, OffersTheNearestRegionForAMisspeltOne) {
  Plane plane;
  const auto answer = plane.Do(Plane::CreateRequest("contoso", "eastsu"));
  EXPECT_EQ(Reason(answer), "UNKNOWN_REGION");
  EXPECT_EQ(answer.status().message(), "there is no region \"eastsu\"; did you mean eastus?");
  EXPECT_EQ(GetErrorDetails(answer.status()).next_step, "--location eastus");
}

TEST(CreateResource, RefusesToStartDisabledWithoutAReplica) {
  Plane plane;
  auto request = Plane::CreateRequest();
  request.mutable_resource()->set_region_endpoint_enabled(false);
  EXPECT_EQ(Reason(plane.Do(request)), "REPLICA_REQUIRED");
}

TEST(CreateResource, NeverReusesAHostNamesDigits) {
  Plane plane;
  plane.CreateContoso();
  Randoms randoms;
  randoms.uid = "u";
  randoms.host_hexes = {"00000001", "00000001"};  // Contoso's.
  Effects effects;
  const auto refused = plane.core.Mutate(Plane::CreateRequest("fabrikam"), plane.now, randoms, effects);
  EXPECT_EQ(Reason(refused), "NO_UNIQUE_HOST_NAME");
  randoms.host_hexes = {"00000001", "0000000a"};
  const auto taken = plane.core.Mutate(Plane::CreateRequest("fabrikam"), plane.now, randoms, effects);
  EXPECT_EQ(taken->resource().instance().host_name(), "fabrikam-eastus-0000000a.webpubsub.azure.com");
}

TEST(CreateResource, KeepsTheHostNameOfALongNameWithinOneLabel) {
  Plane plane;
  const std::string id(63, 'a');
  const auto answer = plane.Do(Plane::CreateRequest(id, "australiasoutheast"));
  const std::string host = answer->resource().instance().host_name();
  EXPECT_EQ(host.find('.'), kDnsLabelMax);
}

TEST(CreateResource, IsRefusedAtTheLimit) {
  ResourceSet::Options options;
  options.resources_max = 20;
  Plane plane(options);
  for (size_t i = 0; i < options.resources_max; ++i) {
    ASSERT_TRUE(plane.Do(Plane::CreateRequest(absl::StrCat("contoso", i))).ok());
  }
  EXPECT_EQ(Reason(plane.Do(Plane::CreateRequest("one-more"))), "RESOURCE_LIMIT");
}

TEST(UpdateResource, ChangesOnlyWhatTheMaskNames) {
  Plane plane;
  plane.CreateContoso();
  auto request = Plane::UpdateRequest({"tags"});
  (*request.mutable_resource()->mutable_tags())["team"] = "chat";
  request.mutable_resource()->set_disable_local_auth(true);
  const Resource resource = plane.Do(request).value().resource();
  EXPECT_EQ(resource.tags().at("team"), "chat");
  EXPECT_FALSE(resource.disable_local_auth());
  EXPECT_EQ(resource.etag(), "2");
}

TEST(UpdateResource, StarStandsForEveryFieldThatCanChange) {
  Plane plane;
  plane.CreateContoso();
  auto request = Plane::UpdateRequest({"*"});
  request.mutable_resource()->set_disable_local_auth(true);
  request.mutable_resource()->mutable_sku()->set_capacity(20);
  const Resource resource = plane.Do(request).value().resource();
  EXPECT_TRUE(resource.disable_local_auth());
  EXPECT_EQ(resource.sku().capacity(), 20u);
  EXPECT_TRUE(resource.region_endpoint_enabled());  // Unset, so the default.
  EXPECT_EQ(resource.location(), "eastus");
}

TEST(UpdateResource, SetsChangesAndClearsTheTrafficProfile) {
  Plane plane;
  plane.CreateContoso();
  ASSERT_TRUE(plane.AddReplica("westus").ok());
  auto request = Plane::UpdateRequest({"traffic_profile"});
  TrafficProfile& profile = *request.mutable_resource()->mutable_traffic_profile();
  profile.set_method(TrafficProfile::METHOD_WEIGHTED);
  profile.add_endpoints()->set_instance("contoso");
  profile.add_endpoints()->set_instance("westus");
  profile.mutable_endpoints(1)->set_weight(9);
  const Resource set = plane.Do(request).value().resource();
  EXPECT_EQ(set.traffic_profile().endpoints(0).weight(), 1u);
  EXPECT_EQ(set.traffic_profile().endpoints(1).weight(), 9u);

  profile.mutable_endpoints(1)->set_instance("westsu");
  EXPECT_EQ(Reason(plane.Do(request)), "PROFILE_INSTANCE_UNKNOWN");
  profile.mutable_endpoints(1)->set_instance("contoso");
  EXPECT_EQ(Reason(plane.Do(request)), "INVALID_TRAFFIC_PROFILE");

  // The replica goes; other changes are still possible.
  ASSERT_TRUE(plane.DeleteReplica("westus").ok());
  auto tags = Plane::UpdateRequest({"tags"});
  (*tags.mutable_resource()->mutable_tags())["team"] = "chat";
  EXPECT_EQ(plane.Do(tags).value().resource().traffic_profile().endpoints_size(), 2);

  EXPECT_FALSE(plane.Do(Plane::UpdateRequest({"traffic_profile"})).value().resource().has_traffic_profile());
}

TEST(UpdateReplica, CannotSetTheTrafficProfile) {
  Plane plane;
  plane.CreateContoso();
  ASSERT_TRUE(plane.AddReplica("westus").ok());
  EXPECT_EQ(Reason(plane.Do(Plane::UpdateReplica("westus", {"traffic_profile"}))), "INHERITED_FIELD");
}

TEST(UpdateResource, ChecksTheMaskStrictly) {
  Plane plane;
  plane.CreateContoso();
  const std::vector<std::pair<std::vector<std::string>, std::string>> cases = {
      {{}, "MISSING_FIELD_MASK"},
      {{"colour"}, "INVALID_FIELD_MASK"},
      {{"tags.team"}, "INVALID_FIELD_MASK"},
      {{"*", "tags"}, "INVALID_FIELD_MASK"},
      {{"location"}, "IMMUTABLE_FIELD"},
      {{"resource_group"}, "IMMUTABLE_FIELD"},
      {{"etag"}, "OUTPUT_ONLY_FIELD"},
      {{"instance.endpoint"}, "OUTPUT_ONLY_FIELD"},
      {{"tags", "host_name"}, "OUTPUT_ONLY_FIELD"},
  };
  for (const auto& [mask, reason] : cases) {
    const auto answer = plane.Do(Plane::UpdateRequest(mask));
    EXPECT_EQ(Reason(answer), reason) << absl::StrCat(mask.empty() ? "none" : mask.back());
    EXPECT_EQ(answer.status().code(), absl::StatusCode::kInvalidArgument);
  }
  EXPECT_EQ(plane.core.revision(), 1u);
}

TEST(UpdateResource, RefusesAnotherLocationEvenOutsideTheMask) {
  Plane plane;
  plane.CreateContoso();
  auto request = Plane::UpdateRequest({"tags"});
  request.mutable_resource()->set_location("westus");
  EXPECT_EQ(Reason(plane.Do(request)), "IMMUTABLE_FIELD");
  request.mutable_resource()->set_location("eastus");
  EXPECT_TRUE(plane.Do(request).ok());
}

TEST(UpdateResource, MakesNoRevisionWhenNothingChanges) {
  Plane plane;
  plane.CreateContoso();
  const auto answer = plane.Do(Plane::UpdateRequest({"tags"}));
  EXPECT_EQ(answer->resource().etag(), "1");
  EXPECT_EQ(plane.core.revision(), 1u);
}

TEST(UpdateResource, MakesARevisionWhenATagComesChangesOrGoes) {
  Plane plane;
  plane.CreateContoso();
  const auto set = [&](const std::map<std::string, std::string>& tags) {
    auto request = Plane::UpdateRequest({"tags"});
    for (const auto& [key, value] : tags) (*request.mutable_resource()->mutable_tags())[key] = value;
    EXPECT_TRUE(plane.Do(request).ok());
    return plane.core.revision();
  };
  EXPECT_EQ(set({{"a", "1"}, {"b", "2"}}), 2u);
  EXPECT_EQ(set({{"b", "2"}, {"a", "1"}}), 2u);
  EXPECT_EQ(set({{"a", "1"}, {"b", "3"}}), 3u);
  EXPECT_EQ(set({{"a", "1"}}), 4u);
  EXPECT_EQ(set({{"a", "1"}, {"c", ""}}), 5u);
  EXPECT_EQ(set({}), 6u);
  EXPECT_EQ(set({}), 6u);
}

TEST(UpdateResource, StaleEtagLosesWithAborted) {
  Plane plane;
  plane.CreateContoso();
  auto request = Plane::UpdateRequest({"tags"});
  (*request.mutable_resource()->mutable_tags())["n"] = "1";
  request.mutable_resource()->set_etag("1");
  EXPECT_TRUE(plane.Do(request).ok());
  (*request.mutable_resource()->mutable_tags())["n"] = "2";
  const auto loser = plane.Do(request);
  EXPECT_EQ(loser.status().code(), absl::StatusCode::kAborted);
  EXPECT_EQ(Reason(loser), "STALE_ETAG");
  request.mutable_resource()->set_etag("abc");
  EXPECT_EQ(Reason(plane.Do(request)), "INVALID_ETAG");
}

TEST(UpdateResource, CannotLeavePremiumWhileItHasReplicas) {
  Plane plane;
  plane.CreateContoso();
  ASSERT_TRUE(plane.AddReplica("westus").ok());
  auto request = Plane::UpdateRequest({"sku"});
  request.mutable_resource()->mutable_sku()->set_name("Standard_S1");
  const auto answer = plane.Do(request);
  EXPECT_EQ(Reason(answer), "PREMIUM_REQUIRED");
  EXPECT_EQ(GetErrorDetails(answer.status()).next_step,
            "nonet replica delete --replica-name westus --name contoso");
  request.mutable_resource()->mutable_sku()->set_name("Premium_P2");
  EXPECT_EQ(plane.Do(request)->resource().sku().capacity(), 100u);
}

TEST(UpdateResource, PrimaryIsDisabledOnlyWithAReplica) {
  Plane plane;
  plane.CreateContoso();
  auto request = Plane::UpdateRequest({"region_endpoint_enabled"});
  request.mutable_resource()->set_region_endpoint_enabled(false);
  EXPECT_EQ(Reason(plane.Do(request)), "REPLICA_REQUIRED");
  ASSERT_TRUE(plane.AddReplica("westus").ok());
  EXPECT_TRUE(plane.Do(request).ok());
  const auto last = plane.DeleteReplica("westus");
  EXPECT_EQ(Reason(last), "REPLICA_REQUIRED");
  EXPECT_EQ(GetErrorDetails(last.status()).next_step, "nonet resource enable --name contoso");
}

TEST(UpdateResource, InheritedChangeDoesNotMoveAReplicasEtag) {
  Plane plane;
  plane.CreateContoso();
  const std::string etag = plane.AddReplica("westus")->replica().etag();
  auto request = Plane::UpdateRequest({"disable_local_auth"});
  request.mutable_resource()->set_disable_local_auth(true);
  ASSERT_TRUE(plane.Do(request).ok());
  EXPECT_EQ(plane.core.resources().Find("resources/contoso/replicas/westus")->replica().etag(), etag);
  EXPECT_EQ(plane.core.revision(), 3u);
}

TEST(GetResource, OfAnotherGroupIsNotFound) {
  Plane plane;
  plane.CreateContoso();
  EXPECT_TRUE(plane.core.resources().GetResource("resources/Contoso", "NONET").ok());
  EXPECT_TRUE(absl::IsNotFound(plane.core.resources().GetResource("resources/contoso", "other").status()));
  EXPECT_TRUE(absl::IsInvalidArgument(plane.core.resources().GetResource("contoso", "").status()));
}

TEST(RegenerateAccessKey, LeavesTheOtherKeyAlone) {
  Plane plane;
  plane.CreateContoso();
  const AccessKeys before = plane.core.resources().Find("resources/contoso/keys")->access_keys();
  RegenerateAccessKeyRequest request;
  request.set_name("resources/contoso/keys");
  EXPECT_EQ(Reason(plane.Do(request)), "INVALID_KEY_TYPE");
  request.set_key_type(KEY_TYPE_SECONDARY);
  const AccessKeys after = plane.Do(request).value().access_keys();
  EXPECT_EQ(after.primary_key(), before.primary_key());
  EXPECT_NE(after.secondary_key(), before.secondary_key());
  EXPECT_EQ(after.etag(), "2");
  EXPECT_EQ(plane.core.resources().Find("resources/contoso")->resource().etag(), "1");
}

TEST(ValidateOnly, ShowsWhatWouldBeAndChangesNothing) {
  Plane plane;
  auto request = Plane::CreateRequest();
  request.set_validate_only(true);
  request.set_request_id("id-1");
  EXPECT_EQ(plane.Do(request)->resource().host_name(), "contoso.webpubsub.azure.com");
  EXPECT_FALSE(plane.Exists("resources/contoso"));
  EXPECT_EQ(plane.core.revision(), 0u);
  EXPECT_TRUE(plane.stored.requests.empty());
  request.set_validate_only(false);
  EXPECT_TRUE(plane.Do(request).ok());  // The id was not used up.
  request.set_validate_only(true);
  EXPECT_EQ(Reason(plane.Do(request)), "RESOURCE_EXISTS");  // Every check is made.
}

TEST(DeleteResource, TakesItsReplicasAndKeysAtOneRevision) {
  Plane plane;
  plane.CreateContoso();
  ASSERT_TRUE(plane.AddReplica("westus").ok());
  plane.OpenSupervisor();
  EXPECT_EQ(plane.DeleteContoso()->resource().provisioning_state(), PROVISIONING_STATE_DELETING);
  EXPECT_EQ(plane.State("resources/contoso/replicas/westus"), PROVISIONING_STATE_DELETING);
  plane.Ack("supervisor");
  EXPECT_TRUE(plane.core.resources().objects().empty());
  ASSERT_EQ(plane.last_log.size(), 1u);
  EXPECT_EQ(plane.last_log[0].events.size(), 3u);
  for (const SharedObject& event : plane.last_log[0].events) EXPECT_TRUE(event->deleted());
}

TEST(DeleteResource, RefusesOtherChangesMeanwhile) {
  Plane plane;
  plane.CreateContoso();
  plane.OpenSupervisor();
  ASSERT_TRUE(plane.DeleteContoso().ok());
  EXPECT_TRUE(plane.DeleteContoso().ok());  // Again is fine, and changes nothing.
  EXPECT_EQ(plane.core.revision(), 2u);
  for (const auto& answer : {plane.Do(Plane::UpdateRequest({"tags"})), plane.AddReplica("westus"),
                             plane.Do(Plane::CreateRequest())}) {
    EXPECT_EQ(Reason(answer), "OPERATION_IN_PROGRESS");
    EXPECT_EQ(answer.status().code(), absl::StatusCode::kAborted);
  }
}

}  // namespace
}  // namespace nonet::controlplane
