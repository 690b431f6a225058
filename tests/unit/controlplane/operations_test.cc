// Operations: one a change, durable, bounded; and draining.
#include "controlplane/core/operations.h"

#include <gtest/gtest.h>

#include "tests/unit/controlplane/plane.h"

namespace nonet::controlplane {
namespace {

constexpr char kContoso[] = "resources/contoso";
constexpr char kWest[] = "resources/contoso/replicas/westus";
constexpr int64_t kSecond = kNanosPerSecond;

OperationState StateOfOperation(const Plane& plane, const std::string& name) {
  const auto operation = plane.core.GetOperation(name);
  return operation.ok() ? operation->state() : OPERATION_STATE_UNSPECIFIED;
}

RestartResourceRequest Restart() {
  RestartResourceRequest request;
  request.set_name(kContoso);
  return request;
}

TEST(Operations, OfACreationRunUntilTheInstanceServes) {
  Plane plane;
  const Resource resource = plane.CreateContoso();
  EXPECT_EQ(resource.operation(), "operations/1");
  const Operation operation = plane.core.GetOperation("operations/1").value();
  EXPECT_EQ(operation.state(), OPERATION_STATE_RUNNING);
  EXPECT_EQ(operation.verb(), "CreateResource");
  EXPECT_EQ(operation.target(), kContoso);
  EXPECT_FALSE(operation.has_end_time());
  plane.Wait(kSecond);
  plane.Serve(kContoso);
  const Operation ended = plane.core.GetOperation("operations/1").value();
  EXPECT_EQ(ended.state(), OPERATION_STATE_SUCCEEDED);
  EXPECT_EQ(ended.percent_complete(), 100u);
  EXPECT_EQ(ended.end_time().seconds(), ended.start_time().seconds() + 1);
}

TEST(Operations, FailTogetherWithTheirObject) {
  Plane plane;
  plane.CreateContoso();
  plane.Wait(30 * kSecond);
  const Operation failed = plane.core.GetOperation("operations/1").value();
  EXPECT_EQ(failed.state(), OPERATION_STATE_FAILED);
  EXPECT_EQ(failed.error().reason(), "PROVISIONING_FAILED");
  EXPECT_NE(failed.error().message(), "");
}

TEST(Operations, OfAChangeThatIsCompleteWithItsCommitHaveSucceeded) {
  Plane plane;
  plane.CreateContoso();
  auto request = Plane::UpdateRequest({"disable_local_auth"});
  request.mutable_resource()->set_disable_local_auth(true);
  const Resource resource = plane.Do(request).value().resource();
  EXPECT_EQ(StateOfOperation(plane, resource.operation()), OPERATION_STATE_SUCCEEDED);
  EXPECT_EQ(StateOfOperation(plane, "operations/1"), OPERATION_STATE_RUNNING);  // Still being created.
  EXPECT_EQ(plane.Do(request)->resource().operation(), "");                     // Nothing had to change.
}

TEST(Operations, ASecondLongRunningOneIsRefusedNamingTheFirst) {
  Plane plane;
  plane.CreateContoso();
  plane.Serve(kContoso);
  const std::string first = plane.Do(Restart())->resource().operation();
  const auto second = plane.Do(Restart());
  EXPECT_EQ(second.status().code(), absl::StatusCode::kAborted);
  EXPECT_EQ(Reason(second), "OPERATION_IN_PROGRESS");
  EXPECT_EQ(GetErrorDetails(second.status()).metadata["operation"], first);
  plane.Close(kContoso);
  plane.Serve(kContoso, "e2");
  EXPECT_TRUE(plane.Do(Restart()).ok());
}

TEST(Operations, AreCanceledByADeletionWhichSucceedsWhenTheObjectIsGone) {
  Plane plane;
  plane.CreateContoso();
  plane.OpenSupervisor();
  const std::string deletion = plane.DeleteContoso()->resource().operation();
  EXPECT_EQ(StateOfOperation(plane, "operations/1"), OPERATION_STATE_CANCELED);
  EXPECT_EQ(StateOfOperation(plane, deletion), OPERATION_STATE_RUNNING);
  plane.Ack("supervisor");
  EXPECT_FALSE(plane.Exists(kContoso));
  EXPECT_EQ(StateOfOperation(plane, deletion), OPERATION_STATE_SUCCEEDED);
}

TEST(Operations, SurviveARestart) {
  Plane before;
  before.CreateContoso();
  before.Serve(kContoso);
  ASSERT_TRUE(before.AddReplica("westus").ok());
  Plane after = before.Restarted();
  EXPECT_EQ(StateOfOperation(after, "operations/1"), OPERATION_STATE_SUCCEEDED);
  const auto all = after.core.resources().operations().List({}).value();
  ASSERT_EQ(all.operations_size(), 2);
  EXPECT_EQ(all.operations(0).state(), OPERATION_STATE_RUNNING);  // Newest first.
  after.Serve(kWest);
  EXPECT_EQ(StateOfOperation(after, all.operations(0).name()), OPERATION_STATE_SUCCEEDED);
}

TEST(Operations, AreForgottenADayAfterTheirEndAndBeyondTheLimit) {
  Plane plane;
  plane.CreateContoso();
  plane.Serve(kContoso);
  plane.Wait(kOperationKeptNs + 1);
  EXPECT_EQ(StateOfOperation(plane, "operations/1"), OPERATION_STATE_SUCCEEDED);  // Until the next one.
  auto request = Plane::UpdateRequest({"tags"});
  (*request.mutable_resource()->mutable_tags())["n"] = "1";
  ASSERT_TRUE(plane.Do(request).ok());
  EXPECT_TRUE(absl::IsNotFound(plane.core.GetOperation("operations/1").status()));
  EXPECT_EQ(plane.stored.operations.size(), 1u);

  OperationTable table;
  OperationChanges changes;
  const auto runs = [](uint64_t revision) { return revision == 1 || revision == 10; };
  for (uint64_t revision = 1; revision <= kOperationsMax + 2; ++revision) {
    Operation operation;
    operation.set_name(OperationName(revision));
    operation.set_revision(revision);
    operation.set_target("resources/r" + std::to_string(revision));
    operation.set_state(runs(revision) ? OPERATION_STATE_RUNNING : OPERATION_STATE_SUCCEEDED);
    table.Begin(operation, 0, changes);
  }
  EXPECT_EQ(table.size(), kOperationsMax + 2);  // Two of them run.
  EXPECT_TRUE(changes.forgotten.empty());
  Operation last;
  last.set_revision(kOperationsMax + 3);
  last.set_state(OPERATION_STATE_SUCCEEDED);
  table.Begin(last, 0, changes);
  // With it a part of those that may be kept, around the two that run.
  const size_t gone = 1 + kOperationsMax / kTrimmedShare;
  const std::vector<RevisionRange> ranges = {{2, 9}, {11, gone + 2}};
  EXPECT_EQ(changes.forgotten, ranges);
  EXPECT_EQ(table.size(), kOperationsMax + 3 - gone);
  EXPECT_NE(table.Find(1), nullptr);
  EXPECT_NE(table.Find(10), nullptr);
  EXPECT_EQ(table.Find(11), nullptr);
  EXPECT_NE(table.Find(gone + 3), nullptr);
}

TEST(Operations, CanBeWaitedForByName) {
  Plane plane;
  plane.CreateContoso();
  plane.OpenResolver();
  auto waiting = plane.core.CheckConvergence("operations/1", 0, plane.now);
  EXPECT_TRUE(absl::IsUnavailable(waiting.status));
  EXPECT_EQ(waiting.state, "CreateResource is under way");
  plane.Serve(kContoso);
  EXPECT_TRUE(absl::IsUnavailable(plane.core.CheckConvergence("operations/1", 0, plane.now).status));
  plane.Ack("dnsresolver");
  plane.Ack(kContoso);
  EXPECT_TRUE(plane.core.CheckConvergence("operations/1", 0, plane.now).status.ok());
  EXPECT_TRUE(absl::IsNotFound(plane.core.CheckConvergence("operations/99", 0, plane.now).status));
}

class Draining : public testing::Test {
 protected:
  void SetUp() override {
    plane.CreateContoso();
    plane.Serve(kContoso);
    ASSERT_TRUE(plane.AddReplica("westus").ok());
    plane.Serve(kWest);
    plane.Facts(kWest, true, 1, "127.80.15.1", 12);
  }
  absl::StatusOr<Object> Drain(int64_t seconds) {
    DeleteReplicaRequest request;
    request.set_name(kWest);
    request.mutable_drain()->set_seconds(seconds);
    return plane.Do(request);
  }
  Plane plane;
};

TEST_F(Draining, DisablesWaitsForTheLastClientThenDeletes) {
  const Replica replica = Drain(60).value().replica();
  EXPECT_FALSE(replica.region_endpoint_enabled());
  EXPECT_EQ(replica.provisioning_state(), PROVISIONING_STATE_UPDATING);
  EXPECT_EQ(plane.core.GetOperation(replica.operation())->progress(), "draining: 12 connections");
  plane.Ack(kWest);
  plane.Facts(kWest, true, 1, "127.80.15.1", 1);
  EXPECT_EQ(plane.State(kWest), PROVISIONING_STATE_UPDATING);
  plane.OpenSupervisor();
  plane.Facts(kWest, true, 1, "127.80.15.1", 0);
  EXPECT_EQ(plane.State(kWest), PROVISIONING_STATE_DELETING);
  EXPECT_EQ(StateOfOperation(plane, replica.operation()), OPERATION_STATE_RUNNING);
  plane.Ack("supervisor");
  plane.Ack(kContoso);
  EXPECT_FALSE(plane.Exists(kWest));
  EXPECT_EQ(StateOfOperation(plane, replica.operation()), OPERATION_STATE_SUCCEEDED);
}

TEST_F(Draining, DoesNotTakeAnIdleInstanceAtItsWordBeforeItKnows) {
  plane.Facts(kWest, true, 1, "127.80.15.1", 0);
  plane.OpenSupervisor();
  ASSERT_TRUE(Drain(60).ok());
  EXPECT_EQ(plane.State(kWest), PROVISIONING_STATE_UPDATING);
  plane.Ack(kWest);
  EXPECT_EQ(plane.State(kWest), PROVISIONING_STATE_DELETING);
}

TEST_F(Draining, EndsAtTheTimeoutAlsoAcrossARestart) {
  ASSERT_TRUE(Drain(60).ok());
  plane.OpenSupervisor();
  plane.Wait(20 * kSecond);
  Plane after = plane.Restarted();  // One second passes.
  EXPECT_EQ(after.State(kWest), PROVISIONING_STATE_UPDATING);
  EXPECT_EQ(after.core.resources().NextDeadline(after.now), after.now.steady_ns + 39 * kSecond);
  after.OpenSupervisor();
  after.Wait(39 * kSecond - 1);
  EXPECT_EQ(after.State(kWest), PROVISIONING_STATE_UPDATING);
  after.Wait(1);
  EXPECT_EQ(after.State(kWest), PROVISIONING_STATE_DELETING);
}

TEST_F(Draining, OfAReplicaThatDoesNotRunIsOverAtOnce) {
  plane.OpenSupervisor();
  ASSERT_TRUE(Drain(60).ok());
  watch::v1::Facts facts;
  facts.mutable_supervisor()->add_running(kContoso);
  Effects effects;
  plane.core.Report("supervisor", facts, plane.now, effects);
  plane.Wait(1);
  EXPECT_EQ(plane.State(kWest), PROVISIONING_STATE_DELETING);
}

TEST_F(Draining, RefusesOtherChangesButADeletion) {
  const std::string drain = Drain(60)->replica().operation();
  EXPECT_EQ(Reason(plane.Do(Plane::UpdateReplica("westus", {"tags"}))), "OPERATION_IN_PROGRESS");
  EXPECT_EQ(Drain(30)->replica().operation(), "");  // Again is fine, and changes nothing.
  plane.OpenSupervisor();
  ASSERT_TRUE(plane.DeleteReplica("westus").ok());
  EXPECT_EQ(plane.State(kWest), PROVISIONING_STATE_DELETING);
  EXPECT_EQ(StateOfOperation(plane, drain), OPERATION_STATE_CANCELED);
}

TEST_F(Draining, KeepsSomethingInDns) {
  auto disable = Plane::UpdateRequest({"region_endpoint_enabled"});
  disable.mutable_resource()->set_region_endpoint_enabled(false);
  ASSERT_TRUE(Drain(60).ok());
  EXPECT_EQ(Reason(plane.Do(disable)), "REPLICA_REQUIRED");
}

TEST_F(Draining, TakesTheTimeWithinItsBounds) {
  EXPECT_EQ(Reason(Drain(-1)), "INVALID_DRAIN");
  EXPECT_EQ(Reason(Drain(kDrainMaxNs / kSecond + 1)), "INVALID_DRAIN");
  EXPECT_EQ(Reason(Drain(INT64_MAX)), "INVALID_DRAIN");
  const Replica replica = Drain(0).value().replica();
  EXPECT_EQ(replica.drain().deadline().seconds(), plane.now.wall_ns / kSecond + kDrainDefaultNs / kSecond);
}

}  // namespace
}  // namespace nonet::controlplane
