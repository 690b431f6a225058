// Peers with certificates: who is let in, and who is not.
#include <gmock/gmock.h>
#include <grpcpp/grpcpp.h>
#include <gtest/gtest.h>

#include <chrono>
#include <filesystem>
#include <fstream>
#include <memory>
#include <string>

#include "common/base/error.h"
#include "common/rpc/channel.h"
#include "common/rpc/status.h"
#include "nonet/fault/v1/link.grpc.pb.h"
#include "nonet/peer/v1/peer.grpc.pb.h"
#include "tests/contract/replica/certificates.h"
#include "tests/contract/replica/rig.h"

namespace nonet::replica {
namespace {

using nonet::testing::TestAuthority;
using ::testing::HasSubstr;
using Identity = std::shared_ptr<const rpc::TlsIdentity>;

constexpr char kEpoch[] = "00000000000000b1";

Instance::Adjust With(Identity identity) {
  return [identity = std::move(identity)](InstanceServer::Options& options) { options.peer_tls = identity; };
}

// A stream dialled by hand to instance 0.
class Dialled {
 public:
  Dialled(Instance& to, Identity identity) {
    stub_ = peer::v1::PeerSync::NewStub(
        rpc::MakeChannel(absl::StrCat("127.0.0.1:", to.peer_port()),
                         {.tls = std::move(identity), .server_uri = rpc::UriOf(InstanceName(0))}));
    context_.set_deadline(std::chrono::system_clock::now() + std::chrono::seconds(8));
    stream_ = stub_->Sync(&context_);
  }
  void Hello(const std::string& origin, const std::string& epoch = kEpoch) {
    peer::v1::SyncRequest request;
    request.mutable_hello()->set_resource("resources/contoso");
    request.mutable_hello()->set_origin(origin);
    request.mutable_hello()->set_epoch(epoch);
    stream_->Write(request);
  }
  bool Welcomed() {
    peer::v1::SyncResponse response;
    return stream_->Read(&response) && response.has_welcome();
  }
  absl::Status End() {
    peer::v1::SyncResponse response;
    while (stream_->Read(&response)) {
    }
    return rpc::FromGrpc(stream_->Finish());
  }

