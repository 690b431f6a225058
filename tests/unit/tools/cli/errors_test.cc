#include "tools/cli/errors.h"

#include <gtest/gtest.h>

#include "common/base/error.h"
#include "tools/cli/dir.h"

namespace nonet::cli {
namespace {

absl::Status ReplicaLimit() {
  return MakeError(absl::StatusCode::kFailedPrecondition, "REPLICA_LIMIT", "contoso already has 8 replicas",
                   {.next_step = "nonet replica delete ...", .metadata = {}});
}

TEST(Errors, NameIdCauseAndNextStep) {
  EXPECT_EQ(ErrorText(ReplicaLimit(), false),
            "error[REPLICA_LIMIT]: contoso already has 8 replicas\n  try: nonet replica delete ...\n");
}

TEST(Errors, WithoutAnIdTheCodeStandsIn) {
  EXPECT_EQ(ErrorText(absl::UnavailableError("gone"), false), "error[UNAVAILABLE]: gone\n");
}

TEST(Errors, ColourOnlyWhereAsked) {
  EXPECT_EQ(ErrorText(ReplicaLimit(), false).find('\x1b'), std::string::npos);
  EXPECT_NE(ErrorText(ReplicaLimit(), true).find('\x1b'), std::string::npos);
}

TEST(Errors, ExitCodesAreAsDocumented) {
  EXPECT_EQ(ExitCode(absl::OkStatus()), 0);
  EXPECT_EQ(ExitCode(errors::Local("LAUNCH_FAILED", "x")), 1);
  EXPECT_EQ(ExitCode(errors::Usage("x", "y")), 2);
  EXPECT_EQ(ExitCode(errors::SettingsDiffer("--primary", "eastus", "westus", "/d")), 2);
  EXPECT_EQ(ExitCode(errors::TimedOut("x")), 3);
  EXPECT_EQ(ExitCode(absl::DeadlineExceededError("x")), 3);
  EXPECT_EQ(ExitCode(ReplicaLimit()), 64 + 9);
  EXPECT_EQ(ExitCode(absl::AbortedError("stale etag")), 64 + 10);
  EXPECT_EQ(ExitCode(errors::NotRunning("/d")), 64 + 14);
}

TEST(Errors, NotRunningCanBePasted) {
  EXPECT_EQ(ErrorText(errors::NotRunning("/some/dir"), false),
            "error[NOT_RUNNING]: no cluster is running in /some/dir\n  try: nonet up --dir /some/dir\n");
  EXPECT_EQ(WithDir("nonet up", DefaultDir()), "nonet up");
}

}  // namespace
}  // namespace nonet::cli
