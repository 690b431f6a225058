// The resolver between a control plane (fake), instances (HTTP servers) and clients (real sockets).
#include <gmock/gmock.h>
#include <grpcpp/grpcpp.h>
#include <gtest/gtest.h>

#include <map>
#include <optional>
#include <string>

#include "common/rpc/server.h"
#include "dnsresolver/server/event_feed.h"
#include "dnsresolver/server/steering_service.h"
#include "nonet/steering/v1/steering.grpc.pb.h"
#include "tests/contract/dnsresolver/fake_controlplane.h"
#include "tests/contract/dnsresolver/harness.h"

namespace nonet::dns {
namespace {

using testing::HasSubstr;

constexpr char kEast[] = "contoso-eastus-0a1b2c3d.webpubsub.azure.com";
constexpr char kWest[] = "contoso-westus-0a1b2c3d.webpubsub.azure.com";
constexpr char kPrimary[] = "resources/contoso";
constexpr char kReplica[] = "resources/contoso/replicas/westus";

class ResolverContract : public testing::Test {
 protected:
  ResolverContract() { Restart(); }

  void Restart(const Settings& settings = QuickSettings()) {
    resolver_.reset();
    resolver_ =
        std::make_unique<TestResolver>(dir_.path(), plane_ ? plane_->address() : "127.0.0.1:1", settings);
  }
  // A client near eastus.
  std::string Target() { return resolver_->Target(); }
  watch::v1::Event East(uint64_t revision, bool enabled = true) {
    return ResourceEvent(revision, {.region = "eastus",
                                    .address = "127.0.0.1",
                                    .http_port = east_ ? east_->port() : east_port_,
                                    .enabled = enabled});
  }
  watch::v1::Event West(uint64_t revision) {
    return ReplicaEvent(revision, {.region = "westus", .address = "127.0.0.1", .http_port = west_.port()});
  }
  void ServeBoth() {
    plane_->Send(Snapshot(5, {East(3), West(5)}));
    ASSERT_TRUE(plane_->WaitForAck(5).has_value());
    ASSERT_TRUE(plane_->WaitForStatus(kPrimary, "Online"));
    ASSERT_TRUE(plane_->WaitForStatus(kReplica, "Online"));
  }
  void KillEast() {
    east_port_ = east_->port();
    east_.reset();
  }

