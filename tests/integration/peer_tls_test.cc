// A whole cluster whose instances want certificates of each other: `nonet up --peer-tls`.
#include <grpcpp/generic/generic_stub.h>
#include <grpcpp/grpcpp.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <memory>
#include <sstream>
#include <string>

#include "tests/integration/harness/cluster.h"
#include "tests/integration/harness/net.h"
#include "tests/integration/harness/token.h"

namespace nonet::testing {
namespace {

namespace fs = std::filesystem;

constexpr char kHealth[] = "/grpc.health.v1.Health/Check";
constexpr char kPeerStream[] = "/nonet.peer.v1.PeerSync/Sync";
constexpr std::chrono::seconds kDeadline{5};

std::string ReadAll(const fs::path& path) {
  std::ifstream in(path);
  std::stringstream text;
  text << in.rdbuf();
  EXPECT_FALSE(text.str().empty()) << path;
  return text.str();
}

WebSocket Member(Cluster& cluster, const std::string& instance) {
  const std::string host = cluster.HostName();
  const std::string token = ClientToken(cluster.PrimaryKey(), host, "chat", FullRights(instance));
  WebSocket client = WebSocket::Open(cluster.Instance(instance)["address"], 8080, host,
                                     "/client/hubs/chat?access_token=" + token, "json.webpubsub.azure.v1");
  EXPECT_EQ(client.Receive().value("event", ""), "connected");
  EXPECT_TRUE(client.Call({{"type", "joinGroup"}, {"group", "g"}})["success"].get<bool>());
  return client;
}

// The credentials in the files of one cluster, in front of the authority of another (or the same).
std::shared_ptr<grpc::ChannelCredentials> CertificateOf(const Cluster& holder, const std::string& stem,
                                                        const Cluster& trusted) {
  const fs::path files = fs::path(holder.dir()) / "tls";
  return grpc::SslCredentials({.pem_root_certs = ReadAll(fs::path(trusted.dir()) / "ca.pem"),
                               .pem_private_key = ReadAll(files / (stem + ".key")),
                               .pem_cert_chain = ReadAll(files / (stem + ".pem"))});
}

// An empty request on a stream of that method to the primary's instance, and how the stream ended.
grpc::StatusCode Dial(const Cluster& cluster, const std::string& method,
                      const std::shared_ptr<grpc::ChannelCredentials>& credentials) {
  const nlohmann::json instance = cluster.Instance("contoso");
  grpc::ChannelArguments arguments;
  arguments.SetSslTargetNameOverride(instance["hostName"]);
  const std::string at = instance[method == kPeerStream ? "peer" : "grpc"];
  grpc::GenericStub stub(grpc::CreateCustomChannel(at, credentials, arguments));
  grpc::ClientContext context;
  context.set_deadline(std::chrono::system_clock::now() + kDeadline);
  context.set_wait_for_ready(false);
  const grpc::Slice nothing("");
  grpc::CompletionQueue queue;
  auto call = stub.PrepareUnaryCall(&context, method, grpc::ByteBuffer(&nothing, 1), &queue);
  call->StartCall();
  grpc::ByteBuffer answer;
  grpc::Status status;
  call->Finish(&answer, &status, nullptr);
  void* tag = nullptr;
  bool ok = false;
  queue.Next(&tag, &ok);
  return status.error_code();
}

TEST(PeerTls, InstancesSyncAndStrangersAreNotHeard) {
  Cluster cluster({.replicas = {"westus"}, .flags = {"--peer-tls"}});
  Cluster other({.flags = {"--peer-tls"}});  // Of the same name, with an authority of its own.
  ASSERT_TRUE(cluster.Up());
  ASSERT_TRUE(other.Up());

  WebSocket east = Member(cluster, "contoso"), west = Member(cluster, "westus");
  east.SendText(
      R"({"type":"sendToGroup","group":"g","noEcho":true,"dataType":"text","data":"sealed, to the west"})");
  EXPECT_EQ(west.ReceiveType("message").value("data", ""), "sealed, to the west");
  west.SendText(
      R"({"type":"sendToGroup","group":"g","noEcho":true,"dataType":"text","data":"sealed, to the east"})");
  EXPECT_EQ(east.ReceiveType("message").value("data", ""), "sealed, to the east");
  const nlohmann::json links = cluster.Json({"audit"})["links"];
  ASSERT_EQ(links.size(), 2u) << links;
  for (const auto& link : links) EXPECT_TRUE(link["linked"].get<bool>()) << link;
  // The supervisor shows a certificate too.
  cluster.Ok({"fault", "latency", "eastus", "westus", "10"});
  cluster.Ok({"fault", "clear"});

  // Whoever has a certificate of this cluster's is heard, and told what is wrong with what it says; the
  // others do not get so far.
  const auto own = CertificateOf(cluster, "contoso__westus", cluster);
  EXPECT_EQ(Dial(cluster, kHealth, own), grpc::StatusCode::OK);
  EXPECT_EQ(Dial(cluster, kPeerStream, own), grpc::StatusCode::INVALID_ARGUMENT);
  const auto stranger = CertificateOf(other, "contoso__contoso", cluster);
  grpc::SslCredentialsOptions trusting;
  trusting.pem_root_certs = ReadAll(fs::path(cluster.dir()) / "ca.pem");
  const auto nameless = grpc::SslCredentials(trusting);
  for (const char* method : {kHealth, kPeerStream}) {
    EXPECT_EQ(Dial(cluster, method, stranger), grpc::StatusCode::UNAVAILABLE) << method;
    EXPECT_EQ(Dial(cluster, method, nameless), grpc::StatusCode::UNAVAILABLE) << method;
    EXPECT_EQ(Dial(cluster, method, grpc::InsecureChannelCredentials()), grpc::StatusCode::UNAVAILABLE)
        << method;
  }

  // It is kept: the next start without the flag asks for certificates again.
  cluster.Ok({"down"});
  cluster.Ok({"up", "--detach"});
  EXPECT_EQ(Dial(cluster, kHealth, grpc::InsecureChannelCredentials()), grpc::StatusCode::UNAVAILABLE);
  EXPECT_EQ(Dial(cluster, kHealth, CertificateOf(cluster, "contoso__westus", cluster)), grpc::StatusCode::OK);
}

}  // namespace
}  // namespace nonet::testing
