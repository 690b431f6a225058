// What the REST API and the upgrade decide, and what configuration means: everything of the server that
// needs no socket.
#include "tests/unit/replica/requests.h"

#include <gmock/gmock.h>
#include <google/protobuf/text_format.h>
#include <gtest/gtest.h>

#include <string>

#include "absl/strings/escaping.h"
#include "common/base/error.h"
#include "replica/server/upgrade_decision.h"

namespace nonet::replica {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Pair;

int Status(const http::Request& request, const InstanceConfig& config = Config()) {
  const RestDecision decision = Decide(request, config);
  const auto* response = std::get_if<http::Response>(&decision);
  if (response == nullptr) return 202;
  if (response->status >= 400) {
    EXPECT_THAT(response->body, HasSubstr("\"code\":"));
    EXPECT_THAT(response->body, HasSubstr("\"message\":"));
  }
  return response->status;
}

TEST(Rest, SendsToEveryTarget) {
  Message m = Sent(Rest("POST", "/api/hubs/Chat/:send",
                        "api-version=2024-12-01&excluded=a%20b&excluded=c&messageTtlSeconds=30"));
  EXPECT_EQ(m.hub, "chat");
  EXPECT_EQ(m.target, Target::kAll);
  EXPECT_THAT(m.excluded_connections, ElementsAre("a b", "c"));
  EXPECT_EQ(m.ttl_ms, 30'000u);
  EXPECT_EQ(m.data_type, DataType::kText);
  EXPECT_EQ(absl::string_view(m.data), "hi");

  m = Sent(Rest("POST", "/api/hubs/chat/groups/g%201%2Fx/:send"));
  EXPECT_EQ(m.target, Target::kGroup);
  EXPECT_EQ(m.target_name, "g 1/x");
  m = Sent(Rest("POST", "/api/hubs/chat/users/%C3%BC%2Fser%201/:send"));
  EXPECT_EQ(m.target, Target::kUser);
  EXPECT_EQ(m.target_name, "ü/ser 1");
  m = Sent(Rest("POST", "/api/hubs/chat/connections/c1/:send"));
  EXPECT_EQ(m.target, Target::kConnection);
}

TEST(Rest, TakesTheDocumentedContentTypes) {
  const std::string path = "/api/hubs/chat/:send";
  const Message json = Sent(Rest("POST", path, "", "application/json; charset=utf-8", R"({ "a": 1 })"));
  EXPECT_EQ(absl::string_view(json.data), R"({ "a": 1 })");
  EXPECT_EQ(Sent(Rest("POST", path, "", "application/json", "123456789012345678901234567890")).data_type,
            DataType::kJson);
  EXPECT_EQ(Sent(Rest("POST", path, "", "application/octet-stream", "\xFF")).data_type, DataType::kBinary);
  EXPECT_EQ(Sent(Rest("POST", path, "", "", "\xFF")).data_type, DataType::kBinary);
  EXPECT_EQ(Status(Rest("POST", path, "", "application/json", "{")), 400);
  EXPECT_EQ(Status(Rest("POST", path, "", "application/json", "")), 400);
  EXPECT_EQ(Status(Rest("POST", path, "", "text/plain", "\xFF")), 400);
  EXPECT_EQ(Status(Rest("POST", path, "", "text/html")), 415);
  EXPECT_EQ(Status(Rest("POST", path, "", "text/plain; charset=utf-16")), 415);
}

TEST(Rest, TakesMetadataHeaders) {
  http::Request request = Rest("POST", "/api/hubs/chat/:send");
  request.headers.emplace_back("x-webpubsub-metadata-trace", "a, b");
  EXPECT_THAT(Sent(request).metadata, ElementsAre(Pair("trace", "b")));
  request.headers.emplace_back("x-webpubsub-metadata-long", std::string(1025, 'x'));
  EXPECT_EQ(Status(request), 400);
}

TEST(Rest, RefusesWhatItDoesNotDo) {
  const std::string path = "/api/hubs/chat/:send";
  EXPECT_EQ(Status(Rest("POST", path, "messageTtlSeconds=301")), 400);
  EXPECT_EQ(Status(Rest("POST", path, "messageTtlSeconds=-1")), 400);
  EXPECT_EQ(Status(Rest("POST", path, "api-version=1999-01-01")), 400);
  EXPECT_EQ(Status(Rest("POST", path, "api-version=2021-10-01")), 202);
  EXPECT_EQ(Status(Rest("GET", path)), 405);
  EXPECT_EQ(Status(Rest("POST", "/api/hubs/1chat/:send")), 400);
  EXPECT_EQ(Status(Rest("POST", "/api/hubs/chat/groups/%20/:send")), 400);
  EXPECT_EQ(Status(Rest("POST", "/api/hubs/chat/groups/%zz/:send")), 400);
  EXPECT_EQ(Status(Rest("POST", "/api/hubs/chat/:generateToken")), 501);
  EXPECT_EQ(Status(Rest("GET", "/api/hubs/chat/nothing")), 404);
  EXPECT_EQ(Status(Rest("GET", "/")), 404);
  http::Request chunked = Rest("POST", path);
  chunked.chunked = true;
  EXPECT_EQ(Status(chunked), 411);
}

TEST(RestQuestions, NameWhatIsAsked) {
  Question q = Asked(
      Rest("POST", "/api/hubs/Chat/groups/g%2F1/:closeConnections", "excluded=a&excluded=b&reason=bye"));
  EXPECT_EQ(q.operation, Operation::kClose);
  EXPECT_EQ(q.hub, "chat");
  EXPECT_EQ(q.target, Target::kGroup);
  EXPECT_EQ(q.target_name, "g/1");
  EXPECT_EQ(q.excluded_connections, (std::vector<std::string>{"a", "b"}));
  EXPECT_EQ(q.reason, "bye");
  q = Asked(Rest("PUT", "/api/hubs/chat/groups/g/connections/c1"));
  EXPECT_EQ(q.operation, Operation::kAddToGroups);
  EXPECT_EQ(q.target, Target::kConnection);
  EXPECT_EQ(q.target_name, "c1");
  EXPECT_EQ(q.groups, std::vector<std::string>{"g"});
  q = Asked(Rest("DELETE", "/api/hubs/chat/users/ann/groups"));
  EXPECT_EQ(q.operation, Operation::kRemoveFromGroups);
  EXPECT_EQ(q.target, Target::kUser);
  EXPECT_TRUE(q.groups.empty());
  q = Asked(Rest("HEAD", "/api/hubs/chat/permissions/joinLeaveGroup/connections/c1", "targetName=g"));
  EXPECT_EQ(q.operation, Operation::kCheck);
  EXPECT_EQ(q.permission, Permission::kJoinLeaveGroup);
  EXPECT_EQ(q.permission_group, "g");
  q = Asked(Rest("GET", "/api/hubs/chat/groups/g/connections", "maxpagesize=7&top=5"));
  EXPECT_EQ(q.operation, Operation::kList);
  EXPECT_EQ(q.limit, 5u);
}

TEST(RestQuestions, RefuseWhatIsWrong) {
  EXPECT_EQ(Status(Rest("GET", "/api/hubs/chat/connections/c1")), 405);
  EXPECT_EQ(Status(Rest("POST", "/api/hubs/chat/groups/g/connections")), 405);
  EXPECT_EQ(Status(Rest("GET", "/api/hubs/chat/groups/g/connections", "maxpagesize=201")), 400);
  EXPECT_EQ(Status(Rest("GET", "/api/hubs/chat/groups/g/connections", "top=0")), 400);
  EXPECT_EQ(Status(Rest("PUT", "/api/hubs/chat/permissions/all/connections/c1")), 400);
  EXPECT_EQ(Status(Rest("HEAD", "/api/hubs/chat/groups/%20")), 400);
  EXPECT_EQ(Status(Rest("POST", "/api/hubs/chat/:addToGroups")), 400);
  EXPECT_EQ(Status(Rest("POST", "/api/hubs/chat/:closeConnections", "filter=x")), 400);
}

http::Response Answered(const http::Request& request, Gathered result) {
  const RestDecision decision = Decide(request);
  return AnswerQuestion(std::get<RestQuestion>(decision), result);
}

Gathered All(uint64_t matched) {
  Gathered result;
  result.asked = result.answered = 2;
  result.matched = matched;
  return result;
}

TEST(RestQuestions, AnswerAsTheSdkExpects) {
  EXPECT_EQ(Answered(Rest("HEAD", "/api/hubs/chat/users/ann"), All(1)).status, 200);
  EXPECT_EQ(Answered(Rest("HEAD", "/api/hubs/chat/users/ann"), All(0)).status, 404);
  EXPECT_EQ(Answered(Rest("DELETE", "/api/hubs/chat/connections/c1"), All(0)).status, 204);
  EXPECT_EQ(Answered(Rest("PUT", "/api/hubs/chat/groups/g/connections/c1"), All(1)).status, 200);
  EXPECT_EQ(Answered(Rest("PUT", "/api/hubs/chat/groups/g/connections/c1"), All(0)).status, 404);
  EXPECT_EQ(Answered(Rest("DELETE", "/api/hubs/chat/groups/g/connections/c1"), All(0)).status, 204);
  // A check asks for the permission, not for the connection.
  EXPECT_EQ(Answered(Rest("HEAD", "/api/hubs/chat/permissions/sendToGroup/connections/c1"), All(1)).status,
            404);
}

TEST(RestQuestions, DoNotSayThereIsNoneWhileSomebodyIsSilent) {
  Gathered result = All(0);
  result.answered = 1;
  result.silent = {"resources/contoso/replicas/westus"};
  const http::Response response = Answered(Rest("HEAD", "/api/hubs/chat/users/ann"), result);
  EXPECT_EQ(response.status, 503);
  EXPECT_THAT(response.headers, ::testing::Contains(std::pair<std::string, std::string>(
                                    "x-nonet-instances", "asked=2 answered=1 silent=westus")));
  result.matched = 1;
  EXPECT_EQ(Answered(Rest("HEAD", "/api/hubs/chat/users/ann"), result).status, 200);
}

TEST(RestQuestions, ListInPages) {
  Gathered result = All(3);
  result.members = {{"c1.00000001", "ann"}, {"c2.00000001", ""}};
  result.more = true;
  const http::Response page =
      Answered(Rest("GET", "/api/hubs/chat/groups/g/connections", "maxpagesize=2&top=3"), result);
  EXPECT_EQ(
      page.body.find(
          R"({"value":[{"connectionId":"c1.00000001","userId":"ann"},{"connectionId":"c2.00000001"}],"nextLink":")"),
      0u)
      << page.body;
  const std::string token = absl::WebSafeBase64Escape("c2.00000001");
  EXPECT_NE(page.body.find("continuationToken=" + token + "&top=1"), std::string::npos) << page.body;
  const Question next = Asked(
      Rest("GET", "/api/hubs/chat/groups/g/connections", "maxpagesize=2&top=1&continuationToken=" + token));
  EXPECT_EQ(next.after, "c2.00000001");
  EXPECT_EQ(next.limit, 1u);
}

TEST(Rest, ChecksTheTokenFirst) {
  http::Request request = Rest("POST", "/api/hubs/chat/:closeConnections");
  request.headers.clear();
  EXPECT_EQ(Status(request), 401);
  InstanceConfig config = Config();
  config.disable_local_auth = true;
  EXPECT_EQ(Status(Rest("POST", "/api/hubs/chat/:send"), config), 401);
  config = Config();
  config.keys.primary = "REGENERATEDREGENERATEDREGENERATED123";
  EXPECT_EQ(Status(Rest("POST", "/api/hubs/chat/:send"), config), 401);
  config.complete = false;
  EXPECT_EQ(Status(Rest("POST", "/api/hubs/chat/:send"), config), 503);
}

TEST(Rest, HealthNeedsNoTokenAndSaysWhyNot) {
  const InstanceConfig config = Config();
  http::Request request;
  request.path = "/api/health";
  for (const char* method : {"GET", "HEAD"}) {
    request.method = method;
    EXPECT_EQ(Status(request), 200);
    const RestDecision sick = DecideRest(request, RestContext{config, "no configuration", kNowNs});
    EXPECT_EQ(std::get<http::Response>(sick).status, 503);
    EXPECT_THAT(std::get<http::Response>(sick).body, HasSubstr("no configuration"));
  }
  request.method = "POST";
  EXPECT_EQ(Status(request), 405);
}

// ---- Upgrades ----

http::Request Client(std::string hub, std::string claims, std::string protocols = "json.webpubsub.azure.v1") {
  http::Request request;
  request.method = "GET";
  request.path = "/client/hubs/" + hub;
  if (!claims.empty()) {
    request.query =
        "access_token=" + SignJwt(absl::StrCat(R"({"aud":"ws://contoso.webpubsub.azure.com/client/hubs/)",
                                               hub, R"(","exp":)", kNowS + 60, claims, "}"),
                                  kKey);
  }
  request.headers = {{"host", "x"}};
  if (!protocols.empty()) request.headers.emplace_back("sec-websocket-protocol", protocols);
  return request;
}

int Refused(const http::Request& request, const InstanceConfig& config = Config()) {
  const UpgradeDecision decision = DecideUpgrade(request, config, kNowNs);
  const auto* response = std::get_if<http::Response>(&decision);
  return response == nullptr ? 0 : response->status;
}

TEST(Upgrade, TakesWhatTheTokenSays) {
  const UpgradeDecision decision = DecideUpgrade(
      Client("Chat", R"(,"sub":"ann","role":["webpubsub.sendToGroup"],"webpubsub.group":["g1","g2"])",
             "mqtt, json.reliable.webpubsub.azure.v1, json.webpubsub.azure.v1"),
      Config(), kNowNs);
  const auto* accept = std::get_if<AcceptClient>(&decision);
  ASSERT_NE(accept, nullptr);
  EXPECT_EQ(accept->hub, "chat");
  EXPECT_EQ(accept->subprotocol, "json.reliable.webpubsub.azure.v1");
  EXPECT_TRUE(accept->reliable);
  EXPECT_EQ(accept->user_id, "ann");
  EXPECT_TRUE(accept->permissions.MaySend("any"));
  EXPECT_FALSE(accept->permissions.MayJoinLeave("any"));
  EXPECT_THAT(accept->groups, ElementsAre("g1", "g2"));
}

TEST(Upgrade, TakesTheTokenFromTheHeaderToo) {
  http::Request request = Client("chat", " ");
  request.headers.emplace_back("authorization", "Bearer " + request.query.substr(13));
  request.query = "";
  EXPECT_EQ(Refused(request), 0);
  request.query = "access_token=bad.bad.bad";  // The query wins.
  EXPECT_EQ(Refused(request), 401);
}

TEST(Upgrade, SpeaksTheFirstSubprotocolItKnows) {
  const auto decision =
      DecideUpgrade(Client("chat", " ", "x, protobuf.reliable.webpubsub.azure.v1"), Config(), kNowNs);
  const auto* accept = std::get_if<AcceptClient>(&decision);
  ASSERT_NE(accept, nullptr);
  EXPECT_EQ(accept->subprotocol, "protobuf.reliable.webpubsub.azure.v1");
  EXPECT_TRUE(accept->reliable);
  EXPECT_EQ(accept->encoding, Encoding::kProtobuf);
}

TEST(Upgrade, TakesTheHubFromTheQueryToo) {
  http::Request request = Client("chat", " ");
  request.path = "/client/";
  request.query += "&hub=chat";
  EXPECT_EQ(Refused(request), 0);
}

TEST(Upgrade, RefusesBeforeTheUpgrade) {
  EXPECT_EQ(Refused(Client("chat", "")), 401);
  EXPECT_EQ(Refused(Client("open", "")), 0);  // Its policy allows anonymous clients.
  EXPECT_EQ(Refused(Client("1chat", " ")), 400);
  EXPECT_EQ(Refused(Client("chat", R"(,"webpubsub.group":[" "])")), 400);
  EXPECT_EQ(Refused(Client("chat", R"(,"role":["webpubsub.sendToGroups.a\\"])")), 400);
  EXPECT_EQ(Refused(Client("chat", " ", "")), 400);
  EXPECT_EQ(Refused(Client("chat", " ", "mqtt")), 400);
  http::Request elsewhere = Client("chat", " ");
  elsewhere.path = "/clients/mqtt/hubs/chat";
  EXPECT_EQ(Refused(elsewhere), 404);
  InstanceConfig config = Config();
  config.complete = false;
  EXPECT_EQ(Refused(Client("chat", " "), config), 503);
  config = Config();
  config.disable_local_auth = true;
  EXPECT_EQ(Refused(Client("chat", " "), config), 401);
}

TEST(Upgrade, RecoveryIsRefusedAfterTheUpgradeWhateverItsToken) {
  http::Request request = Client("chat", "");
  request.query = "access_token=expired&awps_connection_id=c1&awps_reconnection_token=r1";
  const UpgradeDecision decision = DecideUpgrade(request, Config(), kNowNs);
  const auto* recovery = std::get_if<RefuseRecovery>(&decision);
  ASSERT_NE(recovery, nullptr);
  EXPECT_EQ(recovery->subprotocol, "json.webpubsub.azure.v1");
  request.query = "access_token=expired&awps_connection_id=&awps_reconnection_token=r1";
  EXPECT_EQ(Refused(request), 401);
}

// ---- Configuration ----

watch::v1::Event Event(absl::string_view text) {
  watch::v1::Event event;
  EXPECT_TRUE(google::protobuf::TextFormat::ParseFromString(std::string(text), &event));
  return event;
}

ConfigObjects Objects() {
  ConfigObjects objects;
  for (const char* text : {
           R"pb(name: "resources/contoso"
                resource {
                  name: "resources/contoso"
                  host_name: "contoso.z"
                  disable_local_auth: true
                  hubs { hub: "Chat" anonymous_connect_policy: "allow" websocket_keep_alive_interval_s: 5 }
                  instance {
                    host_name: "contoso-eastus-1a2b3c4d.z"
                    endpoint { host: "127.80.15.1" peer_port: 8083 }
                    epoch: "00000000000000aa"
                  }
                })pb",
           R"pb(name: "resources/contoso/replicas/westus"
                replica { instance { host_name: "contoso-westus-2a2b3c4d.z" } })pb",
           R"pb(name: "resources/contoso/keys"
                access_keys {
                  primary_key: "primary key, long enough"
                  secondary_key: "secondary key, long too"
                })pb",
           R"pb(name: "resources/fabrikam"
                resource {
                  host_name: "fabrikam.z"
                  instance { host_name: "fabrikam-eastus-9a2b3c4d.z" }
                })pb"}) {
    watch::v1::Event event = Event(text);
    objects[event.name()] = event;
  }
  return objects;
}

