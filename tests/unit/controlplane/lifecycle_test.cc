// Provisioning states: what starts them, what ends them, what time does.
#include <gtest/gtest.h>

#include "tests/unit/controlplane/plane.h"

namespace nonet::controlplane {
namespace {

constexpr char kContoso[] = "resources/contoso";
constexpr char kWest[] = "resources/contoso/replicas/westus";
constexpr int64_t kSecond = kNanosPerSecond;

TEST(Creating, EndsAtTheFirstAcknowledgementWhileServing) {
  Plane plane;
  plane.CreateContoso();
  ASSERT_TRUE(plane.Open(watch::v1::ROLE_INSTANCE, kContoso, "00aa").ok());
  plane.Facts(kContoso, false, 1);
  plane.Ack(kContoso);
  EXPECT_EQ(plane.State(kContoso), PROVISIONING_STATE_CREATING);
  // Where it listens is known already, so that its peers can connect.
  EXPECT_EQ(InstanceOf(*plane.core.resources().Find(kContoso)).endpoint().host(), "127.80.15.1");
  EXPECT_EQ(InstanceOf(*plane.core.resources().Find(kContoso)).epoch(), "00aa");
  plane.Facts(kContoso, true, 1);
  EXPECT_EQ(plane.State(kContoso), PROVISIONING_STATE_SUCCEEDED);
}

TEST(Creating, DoesNotEndBeforeTheInstanceHasItsOwnConfiguration) {
  Plane plane;
  plane.CreateContoso();
  ASSERT_TRUE(plane.AddReplica("westus").ok());
  ASSERT_TRUE(plane.Open(watch::v1::ROLE_INSTANCE, kWest).ok());
  plane.Ack(kWest, 1);  // The revision before its own.
  plane.Facts(kWest, true, 1);
  EXPECT_EQ(plane.State(kWest), PROVISIONING_STATE_CREATING);
  plane.Ack(kWest, 2);
  EXPECT_EQ(plane.State(kWest), PROVISIONING_STATE_SUCCEEDED);
}

TEST(Creating, IgnoresAProcessOfAnotherGeneration) {
  Plane plane;
  plane.CreateContoso();
  ASSERT_TRUE(plane.Open(watch::v1::ROLE_INSTANCE, kContoso).ok());
  plane.Ack(kContoso);
  plane.Facts(kContoso, true, 7);
  EXPECT_EQ(plane.State(kContoso), PROVISIONING_STATE_CREATING);
  EXPECT_EQ(plane.core.revision(), 1u);
}

TEST(Creating, FailsAfterThirtySecondsAndALateAcknowledgementStillMakesItSucceed) {
  Plane plane;
  plane.CreateContoso();
  plane.Wait(30 * kSecond - 1);
  EXPECT_EQ(plane.State(kContoso), PROVISIONING_STATE_CREATING);
  EXPECT_EQ(plane.core.NextDeadline(plane.now), plane.now.steady_ns + 1);
  plane.Wait(1);
  EXPECT_EQ(plane.State(kContoso), PROVISIONING_STATE_FAILED);
  EXPECT_EQ(plane.core.resources().Find(kContoso)->resource().provisioning_error(),
            "the instance of contoso did not report that it serves within 30 s; see: nonet logs");
  EXPECT_FALSE(plane.core.NextDeadline(plane.now).has_value());
  plane.Serve(kContoso);
  EXPECT_EQ(plane.State(kContoso), PROVISIONING_STATE_SUCCEEDED);
  EXPECT_EQ(plane.core.resources().Find(kContoso)->resource().provisioning_error(), "");
}

TEST(Creating, TakesTheTimeoutItWasGiven) {
  ResourceSet::Options options;
  options.provisioning_timeout_ns = 2 * kSecond;
  Plane plane(options);
  plane.CreateContoso();
  plane.Wait(2 * kSecond);
  EXPECT_EQ(plane.State(kContoso), PROVISIONING_STATE_FAILED);
}

TEST(Succeeded, OutlivesTheInstance) {
  Plane plane;
  plane.CreateContoso();
  plane.Serve(kContoso);
  plane.Close(kContoso);
  plane.Wait(3600 * kSecond);
  EXPECT_EQ(plane.State(kContoso), PROVISIONING_STATE_SUCCEEDED);
}

TEST(Succeeded, ANewProcessChangesOnlyTheFacts) {
  Plane plane;
  plane.CreateContoso();
  plane.Serve(kContoso, "e1");
  const uint64_t before = plane.core.revision();
  plane.Close(kContoso);
  plane.Serve(kContoso, "e2");
  EXPECT_EQ(plane.core.revision(), before + 1);
  EXPECT_EQ(InstanceOf(*plane.core.resources().Find(kContoso)).epoch(), "e2");
  plane.Facts(kContoso, true, 1);  // The same again: nothing.
  EXPECT_EQ(plane.core.revision(), before + 1);
}

TEST(Updating, LastsFromRestartUntilTheNewGenerationServes) {
  Plane plane;
  plane.CreateContoso();
  plane.Serve(kContoso, "e1");
  RestartResourceRequest restart;
  restart.set_name(kContoso);
  const Resource restarted = plane.Do(restart).value().resource();
  EXPECT_EQ(restarted.provisioning_state(), PROVISIONING_STATE_UPDATING);
  EXPECT_EQ(restarted.restart_generation(), 2u);
  plane.Ack(kContoso);  // The old process, still there.
  plane.Facts(kContoso, true, 1);
  EXPECT_EQ(plane.State(kContoso), PROVISIONING_STATE_UPDATING);
  plane.Close(kContoso);
  plane.Serve(kContoso, "e2");
  EXPECT_EQ(plane.State(kContoso), PROVISIONING_STATE_SUCCEEDED);
}

TEST(Updating, FailsLikeCreating) {
  Plane plane;
  plane.CreateContoso();
  plane.Serve(kContoso);
  RestartResourceRequest restart;
  restart.set_name(kContoso);
  ASSERT_TRUE(plane.Do(restart).ok());
  plane.Wait(30 * kSecond);
  EXPECT_EQ(plane.State(kContoso), PROVISIONING_STATE_FAILED);
}

TEST(Stop, IsSucceededAndStartIsANewLife) {
  Plane plane;
  plane.CreateContoso();
  plane.Serve(kContoso);
  auto request = Plane::UpdateRequest({"resource_stopped"});
  request.mutable_resource()->set_resource_stopped(true);
  const Resource stopped = plane.Do(request).value().resource();
  EXPECT_EQ(stopped.provisioning_state(), PROVISIONING_STATE_SUCCEEDED);
  EXPECT_TRUE(stopped.resource_stopped());
  EXPECT_EQ(stopped.restart_generation(), 1u);
  const uint64_t revision = plane.core.revision();
  plane.Facts(kContoso, true, 1, "127.80.15.2");  // It is on its way down.
  EXPECT_EQ(plane.core.revision(), revision);
  request.mutable_resource()->set_resource_stopped(false);
  const Resource started = plane.Do(request).value().resource();
  EXPECT_EQ(started.provisioning_state(), PROVISIONING_STATE_UPDATING);
  EXPECT_EQ(started.restart_generation(), 2u);
  plane.Serve(kContoso, "e2");
  EXPECT_EQ(plane.State(kContoso), PROVISIONING_STATE_SUCCEEDED);
}

TEST(Stop, EndsCreatingWithoutWaiting) {
  Plane plane;
  plane.CreateContoso();
  auto request = Plane::UpdateRequest({"resource_stopped"});
  request.mutable_resource()->set_resource_stopped(true);
  ASSERT_TRUE(plane.Do(request).ok());
  plane.Wait(60 * kSecond);
  EXPECT_EQ(plane.State(kContoso), PROVISIONING_STATE_SUCCEEDED);
}

TEST(Deleting, WaitsForEveryConnectedSubscriberButTheInstanceItself) {
  Plane plane;
  plane.CreateContoso();
  plane.Serve(kContoso);
  ASSERT_TRUE(plane.AddReplica("westus").ok());
  plane.Serve(kWest);
  plane.OpenResolver();
  plane.OpenSupervisor();
  EXPECT_EQ(plane.DeleteReplica("westus")->replica().provisioning_state(), PROVISIONING_STATE_DELETING);
  plane.Ack("dnsresolver");
  plane.Ack(kContoso);
  EXPECT_TRUE(plane.Exists(kWest));
  plane.Ack("supervisor");
  EXPECT_FALSE(plane.Exists(kWest));
}

TEST(Deleting, EndsAfterThirtySecondsInAnyCase) {
  Plane plane;
  plane.CreateContoso();
  plane.OpenSupervisor();
  ASSERT_TRUE(plane.DeleteContoso().ok());
  plane.Wait(30 * kSecond - 1);
  EXPECT_TRUE(plane.Exists(kContoso));
  plane.Wait(1);
  EXPECT_FALSE(plane.Exists(kContoso));
}

TEST(Deleting, HappensAtOnceWhenNobodySubscribes) {
  Plane plane;
  plane.CreateContoso();
  ASSERT_TRUE(plane.DeleteContoso().ok());
  EXPECT_FALSE(plane.Exists(kContoso));
}

TEST(Deleting, AShortReconnectIsNoConsent) {
  Plane plane;
  plane.CreateContoso();
  plane.OpenSupervisor();
  plane.Ack("supervisor");
  plane.Close("supervisor");
  ASSERT_TRUE(plane.DeleteContoso().ok());
  plane.Wait(kReconnectGraceNs);
  EXPECT_TRUE(plane.Exists(kContoso));
  EXPECT_EQ(plane.core.NextDeadline(plane.now), plane.now.steady_ns + 1);
  plane.Wait(1);
  EXPECT_FALSE(plane.Exists(kContoso));
}

TEST(Deleting, FreesTheNameAndTheRegion) {
  Plane plane;
  plane.CreateContoso();
  ASSERT_TRUE(plane.AddReplica("westus").ok());
  plane.OpenSupervisor();
  ASSERT_TRUE(plane.DeleteReplica("westus").ok());
  EXPECT_EQ(Reason(plane.AddReplica("westus")), "OPERATION_IN_PROGRESS");
  plane.Ack("supervisor");
  const auto again = plane.AddReplica("westus");
  ASSERT_TRUE(again.ok());
  EXPECT_NE(again->replica().uid(), "");
}

TEST(Lifecycle, FailsOnlySoManyInstancesInOneTurn) {
  Plane plane;
  const size_t resources = 2 * kSettledMax + 1;
  for (size_t i = 0; i < resources; ++i) {
    ASSERT_TRUE(plane.Do(Plane::CreateRequest(absl::StrCat("res", i))).ok());
  }
  const auto failed = [&] {
    size_t count = 0;
    for (const auto& [key, object] : plane.core.resources().objects()) {
      count += StateOf(*object) == PROVISIONING_STATE_FAILED;
    }
    return count;
  };
  plane.Wait(30 * kSecond);
  EXPECT_EQ(failed(), kSettledMax);
  EXPECT_EQ(plane.core.NextDeadline(plane.now), plane.now.steady_ns);  // The rest at once.
  plane.Wait(0);
  EXPECT_EQ(failed(), 2 * kSettledMax);
  plane.Wait(0);
  EXPECT_EQ(failed(), resources);
  EXPECT_NE(plane.core.NextDeadline(plane.now), plane.now.steady_ns);
}

TEST(Restart, BringsEverythingBackAndStartsDeadlinesAnew) {
  Plane before;
  before.CreateContoso();
  before.Serve(kContoso);
  ASSERT_TRUE(before.AddReplica("westus").ok());
  ASSERT_TRUE(before.AddReplica("westeurope").ok());
  before.OpenSupervisor();
  ASSERT_TRUE(before.DeleteReplica("westeurope").ok());
  before.Wait(20 * kSecond);

  Plane after = before.Restarted();
  EXPECT_EQ(after.core.revision(), before.core.revision());
  EXPECT_EQ(after.core.resources().objects().size(), before.core.resources().objects().size());
  EXPECT_EQ(after.State(kWest), PROVISIONING_STATE_CREATING);
  after.Wait(30 * kSecond - 1);
  EXPECT_EQ(after.State(kWest), PROVISIONING_STATE_CREATING);
  after.Wait(1);
  EXPECT_EQ(after.State(kWest), PROVISIONING_STATE_FAILED);
}

TEST(Restart, TheLogSharesItsNewestObjectsWithTheModel) {
  Plane before;
  before.CreateContoso();
  before.Serve(kContoso);
  Plane after(before.Restarted());
  const auto feed = after.core.InitialFeed({watch::v1::ROLE_SUPERVISOR, "supervisor"}, 1);
  ASSERT_EQ(feed.size(), 1u);
  EXPECT_EQ(feed[0].kind, watch::v1::WatchResponse::KIND_CHANGES);
  EXPECT_EQ(feed[0].events.back().get(), after.core.resources().Find(kContoso));
}

TEST(Restart, ADeletionWaitsForTheSupervisorToComeBack) {
  Plane before;
  before.CreateContoso();
  before.OpenSupervisor();
  ASSERT_TRUE(before.DeleteContoso().ok());
  Plane after = before.Restarted();
  after.Wait(2 * kSecond);
  EXPECT_TRUE(after.Exists(kContoso));
  after.OpenSupervisor();
  after.Wait(20 * kSecond);
  EXPECT_TRUE(after.Exists(kContoso));
  after.Ack("supervisor");
  EXPECT_FALSE(after.Exists(kContoso));
}

TEST(Restart, AnInstanceThatReportsAgainEndsCreating) {
  Plane before;
  before.CreateContoso();
  Plane after = before.Restarted();
  after.Serve(kContoso);
  EXPECT_EQ(after.State(kContoso), PROVISIONING_STATE_SUCCEEDED);
}

}  // namespace
}  // namespace nonet::controlplane
