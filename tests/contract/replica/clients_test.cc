// One instance and its clients over real sockets: upgrade, frames, REST, limits, a run-time change of keys.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <optional>
#include <string>

#include "replica/server/client_connection.h"
#include "tests/contract/replica/rig.h"

namespace nonet::replica {
namespace {

using ::testing::HasSubstr;

std::string Post(Instance& instance, absl::string_view path, absl::string_view body,
                 const std::string& key = kKey, absl::string_view type = "text/plain") {
  RawSocket socket(instance.http_port());
  socket.Send(absl::StrCat("POST ", path, " HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer ",
                           Token(path, "", key), "\r\nContent-Type: ", type,
                           "\r\nContent-Length: ", body.size(), "\r\n\r\n", body));
  return socket.ReceiveResponse();
}

class Clients : public ::testing::Test {
 protected:
  Clients() : instance_(0) { instance_.Apply(instance_.Config()); }
  Instance instance_;
};

TEST_F(Clients, ConnectJoinSendAndReceive) {
  WsClient a(instance_);
  ASSERT_TRUE(a.upgraded()) << a.head();
  EXPECT_THAT(a.head(), HasSubstr("json.webpubsub.azure.v1"));
  const std::string connected = a.Next();
  EXPECT_THAT(connected, HasSubstr(R"("event":"connected")"));
  EXPECT_THAT(connected, HasSubstr(".00000000\""));
  EXPECT_THAT(connected, Not(HasSubstr("reconnectionToken")));

  WsClient::Options options;
  options.protocol = "json.reliable.webpubsub.azure.v1";
  options.claims += R"(,"sub":"bob","webpubsub.group":["g"])";
  WsClient b(instance_, options);
  EXPECT_THAT(b.Next(), HasSubstr("reconnectionToken"));

  a.Send(R"({"type":"joinGroup","group":"g","ackId":1})");
  EXPECT_EQ(a.Next(), R"({"type":"ack","ackId":1,"success":true})");
  b.Send(R"({"type":"sendToGroup","group":"g","ackId":1,"data":{"x": 1.0}})");
  EXPECT_EQ(
      a.Next(),
      R"({"type":"message","from":"group","group":"g","fromUserId":"bob","dataType":"json","data":{"x": 1.0}})");
  EXPECT_EQ(
      b.Next(),
      R"({"sequenceId":1,"type":"message","from":"group","group":"g","fromUserId":"bob","dataType":"json","data":{"x": 1.0}})");
  EXPECT_EQ(b.Next(), R"({"type":"ack","ackId":1,"success":true})");
  b.Send(R"({"type":"sequenceAck","sequenceId":1})");
  b.Send(R"({"type":"ping"})");
  EXPECT_EQ(b.Next(), R"({"type":"pong"})");
}

TEST_F(Clients, AreRefusedBeforeTheUpgrade) {
  WsClient::Options options;
  options.key = "not a key of this resource, but long";
  EXPECT_THAT(WsClient(instance_, options).head(), HasSubstr("401"));
  options = {};
  options.query = "x=1";
  EXPECT_THAT(WsClient(instance_, options).head(), HasSubstr("401"));
  options = {};
  options.protocol = "";
  EXPECT_THAT(WsClient(instance_, options).head(), HasSubstr("400"));
  EXPECT_TRUE(instance_.WaitConnections(0));
}

TEST_F(Clients, RecoveryIsClosedWith1008AfterTheUpgrade) {
  WsClient::Options options;
  options.protocol = "json.reliable.webpubsub.azure.v1";
  options.query = "access_token=expired&awps_connection_id=c.00000009&awps_reconnection_token=t";
  WsClient client(instance_, options);
  ASSERT_TRUE(client.upgraded()) << client.head();
  EXPECT_THAT(client.Next(), HasSubstr(R"("event":"disconnected")"));
  EXPECT_EQ(client.Next(), "close 1008");
}

TEST_F(Clients, AreClosedForWhatTheySendWrong) {
  const struct {
    std::string bytes;
    const char* close;
  } cases[] = {
      {ClientFrameBytes(0x81, "{not json"), "close 1007"},
      {ClientFrameBytes(0x81, R"({"type":"joinGroup"})"), "close 1007"},
      {ClientFrameBytes(0x81, "\xFF"), "close 1007"},
      {ClientFrameBytes(0x82, "binary"), "close 1003"},
      {std::string("\x81\x01x", 3), "close 1002"},
      {ClientFrameBytes(0x81, std::string(1024 * 1024 + 1, 'x')).substr(0, 14), "close 1009"},
  };
  for (const auto& c : cases) {
    WsClient client(instance_);
    client.Next();
    client.socket().Send(c.bytes);
    EXPECT_THAT(client.Next(), HasSubstr(R"("event":"disconnected")"));
    EXPECT_EQ(client.Next(), c.close);
  }
  EXPECT_TRUE(instance_.WaitConnections(0));
}

TEST_F(Clients, MayBreakOffAnywhere) {
  const std::string frame = ClientFrameBytes(0x81, R"({"type":"joinGroup","group":"g","ackId":1})");
  for (size_t cut = 0; cut < frame.size(); ++cut) {
    WsClient client(instance_);
    client.socket().Send(frame.substr(0, cut));
    if (cut % 2 == 0) client.socket().CloseWithReset();
  }
  EXPECT_TRUE(instance_.WaitConnections(0));
  WsClient after(instance_);
  EXPECT_TRUE(after.upgraded());
}

TEST_F(Clients, CloseIsAnswered) {
  WsClient client(instance_);
  client.Next();
  client.socket().Send(ClientFrameBytes(0x88, std::string("\x0F\xA0", 2)));
  EXPECT_EQ(client.Next(), "close 4000");
  EXPECT_TRUE(instance_.WaitConnections(0));
}

TEST_F(Clients, GetWhatRestSends) {
  WsClient::Options options;
  options.claims = R"(,"sub":"ann","webpubsub.group":["g"])";
  WsClient client(instance_, options);
  client.Next();
  EXPECT_THAT(Post(instance_, "/api/hubs/chat/:send", "all"), HasSubstr("202"));
  EXPECT_EQ(client.Next(), R"({"type":"message","from":"server","dataType":"text","data":"all"})");
  EXPECT_THAT(Post(instance_, "/api/hubs/chat/users/ann/:send", "{}", kKey, "application/json"),
              HasSubstr("202"));
  EXPECT_EQ(client.Next(), R"({"type":"message","from":"server","dataType":"json","data":{}})");
  EXPECT_THAT(Post(instance_, "/api/hubs/chat/groups/g/:send", "grp"), HasSubstr("202"));
  EXPECT_THAT(client.Next(), HasSubstr(R"("fromUserId":null)"));
  EXPECT_THAT(Post(instance_, "/api/hubs/chat/:send?filter=x", "all"), HasSubstr("400"));
  EXPECT_THAT(Post(instance_, "/api/hubs/chat/:send", "{", kKey, "application/json"),
              HasSubstr("x-ms-error-code"));
  EXPECT_THAT(Post(instance_, "/api/hubs/chat/:send", std::string(1024 * 1024 + 1, 'x')), HasSubstr("413"));
}

TEST_F(Clients, ANewKeyIsHonouredAndTheOldRefusedAtOnce) {
  WsClient open(instance_);
  open.Next();
  instance_.Apply(instance_.Config({}, kNewKey));
  WsClient::Options options;
  EXPECT_THAT(WsClient(instance_, options).head(), HasSubstr("401"));
  EXPECT_THAT(Post(instance_, "/api/hubs/chat/:send", "x"), HasSubstr("401"));
  options.key = kNewKey;
  EXPECT_TRUE(WsClient(instance_, options).upgraded());
  EXPECT_THAT(Post(instance_, "/api/hubs/chat/:send", "still here", kNewKey), HasSubstr("202"));
  EXPECT_THAT(open.Next(), HasSubstr("still here"));
}

TEST_F(Clients, ASlowOneIsClosedAndDelaysNoOther) {
  WsClient::Options options;
  options.receive_buffer = 4096;
  WsClient slow(instance_, options);
  slow.Next();
  WsClient quick(instance_);
  quick.Next();
  const std::string big(1024 * 1024, 'x');
  for (int i = 0; i < 40; ++i) {
    ASSERT_THAT(Post(instance_, "/api/hubs/chat/:send", big), HasSubstr("202"));
    ASSERT_EQ(
        quick.Next().size(),
        big.size() + std::string(R"({"type":"message","from":"server","dataType":"text","data":""})").size());
  }
  EXPECT_TRUE(instance_.WaitConnections(1));
  std::string last, next;
  while (!(next = slow.Next()).empty() && next.rfind("close", 0) != 0) last = next.substr(0, 60);
  EXPECT_EQ(next, "close 1008");
  EXPECT_THAT(last, HasSubstr("disconnected"));
}

TEST_F(Clients, GetPingsAndAreDroppedWhenSilent) {
  WsClient::Options options;
  options.hub = "quick";  // Pings every second; anonymous clients allowed.
  options.query = "x=1";
  WsClient client(instance_, options);
  EXPECT_THAT(client.Next(), HasSubstr(R"("userId":null)"));
  EXPECT_EQ(client.Next(), "ping");
  std::string next;
  while ((next = client.Next()) == "ping") {
  }
  EXPECT_THAT(next, HasSubstr("disconnected"));
  EXPECT_EQ(client.Next(), "close 1008");
}

TEST_F(Clients, AreToldWhenTheInstanceStops) {
  WsClient client(instance_);
  client.Next();
  instance_.Stop();
  EXPECT_THAT(client.Next(), HasSubstr(R"("event":"disconnected")"));
  EXPECT_EQ(client.Next(), "close 1001");
}

TEST(Unconfigured, SaysSo) {
  Instance instance(0);
  RawSocket socket(instance.http_port());
  socket.Send("GET /api/health HTTP/1.1\r\nHost: x\r\n\r\n");
  const std::string response = socket.ReceiveResponse();
  EXPECT_THAT(response, HasSubstr("503"));
  EXPECT_THAT(response, HasSubstr("no configuration"));
  EXPECT_THAT(WsClient(instance).head(), HasSubstr("503"));
  EXPECT_FALSE(instance.loop().Call([&] { return instance.server().serving(); }));
  instance.Apply(instance.Config());
  EXPECT_TRUE(instance.WaitServing());
  socket.Send("HEAD /api/health HTTP/1.1\r\nHost: x\r\n\r\n");
  EXPECT_THAT(socket.ReceiveUntil("\r\n\r\n"), HasSubstr("200"));
}

TEST(FloodingClient, IsCutOffWhenItReadsNoAnswers) {
  Instance instance(0);
  instance.Apply(instance.Config());
  ASSERT_TRUE(instance.WaitServing());
  WsClient::Options without_rights;
  without_rights.claims = "";
  WsClient client(instance, without_rights);
  ASSERT_THAT(client.Next(), HasSubstr("connected"));
  // Each is refused in an answer that quotes the group; more of them than a client may leave unread.
  std::string block;
  for (int i = 0; i < 1000; ++i) {
    block += ClientFrameBytes(0x81, absl::StrCat(R"({"type":"joinGroup","ackId":)", i + 1, R"(,"group":")",
                                                 std::string(1000, 'x'), "\"}"));
  }
  constexpr size_t kAnswered = 4 * kClientQueueBytesMax;
  for (size_t sent = 0; sent < kAnswered; sent += block.size()) client.socket().Send(block);
  EXPECT_TRUE(instance.WaitConnections(0));
  // What was queued when it was cut off, and what the sockets' buffers took before; then the end.
  const size_t received = client.socket().Receive(kAnswered).size();
  EXPECT_GT(received, kClientQueueBytesMax / 2);
  EXPECT_LT(received, 2 * kClientQueueBytesMax);
}

}  // namespace
}  // namespace nonet::replica
