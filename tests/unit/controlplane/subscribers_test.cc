// Subscribers, and whom a change waits for.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/unit/controlplane/plane.h"

namespace nonet::controlplane {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;
using watch::v1::ROLE_DNSRESOLVER;
using watch::v1::ROLE_INSTANCE;
using watch::v1::ROLE_SUPERVISOR;

constexpr char kContoso[] = "resources/contoso";
constexpr char kWest[] = "resources/contoso/replicas/westus";
constexpr int64_t kSecond = kNanosPerSecond;

// Contoso with its primary, both serving, everybody connected and up to date.
Plane Converged() {
  Plane plane;
  plane.CreateContoso();
  plane.OpenResolver();
  plane.OpenSupervisor();
  plane.Serve(kContoso);
  for (const char* name : {"dnsresolver", "supervisor", kContoso}) plane.Ack(name);
  return plane;
}

void Tag(Plane& plane, const std::string& value) {
  auto request = Plane::UpdateRequest({"tags"});
  (*request.mutable_resource()->mutable_tags())["n"] = value;
  EXPECT_TRUE(plane.Do(request).ok());
}

TEST(Subscriber, NameMustFitItsRole) {
  Plane plane;
  plane.CreateContoso();
  EXPECT_TRUE(absl::IsInvalidArgument(plane.Open(ROLE_DNSRESOLVER, "somebody")));
  EXPECT_TRUE(absl::IsInvalidArgument(plane.Open(ROLE_SUPERVISOR, "dnsresolver")));
  EXPECT_TRUE(absl::IsInvalidArgument(plane.Open(ROLE_INSTANCE, "resources/contoso/keys")));
  EXPECT_TRUE(absl::IsInvalidArgument(plane.Open(watch::v1::ROLE_UNSPECIFIED, kContoso)));
  EXPECT_TRUE(absl::IsNotFound(plane.Open(ROLE_INSTANCE, kWest)));
  EXPECT_TRUE(plane.Open(ROLE_INSTANCE, kContoso).ok());
}

TEST(Subscriber, IsRefusedBeyondTheLimit) {
  SubscriberTable table;
  watch::v1::Open open;
  open.set_role(ROLE_INSTANCE);
  for (size_t i = 0; i < kSubscribersMax; ++i) {
    open.set_subscriber(absl::StrCat("resources/r", i));
    ASSERT_TRUE(table.Open(open).ok());
  }
  EXPECT_TRUE(table.Open(open).ok());  // Known already.
  open.set_subscriber("resources/onemore");
  EXPECT_EQ(ErrorReason(table.Open(open)), "SUBSCRIBER_LIMIT");
}

TEST(Subscriber, CannotAcknowledgeTheFuture) {
  Plane plane = Converged();
  plane.Ack("dnsresolver", plane.core.revision() + 100);
  EXPECT_EQ(plane.core.subscribers().Find("dnsresolver")->acknowledged, plane.core.revision());
  Tag(plane, "1");
  EXPECT_THAT(plane.core.CheckConvergence(kContoso, 0, plane.now).missing,
              ElementsAre("dnsresolver", "contoso", "supervisor"));
}

TEST(Subscriber, OfANewEpochStartsFromNothing) {
  Plane plane = Converged();
  ASSERT_TRUE(plane.Open(ROLE_DNSRESOLVER, "dnsresolver", "e2").ok());
  EXPECT_EQ(plane.core.subscribers().Find("dnsresolver")->acknowledged, 0u);
}

TEST(ListSubscribers, TellsWhoHasWhat) {
  Plane plane = Converged();
  Tag(plane, "1");
  plane.Ack("supervisor");
  const auto table = plane.core.ListSubscribers();
  ASSERT_EQ(table.subscribers_size(), 3);
  EXPECT_EQ(table.revision(), plane.core.revision());
  EXPECT_EQ(table.subscribers(0).subscriber(), "dnsresolver");
  EXPECT_FALSE(table.subscribers(0).converged());
  EXPECT_EQ(table.subscribers(2).subscriber(), "supervisor");
  EXPECT_TRUE(table.subscribers(2).converged());
}

TEST(ListSubscribers, AChangeOutOfScopeDoesNotUnconverge) {
  Plane plane = Converged();
  RegenerateAccessKeyRequest request;
  request.set_name("resources/contoso/keys");
  request.set_key_type(KEY_TYPE_PRIMARY);
  ASSERT_TRUE(plane.Do(request).ok());
  const auto table = plane.core.ListSubscribers();
  EXPECT_TRUE(table.subscribers(0).converged());   // The resolver gets no keys.
  EXPECT_FALSE(table.subscribers(1).converged());  // The instance does.
}

TEST(Convergence, IsThereWhenEverybodyHasTheRevision) {
  Plane plane = Converged();
  Tag(plane, "1");
  const uint64_t revision = plane.core.revision();
  plane.Ack("dnsresolver");
  plane.Ack("supervisor");
  auto state = plane.core.CheckConvergence(kContoso, revision, plane.now);
  EXPECT_TRUE(absl::IsUnavailable(state.status));
  EXPECT_THAT(state.missing, ElementsAre("contoso"));
  plane.Ack(kContoso);
  state = plane.core.CheckConvergence(kContoso, revision, plane.now);
  EXPECT_TRUE(state.status.ok());
  EXPECT_EQ(state.response.revision(), revision);
  EXPECT_TRUE(state.response.exists());
  EXPECT_TRUE(state.response.dnsresolver_seen());
  EXPECT_TRUE(state.response.supervisor_seen());
}

TEST(Convergence, WaitsForAFinalState) {
  Plane plane = Converged();
  ASSERT_TRUE(plane.AddReplica("westus").ok());
  for (const char* name : {"dnsresolver", "supervisor", kContoso}) plane.Ack(name);
  auto state = plane.core.CheckConvergence(kWest, 0, plane.now);
  EXPECT_TRUE(absl::IsUnavailable(state.status));
  EXPECT_EQ(state.state, "Creating");
  plane.Serve(kWest);
  state = plane.core.CheckConvergence(kWest, 0, plane.now);
  EXPECT_THAT(state.missing,
              ElementsAre("dnsresolver", "contoso", "westus", "supervisor"));  // Of its becoming Succeeded.
  for (const char* name : {"dnsresolver", "supervisor", kContoso, kWest}) plane.Ack(name);
  EXPECT_TRUE(plane.core.CheckConvergence(kWest, 0, plane.now).status.ok());
}

TEST(Convergence, FailsWithTheReasonWhenTheObjectFailed) {
  Plane plane;
  plane.CreateContoso();
  plane.Wait(30 * kSecond);
  const auto state = plane.core.CheckConvergence(kContoso, 0, plane.now);
  EXPECT_EQ(ErrorReason(state.status), "PROVISIONING_FAILED");
  EXPECT_EQ(state.status.code(), absl::StatusCode::kFailedPrecondition);
}

TEST(Convergence, OfSomethingGoneSaysSo) {
  Plane plane = Converged();
  ASSERT_TRUE(plane.DeleteContoso().ok());
  plane.Ack("dnsresolver");
  plane.Ack("supervisor");
  EXPECT_FALSE(plane.Exists(kContoso));
  auto state = plane.core.CheckConvergence(kContoso, 0, plane.now);
  EXPECT_THAT(state.missing, ElementsAre("dnsresolver", "supervisor"));  // Of its being gone.
  plane.Ack("dnsresolver");
  plane.Ack("supervisor");
  state = plane.core.CheckConvergence(kContoso, 0, plane.now);
  EXPECT_TRUE(state.status.ok());
  EXPECT_FALSE(state.response.exists());
}

TEST(Convergence, WaitsThirtySecondsForWhoWasLost) {
  Plane plane = Converged();
  plane.Close("dnsresolver");
  Tag(plane, "1");
  plane.Ack("supervisor");
  plane.Ack(kContoso);
  plane.Wait(30 * kSecond);
  EXPECT_THAT(plane.core.CheckConvergence(kContoso, 0, plane.now).missing, ElementsAre("dnsresolver"));
  plane.Wait(1);
  const auto state = plane.core.CheckConvergence(kContoso, 0, plane.now);
  EXPECT_TRUE(state.status.ok());
  EXPECT_FALSE(state.response.dnsresolver_seen());
}

TEST(Convergence, WaitsFiveSecondsForWhoWasLostWhenNoSupervisorWouldStartItAgain) {
  Plane plane = Converged();
  plane.Close("supervisor");
  plane.Close("dnsresolver");
  Tag(plane, "1");
  plane.Ack(kContoso);
  plane.Wait(5 * kSecond);
  EXPECT_THAT(plane.core.CheckConvergence(kContoso, 0, plane.now).missing,
              ElementsAre("dnsresolver", "supervisor"));
  EXPECT_EQ(plane.core.NextDeadline(plane.now), plane.now.steady_ns + 1);
  plane.Wait(1);
  EXPECT_TRUE(plane.core.CheckConvergence(kContoso, 0, plane.now).status.ok());
  // A supervisor that comes back may still start it again.
  plane.OpenSupervisor();
  EXPECT_THAT(plane.core.CheckConvergence(kContoso, 0, plane.now).missing,
              ElementsAre("dnsresolver", "supervisor"));
}

TEST(Convergence, DoesNotWaitForAnInstanceThatTheSupervisorKnowsToBeDown) {
  Plane plane = Converged();
  plane.Close(kContoso);
  Tag(plane, "1");
  plane.Ack("dnsresolver");
  plane.Ack("supervisor");
  EXPECT_THAT(plane.core.CheckConvergence(kContoso, 0, plane.now).missing, ElementsAre("contoso"));
  watch::v1::Facts facts;
  facts.mutable_supervisor();  // Nothing runs.
  Effects effects;
  plane.core.Report("supervisor", facts, plane.now, effects);
  EXPECT_TRUE(plane.core.CheckConvergence(kContoso, 0, plane.now).status.ok());
}

TEST(Convergence, DoesNotWaitForAStoppedInstance) {
  Plane plane = Converged();
  auto request = Plane::UpdateRequest({"resource_stopped"});
  request.mutable_resource()->set_resource_stopped(true);
  ASSERT_TRUE(plane.Do(request).ok());
  plane.Close(kContoso);
  plane.Ack("dnsresolver");
  plane.Ack("supervisor");
  EXPECT_TRUE(plane.core.CheckConvergence(kContoso, 0, plane.now).status.ok());
}

TEST(Convergence, IsNoBusinessOfOtherResourcesInstances) {
  Plane plane = Converged();
  ASSERT_TRUE(plane.Do(Plane::CreateRequest("fabrikam")).ok());
  plane.Serve("resources/fabrikam");
  for (const char* name : {"dnsresolver", "supervisor"}) plane.Ack(name);
  Tag(plane, "1");
  for (const char* name : {"dnsresolver", "supervisor", kContoso}) plane.Ack(name);
  EXPECT_TRUE(plane.core.CheckConvergence(kContoso, 0, plane.now).status.ok());
}

TEST(Convergence, EndsWithTheReasonOfARefusal) {
  Plane plane = Converged();
  Tag(plane, "1");
  watch::v1::Ack ack;
  ack.set_revision(plane.core.revision());
  watch::v1::Refusal& refusal = *ack.add_refusals();
  refusal.set_name(kContoso);
  refusal.set_revision(plane.core.revision());
  refusal.mutable_error()->set_message("too many hubs for me");
  Effects effects;
  plane.core.Acknowledge("dnsresolver", ack, plane.now, effects);
  const auto state = plane.core.CheckConvergence(kContoso, 0, plane.now);
  EXPECT_EQ(ErrorReason(state.status), "CONFIGURATION_REFUSED");
  EXPECT_THAT(std::string(state.status.message()), testing::HasSubstr("too many hubs for me"));
  EXPECT_EQ(plane.core.ListSubscribers().subscribers(0).refusals().at(kContoso), "too many hubs for me");
  Tag(plane, "2");
  plane.Ack("dnsresolver");  // Accepts the next version.
  EXPECT_THAT(plane.core.ListSubscribers().subscribers(0).refusals(), IsEmpty());
}

TEST(Convergence, AfterARestartWaitsForWhoWasThereBefore) {
  const Plane before = Converged();
  Plane after = before.Restarted();
  auto state = after.core.CheckConvergence(kContoso, 0, after.now);
  EXPECT_THAT(state.missing, ElementsAre("dnsresolver", "contoso", "supervisor"));
  after.OpenResolver();
  after.OpenSupervisor();
  after.Serve(kContoso);
  for (const char* name : {"dnsresolver", "supervisor"}) after.Ack(name);
  EXPECT_TRUE(after.core.CheckConvergence(kContoso, 0, after.now).status.ok());
}

TEST(Convergence, OfANameOfNoFormIsRefused) {
  Plane plane;
  EXPECT_EQ(ErrorReason(plane.core.CheckConvergence("contoso", 0, plane.now).status), "INVALID_NAME");
}

}  // namespace
}  // namespace nonet::controlplane
