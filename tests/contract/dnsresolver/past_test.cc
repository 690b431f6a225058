// The steering service about the past and about what might be, over a real port.
#include <gmock/gmock.h>
#include <grpcpp/grpcpp.h>
#include <gtest/gtest.h>

#include <memory>

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

class PastContract : public testing::Test {
 protected:
  PastContract() {
    Restart();
    plane_.Send(Snapshot(
        5, {ResourceEvent(3, {.region = "eastus", .address = "127.0.0.1", .http_port = east_.port()}),
            ReplicaEvent(5, {.region = "westus", .address = "127.0.0.1", .http_port = west_.port()})}));
    EXPECT_TRUE(plane_.WaitForStatus(kPrimary, "Online"));
    EXPECT_TRUE(plane_.WaitForStatus(kReplica, "Online"));
  }

  void Restart() {
    stub_.reset();
    resolver_.reset();
    resolver_ = std::make_unique<TestResolver>(dir_.path(), plane_.address());
    stub_ = steering::v1::SteeringService::NewStub(
        grpc::CreateChannel(resolver_->grpc_address(), grpc::InsecureChannelCredentials()));
  }
  template <typename Request, typename Response>
  Response Call(grpc::Status (steering::v1::SteeringService::Stub::*method)(grpc::ClientContext*,
                                                                            const Request&, Response*),
                const Request& request) {
    grpc::ClientContext context;
    context.set_deadline(std::chrono::system_clock::now() + std::chrono::seconds(10));
    Response response;
    const grpc::Status status = (stub_.get()->*method)(&context, request, &response);
    EXPECT_TRUE(status.ok()) << status.error_message();
    return response;
  }
  steering::v1::ExplainResponse Explain(const steering::v1::ResolveRequest& request) {
    return Call(&steering::v1::SteeringService::Stub::Explain, request);
  }
  static steering::v1::ResolveRequest Question() {
    steering::v1::ResolveRequest request;
    request.set_name("contoso");
    request.set_region("eastus");
    return request;
  }
  steering::v1::ListTablesResponse Tables() {
    return Call(&steering::v1::SteeringService::Stub::ListTables, steering::v1::ListTablesRequest());
  }

  TempDir dir_;
  FakeControlPlane plane_;
  TestInstance east_, west_;
  std::unique_ptr<TestResolver> resolver_;
  std::unique_ptr<steering::v1::SteeringService::Stub> stub_;
};

TEST_F(PastContract, WhatWasAnsweredIsKnownAfterFailoverAndRestart) {
  const uint64_t healthy = Explain(Question()).table();
  ASSERT_GT(healthy, 0u);
  east_.SetStatus(503);
  ASSERT_TRUE(resolver_->WaitForTarget(kWest));
  const steering::v1::ExplainResponse now = Explain(Question());
  EXPECT_EQ(now.answer().cname(), kWest);
  EXPECT_GT(now.table(), healthy);
  Restart();
  ASSERT_TRUE(resolver_->WaitForTarget(kWest));
  steering::v1::ResolveRequest then = Question();
  then.set_table(healthy);
  const steering::v1::ExplainResponse past = Explain(then);
  EXPECT_EQ(past.answer().cname(), kEast);
  EXPECT_EQ(past.table(), healthy);
  EXPECT_THAT(past.sentences(0), HasSubstr("was in force from"));
  then.clear_table();
  *then.mutable_at() = past.table_since();
  EXPECT_EQ(Explain(then).table(), healthy);
  EXPECT_GT(Explain(Question()).table(), now.table());
}

TEST_F(PastContract, TablesAreListedWithTheirVerdictsAndCompared) {
  const uint64_t healthy = Explain(Question()).table();
  east_.SetStatus(503);
  ASSERT_TRUE(resolver_->WaitForTarget(kWest));
  const steering::v1::ListTablesResponse tables = Tables();
  ASSERT_GT(tables.tables_size(), 1);
  const steering::v1::PastTable& last = tables.tables(tables.tables_size() - 1);
  EXPECT_EQ(last.cause(), "health");
  ASSERT_EQ(last.verdicts_size(), 1);
  EXPECT_EQ(last.verdicts(0).name(), kPrimary);
  EXPECT_EQ(last.verdicts(0).from(), "Online");
  EXPECT_EQ(last.verdicts(0).to(), "Degraded");
  EXPECT_THAT(last.verdicts(0).detail(), HasSubstr("503"));

  steering::v1::DiffTablesRequest diff;
  diff.mutable_a()->set_number(healthy);
  diff.mutable_b()->set_now(true);
  const auto changes = Call(&steering::v1::SteeringService::Stub::DiffTables, diff);
  ASSERT_EQ(changes.changes_size(), 1);
  EXPECT_EQ(changes.changes(0).from(), kEast);
  EXPECT_EQ(changes.changes(0).to(), kWest);
  EXPECT_THAT(changes.changes(0).regions(), testing::Contains("eastus"));
  EXPECT_THAT(changes.changes(0).prefixes(), testing::Contains("10.15.0.0/16"));
}

TEST_F(PastContract, SupposesHealthTtlAndRoundTripsWithoutChangingAnything) {
  steering::v1::ResolveRequest request = Question();
  request.mutable_ttl()->set_seconds(30);
  steering::v1::SupposedHealth& health = *request.add_health();
  health.set_subject("eastus");
  health.set_status("down");
  const steering::v1::ExplainResponse down = Explain(request);
  EXPECT_EQ(down.answer().cname(), kWest);
  EXPECT_EQ(down.answer().ttl().seconds(), 30);
  EXPECT_TRUE(down.hypothetical());
  EXPECT_EQ(down.sentences(0), "Suppose that eastus is down and the TTL is 30 s.");
  EXPECT_EQ(resolver_->Target(), kEast);

  request = Question();
  request.set_region("centralus");
  for (const char* region : {"centralus", "eastus", "westus"})
    request.mutable_round_trips()->add_regions(region);
  for (const uint32_t ms : {0, 500, 1, 0, 0, 0, 0, 0, 0}) request.mutable_round_trips()->add_ms(ms);
  EXPECT_EQ(Explain(request).answer().cname(), kWest);
}

TEST_F(PastContract, KnowsWhichCacheWasToldWhatAndWhatItWillBeTold) {
  EXPECT_EQ(Explain(Question()).caches_size(), 0);
  ASSERT_EQ(resolver_->Target("127.143.0.1"), kEast);
  steering::v1::ResolveRequest request = Question();
  steering::v1::SupposedHealth& health = *request.add_health();
  health.set_subject("eastus");
  health.set_status("down");
  const steering::v1::ExplainResponse response = Explain(request);
  ASSERT_EQ(response.caches_size(), 1);
  const steering::v1::KnownCache& cache = response.caches(0);
  EXPECT_EQ(cache.resolver(), "127.143.0.1");
  EXPECT_EQ(cache.client_prefix(), "");
  EXPECT_EQ(cache.cname(), kEast);
  EXPECT_EQ(cache.next_cname(), kWest);
  EXPECT_EQ(cache.expires().seconds() - cache.answered().seconds(), 90);
}

}  // namespace
}  // namespace nonet::dns
