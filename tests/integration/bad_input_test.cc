// Bad input of every kind: a clear error each, nothing changed, everybody else served on.

#include <gtest/gtest.h>

#include "tests/integration/harness/cluster.h"
#include "tests/integration/harness/net.h"
#include "tests/integration/harness/token.h"

namespace nonet::testing {
namespace {

constexpr char kJson[] = "json.webpubsub.azure.v1";

class BadInput : public ::testing::Test {
 protected:
  static void SetUpTestSuite() {
    cluster_ = new Cluster({.replicas = {"westus"}});
    ASSERT_TRUE(cluster_->Up());
  }
  static void TearDownTestSuite() {
    delete cluster_;
    cluster_ = nullptr;
  }
  // Whatever a test did: the cluster answers and is as it was.
  void SetUp() override { before_ = State(); }
  void TearDown() override {
    EXPECT_EQ(State(), before_);
    EXPECT_EQ(cluster_->InstanceFor(ClientIn("westus")), "westus");
    EXPECT_EQ(Http(Address(), 8080, "GET", "/api/health").status, 200);
  }
  static nlohmann::json State() {
    return {cluster_->Json({"resource", "list"}), cluster_->Json({"replica", "list"}), cluster_->Pids()};
  }
  static Cluster& cluster() { return *cluster_; }
  static std::string Address() { return cluster_->Instance("westus")["address"]; }
  static WebSocket OpenWith(const std::string& token, const std::string& hub = "chat") {
    return WebSocket::Open(Address(), 8080, cluster_->HostName(),
                           "/client/hubs/" + hub + "?access_token=" + token, kJson);
  }
  static WebSocket Client() {
    WebSocket client =
        OpenWith(ClientToken(cluster_->PrimaryKey(), cluster_->HostName(), "chat", FullRights("client")));
    EXPECT_EQ(client.Receive().value("event", ""), "connected");
    return client;
  }

