// Messages between clients on different instances, and sends by REST to any of them.

#include <gtest/gtest.h>

#include <map>
#include <string>

#include "tests/integration/harness/cluster.h"
#include "tests/integration/harness/net.h"
#include "tests/integration/harness/token.h"

namespace nonet::testing {
namespace {

constexpr char kJson[] = "json.webpubsub.azure.v1";
constexpr char kReliable[] = "json.reliable.webpubsub.azure.v1";
constexpr std::chrono::milliseconds kNothingComes{300};  // A wait for what must not arrive.

class Messaging : public ::testing::Test {
 protected:
  static void SetUpTestSuite() {
    cluster_ = new Cluster({.replicas = {"westus", "westeurope"}});
    ASSERT_TRUE(cluster_->Up());
  }
  static void TearDownTestSuite() {
    delete cluster_;
    cluster_ = nullptr;
  }
  static Cluster& cluster() { return *cluster_; }
  static std::string Address(const std::string& instance) { return cluster_->Instance(instance)["address"]; }

  // A connected client of the instance, past its connected frame.
  static WebSocket Client(const std::string& instance, const std::string& user,
                          const std::string& subprotocol = kJson, nlohmann::json* connected = nullptr) {
    const std::string host = cluster_->HostName();
    const std::string token = ClientToken(cluster_->PrimaryKey(), host, "chat", FullRights(user));
    WebSocket client = WebSocket::Open(Address(instance), 8080, host,
                                       "/client/hubs/chat?access_token=" + token, subprotocol);
    EXPECT_EQ(client.status(), 101);
    const nlohmann::json frame = client.Receive();
    EXPECT_EQ(frame.value("event", ""), "connected") << frame;
    if (connected != nullptr) *connected = frame;
    return client;
  }

  static HttpAnswer Send(const std::string& instance, const std::string& path, const std::string& type,
                         const std::string& body, const std::string& query = "") {
    const std::string target = "/api/hubs/chat" + path + "?api-version=2024-12-01" + query;
    const std::string host = cluster_->HostName() + ":8080";
    const std::string token = RestToken(cluster_->PrimaryKey(), "http://" + host + target);
    return Http(Address(instance), 8080, "POST", target,
                {{"Host", host}, {"Authorization", "Bearer " + token}, {"Content-Type", type}}, body);
  }

  // Any REST call; `path` is below the hub and may end in a query.
  static HttpAnswer Rest(const std::string& instance, const std::string& method, const std::string& path,
                         const std::string& body = "") {
    const std::string target = "/api/hubs/chat" + path + (path.find('?') == std::string::npos ? "?" : "&") +
                               "api-version=2024-12-01";
    const std::string host = cluster_->HostName() + ":8080";
    const std::string token = RestToken(cluster_->PrimaryKey(), "http://" + host + target);
    return Http(Address(instance), 8080, method, target,
                {{"Host", host}, {"Authorization", "Bearer " + token}, {"Content-Type", "application/json"}},
                body);
  }

