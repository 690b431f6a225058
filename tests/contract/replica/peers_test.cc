// Instances of one resource over real peer streams, and a peer that breaks the rules.
#include <gmock/gmock.h>
#include <grpcpp/grpcpp.h>
#include <gtest/gtest.h>

#include <memory>
#include <string>

#include "nonet/peer/v1/peer.grpc.pb.h"
#include "tests/contract/replica/rig.h"

namespace nonet::replica {
namespace {

using ::testing::HasSubstr;

WsClient::Options Member(std::string group) {
  WsClient::Options options;
  options.claims += absl::StrCat(R"(,"webpubsub.group":[")", group, "\"]");
  return options;
}

void SendText(WsClient& client, absl::string_view group, absl::string_view text) {
  client.Send(absl::StrCat(R"({"type":"sendToGroup","group":")", group,
                           R"(","noEcho":true,"dataType":"text","data":")", text, "\"}"));
}

TEST(Peers, CarryMessagesInOrder) {
  Instance a(0), b(1), c(2);
  a.Apply(a.Config({&b, &c}));
  b.Apply(b.Config({&a, &c}));
  c.Apply(c.Config({&a, &b}));
  ASSERT_TRUE(a.WaitServing() && b.WaitServing() && c.WaitServing());
  WsClient from(a, Member("g")), to_b(b, Member("g")), to_c(c, Member("g"));
  from.Next(), to_b.Next(), to_c.Next();
  for (int i = 0; i < 300; ++i) SendText(from, "g", absl::StrCat("m", i));
  for (int i = 0; i < 300; ++i) {
    const std::string expected = absl::StrCat("\"data\":\"m", i, "\"");
    ASSERT_THAT(to_b.Next(), HasSubstr(expected));
    ASSERT_THAT(to_c.Next(), HasSubstr(expected));
  }
}

TEST(Peers, AJoinIsHeededOnceItIsAcknowledged) {
  Instance a(0), b(1);
  a.Apply(a.Config({&b}));
  b.Apply(b.Config({&a}));
  ASSERT_TRUE(a.WaitServing() && b.WaitServing());
  WsClient from(a), to(b);
  from.Next(), to.Next();
  for (int i = 0; i < 50; ++i) {  // Each time in a group that nobody was in before.
    to.Send(absl::StrCat(R"({"type":"joinGroup","group":"g)", i, R"(","ackId":)", i + 1, "}"));
    ASSERT_THAT(to.Next(), HasSubstr("\"success\":true"));
    SendText(from, absl::StrCat("g", i), absl::StrCat("hello", i));
    ASSERT_THAT(to.Next(), HasSubstr(absl::StrCat("hello", i)));
  }
}

TEST(Peers, ServeAloneWhenAPeerIsMissing) {
  Instance a(0);
  InstanceConfig config = a.Config();
  config.peers.push_back({InstanceName(1), "127.0.0.1:1", "00000000000000ff", "00000001"});
  a.Apply(config);
  EXPECT_TRUE(a.WaitServing());  // After a second.
  WsClient client(a);
  EXPECT_THAT(client.Next(), HasSubstr("connected"));
}

TEST(Peers, LinkAgainWithANewLife) {
  Instance a(0);
  auto b = std::make_unique<Instance>(1, 1);
  a.Apply(a.Config({b.get()}));
  b->Apply(b->Config({&a}));
  ASSERT_TRUE(a.WaitServing() && b->WaitServing());
  b = std::make_unique<Instance>(1, 2);
  b->Apply(b->Config({&a}));
  a.Apply(a.Config({b.get()}));
  ASSERT_TRUE(b->WaitServing());
  WsClient from(a, Member("g")), to(*b, Member("g"));
  from.Next(), to.Next();
  SendText(from, "g", "to the new life");
  EXPECT_THAT(to.Next(), HasSubstr("to the new life"));
  SendText(to, "g", "and back");
  EXPECT_THAT(from.Next(), HasSubstr("and back"));
  // The crash of a life is listed.
  EXPECT_EQ(a.loop().Call([&] { return a.server().gaps().listed().size(); }), 1u);
}

// ---- A peer that breaks the rules ----