  static Cluster* cluster_;
  nlohmann::json before_;
};

Cluster* BadInput::cluster_ = nullptr;

TEST_F(BadInput, WrongUsageExitsWithTwoAndSaysWhatToDo) {
  const std::vector<std::vector<std::string>> wrong = {
      {"frobnicate"},
      {"replica"},
      {"replica", "ad"},
      {"replica", "add"},
      {"replica", "list", "--no-such-option"},
      {"replica", "list", "-o", "xml"},
      {"replica", "add", "--replica-name", "spare", "-l", "eastus2", "--unit-count", "many"},
      {"replica", "add", "--replica-name", "spare", "-l", "eastus2", "--region-endpoint-enabled", "perhaps"},
      {"resolve"},
      {"fault", "region-down", "westus", "--mode", "melt"},
      {"wait", "--for=moonrise"},
      {"key", "regenerate", "--key-type", "tertiary"},
  };
  for (const auto& args : wrong) {
    const CommandResult result = cluster().Nonet(args);
    EXPECT_EQ(result.exit_code, 2) << Describe(args, result);
    EXPECT_TRUE(result.out.empty()) << Describe(args, result);
    EXPECT_NE(result.err.find("error["), std::string::npos) << Describe(args, result);
    EXPECT_NE(result.err.find("try: "), std::string::npos) << Describe(args, result);
  }
}

TEST_F(BadInput, ServerRefusalsNameTheCauseAndTheNextStep) {
  const std::vector<std::pair<std::vector<std::string>, int>> refused = {
      {{"replica", "add", "--replica-name", "spare", "-l", "westu"}, 64 + 3},
      {{"replica", "add", "--replica-name", "spare", "-l", "eastus"}, 64 + 9},
      {{"replica", "add", "--replica-name", "spare", "-l", "westus"}, 64 + 9},
      {{"replica", "add", "--replica-name", "no_underscores", "-l", "uksouth"}, 64 + 3},
      {{"replica", "add", "--replica-name", "spare", "-l", "uksouth", "--sku", "Standard_S1"}, 64 + 3},
      {{"replica", "add", "--replica-name", "spare", "-l", "uksouth", "--unit-count", "11"}, 64 + 3},
      {{"replica", "show", "--replica-name", "nobody"}, 64 + 5},
      {{"replica", "delete", "--replica-name", "nobody"}, 64 + 5},
      {{"resource", "show", "--name", "nobody"}, 64 + 5},
      {{"resource", "show", "--name", "contoso", "-g", "othergroup"}, 64 + 5},
      {{"resource", "create", "--name", "contoso", "-l", "eastus"}, 64 + 6},
      {{"resource", "update", "--name", "contoso", "--sku", "Standard_S1"}, 64 + 9},
      {{"fault", "region-down", "atlantis"}, 64 + 3},
      {{"fault", "kill", "nobody"}, 64 + 5},
  };
  for (const auto& [args, code] : refused) {
    const CommandResult result = cluster().Nonet(args);
    EXPECT_EQ(result.exit_code, code) << Describe(args, result);
    EXPECT_TRUE(result.err.starts_with("error[")) << Describe(args, result);
    EXPECT_NE(result.err.find("try: "), std::string::npos) << Describe(args, result);
  }
}

TEST_F(BadInput, DaemonsRefuseBadFlagsWithTwo) {
  const char* bin = std::getenv("NONET_BIN");
  ASSERT_NE(bin, nullptr);
  for (const std::string program :
       {"nonet-controlplane", "nonet-dnsresolver", "nonet-replica", "nonet-supervisor"}) {
    const std::vector<std::string> argv = {std::string(bin) + "/" + program, "--no-such-flag=1"};
    const CommandResult result = RunCommand(argv);
    EXPECT_EQ(result.exit_code, 2) << Describe(argv, result);
    EXPECT_NE(result.err.find("no-such-flag"), std::string::npos) << Describe(argv, result);
  }
}

TEST_F(BadInput, BadTokensAreRefusedBeforeTheUpgrade) {
  const std::string host = cluster().HostName();
  const std::string key = cluster().PrimaryKey();
  EXPECT_EQ(OpenWith("").status(), 401);
  EXPECT_EQ(OpenWith("not.a.token").status(), 401);
  EXPECT_EQ(OpenWith(ClientToken(key + "x", host, "chat")).status(), 401) << "wrong key";
  EXPECT_EQ(OpenWith(ClientToken(key, "elsewhere.example", "chat")).status(), 401) << "wrong host";
  EXPECT_EQ(OpenWith(ClientToken(key, host, "other")).status(), 401) << "another hub's";
  EXPECT_EQ(OpenWith(ClientToken(key, host, "chat", {{"exp", 1'000'000'000}})).status(), 401) << "expired";
  EXPECT_EQ(OpenWith(ClientToken(key, host, "chat", {{"exp", "soon"}})).status(), 401) << "exp is no number";
  std::string tampered = ClientToken(key, host, "chat");
  tampered[tampered.size() / 2] = tampered[tampered.size() / 2] == 'A' ? 'B' : 'A';
  EXPECT_EQ(OpenWith(tampered).status(), 401);
  // {"alg":"none"} with an empty signature.
  EXPECT_EQ(OpenWith("eyJhbGciOiJub25lIn0.eyJhdWQiOiJ4In0.").status(), 401);
  EXPECT_EQ(OpenWith(ClientToken(key, host, "1bad"), "1bad").status(), 400) << "bad hub name";
}

TEST_F(BadInput, RestWithoutTokenTypeOrKnownPathIsRefused) {
  const std::string host = cluster().HostName() + ":8080";
  const auto send = [&](const std::string& target, std::map<std::string, std::string> headers,
                        const std::string& body) {
    headers["Host"] = host;
    headers["Authorization"] = "Bearer " + RestToken(cluster().PrimaryKey(), "http://" + host + target);
    return Http(Address(), 8080, "POST", target, headers, body);
  };
  const std::string all = "/api/hubs/chat/:send?api-version=2024-12-01";
  EXPECT_EQ(Http(Address(), 8080, "POST", all, {{"Host", host}}, "x").status, 401);
  EXPECT_EQ(send(all, {{"Content-Type", "application/json"}}, "{broken").status, 400);
  EXPECT_EQ(send(all, {{"Content-Type", "image/png"}}, "x").status, 415);
  EXPECT_EQ(send("/api/hubs/chat/:send?api-version=1999-01-01", {{"Content-Type", "text/plain"}}, "x").status,
            400);
  EXPECT_EQ(send("/api/hubs/9bad/:send?api-version=2024-12-01", {{"Content-Type", "text/plain"}}, "x").status,
            400);
  EXPECT_EQ(
      send("/api/hubs/chat/%zz/:send?api-version=2024-12-01", {{"Content-Type", "text/plain"}}, "x").status,
      400);
  EXPECT_EQ(send(all, {{"Content-Type", "text/plain"}}, std::string(1024 * 1024 + 1, 'x')).status, 413);
  EXPECT_EQ(send("/no/such/path", {}, "").status, 404);
}

TEST_F(BadInput, BadFramesEndOnlyTheirOwnConnection) {
  WebSocket bystander = Client();
  const std::vector<std::pair<std::string, int>> texts = {
      {"{broken", 1007},
      {"[]", 1007},
      {R"({"type":"nonsense"})", 1007},
      {R"({"type":"joinGroup"})", 1007},
      {R"({"type":"sendToGroup","group":"g","dataType":"text","data":5})", 1007}};
  for (const auto& [text, code] : texts) {
    WebSocket client = Client();
    client.SendText(text);
    EXPECT_EQ(client.WaitClosed(), code) << text;
  }
  WebSocket unmasked = Client();
  unmasked.SendRaw(std::string("\x81\x02{}", 4));
  EXPECT_EQ(unmasked.WaitClosed(), 1002) << "client frames must be masked";
  WebSocket binary = Client();
  binary.SendRaw(std::string("\x82\x81\0\0\0\0x", 7));
  EXPECT_EQ(binary.WaitClosed(), 1003);
  WebSocket huge = Client();
  huge.SendRaw(std::string("\x81\xff\0\0\0\0\x7f\xff\xff\xff\0\0\0\0", 14));
  EXPECT_EQ(huge.WaitClosed(), 1009);
  {
    WebSocket truncated = Client();
    truncated.SendRaw(std::string("\x81\xfe\x00", 3));  // Half a header, then the socket is gone.
  }
  bystander.SendText(R"({"type":"ping"})");
  EXPECT_FALSE(bystander.ReceiveType("pong").is_null());
}

TEST_F(BadInput, MalformedDnsPacketsAreAnsweredOrDroppedAndNeverHurt) {
  const int port = cluster().base_port() + 53;
  const auto ask = [&](const std::string& packet) { return UdpExchange("127.0.0.1", port, packet); };
  const std::string header("\x12\x34\x01\x00\x00\x01\x00\x00\x00\x00\x00\x00", 12);
  const auto rcode = [](const std::optional<std::string>& answer) {
    return answer && answer->size() >= 12 ? (*answer)[3] & 0x0F : -1;
  };
  EXPECT_FALSE(UdpExchange("127.0.0.1", port, header.substr(0, 11), std::chrono::milliseconds(200)));
  std::string response = header;
  response[2] = '\x81';
  EXPECT_FALSE(UdpExchange("127.0.0.1", port, response, std::chrono::milliseconds(200)))
      << "answering answers loops";
  EXPECT_EQ(rcode(ask(header)), 1) << "the question is missing";
  EXPECT_EQ(rcode(ask(header + std::string("\xc0\x0c\x00\x01\x00\x01", 6))), 1) << "a pointer to itself";
  EXPECT_EQ(rcode(ask(header + std::string("\x3f"
                                           "abc",
                                           4))),
            1)
      << "a label cut short";
  EXPECT_EQ(rcode(ask(header + std::string("\x80"
                                           "abc\0\0\x01\0\x01",
                                           9))),
            1)
      << "label type 10";
  std::string two = header;
  two[5] = 2;
  EXPECT_EQ(rcode(ask(two + std::string("\x01"
                                        "a\0\0\x01\0\x01\x01"
                                        "b\0\0\x01\0\x01",
                                        14))),
            1)
      << "two questions";
  EXPECT_EQ(rcode(ask(header + std::string("\x07"
                                           "example\0\0\x01\0\x01",
                                           13))),
            5)
      << "not our zone: REFUSED";

  // A truncated length prefix over TCP, then silence: others are served on.
  TcpSocket tcp = TcpSocket::Connect("127.0.0.1", port);
  ASSERT_TRUE(tcp.valid());
  tcp.Send(std::string("\x00", 1));
  const CommandResult answer = cluster().Dig({"+tcp", "+short", cluster().HostName(), "A"});
  EXPECT_FALSE(answer.out.empty());
}

}  // namespace
}  // namespace nonet::testing