  TempDir dir_;
  std::unique_ptr<FakeControlPlane> plane_ = std::make_unique<FakeControlPlane>();
  std::unique_ptr<TestInstance> east_ = std::make_unique<TestInstance>();
  uint16_t east_port_ = 0;
  TestInstance west_;
  std::unique_ptr<TestResolver> resolver_;
};

TEST_F(ResolverContract, SaysServFailUntilItKnowsSomething) {
  ASSERT_TRUE(plane_->WaitForOpen());
  const Decoded answer =
      UdpClient(resolver_->dns_port()).Ask(MakeQuery("contoso.webpubsub.azure.com", kTypeA));
  EXPECT_EQ(answer.rcode, static_cast<int>(Rcode::kServFail));
}

TEST_F(ResolverContract, OpensAsTheResolver) {
  ASSERT_TRUE(plane_->WaitForOpen());
  const watch::v1::Open open = plane_->opens()[0];
  EXPECT_EQ(open.role(), watch::v1::ROLE_DNSRESOLVER);
  EXPECT_EQ(open.subscriber(), "dnsresolver");
  EXPECT_EQ(open.epoch(), "0123456789abcdef");
  EXPECT_EQ(open.resume_revision(), 0u);
}

TEST_F(ResolverContract, AnAcknowledgedChangeIsInTheAnswers) {
  ServeBoth();
  EXPECT_EQ(Target(), kEast);
  for (uint64_t revision = 10; revision < 30; ++revision) {
    const bool enabled = revision % 2 == 1;
    plane_->Send(Changes(revision, {East(revision, enabled)}));
    ASSERT_TRUE(plane_->WaitForAck(revision).has_value());
    ASSERT_EQ(Target(), enabled ? kEast : kWest) << "acknowledged, but not served, at revision " << revision;
  }
}

TEST_F(ResolverContract, ProbesAskForHealthWithTheInstancesNameFromTheVantage) {
  ServeBoth();
  EXPECT_GT(east_->probes(), 0);
  EXPECT_TRUE(east_->asked_well());
}

TEST_F(ResolverContract, SteersByTheTrafficProfileOfTheResource) {
  ServeBoth();
  using resource::v1::TrafficProfile;
  watch::v1::Event east = East(10);
  TrafficProfile& profile = *east.mutable_resource()->mutable_traffic_profile();
  profile.set_name("top");
  profile.set_method(TrafficProfile::METHOD_PRIORITY);
  profile.add_endpoints()->set_instance("contoso");
  profile.add_endpoints()->set_instance("westus");
  profile.mutable_endpoints(0)->set_priority(2);
  profile.mutable_endpoints(1)->set_priority(1);
  plane_->Send(Changes(10, {east}));
  ASSERT_TRUE(plane_->WaitForAck(10).has_value());
  EXPECT_EQ(Target(), kWest);

  east.set_revision(11);
  profile.set_method(TrafficProfile::METHOD_WEIGHTED);
  for (int i = 0; i < 2; ++i) profile.mutable_endpoints(i)->set_weight(1);
  plane_->Send(Changes(11, {east}));
  ASSERT_TRUE(plane_->WaitForAck(11).has_value());
  std::map<std::string, int> seen;
  for (int i = 0; i < 64; ++i) ++seen[Target()];
  EXPECT_GT(seen[kEast], 5);
  EXPECT_GT(seen[kWest], 5);
  EXPECT_EQ(seen.size(), 2u);

  // Nobody probes who is always served.
  east.set_revision(12);
  profile.mutable_endpoints(1)->set_always_serve(true);
  plane_->Send(Changes(12, {east}));
  EXPECT_TRUE(plane_->WaitForStatus(kReplica, "Unmonitored"));

  east.set_revision(13);
  profile.set_disabled(true);
  plane_->Send(Changes(13, {east}));
  ASSERT_TRUE(plane_->WaitForAck(13).has_value());
  const Decoded answer =
      UdpClient(resolver_->dns_port()).Ask(MakeQuery("contoso.webpubsub.azure.com", kTypeA));
  EXPECT_EQ(answer.rcode, static_cast<int>(Rcode::kNxDomain));
}

TEST_F(ResolverContract, SeveralVantagesProbeAndAgree) {
  Settings settings = QuickSettings();
  settings.vantage = "eastus,westeurope,japaneast";
  Restart(settings);
  ServeBoth();
  KillEast();
  EXPECT_TRUE(resolver_->WaitForTarget(kWest));
  EXPECT_TRUE(plane_->WaitForStatus(kPrimary, "Degraded"));
}

TEST_F(ResolverContract, FailsOverAndBack) {
  ServeBoth();
  KillEast();
  EXPECT_TRUE(resolver_->WaitForTarget(kWest));
  EXPECT_TRUE(plane_->WaitForStatus(kPrimary, "Degraded"));
  east_ = std::make_unique<TestInstance>(east_port_);
  EXPECT_TRUE(resolver_->WaitForTarget(kEast));
  EXPECT_TRUE(plane_->WaitForStatus(kPrimary, "Online"));
}

TEST_F(ResolverContract, OnlyStatus200IsHealthy) {
  ServeBoth();
  for (const int status : {204, 301, 503}) {
    east_->SetStatus(status);
    EXPECT_TRUE(resolver_->WaitForTarget(kWest)) << status;
    east_->SetStatus(200);
    EXPECT_TRUE(resolver_->WaitForTarget(kEast)) << status;
  }
}

TEST_F(ResolverContract, WithoutTheControlPlaneItStillFailsOver) {
  ServeBoth();
  plane_.reset();
  KillEast();
  EXPECT_TRUE(resolver_->WaitForTarget(kWest));
  east_ = std::make_unique<TestInstance>(east_port_);
  EXPECT_TRUE(resolver_->WaitForTarget(kEast));
}

TEST_F(ResolverContract, RestartsFromItsLastGoodStateAndRemembersTheDead) {
  ServeBoth();
  plane_.reset();
  KillEast();
  ASSERT_TRUE(resolver_->WaitForTarget(kWest));
  // Probes are far apart now: what it answers is what it remembers.
  Settings slow = QuickSettings();
  slow.probe_interval = absl::Seconds(30);
  slow.tolerated_failures = 9;
  Restart(slow);
  EXPECT_EQ(Target(), kWest);
}

TEST_F(ResolverContract, ResumesWhereItWas) {
  ServeBoth();
  Restart();
  ASSERT_TRUE(plane_->WaitForOpen(2));
  EXPECT_EQ(plane_->opens()[1].resume_revision(), 5u);
  EXPECT_EQ(Target(), kEast);
}

TEST_F(ResolverContract, RefusesWhatItCannotServeAndKeepsTheLastGood) {
  ServeBoth();
  watch::v1::Event bad = East(11);
  bad.mutable_resource()->set_location("atlantis");
  plane_->Send(Changes(11, {bad}));
  const std::optional<watch::v1::Ack> ack = plane_->WaitForAck(11);
  ASSERT_TRUE(ack.has_value());
  ASSERT_EQ(ack->refusals_size(), 1);
  EXPECT_EQ(ack->refusals(0).name(), kPrimary);
  EXPECT_EQ(ack->refusals(0).revision(), 11u);
  EXPECT_EQ(ack->refusals(0).error().reason(), "CONFIG_REGION_UNKNOWN");
  EXPECT_EQ(Target(), kEast);

  watch::v1::Event outside = East(12);
  outside.mutable_resource()->set_host_name("contoso.example.com");
  plane_->Send(Changes(12, {outside}));
  EXPECT_EQ(plane_->WaitForAck(12)->refusals(0).error().reason(), "CONFIG_HOST_NAME_INVALID");

  watch::v1::Event nowhere = East(13);
  nowhere.mutable_resource()->mutable_instance()->mutable_endpoint()->set_host("here");
  plane_->Send(Changes(13, {nowhere}));
  EXPECT_EQ(plane_->WaitForAck(13)->refusals(0).error().reason(), "CONFIG_ADDRESS_INVALID");

  plane_->Send(Changes(14, {East(14)}));
  EXPECT_EQ(plane_->WaitForAck(14)->refusals_size(), 0);
}

TEST_F(ResolverContract, AnOlderRevisionNeverReplacesANewer) {
  ServeBoth();
  plane_->Send(Changes(20, {East(20, false)}));
  ASSERT_TRUE(plane_->WaitForAck(20).has_value());
  ASSERT_EQ(Target(), kWest);
  plane_->Send(Snapshot(21, {East(3, true), West(5)}));
  const std::optional<watch::v1::Ack> ack = plane_->WaitForAck(21);
  ASSERT_TRUE(ack.has_value());
  ASSERT_EQ(ack->refusals_size(), 1);
  EXPECT_EQ(ack->refusals(0).error().reason(), "CONFIG_STALE");
  EXPECT_EQ(Target(), kWest);
  // Another life of the name may start at any revision.
  watch::v1::Event anew = East(4, true);
  anew.mutable_resource()->set_uid("another");
  plane_->Send(Snapshot(22, {anew, West(5)}));
  ASSERT_TRUE(plane_->WaitForAck(22).has_value());
  EXPECT_EQ(Target(), kEast);
}

TEST_F(ResolverContract, DeletedDisabledStoppedAndUnprovisionedAreOut) {
  ServeBoth();
  watch::v1::Event stopped = East(6);
  stopped.mutable_resource()->set_resource_stopped(true);
  watch::v1::Event updating = East(7);
  updating.mutable_resource()->set_provisioning_state(resource::v1::PROVISIONING_STATE_UPDATING);
  for (watch::v1::Event& event : std::vector{East(8, false), stopped, updating}) {
    const uint64_t revision = 30 + event.revision();
    event.set_revision(revision);
    plane_->Send(Changes(revision, {event}));
    if (revision > 36) {
      ASSERT_TRUE(plane_->WaitForAck(revision).has_value());
    }
  }
  EXPECT_TRUE(resolver_->WaitForTarget(kWest));
  watch::v1::Event gone;
  gone.set_name(kReplica);
  gone.set_revision(50);
  gone.set_deleted(true);
  plane_->Send(Changes(50, {gone}));
  ASSERT_TRUE(plane_->WaitForAck(50).has_value());
  const Decoded answer =
      UdpClient(resolver_->dns_port()).Ask(MakeQuery("contoso.webpubsub.azure.com", kTypeA));
  EXPECT_EQ(answer.rcode, 0);
  EXPECT_TRUE(answer.answers.empty()) << "out of service, not absent";
  EXPECT_EQ(UdpClient(resolver_->dns_port()).Ask(MakeQuery(kEast, kTypeA)).answers.size(), 1u);
  EXPECT_EQ(UdpClient(resolver_->dns_port()).Ask(MakeQuery(kWest, kTypeA)).rcode, 3);
}

TEST_F(ResolverContract, ProvisioningAloneTakesNobodyTheLastEndpoint) {
  ServeBoth();
  watch::v1::Event disabled = West(20);
  disabled.mutable_replica()->set_region_endpoint_enabled(false);
  watch::v1::Event updating = East(21);
  updating.mutable_resource()->set_provisioning_state(resource::v1::PROVISIONING_STATE_UPDATING);
  plane_->Send(Changes(21, {disabled, updating}));
  ASSERT_TRUE(plane_->WaitForAck(21).has_value());
  EXPECT_TRUE(resolver_->WaitForTarget(kEast));
  watch::v1::Event lost = East(22);
  lost.mutable_resource()->mutable_instance()->clear_endpoint();
  plane_->Send(Changes(22, {lost}));
  const std::optional<watch::v1::Ack> ack = plane_->WaitForAck(22);
  ASSERT_TRUE(ack.has_value());
  ASSERT_EQ(ack->refusals_size(), 1);
  EXPECT_EQ(ack->refusals(0).error().reason(), "CONFIG_ADDRESS_LOST");
  EXPECT_TRUE(resolver_->WaitForTarget(kEast));
}

TEST_F(ResolverContract, CountsWhatItDoes) {
  ServeBoth();
  Target();
  const std::string metrics = resolver_->MetricsText();
  EXPECT_THAT(metrics, HasSubstr("nonet_dns_queries_total{rcode=\"NOERROR\",transport=\"udp\"}"));
  EXPECT_THAT(metrics, HasSubstr("nonet_dns_probes_total{result=\"success\"}"));
  EXPECT_THAT(metrics, HasSubstr("nonet_dns_revision 5"));
  EXPECT_THAT(metrics, HasSubstr("nonet_dns_verdict_changes_total"));
  EXPECT_THAT(metrics, HasSubstr("nonet_dns_tables_total"));
}

// ---- SteeringService ----

class SteeringContract : public ResolverContract {
 protected:
  void SetUp() override {
    ServeBoth();
    stub_ = steering::v1::SteeringService::NewStub(
        grpc::CreateChannel(resolver_->grpc_address(), grpc::InsecureChannelCredentials()));
    context_.set_deadline(std::chrono::system_clock::now() + std::chrono::seconds(10));
  }