class BadPeer : public ::testing::Test {
 protected:
  BadPeer() : a_(0) {
    InstanceConfig config = a_.Config();
    config.peers.push_back({InstanceName(1), "", "", "00000001"});
    a_.Apply(config);
    stub_ = peer::v1::PeerSync::NewStub(
        grpc::CreateChannel(absl::StrCat("127.0.0.1:", a_.peer_port()), grpc::InsecureChannelCredentials()));
    context_.set_deadline(gpr_time_add(gpr_now(GPR_CLOCK_REALTIME), gpr_time_from_seconds(10, GPR_TIMESPAN)));
    stream_ = stub_->Sync(&context_);
  }
  void Hello(std::string resource = "resources/contoso", std::string origin = InstanceName(1)) {
    peer::v1::SyncRequest request;
    request.mutable_hello()->set_resource(resource);
    request.mutable_hello()->set_origin(origin);
    request.mutable_hello()->set_epoch("00000000000000b1");
    stream_->Write(request);
  }
  // How the instance ends the stream.
  grpc::Status End() {
    peer::v1::SyncResponse response;
    while (stream_->Read(&response)) {
    }
    return stream_->Finish();
  }

  Instance a_;
  std::unique_ptr<peer::v1::PeerSync::Stub> stub_;
  grpc::ClientContext context_;
  std::unique_ptr<grpc::ClientReaderWriter<peer::v1::SyncRequest, peer::v1::SyncResponse>> stream_;
};

TEST_F(BadPeer, MustSayHelloFirst) {
  peer::v1::SyncRequest request;
  request.mutable_interest_ack()->set_number(1);
  stream_->Write(request);
  EXPECT_EQ(End().error_code(), grpc::StatusCode::INVALID_ARGUMENT);
}

TEST_F(BadPeer, MustServeTheSameResource) {
  Hello("resources/fabrikam");
  EXPECT_EQ(End().error_code(), grpc::StatusCode::FAILED_PRECONDITION);
}

TEST_F(BadPeer, MustBeKnown) {
  Hello("resources/contoso", "resources/contoso/replicas/stranger");
  EXPECT_EQ(End().error_code(), grpc::StatusCode::UNAVAILABLE);
}

TEST_F(BadPeer, MustSayHelloInTime) { EXPECT_EQ(End().error_code(), grpc::StatusCode::DEADLINE_EXCEEDED); }

TEST_F(BadPeer, MustNotSendNonsense) {
  Hello();
  peer::v1::SyncRequest request;
  request.mutable_batch()->add_messages()->set_sequence(1);
  stream_->Write(request);
  const grpc::Status status = End();
  EXPECT_EQ(status.error_code(), grpc::StatusCode::INVALID_ARGUMENT);
  EXPECT_THAT(status.error_message(), HasSubstr("invalid"));
}

TEST_F(BadPeer, AnEmptyRequestIsRefused) {
  Hello();
  stream_->Write(peer::v1::SyncRequest());
  EXPECT_EQ(End().error_code(), grpc::StatusCode::INVALID_ARGUMENT);
}

TEST_F(BadPeer, OneThatNeverAcknowledgesDelaysAJoinAtMostTwoSecondsAndIsDropped) {
  Hello();
  peer::v1::SyncResponse response;
  ASSERT_TRUE(stream_->Read(&response));
  EXPECT_TRUE(response.has_welcome());
  ASSERT_TRUE(stream_->Read(&response));
  EXPECT_TRUE(response.interest().snapshot());
  const int64_t start = RealClock().SteadyNs();
  WsClient client(a_);
  EXPECT_THAT(client.Next(), HasSubstr("connected"));
  EXPECT_LT(RealClock().SteadyNs() - start, 3 * kNanosPerSecond);
  EXPECT_EQ(End().error_code(), grpc::StatusCode::DEADLINE_EXCEEDED);
  // Nobody waits for it any more.
  const int64_t again = RealClock().SteadyNs();
  WsClient other(a_);
  EXPECT_THAT(other.Next(), HasSubstr("connected"));
  EXPECT_LT(RealClock().SteadyNs() - again, kNanosPerSecond);
}

}  // namespace
}  // namespace nonet::replica