 private:
  std::unique_ptr<peer::v1::PeerSync::Stub> stub_;
  grpc::ClientContext context_;
  std::unique_ptr<grpc::ClientReaderWriter<peer::v1::SyncRequest, peer::v1::SyncResponse>> stream_;
};

class PeerTls : public ::testing::Test {
 protected:
  Identity Of(const std::string& object, const std::string& cluster = "contoso") const {
    return authority_.Issue(rpc::UriOf(object), cluster);
  }
  // Instance 0, which knows instance 1 and cannot reach it.
  std::unique_ptr<Instance> Acceptor() const {
    auto a = std::make_unique<Instance>(0, 1, With(Of(InstanceName(0))));
    InstanceConfig config = a->Config();
    config.peers.push_back({InstanceName(1), "127.0.0.1:1", kEpoch, "00000001"});
    config.peers.push_back({InstanceName(2), "127.0.0.1:1", kEpoch, "00000002"});
    a->Apply(config);
    return a;
  }
  const TestAuthority authority_;
};

TEST_F(PeerTls, PeersOfOneClusterLinkAndDeliver) {
  Instance a(0, 1, With(Of(InstanceName(0)))), b(1, 1, With(Of(InstanceName(1))));
  a.Apply(a.Config({&b}));
  b.Apply(b.Config({&a}));
  ASSERT_TRUE(a.WaitServing() && b.WaitServing());
  WsClient::Options member;
  member.claims += R"(,"webpubsub.group":["g"])";
  WsClient from(a, member), to(b, member);
  from.Next(), to.Next();
  from.Send(R"({"type":"sendToGroup","group":"g","noEcho":true,"dataType":"text","data":"sealed"})");
  EXPECT_THAT(to.Next(), HasSubstr("sealed"));
}

TEST_F(PeerTls, ThePeerThatACertificateNamesIsWelcomed) {
  const auto a = Acceptor();
  Dialled peer(*a, Of(InstanceName(1)));
  peer.Hello(InstanceName(1));
  EXPECT_TRUE(peer.Welcomed());
}

TEST_F(PeerTls, AStrangerWithoutACertificateIsNotHeard) {
  const auto a = Acceptor();
  Dialled stranger(*a, nullptr);
  stranger.Hello(InstanceName(1));
  EXPECT_TRUE(absl::IsUnavailable(stranger.End()));
}

TEST_F(PeerTls, ACertificateOfAnotherAuthorityIsNotHeard) {
  const auto a = Acceptor();
  const TestAuthority other;
  auto forged = std::make_shared<rpc::TlsIdentity>(*other.Issue(rpc::UriOf(InstanceName(1)), "contoso"));
  forged->authorities_pem = authority_.pem();  // It trusts ours; we do not trust its.
  Dialled stranger(*a, forged);
  stranger.Hello(InstanceName(1));
  EXPECT_TRUE(absl::IsUnavailable(stranger.End()));
}

TEST_F(PeerTls, AnotherClusterIsRefusedByName) {
  const auto a = Acceptor();
  // It does not mind whose the server is; the server does.
  auto other = std::make_shared<rpc::TlsIdentity>(*Of(InstanceName(1), "fabrikam"));
  other->holder.organization = "contoso";
  Dialled peer(*a, other);
  peer.Hello(InstanceName(1));
  const absl::Status status = peer.End();
  EXPECT_TRUE(absl::IsUnauthenticated(status)) << status;
  EXPECT_EQ(ErrorReason(status), "OTHER_CLUSTER");
}

TEST_F(PeerTls, AnInstanceCannotSpeakForAnother) {
  const auto a = Acceptor();
  Dialled peer(*a, Of(InstanceName(2)));
  peer.Hello(InstanceName(1));
  const absl::Status status = peer.End();
  EXPECT_TRUE(absl::IsPermissionDenied(status)) << status;
  EXPECT_EQ(ErrorReason(status), "PEER_IMPERSONATES");
}

TEST_F(PeerTls, ALifeThatIsOverCannotComeBack) {
  const auto a = Acceptor();
  Dialled first(*a, Of(InstanceName(1)));
  first.Hello(InstanceName(1), "00000000000000b1");
  ASSERT_TRUE(first.Welcomed());
  Dialled second(*a, Of(InstanceName(1)));
  second.Hello(InstanceName(1), "00000000000000b2");
  ASSERT_TRUE(second.Welcomed());
  Dialled replayed(*a, Of(InstanceName(1)));
  replayed.Hello(InstanceName(1), "00000000000000b1");
  const absl::Status status = replayed.End();
  EXPECT_TRUE(absl::IsFailedPrecondition(status)) << status;
  EXPECT_EQ(ErrorReason(status), "PEER_EPOCH_RETIRED");
}

TEST_F(PeerTls, TheDiallingSideRefusesAServerThatIsAnother) {
  Instance impostor(0, 1, With(Of(InstanceName(2))));  // At the address of instance 0.
  Dialled peer(impostor, Of(InstanceName(1)));
  peer.Hello(InstanceName(1));
  const absl::Status status = peer.End();
  EXPECT_TRUE(absl::IsUnavailable(status)) << status;
}

TEST_F(PeerTls, OnlyTheSupervisorChangesLinks) {
  const auto a = Acceptor();
  const auto set = [&](Identity who) {
    const auto stub = fault::v1::FaultAgent::NewStub(
        rpc::MakeChannel(absl::StrCat("127.0.0.1:", a->grpc_port()),
                         {.tls = std::move(who), .server_uri = rpc::UriOf(InstanceName(0))}));
    grpc::ClientContext context;
    context.set_deadline(std::chrono::system_clock::now() + std::chrono::seconds(8));
    fault::v1::LinkPlan plan;
    plan.set_number(7);
    fault::v1::LinkState state;
    return rpc::FromGrpc(stub->SetLinks(&context, plan, &state));
  };
  EXPECT_EQ(ErrorReason(set(Of(InstanceName(1)))), "NOT_THE_SUPERVISOR");
  EXPECT_TRUE(set(authority_.Issue(rpc::kSupervisorUri, "contoso")).ok());
}

TEST_F(PeerTls, FilesThatDoNotBelongTogetherAreNamed) {
  namespace fs = std::filesystem;
  std::string pattern = (fs::temp_directory_path() / "nonet-tls-XXXXXX").string();
  ASSERT_NE(mkdtemp(pattern.data()), nullptr);
  const auto write = [&](const std::string& name, const std::string& text) {
    std::ofstream(pattern + "/" + name) << text;
    return pattern + "/" + name;
  };
  const Identity one = Of(InstanceName(0)), two = Of(InstanceName(1));
  const std::string certificate = write("a.pem", one->certificate_pem), key = write("a.key", one->key_pem),
                    other_key = write("b.key", two->key_pem), ca = write("ca.pem", authority_.pem()),
                    empty = write("empty", "");
  const auto read = rpc::ReadTlsIdentity(certificate, key, ca);
  ASSERT_TRUE(read.ok()) << read.status();
  EXPECT_EQ((*read)->holder.organization, "contoso");
  EXPECT_TRUE((*read)->holder.Is("nonet:resources/contoso"));
  for (const auto& [files, named] :
       {std::pair(rpc::ReadTlsIdentity(certificate, other_key, ca), other_key),
        std::pair(rpc::ReadTlsIdentity(empty, key, ca), empty),
        std::pair(rpc::ReadTlsIdentity(certificate, key, empty), empty),
        std::pair(rpc::ReadTlsIdentity(ca, key, ca), ca),  // Nobody's certificate.
        std::pair(rpc::ReadTlsIdentity(pattern + "/none", key, ca), pattern + "/none")}) {
    EXPECT_EQ(ErrorReason(files.status()), "BAD_TLS_FILE");
    EXPECT_THAT(std::string(files.status().message()), HasSubstr(named));
  }
  fs::remove_all(pattern);
}

}  // namespace
}  // namespace nonet::replica
