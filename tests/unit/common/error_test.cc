#include "common/base/error.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "common/base/random.h"
#include "common/base/status_macros.h"

namespace nonet {
namespace {

absl::Status ReplicaLimit() {
  return MakeError(
      absl::StatusCode::kFailedPrecondition, "REPLICA_LIMIT", "contoso already has 8 replicas",
      {.next_step = "nonet replica delete", .metadata = {{"resource", "contoso"}, {"limit", "8"}}});
}

TEST(Error, KeepsReasonNextStepAndMetadata) {
  const absl::Status status = ReplicaLimit();
  EXPECT_EQ(status.code(), absl::StatusCode::kFailedPrecondition);
  EXPECT_EQ(status.message(), "contoso already has 8 replicas");
  EXPECT_EQ(ErrorReason(status), "REPLICA_LIMIT");
  const ErrorDetails details = GetErrorDetails(status);
  EXPECT_EQ(details.next_step, "nonet replica delete");
  EXPECT_THAT(details.metadata, testing::UnorderedElementsAre(testing::Pair("resource", "contoso"),
                                                              testing::Pair("limit", "8")));
}

TEST(Error, HasNoReasonWhenItIsNotOurs) {
  EXPECT_EQ(ErrorReason(absl::NotFoundError("x")), "");
  EXPECT_EQ(GetErrorDetails(absl::NotFoundError("x")).next_step, "");
  EXPECT_THAT(GetErrorDetails(absl::OkStatus()).metadata, testing::IsEmpty());
}

TEST(Error, IsOneLineWithIdCauseAndNextStep) {
  EXPECT_EQ(FormatError(ReplicaLimit()),
            "error[REPLICA_LIMIT]: contoso already has 8 replicas / try: nonet replica delete");
  EXPECT_EQ(FormatError(absl::NotFoundError("no such file")), "error[NOT_FOUND]: no such file");
}

absl::StatusOr<int> Half(int n) {
  if (n % 2 != 0) return absl::InvalidArgumentError("odd");
  return n / 2;
}

absl::StatusOr<int> Quarter(int n) {
  ASSIGN_OR_RETURN(const int half, Half(n));
  ASSIGN_OR_RETURN(const int quarter, Half(half));
  return quarter;
}

absl::Status Check(int n) {
  RETURN_IF_ERROR(Half(n).status());
  return absl::OkStatus();
}

TEST(StatusMacros, ReturnTheFirstFailureAndElseTheValue) {
  EXPECT_EQ(*Quarter(12), 3);
  EXPECT_EQ(Quarter(6).status(), absl::InvalidArgumentError("odd"));
  EXPECT_EQ(Quarter(3).status(), absl::InvalidArgumentError("odd"));
  EXPECT_TRUE(Check(2).ok());
  EXPECT_FALSE(Check(1).ok());
}

TEST(Random, ReplaysFromItsSeedAndStaysBelowItsBound) {
  Random a(7);
  Random b(7);
  Random other(8);
  bool differs = false;
  for (int i = 0; i < 1000; ++i) {
    const uint64_t draw = a.Next();
    EXPECT_EQ(draw, b.Next());
    differs = differs || draw != other.Next();
    EXPECT_LT(a.Below(3), 3u);
    b.Below(3);
  }
  EXPECT_TRUE(differs);
}

TEST(Random, ReachesEveryValueBelowItsBound) {
  Random random(1);
  int seen[5] = {};
  for (int i = 0; i < 1000; ++i) ++seen[random.Below(5)];
  for (const int count : seen) EXPECT_GT(count, 100);
}

}  // namespace
}  // namespace nonet
