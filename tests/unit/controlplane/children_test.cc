// Hubs, certificates, domains and private endpoint connections: edited one by one.
#include <gtest/gtest.h>

#include "controlplane/core/child_answers.h"
#include "controlplane/core/lists.h"
#include "tests/unit/controlplane/plane.h"

namespace nonet::controlplane {
namespace {

constexpr char kContoso[] = "resources/contoso";

CreateOrUpdateHubRequest HubRequest(const std::string& hub, const std::string& policy = "") {
  CreateOrUpdateHubRequest request;
  request.set_parent(kContoso);
  request.mutable_hub()->set_hub(hub);
  request.mutable_hub()->set_anonymous_connect_policy(policy);
  return request;
}

DeleteHubRequest DeleteHub(const std::string& hub) {
  DeleteHubRequest request;
  request.set_parent(kContoso);
  request.set_name(hub);
  return request;
}

CreateOrUpdateCustomCertificateRequest Certificate(const std::string& name) {
  CreateOrUpdateCustomCertificateRequest request;
  request.set_parent(kContoso);
  request.mutable_certificate()->set_name(name);
  request.mutable_certificate()->set_key_vault_base_uri("https://kv.vault.azure.net/");
  request.mutable_certificate()->set_key_vault_secret_name("cert");
  return request;
}

CreateOrUpdateCustomDomainRequest Domain(const std::string& name, const std::string& dns,
                                         const std::string& certificate) {
  CreateOrUpdateCustomDomainRequest request;
  request.set_parent(kContoso);
  request.mutable_domain()->set_name(name);
  request.mutable_domain()->set_domain_name(dns);
  request.mutable_domain()->set_custom_certificate(certificate);
  return request;
}

const Resource& Contoso(const Plane& plane) { return plane.core.resources().Find(kContoso)->resource(); }

TEST(Hub, TwoEditorsOfDifferentHubsDoNotOverwriteEachOther) {
  Plane plane;
  plane.CreateContoso();
  ASSERT_TRUE(plane.Do(HubRequest("chat")).ok());
  ASSERT_TRUE(plane.Do(HubRequest("alerts", "allow")).ok());
  ASSERT_TRUE(plane.Do(HubRequest("chat", "allow")).ok());
  ASSERT_EQ(Contoso(plane).hubs_size(), 2);
  EXPECT_EQ(Contoso(plane).hubs(0).hub(), "alerts");
  EXPECT_EQ(Contoso(plane).hubs(1).anonymous_connect_policy(), "allow");
}

TEST(Hub, EtagIsTheRevisionThatLastChangedThatHub) {
  Plane plane;
  plane.CreateContoso();
  const auto first = HubRequest("chat");
  EXPECT_EQ(ChildAnswer(first, *plane.Do(first)).etag(), "2");
  ASSERT_TRUE(plane.Do(HubRequest("alerts")).ok());
  EXPECT_EQ(Contoso(plane).hubs(1).etag(), "2");
  auto change = HubRequest("CHAT", "allow");
  change.mutable_hub()->set_etag("3");
  EXPECT_EQ(Reason(plane.Do(change)), "STALE_ETAG");
  change.mutable_hub()->set_etag("2");
  EXPECT_TRUE(plane.Do(change).ok());
  change.mutable_hub()->set_etag("0");
  EXPECT_EQ(Reason(plane.Do(change)), "HUB_EXISTS");
  auto missing = HubRequest("other");
  missing.mutable_hub()->set_etag("2");
  EXPECT_EQ(Reason(plane.Do(missing)), "HUB_NOT_FOUND");
}

TEST(Hub, OfTheSameSettingsMakesNoRevision) {
  Plane plane;
  plane.CreateContoso();
  ASSERT_TRUE(plane.Do(HubRequest("chat")).ok());
  const auto request = HubRequest("chat", "deny");
  const auto again = plane.Do(request);
  EXPECT_EQ(plane.core.revision(), 2u);
  EXPECT_EQ(ChildAnswer(request, *again).operation(), "");
}

TEST(Hub, KeepsItsEtagWhenAllHubsAreReplacedByTheSame) {
  Plane plane;
  plane.CreateContoso();
  ASSERT_TRUE(plane.Do(HubRequest("chat")).ok());
  auto request = Plane::UpdateRequest({"hubs"});
  request.mutable_resource()->add_hubs()->set_hub("chat");
  request.mutable_resource()->add_hubs()->set_hub("alerts");
  const Resource resource = plane.Do(request)->resource();
  EXPECT_EQ(resource.hubs(0).etag(), "2");
  EXPECT_EQ(resource.hubs(1).etag(), "3");
}

TEST(Hub, DeletionAnswersTheResourceWithoutIt) {
  Plane plane;
  plane.CreateContoso();
  EXPECT_EQ(Reason(plane.Do(DeleteHub("chat"))), "HUB_NOT_FOUND");
  ASSERT_TRUE(plane.Do(HubRequest("chat")).ok());
  EXPECT_EQ(plane.Do(DeleteHub("Chat"))->resource().hubs_size(), 0);
}

TEST(Hub, OfAReplicaIsInherited) {
  Plane plane;
  plane.CreateContoso();
  ASSERT_TRUE(plane.AddReplica("westus").ok());
  auto request = HubRequest("chat");
  request.set_parent("resources/contoso/replicas/westus");
  EXPECT_EQ(Reason(plane.Do(request)), "INHERITED_FIELD");
}

TEST(Hub, IsRefusedAtTheLimitButAnExistingOneCanChange) {
  Plane plane;
  plane.CreateContoso();
  for (size_t i = 0; i < kHubsMax; ++i) {
    ASSERT_TRUE(plane.Do(HubRequest(absl::StrCat("hub", i))).ok());
  }
  EXPECT_EQ(Reason(plane.Do(HubRequest("more"))), "HUB_LIMIT");
  EXPECT_TRUE(plane.Do(HubRequest("hub7", "allow")).ok());
}

TEST(Hub, AnswersARepeatedRequestTheSame) {
  Plane plane;
  plane.CreateContoso();
  auto request = HubRequest("chat");
  request.set_request_id("id-1");
  const HubSettings first = ChildAnswer(request, *plane.Do(request));
  ASSERT_TRUE(plane.Do(HubRequest("chat", "allow")).ok());
  const HubSettings again = ChildAnswer(request, *plane.Do(request));
  EXPECT_EQ(again.SerializeAsString(), first.SerializeAsString());
  EXPECT_EQ(again.operation(), "operations/2");
}

TEST(Children, CannotBeSetWithTheResource) {
  Plane plane;
  auto request = Plane::CreateRequest();
  request.mutable_resource()->add_custom_domains()->set_name("www");
  const auto answer = plane.Do(request);
  EXPECT_EQ(Reason(answer), "CHILD_FIELD");
  EXPECT_EQ(GetErrorDetails(answer.status()).next_step, "call CreateOrUpdateCustomDomain");
  plane.CreateContoso();
  for (const std::string path : {"custom_domains", "shared_private_links", "shared_private_link_approvals"}) {
    EXPECT_EQ(Reason(plane.Do(Plane::UpdateRequest({path}))), "CHILD_FIELD") << path;
  }
}

TEST(CustomDomain, NeedsItsCertificateAndKeepsItThere) {
  Plane plane;
  plane.CreateContoso();
  EXPECT_EQ(Reason(plane.Do(Domain("www", "www.example.com", "cert"))), "CUSTOM_CERTIFICATE_NOT_FOUND");
  ASSERT_TRUE(plane.Do(Certificate("cert")).ok());
  ASSERT_TRUE(plane.Do(Domain("www", "www.example.com", "cert")).ok());
  DeleteCustomCertificateRequest remove;
  remove.set_parent(kContoso);
  remove.set_name("cert");
  EXPECT_EQ(Reason(plane.Do(remove)), "CUSTOM_CERTIFICATE_IN_USE");
  DeleteCustomDomainRequest domain;
  domain.set_parent(kContoso);
  domain.set_name("www");
  ASSERT_TRUE(plane.Do(domain).ok());
  EXPECT_TRUE(plane.Do(remove).ok());
}

TEST(CustomDomain, RefusesANameThatIsNoneAndOneThatIsTaken) {
  Plane plane;
  plane.CreateContoso();
  ASSERT_TRUE(plane.Do(Certificate("cert")).ok());
  EXPECT_EQ(Reason(plane.Do(Domain("www", "example", "cert"))), "INVALID_SETTING");
  EXPECT_EQ(Reason(plane.Do(Domain("www", "-a.example.com", "cert"))), "INVALID_SETTING");
  ASSERT_TRUE(plane.Do(Domain("www", "www.example.com", "cert")).ok());
  EXPECT_EQ(Reason(plane.Do(Domain("web", "WWW.example.com", "cert"))), "INVALID_SETTING");
}

TEST(PrivateEndpointConnection, IsMadeOnceThenApproved) {
  Plane plane;
  plane.CreateContoso();
  CreateOrUpdatePrivateEndpointConnectionRequest request;
  request.set_parent(kContoso);
  request.mutable_connection()->set_name("pe");
  request.mutable_connection()->set_private_endpoint_id("/subscriptions/0/providers/pe");
  request.set_must_exist(true);
  EXPECT_EQ(Reason(plane.Do(request)), "PRIVATE_ENDPOINT_CONNECTION_NOT_FOUND");
  request.set_must_exist(false);
  EXPECT_EQ(ChildAnswer(request, *plane.Do(request)).status(), "Pending");
  request.set_must_exist(true);
  request.mutable_connection()->set_status("Approved");
  EXPECT_EQ(ChildAnswer(request, *plane.Do(request)).status(), "Approved");
  request.mutable_connection()->set_status("Maybe");
  EXPECT_EQ(Reason(plane.Do(request)), "INVALID_SETTING");
}

}  // namespace
}  // namespace nonet::controlplane