TEST(InstanceConfig, IsTheSameForEveryInstanceButForItself) {
  const InstanceConfig west = BuildConfig(Objects(), "resources/contoso/replicas/westus");
  EXPECT_TRUE(west.complete);
  EXPECT_EQ(west.tag, "2a2b3c4d");
  EXPECT_EQ(west.resource_host, "contoso.z");
  EXPECT_TRUE(west.disable_local_auth);
  EXPECT_TRUE(west.Hub("chat").anonymous_allowed);
  EXPECT_EQ(west.Hub("chat").keep_alive_ns, 5 * kNanosPerSecond);
  EXPECT_FALSE(west.Hub("other").anonymous_allowed);
  EXPECT_EQ(west.Hub("other").keep_alive_ns, 20 * kNanosPerSecond);
  EXPECT_THAT(west.peers, ElementsAre(PeerTarget{"resources/contoso", "127.80.15.1:8083", "00000000000000aa",
                                                 "1a2b3c4d"}));
  const InstanceConfig east = BuildConfig(Objects(), "resources/contoso");
  EXPECT_EQ(east.tag, "1a2b3c4d");
  EXPECT_THAT(east.peers, ElementsAre(PeerTarget{"resources/contoso/replicas/westus", "", "", "2a2b3c4d"}));
}

