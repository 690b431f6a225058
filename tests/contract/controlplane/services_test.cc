// The calls of children, operations and lists over a loopback port.
#include <gtest/gtest.h>

#include "common/base/error.h"
#include "controlplane/store/memory_store.h"
#include "nonet/resource/v1/child_resource_service.grpc.pb.h"
#include "nonet/resource/v1/operation.grpc.pb.h"
#include "tests/contract/controlplane/rig.h"

namespace nonet::controlplane {
namespace {

using namespace resource::v1;

class Services : public testing::Test {
 protected:
  void SetUp() override {
    ASSERT_TRUE(rig.Create("contoso").ok());
    auto channel = grpc::CreateChannel(rig.address(), grpc::InsecureChannelCredentials());
    children = ChildResourceService::NewStub(channel);
    operations = OperationService::NewStub(channel);
  }
  absl::StatusOr<HubSettings> PutHub(const std::string& hub) {
    CreateOrUpdateHubRequest request;
    request.set_parent("resources/contoso");
    request.mutable_hub()->set_hub(hub);
    HubSettings answer;
    grpc::ClientContext context;
    const absl::Status status = rpc::FromGrpc(children->CreateOrUpdateHub(&context, request, &answer));
    if (!status.ok()) return status;
    return answer;
  }
  absl::StatusOr<Operation> GetOperation(const std::string& name) {
    GetOperationRequest request;
    request.set_name(name);
    Operation answer;
    grpc::ClientContext context;
    const absl::Status status = rpc::FromGrpc(operations->GetOperation(&context, request, &answer));
    if (!status.ok()) return status;
    return answer;
  }

  MemoryStore store;
  Rig rig{store};
  std::unique_ptr<ChildResourceService::Stub> children;
  std::unique_ptr<OperationService::Stub> operations;
};

TEST_F(Services, AChildAnswersItselfWithItsEtagAndOperation) {
  const HubSettings hub = PutHub("chat").value();
  EXPECT_EQ(hub.anonymous_connect_policy(), "deny");
  EXPECT_EQ(hub.etag(), "2");
  EXPECT_EQ(hub.operation(), "operations/2");
  const Operation operation = GetOperation(hub.operation()).value();
  EXPECT_EQ(operation.verb(), "CreateOrUpdateHub");
  EXPECT_EQ(operation.child(), "hubs/chat");
  EXPECT_EQ(operation.state(), OPERATION_STATE_SUCCEEDED);
  EXPECT_EQ(ErrorReason(PutHub("1chat").status()), "INVALID_HUB");
  EXPECT_EQ(ErrorReason(GetOperation("operations/99").status()), "OPERATION_NOT_FOUND");
}

TEST_F(Services, PagesCoverTheWholeList) {
  for (const std::string hub : {"a", "b", "c", "d", "e"}) ASSERT_TRUE(PutHub(hub).ok());
  ListHubsRequest request;
  request.set_parent("resources/contoso");
  request.set_page_size(2);
  std::vector<std::string> seen;
  do {
    ListHubsResponse page;
    grpc::ClientContext context;
    ASSERT_TRUE(children->ListHubs(&context, request, &page).ok());
    for (const HubSettings& hub : page.hubs()) seen.push_back(hub.hub());
    request.set_page_token(page.next_page_token());
  } while (!request.page_token().empty());
  EXPECT_EQ(seen, (std::vector<std::string>{"a", "b", "c", "d", "e"}));
}

TEST_F(Services, OperationsAreListedNewestFirst) {
  ASSERT_TRUE(PutHub("chat").ok());
  ListOperationsRequest request;
  request.set_parent("resources/contoso");
  ListOperationsResponse page;
  grpc::ClientContext context;
  ASSERT_TRUE(operations->ListOperations(&context, request, &page).ok());
  ASSERT_EQ(page.operations_size(), 2);
  EXPECT_EQ(page.operations(0).verb(), "CreateOrUpdateHub");
  EXPECT_EQ(page.operations(1).verb(), "CreateResource");
  EXPECT_EQ(page.operations(1).state(), OPERATION_STATE_RUNNING);
}

TEST_F(Services, DeletionOfAChildAnswersTheResourceWithoutIt) {
  ASSERT_TRUE(PutHub("chat").ok());
  DeleteHubRequest request;
  request.set_parent("resources/contoso");
  request.set_name("chat");
  Resource answer;
  grpc::ClientContext context;
  ASSERT_TRUE(children->DeleteHub(&context, request, &answer).ok());
  EXPECT_EQ(answer.hubs_size(), 0);
  EXPECT_EQ(answer.operation(), "operations/3");
}

TEST_F(Services, QuestionsAboutWhatExistsAreAnswered) {
  CapacityReport report;
  GetCapacityReportRequest capacity;
  capacity.set_name("resources/contoso");
  grpc::ClientContext first;
  ASSERT_TRUE(rig.resources->GetCapacityReport(&first, capacity, &report).ok());
  ASSERT_EQ(report.instances_size(), 1);
  EXPECT_EQ(report.instances(0).capacity(), 1000u);
  CheckNameAvailabilityRequest name;
  name.set_type("Microsoft.SignalRService/WebPubSub");
  name.set_name("contoso");
  CheckNameAvailabilityResponse available;
  grpc::ClientContext second;
  ASSERT_TRUE(rig.resources->CheckNameAvailability(&second, name, &available).ok());
  EXPECT_FALSE(available.name_available());
}

}  // namespace
}  // namespace nonet::controlplane
