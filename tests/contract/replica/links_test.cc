// Emulated links between real sockets: the agent, cuts of peers and of clients, delays.
#include <gmock/gmock.h>
#include <grpcpp/grpcpp.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <chrono>
#include <memory>
#include <string>
#include <thread>

#include "common/base/error.h"
#include "common/rpc/channel.h"
#include "common/rpc/status.h"
#include "nonet/fault/v1/link.grpc.pb.h"
#include "tests/contract/replica/rig.h"

namespace nonet::replica {
namespace {

using ::testing::HasSubstr;

// The supervisor's end of an instance's agent.
class Agent {
 public:
  explicit Agent(Instance& instance)
      : stub_(fault::v1::FaultAgent::NewStub(
            rpc::MakeChannel(absl::StrCat("127.0.0.1:", instance.grpc_port())))) {}
  absl::StatusOr<fault::v1::LinkState> Set(const fault::v1::LinkPlan& plan) {
    grpc::ClientContext context;
    context.set_deadline(std::chrono::system_clock::now() + std::chrono::seconds(5));
    fault::v1::LinkState state;
    const absl::Status status = rpc::FromGrpc(stub_->SetLinks(&context, plan, &state));
    if (!status.ok()) return status;
    return state;
  }
  fault::v1::LinkState Get() {
    grpc::ClientContext context;
    context.set_deadline(std::chrono::system_clock::now() + std::chrono::seconds(5));
    fault::v1::LinkState state;
    EXPECT_TRUE(stub_->GetLinks(&context, {}, &state).ok());
    return state;
  }

