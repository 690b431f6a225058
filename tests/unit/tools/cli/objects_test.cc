#include "tools/cli/commands/objects.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <set>
#include <sstream>

#include "tests/unit/tools/cli/fake_control_client.h"
#include "tools/cli/errors.h"

namespace nonet::cli {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::UnorderedElementsAre;

class Objects : public ::testing::Test {
 protected:
  Objects() { control_.AddResource("contoso"); }
  absl::Status Replica(ObjectOptions options, Format format = Format::kName) {
    options.replica = true;
    return RunReplica(MakeContext(format), control_, options);
  }
  Context MakeContext(Format format) {
    return {.dir = "/d", .format = format, .out = out_, .err = err_, .out_style = {}, .err_style = {}};
  }
  static ObjectOptions Options(ObjectVerb verb, const std::string& replica = "") {
    ObjectOptions options;
    options.verb = verb;
    options.replica_name = replica;
    return options;
  }

  FakeControlClient control_;
  std::ostringstream out_, err_;
};

TEST_F(Objects, CreateWaitsForTheRevisionsItWasGiven) {
  ObjectOptions options = Options(ObjectVerb::kCreate);
  options.regions = {"westus", "westeurope"};
  ASSERT_TRUE(Replica(options).ok());
  EXPECT_THAT(control_.waits, UnorderedElementsAre("resources/contoso/replicas/westus@10",
                                                   "resources/contoso/replicas/westeurope@11"));
  EXPECT_EQ(out_.str(), "westus\nwesteurope\n");
  EXPECT_EQ(std::set<std::string>(control_.request_ids.begin(), control_.request_ids.end()).size(), 2u)
      << "each change has a request id of its own";
}

TEST_F(Objects, NoWaitPrintsWhatWasAccepted) {
  ObjectOptions options = Options(ObjectVerb::kCreate);
  options.regions = {"westus"};
  options.change.no_wait = true;
  ASSERT_TRUE(Replica(options).ok());
  EXPECT_THAT(control_.waits, IsEmpty());
  EXPECT_EQ(out_.str(), "westus\n");
}

TEST_F(Objects, DryRunValidatesOnlyAndSaysSo) {
  ObjectOptions options = Options(ObjectVerb::kCreate);
  options.regions = {"westus"};
  options.change.dry_run = true;
  ASSERT_TRUE(Replica(options).ok());
  EXPECT_TRUE(control_.replicas.empty());
  EXPECT_THAT(control_.waits, IsEmpty());
  EXPECT_THAT(err_.str(), HasSubstr("nothing was changed"));
}

TEST_F(Objects, EnableAndStopAreUpdatesOfOneField) {
  ASSERT_TRUE(Replica(Options(ObjectVerb::kDisable, "westus")).ok());
  EXPECT_THAT(control_.last_update.update_mask().paths(), ElementsAre("region_endpoint_enabled"));
  EXPECT_FALSE(control_.last_update.replica().region_endpoint_enabled());
  ASSERT_TRUE(Replica(Options(ObjectVerb::kStop, "westus")).ok());
  EXPECT_THAT(control_.last_update.update_mask().paths(), ElementsAre("resource_stopped"));
  EXPECT_TRUE(control_.last_update.replica().resource_stopped());
}

TEST_F(Objects, DeletePrintsNoData) {
  control_.replicas["resources/contoso/replicas/westus"].set_name("resources/contoso/replicas/westus");
  ASSERT_TRUE(Replica(Options(ObjectVerb::kDelete, "westus")).ok());
  EXPECT_EQ(out_.str(), "");
  EXPECT_EQ(err_.str(), "deleted replica westus\n");
  EXPECT_THAT(control_.waits, ElementsAre("resources/contoso/replicas/westus@30"));
}

TEST_F(Objects, AMissingResolverIsAWarningNotAnError) {
  control_.resolver_seen = false;
  ASSERT_TRUE(Replica(Options(ObjectVerb::kEnable, "westus")).ok());
  EXPECT_THAT(err_.str(), HasSubstr("warning: no DNS resolver is connected"));
}

TEST_F(Objects, TimeOutSaysWhoIsMissing) {
  control_.wait_status = absl::DeadlineExceededError("deadline");
  const absl::Status status = Replica(Options(ObjectVerb::kEnable, "westus"));
  EXPECT_EQ(ExitCode(status), kExitTimedOut);
  EXPECT_THAT(std::string(status.message()), HasSubstr("not acknowledged by slow"));
}

TEST_F(Objects, ARefusalNamesWhatWasAcceptedBefore) {
  control_.create_status_after_first = absl::FailedPreconditionError("too many");
  ObjectOptions options = Options(ObjectVerb::kCreate);
  options.regions = {"westus", "westeurope"};
  EXPECT_EQ(ExitCode(Replica(options)), 64 + 9);
  EXPECT_THAT(err_.str(), HasSubstr("accepted before the error: westus"));
}

TEST_F(Objects, NameMayBeLeftOutOnlyWhenThereIsOneResource) {
  EXPECT_TRUE(Replica(Options(ObjectVerb::kList)).ok());
  control_.AddResource("fabrikam");
  const absl::Status two = Replica(Options(ObjectVerb::kList));
  EXPECT_EQ(ExitCode(two), kExitUsage);
  EXPECT_THAT(std::string(two.message()), HasSubstr("contoso, fabrikam"));
  control_.resources.clear();
  EXPECT_EQ(ExitCode(Replica(Options(ObjectVerb::kList))), kExitUsage);
}

TEST_F(Objects, APartOfAFieldIsChangedOnlyIfNobodyElseChangedIt) {
  auto& westus = control_.replicas["resources/contoso/replicas/westus"];
  westus.set_name("resources/contoso/replicas/westus");
  westus.set_etag("17");
  westus.mutable_tags()->insert({"kept", "1"});
  ObjectOptions options = Options(ObjectVerb::kUpdate, "westus");
  options.set = {{"tags.added", "2"}};
  ASSERT_TRUE(Replica(options).ok());
  EXPECT_EQ(control_.last_update.replica().etag(), "17");
  EXPECT_EQ(control_.last_update.replica().tags().size(), 2u);
}

TEST_F(Objects, EmptyListIsAnEmptyArray) {
  ASSERT_TRUE(Replica(Options(ObjectVerb::kList), Format::kJson).ok());
  EXPECT_EQ(out_.str(), "[]\n");
}

}  // namespace
}  // namespace nonet::cli
