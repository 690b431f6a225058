// A request_id applies once and gets one answer.
#include <gtest/gtest.h>

#include "tests/unit/controlplane/plane.h"

namespace nonet::controlplane {
namespace {

CreateResourceRequest WithId(const std::string& id) {
  auto request = Plane::CreateRequest();
  request.set_request_id(id);
  return request;
}

TEST(RequestId, RepeatedGetsTheSameAnswerAndAppliesOnce) {
  Plane plane;
  const auto first = plane.Do(WithId("id-1"));
  plane.Serve("resources/contoso");  // The object moves on; the answer does not.
  const uint64_t revision = plane.core.revision();
  const auto second = plane.Do(WithId("id-1"));
  EXPECT_EQ(Serialize(*first), Serialize(*second));
  EXPECT_EQ(plane.core.revision(), revision);
}

TEST(RequestId, WithAnotherBodyOrMethodIsInvalid) {
  Plane plane;
  ASSERT_TRUE(plane.Do(WithId("id-1")).ok());
  auto other = WithId("id-1");
  other.set_resource_id("fabrikam");
  const auto answer = plane.Do(other);
  EXPECT_EQ(answer.status().code(), absl::StatusCode::kInvalidArgument);
  EXPECT_EQ(Reason(answer), "REQUEST_ID_REUSED");
  DeleteResourceRequest remove;
  remove.set_name("resources/contoso");
  remove.set_request_id("id-1");
  EXPECT_EQ(Reason(plane.Do(remove)), "REQUEST_ID_REUSED");
}

TEST(RequestId, OfARefusedRequestIsNotUsedUp) {
  Plane plane;
  auto request = Plane::ReplicaRequest("westus");
  request.set_request_id("id-1");
  EXPECT_EQ(Reason(plane.Do(request)), "RESOURCE_NOT_FOUND");
  plane.CreateContoso();
  EXPECT_TRUE(plane.Do(request).ok());
}

TEST(RequestId, IsForgottenAfterADay) {
  Plane plane;
  ASSERT_TRUE(plane.Do(WithId("id-1")).ok());
  plane.Wait(kRequestIdKeptNs);
  EXPECT_TRUE(plane.Do(WithId("id-1")).ok());
  plane.Wait(1);
  EXPECT_EQ(Reason(plane.Do(WithId("id-1"))), "RESOURCE_EXISTS");
}

TEST(RequestId, SurvivesARestart) {
  Plane before;
  const auto first = before.Do(WithId("id-1"));
  Plane after = before.Restarted();
  EXPECT_EQ(Serialize(*after.Do(WithId("id-1"))), Serialize(*first));
  EXPECT_EQ(after.core.revision(), before.core.revision());
}

TEST(RequestTable, ForgetsTheOldestBeyondItsBound) {
  RequestTable table;
  std::vector<std::string> forgotten;
  RequestRecord record;
  for (size_t i = 0; i < kRequestIdsMax; ++i) {
    record.request_id = absl::StrCat("id-", i);
    record.wall_ns = static_cast<int64_t>(i);
    table.Remember(record, forgotten);
  }
  EXPECT_TRUE(forgotten.empty());
  record.request_id = "one-more";
  record.wall_ns = static_cast<int64_t>(kRequestIdsMax);
  table.Remember(record, forgotten);
  EXPECT_EQ(forgotten, std::vector<std::string>{"id-0"});
  EXPECT_EQ(table.size(), kRequestIdsMax);
}

TEST(RequestDigest, TellsBodiesAndMethodsApart) {
  EXPECT_EQ(RequestDigest("m", "body"), RequestDigest("m", "body"));
  EXPECT_NE(RequestDigest("m", "body"), RequestDigest("m", "bodz"));
  EXPECT_NE(RequestDigest("m", "body"), RequestDigest("n", "body"));
  EXPECT_EQ(RequestDigest("m", "").size(), 16u);
}

}  // namespace
}  // namespace nonet::controlplane
