// Pages, capacity, and the small questions about what exists.
#include "controlplane/core/lists.h"

#include <gtest/gtest.h>

#include "controlplane/core/capacity.h"
#include "tests/unit/controlplane/plane.h"

namespace nonet::controlplane {
namespace {

std::vector<std::string> Names(const ListResourcesResponse& response) {
  std::vector<std::string> names;
  for (const Resource& resource : response.resources()) names.push_back(InstanceId(resource.name()));
  return names;
}

TEST(Paging, ListsWhatIsThereThroughoutExactlyOnce) {
  Plane plane;
  for (const std::string id : {"alpha", "bravo", "delta", "golf"}) {
    ASSERT_TRUE(plane.Do(Plane::CreateRequest(id)).ok());
  }
  ListResourcesRequest request;
  request.set_page_size(2);
  auto page = ListResources(plane.core.resources(), request).value();
  EXPECT_EQ(Names(page), (std::vector<std::string>{"alpha", "bravo"}));
  // One before and one after the mark come, the mark itself goes.
  ASSERT_TRUE(plane.Do(Plane::CreateRequest("abacus")).ok());
  ASSERT_TRUE(plane.Do(Plane::CreateRequest("charlie")).ok());
  DeleteResourceRequest remove;
  remove.set_name("resources/bravo");
  ASSERT_TRUE(plane.Do(remove).ok());
  request.set_page_token(page.next_page_token());
  page = ListResources(plane.core.resources(), request).value();
  EXPECT_EQ(Names(page), (std::vector<std::string>{"charlie", "delta"}));
  request.set_page_token(page.next_page_token());
  page = ListResources(plane.core.resources(), request).value();
  EXPECT_EQ(Names(page), (std::vector<std::string>{"golf"}));
  EXPECT_EQ(page.next_page_token(), "");
}

TEST(Paging, RefusesTokensOfOtherListsAndSizesAboveTheLimit) {
  Plane plane;
  ASSERT_TRUE(plane.Do(Plane::CreateRequest("alpha")).ok());
  ASSERT_TRUE(plane.Do(Plane::CreateRequest("bravo")).ok());
  ListResourcesRequest request;
  request.set_page_size(1);
  request.set_page_token(ListResources(plane.core.resources(), request)->next_page_token());
  ASSERT_TRUE(ListResources(plane.core.resources(), request).ok());
  request.set_resource_group("other");
  EXPECT_EQ(ErrorReason(ListResources(plane.core.resources(), request).status()), "INVALID_PAGE_TOKEN");
  request.set_resource_group("");
  for (const std::string token : {"!", "AAAA", "AAAAAAAAAAAAAAAAAAAA"}) {
    request.set_page_token(token);
    EXPECT_EQ(ErrorReason(ListResources(plane.core.resources(), request).status()), "INVALID_PAGE_TOKEN");
  }
  request.clear_page_token();
  request.set_page_size(kPageSizeMax + 1);
  EXPECT_EQ(ErrorReason(ListResources(plane.core.resources(), request).status()), "INVALID_PAGE_SIZE");
}

TEST(Paging, EndsAPageBeforeItGetsTooLarge) {
  Page page = Page::Begin("l", 0, "").value();
  EXPECT_TRUE(page.Take("a", kPageBytesMax + 1));  // The first always fits.
  EXPECT_FALSE(page.Take("b", 1));
  EXPECT_EQ(Page::Begin("l", 0, page.NextToken())->after(), "a");
}

TEST(Paging, OfChildrenGoesByNameWhateverTheirOrder) {
  Plane plane;
  plane.CreateContoso();
  auto update = Plane::UpdateRequest({"hubs"});
  for (const std::string hub : {"charlie", "Alpha", "bravo"}) {
    update.mutable_resource()->add_hubs()->set_hub(hub);
  }
  ASSERT_TRUE(plane.Do(update).ok());
  ListHubsRequest request;
  request.set_parent("resources/contoso");
  request.set_page_size(2);
  auto page = ListHubs(plane.core.resources(), request).value();
  ASSERT_EQ(page.hubs_size(), 2);
  EXPECT_EQ(page.hubs(0).hub(), "Alpha");
  EXPECT_EQ(page.hubs(1).hub(), "bravo");
  request.set_page_token(page.next_page_token());
  page = ListHubs(plane.core.resources(), request).value();
  ASSERT_EQ(page.hubs_size(), 1);
  EXPECT_EQ(page.hubs(0).hub(), "charlie");
}

InstanceLoad Load(const std::string& name, const std::string& location, uint64_t connections,
                  uint64_t capacity) {
  return {name, location, connections, capacity, true, true};
}

TEST(Capacity, SaysWhoOverflowsWhenARegionFalls) {
  const CapacityReport report =
      CapacityOf({Load("resources/contoso", "eastus", 700, 1000),
                  Load("resources/contoso/replicas/westeurope", "westeurope", 100, 1000),
                  Load("resources/contoso/replicas/westus", "westus", 400, 1000)});
  ASSERT_EQ(report.falls_size(), 3);
  // West US is nearer to East US than West Europe is.
  EXPECT_EQ(report.falls(0).next_instance(), "resources/contoso/replicas/westus");
  EXPECT_EQ(report.falls(0).expected_connections(), 1100u);
  EXPECT_TRUE(report.falls(0).overflow());
  EXPECT_EQ(report.falls(1).next_instance(), "resources/contoso");
  EXPECT_FALSE(report.falls(1).overflow());
  ASSERT_EQ(report.warnings_size(), 2);
  EXPECT_EQ(report.warnings(0).message(),
            "if eastus fell, westus would have 1100 connections, above the 1000 that its units carry");
  EXPECT_EQ(report.warnings(1).reason(), "CAPACITY_OVERFLOW");
}

TEST(Capacity, LeavesOutWhoTakesNoNewClients) {
  InstanceLoad disabled = Load("resources/contoso/replicas/westus", "westus", 0, 9000);
  disabled.in_rotation = false;
  const CapacityReport report = CapacityOf({Load("resources/contoso", "eastus", 5, 1000), disabled});
  ASSERT_EQ(report.falls_size(), 1);
  EXPECT_EQ(report.falls(0).next_instance(), "");
  EXPECT_TRUE(report.falls(0).overflow());
  EXPECT_EQ(report.warnings(0).reason(), "NO_INSTANCE_LEFT");
}

TEST(Capacity, ExactlyFullIsNoOverflow) {
  const CapacityReport report = CapacityOf({Load("resources/contoso", "eastus", 600, 1000),
                                            Load("resources/contoso/replicas/westus", "westus", 400, 1000)});
  EXPECT_EQ(report.warnings_size(), 0);
}

TEST(Capacity, TakesConnectionsFromFactsAndUnitsFromTheSku) {
  Plane plane;
  plane.CreateContoso();
  plane.Serve("resources/contoso");
  plane.Facts("resources/contoso", true, 1, "127.80.15.1", 1500);
  auto replica = Plane::ReplicaRequest("westus");
  replica.mutable_replica()->mutable_sku()->set_capacity(2);
  ASSERT_TRUE(plane.Do(replica).ok());
  CapacityReport report = plane.core.Capacity("resources/contoso", "").value();
  EXPECT_EQ(report.instances(0).connections(), 1500u);
  EXPECT_EQ(report.instances(0).capacity(), 1000u);
  EXPECT_TRUE(report.instances(0).reported());
  EXPECT_FALSE(report.instances(1).in_rotation());  // Still being created.
  EXPECT_EQ(report.warnings(0).reason(), "NO_INSTANCE_LEFT");
  plane.Serve("resources/contoso/replicas/westus");
  report = plane.core.Capacity("resources/contoso", "").value();
  EXPECT_EQ(report.instances(1).capacity(), 2000u);
  EXPECT_EQ(report.warnings_size(), 0);
}

TEST(NameAvailability, AnswersAsArmDoes) {
  Plane plane;
  plane.CreateContoso();
  CheckNameAvailabilityRequest request;
  request.set_type("microsoft.signalrservice/webpubsub");
  request.set_name("fabrikam");
  EXPECT_TRUE(CheckNameAvailability(plane.core.resources(), request)->name_available());
  request.set_name("Contoso");
  EXPECT_EQ(CheckNameAvailability(plane.core.resources(), request)->reason(), "AlreadyExists");
  request.set_name("contoso-eastus-00000001");
  EXPECT_EQ(CheckNameAvailability(plane.core.resources(), request)->reason(), "AlreadyExists");
  request.set_name("a_b");
  EXPECT_EQ(CheckNameAvailability(plane.core.resources(), request)->reason(), "Invalid");
  request.set_type("Microsoft.Web/sites");
  EXPECT_EQ(ErrorReason(CheckNameAvailability(plane.core.resources(), request).status()), "INVALID_SETTING");
}

TEST(Skus, AreAllForAResourceAndPremiumForAReplica) {
  Plane plane;
  plane.CreateContoso();
  ASSERT_TRUE(plane.AddReplica("westus").ok());
  ListSkusRequest request;
  request.set_name("resources/contoso");
  EXPECT_EQ(ListSkus(plane.core.resources(), request)->skus_size(), 4);
  request.set_name("resources/contoso/replicas/westus");
  const auto skus = ListSkus(plane.core.resources(), request).value();
  ASSERT_EQ(skus.skus_size(), 2);
  EXPECT_EQ(skus.skus(0).allowed_values_size(), 19);
  EXPECT_EQ(skus.skus(1).allowed_values(9), 1000u);
}

TEST(Usages, CountWhatIsInTheRegion) {
  Plane plane;
  plane.CreateContoso();
  ASSERT_TRUE(plane.AddReplica("westus").ok());
  ListUsagesRequest request;
  request.set_location("westus");
  const auto usages = ListUsages(plane.core.resources(), request).value();
  EXPECT_EQ(usages.usages(0).current_value(), 0u);
  EXPECT_EQ(usages.usages(2).current_value(), 1u);
  request.set_location("atlantis");
  EXPECT_EQ(ErrorReason(ListUsages(plane.core.resources(), request).status()), "UNKNOWN_REGION");
}

}  // namespace
}  // namespace nonet::controlplane