  std::unique_ptr<steering::v1::SteeringService::Stub> stub_;
  grpc::ClientContext context_;
  steering::v1::ResolveRequest request_;
};

TEST_F(SteeringContract, ResolveSaysWhatDnsAnswers) {
  request_.set_name("contoso");
  request_.set_region("westus2");
  steering::v1::ResolveResponse response;
  ASSERT_TRUE(stub_->Resolve(&context_, request_, &response).ok());
  EXPECT_EQ(response.name(), "contoso.webpubsub.azure.com");
  EXPECT_TRUE(response.exists());
  EXPECT_EQ(response.cname(), kWest);
  EXPECT_EQ(response.address(), "127.0.0.1");
  EXPECT_EQ(response.ttl().seconds(), 90);
  EXPECT_EQ(response.revision(), 5u);
}

TEST_F(SteeringContract, ExplainSaysWhy) {
  request_.set_name("contoso.webpubsub.azure.com");
  request_.set_client_subnet("10.15.0.0/24");
  steering::v1::ExplainResponse response;
  ASSERT_TRUE(stub_->Explain(&context_, request_, &response).ok());
  EXPECT_EQ(response.client_region(), "eastus");
  EXPECT_EQ(response.matched_prefix(), "10.15.0.0/16");
  ASSERT_EQ(response.candidates_size(), 2);
  EXPECT_TRUE(response.candidates(0).chosen());
  EXPECT_EQ(response.candidates(0).monitor_status(), "Online");
  EXPECT_GT(response.sentences_size(), 2);
}

TEST_F(SteeringContract, BadQuestionsAreNamed) {
  request_.set_name("contoso");
  request_.set_region("eastuss");
  steering::v1::ResolveResponse response;
  const grpc::Status status = stub_->Resolve(&context_, request_, &response);
  EXPECT_EQ(status.error_code(), grpc::StatusCode::INVALID_ARGUMENT);
  EXPECT_THAT(status.error_message(), HasSubstr("eastuss"));
  grpc::ClientContext second;
  request_.set_client_subnet("10.15.0.1/24");
  EXPECT_EQ(stub_->Resolve(&second, request_, &response).error_code(), grpc::StatusCode::INVALID_ARGUMENT);
}

TEST_F(SteeringContract, ListEndpointsShowsTheMonitorsView) {
  KillEast();
  ASSERT_TRUE(plane_->WaitForStatus(kPrimary, "Degraded"));
  steering::v1::ListEndpointsRequest request;
  request.set_resource(kPrimary);
  steering::v1::ListEndpointsResponse response;
  ASSERT_TRUE(stub_->ListEndpoints(&context_, request, &response).ok());
  ASSERT_EQ(response.endpoints_size(), 2);
  EXPECT_EQ(response.endpoints(0).monitor_status(), "Degraded");
  EXPECT_GE(response.endpoints(0).consecutive_failures(), 2u);
  EXPECT_THAT(response.endpoints(0).last_probe(), HasSubstr("refused"));
  EXPECT_GT(response.endpoints(0).last_change_time().seconds(), 0);
  EXPECT_THAT(response.endpoints(1).last_probe(), HasSubstr("200 in"));
  EXPECT_EQ(response.probe_interval().nanos(), 100'000'000);
  EXPECT_EQ(response.tolerated_failures(), 1u);
  grpc::ClientContext second;
  request.set_resource("resources/fabrikam");
  EXPECT_EQ(stub_->ListEndpoints(&second, request, &response).error_code(), grpc::StatusCode::NOT_FOUND);
}

TEST_F(SteeringContract, WatchEventsTellsTheStorySoFarAndOn) {
  const auto reader = stub_->WatchEvents(&context_, steering::v1::WatchEventsRequest());
  steering::v1::SteeringEvent event;
  bool table = false, online = false, degraded = false;
  while (!(table && online) && reader->Read(&event)) {
    table |= event.has_table() && event.table().cause() == "configuration" && event.table().revision() == 5;
    online |= event.has_verdict() && event.verdict().to() == "Online";
  }
  EXPECT_TRUE(table && online);
  KillEast();
  bool failed_probe = false, health_table = false;
  while (!health_table && reader->Read(&event)) {
    failed_probe |= event.has_probe() && !event.probe().success() && event.probe().name() == kPrimary;
    degraded |=
        event.has_verdict() && event.verdict().from() == "Online" && event.verdict().to() == "Degraded";
    health_table |= degraded && event.has_table() && event.table().cause() == "health";
  }
  EXPECT_TRUE(failed_probe && degraded && health_table);
  context_.TryCancel();
}

// A watcher that does not read: cut off, and told so; the feed never waits for it.
TEST(SteeringService, CutsOffAWatcherThatDoesNotRead) {
  EventFeed feed;
  StatusBoard board;
  const HistoryStore history("");
  SteeringService service(board, history, feed, {});
  const auto server = *rpc::Server::Start({}, {service.grpc()});
  const auto stub = steering::v1::SteeringService::NewStub(
      grpc::CreateChannel(server->address(), grpc::InsecureChannelCredentials()));
  grpc::ClientContext context;
  context.set_deadline(std::chrono::system_clock::now() + std::chrono::seconds(30));
  const auto reader = stub->WatchEvents(&context, steering::v1::WatchEventsRequest());
  steering::v1::SteeringEvent event;
  event.mutable_probe()->set_detail(std::string(10'000, 'x'));
  feed.Add(event);
  ASSERT_TRUE(reader->Read(&event)) << "attached";
  // Far more than the queue and all the buffers on the way hold.
  for (int i = 0; i < 10'000; ++i) feed.Add(event);
  int received = 1;
  while (reader->Read(&event)) ++received;
  const grpc::Status status = reader->Finish();
  EXPECT_EQ(status.error_code(), grpc::StatusCode::RESOURCE_EXHAUSTED) << status.error_message();
  EXPECT_THAT(status.error_message(), HasSubstr("events waited"));
  EXPECT_LT(received, 10'000);
  feed.Close();
}

TEST(SteeringService, ClosingTheFeedEndsWatchersPlainly) {
  EventFeed feed;
  StatusBoard board;
  const HistoryStore history("");
  SteeringService service(board, history, feed, {});
  const auto server = *rpc::Server::Start({}, {service.grpc()});
  const auto stub = steering::v1::SteeringService::NewStub(
      grpc::CreateChannel(server->address(), grpc::InsecureChannelCredentials()));
  grpc::ClientContext context;
  context.set_deadline(std::chrono::system_clock::now() + std::chrono::seconds(30));
  feed.Add(steering::v1::SteeringEvent());
  const auto reader = stub->WatchEvents(&context, steering::v1::WatchEventsRequest());
  steering::v1::SteeringEvent event;
  ASSERT_TRUE(reader->Read(&event));
  feed.Close();
  EXPECT_FALSE(reader->Read(&event));
  EXPECT_EQ(reader->Finish().error_code(), grpc::StatusCode::UNAVAILABLE);
}

}  // namespace
}  // namespace nonet::dns