 private:
  std::unique_ptr<fault::v1::FaultAgent::Stub> stub_;
};

fault::v1::LinkPlan Plan(uint64_t number) {
  fault::v1::LinkPlan plan;
  plan.set_number(number);
  plan.set_wan(fault::v1::WAN_OFF);
  return plan;
}

fault::v1::LinkFault& Add(fault::v1::LinkPlan& plan, fault::v1::LinkFaultKind kind, uint64_t amount = 0) {
  fault::v1::LinkFault& fault = *plan.add_faults();
  fault.set_kind(kind);
  fault.mutable_a()->set_instance(InstanceName(0));
  fault.mutable_b()->set_instance(InstanceName(1));
  fault.set_amount(amount);
  return fault;
}

WsClient::Options Member() {
  WsClient::Options options;
  options.claims += R"(,"webpubsub.group":["g"])";
  return options;
}

void SendText(WsClient& client, absl::string_view text) {
  client.Send(absl::StrCat(R"({"type":"sendToGroup","group":"g","noEcho":true,"dataType":"text","data":")",
                           text, "\"}"));
}

double MillisecondsOf(const std::function<void()>& step) {
  const int64_t start = RealClock().SteadyNs();
  step();
  return static_cast<double>(RealClock().SteadyNs() - start) / kNanosPerMilli;
}

// Of this thread: the agent answers from the instance's own loop.
template <typename Condition>
bool Eventually(Condition condition) {
  for (const int64_t end = RealClock().SteadyNs() + 5 * kNanosPerSecond; RealClock().SteadyNs() < end;) {
    if (condition()) return true;
  }
  return false;
}

class Links : public ::testing::Test {
 protected:
  Links() : to_a_(a_), to_b_(b_) {
    a_.Apply(a_.Config({&b_}));
    b_.Apply(b_.Config({&a_}));
    EXPECT_TRUE(a_.WaitServing() && b_.WaitServing());
  }
  void SetBoth(const fault::v1::LinkPlan& plan) {
    for (Agent* agent : {&to_a_, &to_b_}) {
      const auto state = agent->Set(plan);
      ASSERT_TRUE(state.ok()) << state.status();
      EXPECT_EQ(state->number(), plan.number());
    }
  }
  Instance a_{0}, b_{1};
  Agent to_a_, to_b_;
};

TEST_F(Links, ThePlanWithTheHigherNumberStays) {
  SetBoth(Plan(5));
  const auto late = to_a_.Set(Plan(4));
  ASSERT_TRUE(late.ok());
  EXPECT_EQ(late->number(), 5u);
  EXPECT_EQ(to_a_.Get().number(), 5u);
}

TEST_F(Links, ABadPlanIsRefusedAndChangesNothing) {
  SetBoth(Plan(5));
  fault::v1::LinkPlan unknown_kind = Plan(6);
  Add(unknown_kind, static_cast<fault::v1::LinkFaultKind>(77));
  fault::v1::LinkPlan no_side = Plan(6);
  Add(no_side, fault::v1::LINK_FAULT_KIND_PARTITION).clear_a();
  fault::v1::LinkPlan no_region = Plan(6);
  Add(no_region, fault::v1::LINK_FAULT_KIND_PARTITION).mutable_a()->set_region("atlantis");
  fault::v1::LinkPlan too_lossy = Plan(6);
  Add(too_lossy, fault::v1::LINK_FAULT_KIND_LOSS, kPartsPerMillion + 1);
  fault::v1::LinkPlan too_many = Plan(6);
  for (size_t i = 0; i <= kLinkFaultsMax; ++i) Add(too_many, fault::v1::LINK_FAULT_KIND_PARTITION);
  for (const auto& plan : {unknown_kind, no_side, no_region, too_lossy, too_many}) {
    const auto refused = to_a_.Set(plan);
    EXPECT_EQ(ErrorReason(refused.status()), "BAD_LINK_PLAN") << plan.ShortDebugString().substr(0, 200);
  }
  EXPECT_EQ(to_a_.Get().number(), 5u);
}

TEST_F(Links, WhatIsSentIntoACutArrivesAfterIt) {
  WsClient from(a_, Member()), to(b_, Member());
  from.Next(), to.Next();
  fault::v1::LinkPlan cut = Plan(1);
  Add(cut, fault::v1::LINK_FAULT_KIND_PARTITION);
  SetBoth(cut);
  for (int i = 0; i < 20; ++i) SendText(from, absl::StrCat("m", i));
  SendText(to, "back");
  // The batch waits at the receiver's end of the link, whole.
  EXPECT_TRUE(Eventually([&] { return to_b_.Get().waiting() > 0; }));
  SetBoth(Plan(2));
  for (int i = 0; i < 20; ++i) ASSERT_THAT(to.Next(), HasSubstr(absl::StrCat("\"data\":\"m", i, "\"")));
  EXPECT_THAT(from.Next(), HasSubstr("back"));
  EXPECT_TRUE(Eventually([&] { return to_b_.Get().waiting() == 0; }));
  EXPECT_EQ(to_b_.Get().waiting_bytes(), 0u);
}

TEST_F(Links, AOneWayCutLeavesTheOtherWay) {
  WsClient from(a_, Member()), to(b_, Member());
  from.Next(), to.Next();
  fault::v1::LinkPlan cut = Plan(1);
  Add(cut, fault::v1::LINK_FAULT_KIND_PARTITION).set_one_way(true);  // From 0 to 1.
  SetBoth(cut);
  SendText(from, "held");
  EXPECT_TRUE(Eventually([&] { return to_b_.Get().waiting() > 0; }));
  SendText(to, "back");
  EXPECT_THAT(from.Next(), HasSubstr("back"));
  SetBoth(Plan(2));
  EXPECT_THAT(to.Next(), HasSubstr("held"));
}

TEST_F(Links, LatencyIsHalfOfTheRoundTripEachWay) {
  WsClient from(a_, Member()), to(b_, Member());
  from.Next(), to.Next();
  fault::v1::LinkPlan slow = Plan(1);
  Add(slow, fault::v1::LINK_FAULT_KIND_LATENCY, 200 * kNanosPerMilli);
  SetBoth(slow);
  const double ms = MillisecondsOf([&] {
    SendText(from, "slow");
    EXPECT_THAT(to.Next(), HasSubstr("slow"));
  });
  EXPECT_GE(ms, 100.0);
  EXPECT_LT(ms, 190.0);  // A whole round trip would be 200.
  // Fifty at once are not fifty delays.
  const double burst = MillisecondsOf([&] {
    for (int i = 0; i < 50; ++i) SendText(from, absl::StrCat("m", i));
    for (int i = 0; i < 50; ++i) ASSERT_THAT(to.Next(), HasSubstr(absl::StrCat("\"data\":\"m", i, "\"")));
  });
  EXPECT_LT(burst, 190.0);
}

TEST_F(Links, EveryBatchTwiceIsDeliveredOnce) {
  WsClient from(a_, Member()), to(b_, Member());
  from.Next(), to.Next();
  fault::v1::LinkPlan twice = Plan(1);
  Add(twice, fault::v1::LINK_FAULT_KIND_DUPLICATE, kPartsPerMillion);
  SetBoth(twice);
  for (int i = 0; i < 50; ++i) {
    SendText(from, absl::StrCat("m", i));
    ASSERT_THAT(to.Next(), HasSubstr(absl::StrCat("\"data\":\"m", i, "\"")));
  }
  EXPECT_GE(to_b_.Get().duplicated(), 50u);
}

TEST_F(Links, AClientThatIsCutOffIsNeitherHeardNorAnswered) {
  WsClient client(a_, Member());
  client.Next();
  fault::v1::LinkPlan cut = Plan(1);
  fault::v1::LinkFault& fault = Add(cut, fault::v1::LINK_FAULT_KIND_PARTITION);
  fault.mutable_a()->set_clients(true);
  fault.mutable_b()->set_instance(InstanceName(0));
  SetBoth(cut);
  client.Send(R"({"type":"ping"})");
  EXPECT_TRUE(Eventually([&] { return to_a_.Get().waiting() == 1; }));
  // New ones connect, as with a network that drops everything behind the handshake of TCP, and hear nothing.
  RawSocket late(a_.http_port());
  late.Send("GET /api/health HTTP/1.1\r\nHost: x\r\n\r\n");
  EXPECT_TRUE(Eventually([&] { return to_a_.Get().waiting() == 2; }));
  WsClient elsewhere(b_, Member());
  EXPECT_THAT(elsewhere.Next(), HasSubstr("connected")) << "other instances are as they were";
  SetBoth(Plan(2));
  EXPECT_THAT(client.Next(), HasSubstr("pong"));
  EXPECT_THAT(late.ReceiveUntil("\r\n"), HasSubstr("200"));
}

TEST_F(Links, ANarrowLinkStopsReadingAtItsBoundAndRunsFreeOnceItIsWide) {
  WsClient client(a_, Member()), member(b_, Member());
  client.Next(), member.Next();
  fault::v1::LinkPlan narrow = Plan(1);
  Add(narrow, fault::v1::LINK_FAULT_KIND_BANDWIDTH, 1'000).mutable_a()->set_clients(true);
  narrow.mutable_faults(0)->mutable_b()->set_instance(InstanceName(0));
  SetBoth(narrow);
  constexpr int kSent = 300;
  std::thread writer([&] {  // It blocks once the kernel's buffers are full as well.
    for (int i = 0; i < kSent; ++i) SendText(client, std::string(40'000, 'x'));
  });
  EXPECT_TRUE(Eventually([&] { return to_a_.Get().waiting_bytes() >= kLinkHeldBytesMin / 2; }));
  uint64_t most = 0;
  for (int i = 0; i < 100; ++i) most = std::max<uint64_t>(most, to_a_.Get().waiting_bytes());
  EXPECT_LE(most, kLinkHeldBytesMin + 2 * 1024 * 1024) << "the bound, and a turn's reads";
  SetBoth(Plan(2));
  for (int i = 0; i < kSent; ++i) ASSERT_THAT(member.Next(), HasSubstr("xxx"));
  writer.join();
}

TEST_F(Links, WhoIsClosedBehindACutHearsItAfterwards) {
  WsClient::Options quick;
  quick.hub = "quick";  // Its keep-alive is a second.
  quick.claims = "";
  auto client = std::make_unique<WsClient>(a_, quick);
  client->Next();
  fault::v1::LinkPlan cut = Plan(1);
  Add(cut, fault::v1::LINK_FAULT_KIND_PARTITION).mutable_a()->set_clients(true);
  cut.mutable_faults(0)->mutable_b()->set_instance(InstanceName(0));
  SetBoth(cut);
  EXPECT_TRUE(a_.WaitConnections(0)) << "it answers no ping any more";
  EXPECT_GT(to_a_.Get().waiting(), 0u);
  SetBoth(Plan(2));
  std::string last;
  for (std::string next = client->Next(); !next.empty(); next = client->Next()) last = next;
  EXPECT_EQ(last, "close 1008");
}

TEST(LinksAtStart, AnInstanceThatStartsCutStaysCut) {
  LinkPlan plan;
  plan.number = 3;
  plan.faults = {{.kind = LinkFaultKind::kPartition,
                  .a = {LinkSide::Kind::kInstance, InstanceName(0)},
                  .b = {LinkSide::Kind::kInstance, InstanceName(1)}}};
  const Instance::Adjust cut = [&](InstanceServer::Options& options) { options.links = plan; };
  Instance a(0, 1, cut), b(1, 1, cut);
  a.Apply(a.Config({&b}));
  b.Apply(b.Config({&a}));
  ASSERT_TRUE(a.WaitServing() && b.WaitServing());  // Alone, after a second.
  WsClient from(a, Member()), to(b, Member());
  from.Next(), to.Next();
  SendText(from, "before");  // Neither knows the other's members.
  Agent to_a(a), to_b(b);
  ASSERT_TRUE(to_a.Set(Plan(4)).ok());
  ASSERT_TRUE(to_b.Set(Plan(4)).ok());
  // Linked again, and the interest told: within two seconds of the heal.
  const int64_t start = RealClock().SteadyNs();
  std::string joined;
  while (joined.find("after") == std::string::npos && RealClock().SteadyNs() - start < 5 * kNanosPerSecond) {
    SendText(from, "after");
    to.Send(R"({"type":"ping"})");  // So that there is something to wait for.
    joined = to.Next();
  }
  EXPECT_THAT(joined, HasSubstr("after"));
  EXPECT_LT(RealClock().SteadyNs() - start, 2 * kNanosPerSecond);
}

}  // namespace
}  // namespace nonet::replica
