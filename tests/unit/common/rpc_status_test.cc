#include <gmock/gmock.h>
#include <grpcpp/support/status.h>
#include <gtest/gtest.h>

#include "common/base/error.h"
#include "common/rpc/status.h"

namespace nonet::rpc {
namespace {

absl::Status ReplicaLimit() {
  return MakeError(
      absl::StatusCode::kFailedPrecondition, "REPLICA_LIMIT", "contoso already has 8 replicas",
      {.next_step = "nonet replica delete", .metadata = {{"resource", "contoso"}, {"limit", "8"}}});
}

TEST(RpcStatus, RoundTripsReasonNextStepAndMetadata) {
  EXPECT_EQ(FromGrpc(ToGrpc(ReplicaLimit()), "control plane"), ReplicaLimit());
  EXPECT_EQ(FromErrorInfo(ToErrorInfo(ReplicaLimit())), ReplicaLimit());
}

TEST(RpcStatus, RoundTripsEveryCode) {
  for (int code = 0; code <= 16; ++code) {
    const absl::Status status(static_cast<absl::StatusCode>(code), "m");
    const grpc::Status sent = ToGrpc(status);
    EXPECT_EQ(static_cast<int>(sent.error_code()), code);
    EXPECT_EQ(FromGrpc(sent), status);
    EXPECT_EQ(FromErrorInfo(ToErrorInfo(status)), status);
  }
}

TEST(RpcStatus, TravelsAsTheStatusOfAip193) {
  common::v1::StatusDetails details;
  ASSERT_TRUE(details.ParseFromString(ToGrpc(ReplicaLimit()).error_details()));
  EXPECT_EQ(details.code(), 9);
  EXPECT_EQ(details.message(), "contoso already has 8 replicas");
  ASSERT_EQ(details.details_size(), 1);
  EXPECT_EQ(details.details(0).type_url(), "type.googleapis.com/nonet.common.v1.ErrorInfo");
}

TEST(RpcStatus, NamesThePeerWhenTheTransportFailed) {
  const absl::Status unreachable = FromGrpc(grpc::Status(grpc::StatusCode::UNAVAILABLE, "connection refused"),
                                            "control plane at 127.0.0.1:1");
  EXPECT_EQ(unreachable.code(), absl::StatusCode::kUnavailable);
  EXPECT_EQ(ErrorReason(unreachable), "UNREACHABLE");
  EXPECT_EQ(unreachable.message(), "control plane at 127.0.0.1:1 cannot be reached: connection refused");
  const absl::Status late =
      FromGrpc(grpc::Status(grpc::StatusCode::DEADLINE_EXCEEDED, "Deadline Exceeded"), "x");
  EXPECT_EQ(late.code(), absl::StatusCode::kDeadlineExceeded);
  EXPECT_EQ(late.message(), "x did not answer in time");
}

TEST(RpcStatus, WithOversizeMetadataStillFitsAHeader) {
  ErrorDetails details = {.next_step = "smaller", .metadata = {{"blob", std::string(100'000, 'x')}}};
  const grpc::Status sent =
      ToGrpc(MakeError(absl::StatusCode::kInvalidArgument, "TOO_BIG", std::string(100'000, 'm'), details));
  EXPECT_LT(sent.error_details().size() + sent.error_message().size(), 6u * 1024);
  const absl::Status received = FromGrpc(sent);
  EXPECT_EQ(ErrorReason(received), "TOO_BIG");
  EXPECT_EQ(GetErrorDetails(received).next_step, "smaller");
}

TEST(RpcStatus, ReadsARefusalThatCouldNotCarryDetails) {
  const absl::Status refused = FromGrpc(
      grpc::Status(grpc::StatusCode::UNAUTHENTICATED, "error[TOKEN_MISSING]: no token / try: send one"), "x");
  EXPECT_EQ(ErrorReason(refused), "TOKEN_MISSING");
  EXPECT_EQ(refused.message(), "no token");
  EXPECT_EQ(GetErrorDetails(refused).next_step, "send one");
  for (const char* other : {"plain words", "error[", "error[X]", "error[X]: y"}) {
    const absl::Status status = FromGrpc(grpc::Status(grpc::StatusCode::UNAUTHENTICATED, other), "x");
    EXPECT_EQ(status.code(), absl::StatusCode::kUnauthenticated) << other;
    EXPECT_NE(status.message(), "") << other;
  }
}

TEST(RpcStatus, IgnoresDetailsOfOthers) {
  EXPECT_EQ(FromGrpc(grpc::Status(grpc::StatusCode::NOT_FOUND, "m", "\xff\xff garbage")),
            absl::NotFoundError("m"));
}

}  // namespace
}  // namespace nonet::rpc