TEST(InstanceConfig, IsIncompleteWithoutKeysOrItself) {
  ConfigObjects objects = Objects();
  objects.erase("resources/contoso/keys");
  EXPECT_FALSE(BuildConfig(objects, "resources/contoso").complete);
  EXPECT_FALSE(BuildConfig(Objects(), "resources/contoso/replicas/gone").complete);
  EXPECT_FALSE(BuildConfig({}, "resources/contoso").complete);
}

TEST(InstanceConfig, RefusesObjectsByReason) {
  for (const auto& [name, event] : Objects()) EXPECT_TRUE(ValidateObject(event).ok()) << name;
  for (const char* text :
       {R"pb(name: "r"
             resource { instance { host_name: "a-b-1a2b3c4d.z" } })pb",
        R"pb(name: "r"
             resource {
               host_name: "h"
               instance { host_name: "plain.z" }
             })pb",
        R"pb(name: "r"
             resource {
               host_name: "h"
               instance { host_name: "a-b-1a2b3c4d.z" }
               hubs { hub: "1" }
             })pb",
        R"pb(name: "r"
             resource {
               host_name: "h"
               instance { host_name: "a-b-1a2b3c4d.z" }
               hubs { hub: "c" websocket_keep_alive_interval_s: 121 }
             })pb",
        R"pb(name: "r"
             resource {
               host_name: "h"
               instance { host_name: "a-b-1a2b3c4d.z" }
               hubs { hub: "c" anonymous_connect_policy: "maybe" }
             })pb",
        R"pb(name: "r"
             replica { instance { host_name: "" } })pb",
        R"pb(name: "k"
             access_keys { primary_key: "short" secondary_key: "secondary key, long too" })pb"}) {
    EXPECT_EQ(ErrorReason(ValidateObject(Event(text))), "CONFIGURATION_INVALID") << text;
  }
}

}  // namespace
}  // namespace nonet::replica