  static Cluster* cluster_;
};

Cluster* Messaging::cluster_ = nullptr;

TEST_F(Messaging, GroupMessageReachesMembersOnEveryInstanceOnce) {
  WebSocket east = Client("contoso", "east");
  WebSocket west = Client("westus", "west");
  WebSocket europe = Client("westeurope", "europe");
  for (WebSocket* client : {&east, &west, &europe}) {
    ASSERT_TRUE(client->Call({{"type", "joinGroup"}, {"group", "news"}})["success"].get<bool>());
  }
  east.SendText(R"({"type":"sendToGroup","group":"news","noEcho":true,"dataType":"json","data":{"n":1.50}})");
  for (WebSocket* client : {&west, &europe}) {
    const nlohmann::json message = client->ReceiveType("message");
    EXPECT_EQ(message["from"], "group");
    EXPECT_EQ(message["group"], "news");
    EXPECT_EQ(message["fromUserId"], "east");
    EXPECT_EQ(message["data"]["n"], 1.5);
    EXPECT_TRUE(client->ReceiveType("message", kNothingComes).is_null()) << "delivered twice";
  }
  EXPECT_TRUE(east.ReceiveType("message", kNothingComes).is_null()) << "noEcho";
}

TEST_F(Messaging, AMessageSentRightAfterAJoinAckOnAnotherInstanceArrives) {
  WebSocket sender = Client("contoso", "sender");
  for (int i = 0; i < 20; ++i) {
    const std::string group = "fresh" + std::to_string(i);
    WebSocket member = Client(i % 2 == 0 ? "westus" : "westeurope", "member");
    ASSERT_TRUE(member.Call({{"type", "joinGroup"}, {"group", group}})["success"].get<bool>());
    sender.SendText(nlohmann::json{
        {"type", "sendToGroup"},
        {"group", group},
        {"dataType", "text"},
        {"data", "hi"}}.dump());
    EXPECT_EQ(member.ReceiveType("message")["data"], "hi") << "round " << i;
  }
}

TEST_F(Messaging, OrderPerSenderAndGroupIsKept) {
  WebSocket sender = Client("contoso", "sender");
  WebSocket member = Client("westeurope", "member", kReliable);
  ASSERT_TRUE(member.Call({{"type", "joinGroup"}, {"group", "ordered"}})["success"].get<bool>());
  constexpr int kMessages = 500;
  for (int i = 0; i < kMessages; ++i) {
    sender.SendText(nlohmann::json{{"type", "sendToGroup"}, {"group", "ordered"}, {"data", i}}.dump());
  }
  for (int i = 0; i < kMessages; ++i) {
    const nlohmann::json message = member.ReceiveType("message");
    ASSERT_EQ(message["data"], i);
    ASSERT_EQ(message["sequenceId"], i + 1);
  }
}

TEST_F(Messaging, LeftGroupIsSilent) {
  WebSocket sender = Client("contoso", "sender");
  WebSocket member = Client("westus", "member");
  ASSERT_TRUE(member.Call({{"type", "joinGroup"}, {"group", "left"}})["success"].get<bool>());
  ASSERT_TRUE(member.Call({{"type", "leaveGroup"}, {"group", "left"}})["success"].get<bool>());
  ASSERT_TRUE(
      sender
          .Call({{"type", "sendToGroup"}, {"group", "left"}, {"dataType", "text"}, {"data", "x"}})["success"]
          .get<bool>());
  EXPECT_TRUE(member.ReceiveType("message", kNothingComes).is_null());
}

TEST_F(Messaging, RestReachesAllGroupUserAndConnectionWhereverTheyAre) {
  nlohmann::json connected;
  WebSocket west = Client("westus", "ada", kJson, &connected);
  WebSocket europe = Client("westeurope", "grace");
  ASSERT_TRUE(west.Call({{"type", "joinGroup"}, {"group", "rest"}})["success"].get<bool>());

  EXPECT_EQ(Send("contoso", "/:send", "text/plain", "to all").status, 202);
  EXPECT_EQ(west.ReceiveType("message")["data"], "to all");
  EXPECT_EQ(europe.ReceiveType("message")["data"], "to all");

  EXPECT_EQ(Send("contoso", "/groups/rest/:send", "application/json", R"({"a":[1,2]})").status, 202);
  const nlohmann::json grouped = west.ReceiveType("message");
  EXPECT_EQ(grouped["from"], "group");
  EXPECT_EQ(grouped["data"]["a"][1], 2);

  EXPECT_EQ(
      Send("contoso", "/users/ada/:send", "application/octet-stream", std::string("\x01\x02", 2)).status,
      202);
  const nlohmann::json binary = west.ReceiveType("message");
  EXPECT_EQ(binary["from"], "server");
  EXPECT_EQ(binary["dataType"], "binary");
  EXPECT_EQ(binary["data"], "AQI=");

  const std::string id = connected["connectionId"];
  EXPECT_EQ(Send("westeurope", "/connections/" + id + "/:send", "text/plain", "to one").status, 202);
  EXPECT_EQ(west.ReceiveType("message")["data"], "to one");

  EXPECT_EQ(Send("contoso", "/:send", "text/plain", "not ada", "&excluded=" + id).status, 202);
  EXPECT_EQ(europe.ReceiveType("message")["data"], "not ada");
  EXPECT_TRUE(west.ReceiveType("message", kNothingComes).is_null()) << "excluded";
}

TEST_F(Messaging, RecoveryIsRefusedByUpgradeAndClose1008) {
  WebSocket recovery =
      WebSocket::Open(Address("westus"), 8080, cluster().HostName(),
                      "/client/hubs/chat?awps_connection_id=unknown&awps_reconnection_token=none", kReliable);
  EXPECT_EQ(recovery.status(), 101);
  EXPECT_EQ(recovery.WaitClosed(), 1008);
}

TEST_F(Messaging, ForbiddenWithoutTheRoleAndDuplicateForARepeatedAckId) {
  const std::string host = cluster().HostName();
  const std::string token = ClientToken(cluster().PrimaryKey(), host, "chat", {{"sub", "nobody"}});
  WebSocket client =
      WebSocket::Open(Address("westus"), 8080, host, "/client/hubs/chat?access_token=" + token, kJson);
  client.Receive();
  const nlohmann::json refused = client.Call({{"type", "joinGroup"}, {"group", "g"}});
  EXPECT_FALSE(refused["success"].get<bool>());
  EXPECT_EQ(refused["error"]["name"], "Forbidden");

  WebSocket allowed = Client("westus", "someone");
  for (const char* expected : {"", "Duplicate"}) {
    allowed.SendText(R"({"type":"joinGroup","group":"g","ackId":77})");
    const nlohmann::json ack = allowed.ReceiveType("ack");
    EXPECT_EQ(ack["success"].get<bool>(), *expected == '\0');
    if (*expected != '\0') {
      EXPECT_EQ(ack["error"]["name"], expected);
    }
  }
}

TEST_F(Messaging, RestAsksTheWholeResourceWhereverItIsAsked) {
  nlohmann::json connected;
  WebSocket client = Client("westus", "zoe", kJson, &connected);
  const std::string id = connected["connectionId"];
  EXPECT_EQ(Rest("westeurope", "HEAD", "/users/zoe").status, 200);
  EXPECT_EQ(Rest("westeurope", "HEAD", "/users/nobody").status, 404);
  EXPECT_EQ(Rest("contoso", "HEAD", "/connections/" + id).status, 200);
  EXPECT_EQ(Rest("contoso", "HEAD", "/groups/asked").status, 404);

  const HttpAnswer joined = Rest("westeurope", "PUT", "/groups/asked/connections/" + id);
  EXPECT_EQ(joined.status, 200);
  EXPECT_EQ(joined.headers.at("x-nonet-instances"), "asked=2 answered=2") << "itself and the owner";
  EXPECT_EQ(Rest("contoso", "HEAD", "/groups/asked").status, 200);
  const HttpAnswer page = Rest("westeurope", "GET", "/groups/asked/connections");
  EXPECT_EQ(nlohmann::json::parse(page.body)["value"],
            nlohmann::json::parse("[{\"connectionId\":\"" + id + "\",\"userId\":\"zoe\"}]"));
  EXPECT_EQ(page.headers.at("x-nonet-instances"), "asked=3 answered=3");
  const HttpAnswer sent = Send("contoso", "/groups/asked/:send", "text/plain", "you are in");
  EXPECT_EQ(sent.status, 202);
  EXPECT_EQ(client.ReceiveType("message")["data"], "you are in");

  // What became of that message, from the one who sent it to the one who handed it over.
  const nlohmann::json why = cluster().Json({"why", sent.headers.at("x-nonet-message-id")});
  std::map<std::string, nlohmann::json> by_instance;
  for (const auto& instance : why["instances"]) by_instance[instance["instance"]] = instance;
  EXPECT_TRUE(by_instance["resources/contoso"]["origin"].get<bool>());
  EXPECT_EQ(by_instance["resources/contoso/replicas/westus"]["recipients"], 1);
  for (const auto& peer : by_instance["resources/contoso"]["peers"]) {
    const bool westus = peer["peer"] == "resources/contoso/replicas/westus";
    EXPECT_EQ(peer["fate"] == "NoInterest", !westus) << peer;
  }

  EXPECT_EQ(Rest("westeurope", "HEAD", "/permissions/sendToGroup/connections/" + id).status, 200);
  EXPECT_EQ(Rest("westeurope", "DELETE", "/permissions/sendToGroup/connections/" + id).status, 204);
  EXPECT_EQ(Rest("contoso", "HEAD", "/permissions/sendToGroup/connections/" + id).status, 404);
  EXPECT_EQ(Rest("contoso", "DELETE", "/connections/" + id + "?reason=done").status, 204);
  EXPECT_EQ(client.ReceiveType("system").value("event", ""), "disconnected");
  EXPECT_EQ(client.WaitClosed(), 1000);
  EXPECT_EQ(Rest("westus", "HEAD", "/users/zoe").status, 404);
}

TEST_F(Messaging, PingIsAnsweredWithPong) {
  WebSocket client = Client("contoso", "pinger");
  client.SendText(R"({"type":"ping"})");
  EXPECT_FALSE(client.ReceiveType("pong").is_null());
}

}  // namespace
}  // namespace nonet::testing
