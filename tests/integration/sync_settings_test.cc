// What `nonet up` is told about syncing: whom a full log turns away, and whether joins wait for the peers.
#include <gtest/gtest.h>

#include <chrono>
#include <string>
#include <vector>

#include "tests/integration/harness/cluster.h"
#include "tests/integration/harness/net.h"
#include "tests/integration/harness/token.h"

namespace nonet::testing {
namespace {

using std::chrono::milliseconds;
using SteadyClock = std::chrono::steady_clock;

// An instance keeps 64 MiB for one peer, so that many of these fit (docs/sync-protocol.md, Limits).
constexpr size_t kMessageBytes = 1'000'000;
constexpr int kFit = 67;
// Less than any wait for a peer, more than a busy machine needs to answer.
constexpr milliseconds kAtOnce{1'000};
constexpr milliseconds kAlmostTwoSeconds{1'900};

class SyncSettings : public ::testing::Test {
 protected:
  static WebSocket Client(Cluster& cluster, const std::string& instance, const std::string& user) {
    const std::string host = cluster.HostName();
    const std::string token = ClientToken(cluster.PrimaryKey(), host, "chat", FullRights(user));
    WebSocket client = WebSocket::Open(cluster.Instance(instance)["address"], 8080, host,
                                       "/client/hubs/chat?access_token=" + token, "json.webpubsub.azure.v1");
    EXPECT_EQ(client.Receive().value("event", ""), "connected");
    return client;
  }
  static nlohmann::json Join(WebSocket& client, const std::string& group) {
    return client.Call({{"type", "joinGroup"}, {"group", group}});
  }
  // Publishes over REST at the primary.
  static HttpAnswer Publish(Cluster& cluster, const std::string& group, const std::string& text) {
    const std::string target = "/api/hubs/chat/groups/" + group + "/:send?api-version=2024-12-01";
    const std::string host = cluster.HostName() + ":8080";
    const std::string token = RestToken(cluster.PrimaryKey(), "http://" + host + target);
    return Http(cluster.Instance("contoso")["address"], 8080, "POST", target,
                {{"Host", host}, {"Authorization", "Bearer " + token}, {"Content-Type", "text/plain"}}, text);
  }
  static nlohmann::json LinkFromPrimary(Cluster& cluster) {
    const nlohmann::json audit = cluster.Json({"audit"});
    for (const auto& link : audit["links"]) {
      if (link["origin"] == "resources/contoso") return link;
    }
    return nlohmann::json::object();
  }
};

TEST_F(SyncSettings, AFullLogRefusesThePublisherAndLosesNothing) {
  Cluster cluster({.replicas = {"westeurope"}, .flags = {"--when-full", "refuse"}});
  ASSERT_TRUE(cluster.Up());
  WebSocket europe = Client(cluster, "westeurope", "europe"), east = Client(cluster, "contoso", "east");
  ASSERT_TRUE(Join(europe, "far")["success"].get<bool>());
  ASSERT_TRUE(Join(east, "near")["success"].get<bool>());
  cluster.Ok({"fault", "partition", "eastus", "westeurope"});
  europe = WebSocket();  // Its instance goes on wanting the group: nobody hears that it left.

  const std::string large(kMessageBytes, 'x');
  int accepted = 0;
  HttpAnswer answer;
  while (accepted <= kFit && (answer = Publish(cluster, "far", large)).status == 202) ++accepted;
  EXPECT_EQ(accepted, kFit);
  EXPECT_EQ(answer.status, 429) << answer.body;
  EXPECT_EQ(answer.headers["x-ms-error-code"], "TooManyRequests");
  EXPECT_NE(answer.body.find("bytes wait for resources/contoso/replicas/westeurope"), std::string::npos)
      << answer.body;
  const nlohmann::json ack =
      east.Call({{"type", "sendToGroup"}, {"group", "far"}, {"dataType", "text"}, {"data", large}});
  EXPECT_FALSE(ack["success"].get<bool>());
  EXPECT_EQ(ack["error"]["name"], "TooManyRequests") << ack;
  // Who does not need that log is not turned away.
  EXPECT_EQ(Publish(cluster, "near", large).status, 202);
  EXPECT_EQ(east.ReceiveType("message")["data"], large);

  cluster.Ok({"fault", "heal", "eastus", "westeurope"});
  const auto until = SteadyClock::now() + milliseconds(10'000);
  nlohmann::json link;
  do {
    link = LinkFromPrimary(cluster);
  } while (link.value("delivered", 0) < accepted && SteadyClock::now() < until);
  EXPECT_EQ(link["delivered"], accepted) << link;
  EXPECT_EQ(link["lost"], 0);
  EXPECT_TRUE(cluster.Json({"gaps"}).empty());
  WebSocket again = Client(cluster, "westeurope", "again");
  ASSERT_TRUE(Join(again, "far")["success"].get<bool>());
  EXPECT_EQ(Publish(cluster, "far", "there is room").status, 202);
  EXPECT_EQ(again.ReceiveType("message")["data"], "there is room");
}

TEST_F(SyncSettings, JoinsNeedNotWaitForPeersThatDoNotAnswer) {
  Cluster cluster({.replicas = {"westeurope"}, .flags = {"--joins-wait", "0"}});
  ASSERT_TRUE(cluster.Up());
  const auto join_cut_off = [&cluster] {
    WebSocket east = Client(cluster, "contoso", "east");
    cluster.Ok({"fault", "partition", "eastus", "westeurope"});
    const auto asked = SteadyClock::now();
    EXPECT_TRUE(Join(east, "g")["success"].get<bool>());
    const auto waited = SteadyClock::now() - asked;
    cluster.Ok({"fault", "clear"});
    return waited;
  };
  EXPECT_LT(join_cut_off(), kAtOnce);

  cluster.Ok({"down"});
  cluster.Ok({"up", "--detach"});
  EXPECT_LT(join_cut_off(), kAtOnce) << "a later start forgot it";

  const CommandResult running = cluster.Nonet({"up", "--detach", "--joins-wait", "2s"});
  EXPECT_NE(running.exit_code, 0);
  EXPECT_NE(running.err.find("--joins-wait"), std::string::npos) << running.err;
  cluster.Ok({"down"});
  cluster.Ok({"up", "--detach", "--joins-wait", "2s"});
  EXPECT_GE(join_cut_off(), kAlmostTwoSeconds);
}

TEST_F(SyncSettings, BadValuesStartNothing) {
  Cluster cluster;
  for (const std::vector<std::string>& flag : {std::vector<std::string>{"--when-full", "sometimes"},
                                               {"--joins-wait", "3s"},
                                               {"--joins-wait", "soon"}}) {
    const CommandResult result = cluster.Nonet({"up", "--detach", flag[0], flag[1]});
    EXPECT_EQ(result.exit_code, 2) << result.err;
    EXPECT_NE(result.err.find(flag[0]), std::string::npos) << result.err;
    EXPECT_NE(result.err.find("try: "), std::string::npos) << result.err;
  }
  EXPECT_TRUE(cluster.Pids().empty());
}

}  // namespace
}  // namespace nonet::testing
