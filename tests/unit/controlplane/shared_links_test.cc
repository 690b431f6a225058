// Shared private links: one for all, approved one by one.
#include <gtest/gtest.h>

#include "controlplane/core/child_answers.h"
#include "controlplane/core/lists.h"
#include "tests/unit/controlplane/plane.h"

namespace nonet::controlplane {
namespace {

constexpr char kContoso[] = "resources/contoso";
constexpr char kWest[] = "resources/contoso/replicas/westus";
constexpr char kTarget[] = "/subscriptions/0/resourceGroups/g/providers/Microsoft.Web/sites/Handlers";

CreateOrUpdateSharedPrivateLinkRequest LinkRequest(const std::string& target = kTarget,
                                                   const std::string& parent = kContoso) {
  CreateOrUpdateSharedPrivateLinkRequest request;
  request.set_parent(parent);
  request.mutable_link()->set_name("web");
  request.mutable_link()->set_group_id("sites");
  request.mutable_link()->set_private_link_resource_id(target);
  return request;
}

ApproveSharedPrivateLinkRequest Approve(const std::string& instance) {
  ApproveSharedPrivateLinkRequest request;
  request.set_instance(instance);
  request.set_link("web");
  return request;
}

RejectSharedPrivateLinkRequest Reject(const std::string& instance, const std::string& message = "") {
  RejectSharedPrivateLinkRequest request;
  request.set_instance(instance);
  request.set_link("web");
  request.set_message(message);
  return request;
}

std::string StatusAt(const Plane& plane, const std::string& instance) {
  GetSharedPrivateLinkRequest request;
  request.set_parent(instance);
  request.set_name("web");
  const auto link = GetSharedPrivateLink(plane.core.resources(), request);
  return link.ok() ? link->status() : ErrorReason(link.status());
}

class Links : public testing::Test {
 protected:
  void SetUp() override {
    plane.CreateContoso();
    ASSERT_TRUE(plane.AddReplica("westus").ok());
  }
  absl::StatusOr<Object> Enable(bool enabled, bool force = false) {
    auto request = Plane::UpdateReplica("westus", {"region_endpoint_enabled"});
    request.mutable_replica()->set_region_endpoint_enabled(enabled);
    request.set_force(force);
    return plane.Do(request);
  }
  Plane plane;
};

TEST_F(Links, ArePendingAtEveryInstanceAndApprovedAtEachByItself) {
  EXPECT_EQ(StatusAt(plane, kWest), "SHARED_PRIVATE_LINK_NOT_FOUND");
  ASSERT_TRUE(plane.Do(LinkRequest()).ok());
  EXPECT_EQ(StatusAt(plane, kContoso), "Pending");
  EXPECT_EQ(StatusAt(plane, kWest), "Pending");
  const auto request = Approve(kWest);
  const auto approval = ChildAnswer(request, *plane.Do(request));
  EXPECT_EQ(approval.status(), "Approved");
  EXPECT_EQ(approval.instance(), kWest);
  EXPECT_EQ(approval.operation(), absl::StrCat("operations/", approval.etag()));
  EXPECT_EQ(StatusAt(plane, kContoso), "Pending");
  EXPECT_EQ(StatusAt(plane, kWest), "Approved");
  ASSERT_TRUE(plane.Do(Approve(kContoso)).ok());
  EXPECT_EQ(StatusAt(plane, kContoso), "Approved");
}

TEST_F(Links, AddedUnderAnEnabledReplicaWarnAndLeaveItEnabled) {
  const auto request = LinkRequest();
  const SharedPrivateLink link = ChildAnswer(request, *plane.Do(request));
  ASSERT_EQ(link.warnings_size(), 1);
  EXPECT_EQ(link.warnings(0).reason(), "LINK_NOT_APPROVED");
  EXPECT_EQ(link.warnings(0).next_step(),
            "nonet private-link approve web --replica-name westus --name contoso");
  EXPECT_TRUE(plane.core.resources().Find(kWest)->replica().region_endpoint_enabled());
  // The warnings are the answer's, not the object's.
  EXPECT_EQ(plane.core.resources().Find(kContoso)->resource().warnings_size(), 0);
  EXPECT_EQ(plane.core.GetOperation(link.operation())->warnings_size(), 1);
}

TEST_F(Links, UnapprovedRefuseEnablingTheReplicaUnlessForced) {
  ASSERT_TRUE(Enable(false).ok());
  ASSERT_TRUE(plane.Do(LinkRequest()).ok());
  const auto refused = Enable(true);
  EXPECT_EQ(refused.status().code(), absl::StatusCode::kFailedPrecondition);
  EXPECT_EQ(Reason(refused), "LINK_NOT_APPROVED");
  EXPECT_EQ(GetErrorDetails(refused.status()).metadata["link"], "web");
  const auto forced = Enable(true, true);
  ASSERT_TRUE(forced.ok());
  EXPECT_EQ(forced->replica().warnings_size(), 1);
  ASSERT_TRUE(Enable(false).ok());
  ASSERT_TRUE(plane.Do(Approve(kWest)).ok());
  const auto approved = Enable(true);
  ASSERT_TRUE(approved.ok());
  EXPECT_EQ(approved->replica().warnings_size(), 0);
}

TEST_F(Links, UnapprovedRefuseCreatingAnEnabledReplicaUnlessForced) {
  ASSERT_TRUE(plane.Do(LinkRequest()).ok());
  auto request = Plane::ReplicaRequest("westeurope");
  EXPECT_EQ(Reason(plane.Do(request)), "LINK_NOT_APPROVED");
  request.mutable_replica()->set_region_endpoint_enabled(false);
  EXPECT_TRUE(plane.Do(request).ok());
  request = Plane::ReplicaRequest("japaneast");
  request.set_force(true);
  EXPECT_EQ(plane.Do(request)->replica().warnings_size(), 1);
}

TEST_F(Links, OfANewTargetAreNewLinksWithoutApproval) {
  ASSERT_TRUE(plane.Do(LinkRequest()).ok());
  ASSERT_TRUE(plane.Do(Approve(kWest)).ok());
  auto request = LinkRequest();
  request.mutable_link()->set_request_message("please");
  ASSERT_TRUE(plane.Do(request).ok());
  EXPECT_EQ(StatusAt(plane, kWest), "Approved");
  ASSERT_TRUE(plane.Do(LinkRequest("/subscriptions/0/other")).ok());
  EXPECT_EQ(StatusAt(plane, kWest), "Pending");
}

TEST_F(Links, MadeAgainAfterDeletionAreNotApproved) {
  ASSERT_TRUE(plane.Do(LinkRequest()).ok());
  ASSERT_TRUE(plane.Do(Approve(kWest)).ok());
  const std::string etag = plane.core.resources().Find(kWest)->replica().etag();
  DeleteSharedPrivateLinkRequest remove;
  remove.set_parent(kContoso);
  remove.set_name("web");
  ASSERT_TRUE(plane.Do(remove).ok());
  ASSERT_TRUE(plane.Do(LinkRequest()).ok());
  EXPECT_EQ(StatusAt(plane, kWest), "Pending");
  EXPECT_EQ(plane.core.resources().Find(kWest)->replica().etag(), etag);  // An inherited change.
  ASSERT_TRUE(plane.Do(Approve(kWest)).ok());
  EXPECT_EQ(plane.core.resources().Find(kWest)->replica().shared_private_link_approvals_size(), 1);
}

TEST_F(Links, AreManagedOnThePrimaryAndAskedForAgainOnAReplica) {
  EXPECT_EQ(Reason(plane.Do(LinkRequest(kTarget, kWest))), "INHERITED_FIELD");
  ASSERT_TRUE(plane.Do(LinkRequest()).ok());
  ASSERT_TRUE(plane.Do(Reject(kWest, "who are you?")).ok());
  EXPECT_EQ(StatusAt(plane, kWest), "Rejected");
  EXPECT_EQ(Reason(plane.Do(LinkRequest("/subscriptions/0/other", kWest))), "INHERITED_FIELD");
  const auto again = LinkRequest(kTarget, kWest);
  EXPECT_EQ(ChildAnswer(again, *plane.Do(again)).status(), "Pending");
  EXPECT_EQ(StatusAt(plane, kWest), "Pending");
  DeleteSharedPrivateLinkRequest remove;
  remove.set_parent(kWest);
  remove.set_name("web");
  EXPECT_EQ(Reason(plane.Do(remove)), "INHERITED_FIELD");
}

TEST_F(Links, KnowTheHostNameThatAzureGivesTheTarget) {
  const auto request = LinkRequest();
  const SharedPrivateLink link = ChildAnswer(request, *plane.Do(request));
  ASSERT_EQ(link.fqdns_size(), 1);
  EXPECT_EQ(link.fqdns(0), "handlers.azurewebsites.net");
}

TEST_F(Links, BadRequestsChangeNothing) {
  const uint64_t revision = plane.core.revision();
  EXPECT_EQ(Reason(plane.Do(LinkRequest("not an ARM id"))), "INVALID_SETTING");
  auto request = LinkRequest();
  request.mutable_link()->set_request_message(std::string(kRequestMessageMax + 1, 'x'));
  EXPECT_EQ(Reason(plane.Do(request)), "INVALID_SETTING");
  EXPECT_EQ(Reason(plane.Do(Approve(kWest))), "SHARED_PRIVATE_LINK_NOT_FOUND");
  EXPECT_EQ(Reason(plane.Do(Approve("resources/contoso/keys"))), "INVALID_NAME");
  EXPECT_EQ(plane.core.revision(), revision);
}

}  // namespace
}  // namespace nonet::controlplane
