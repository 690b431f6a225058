// The Azure Resource Manager door over a socket, in the clear and over TLS: what every caller sees, whatever
// SDK he has. Nothing subscribes here, so what needs an instance stays under way.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>
#include <nlohmann/json.hpp>

#include "absl/strings/ascii.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "common/tls/authority.h"
#include "common/tls/session.h"
#include "controlplane/store/memory_store.h"
#include "tests/contract/common/raw_socket.h"
#include "tests/contract/controlplane/rig.h"

namespace nonet::controlplane {
namespace {

using Json = nlohmann::json;
using ::testing::HasSubstr;
using ::testing::StartsWith;

constexpr char kToken[] = "0123456789abcdef0123456789abcdef";
constexpr char kBase[] =
    "/subscriptions/00000000-0000-0000-0000-000000000000/resourceGroups/nonet/providers/"
    "Microsoft.SignalRService/webPubSub";
constexpr char kOwnHub[] = R"({"properties": {"anonymousConnectPolicy": "allow"}})";

struct Response {
  int status = 0;
  std::map<std::string, std::string> headers = {};  // Names lower case.
  Json body = {};
  std::string Code() const { return body["error"]["code"]; }
};

Response ParseResponse(const std::string& text) {
  Response response;
  const std::pair<std::string, std::string> parts = absl::StrSplit(text, absl::MaxSplits("\r\n\r\n", 1));
  const std::vector<std::string> lines = absl::StrSplit(parts.first, "\r\n");
  if (lines.empty() || lines[0].size() < 12) return response;
  EXPECT_TRUE(absl::SimpleAtoi(lines[0].substr(9, 3), &response.status)) << text;
  for (size_t i = 1; i < lines.size(); ++i) {
    const std::pair<std::string, std::string> header = absl::StrSplit(lines[i], absl::MaxSplits(": ", 1));
    response.headers[absl::AsciiStrToLower(header.first)] = header.second;
  }
  if (!parts.second.empty()) response.body = Json::parse(parts.second, nullptr, /*allow_exceptions=*/false);
  return response;
}

class Door : public ::testing::Test {
 protected:
  explicit Door(ControlPlaneServer::Options options = Options()) : rig_(store_, std::move(options)) {}

  static ControlPlaneServer::Options Options() {
    ControlPlaneServer::Options options;
    options.arm.http_port = 0;
    options.arm.token = kToken;
    return options;
  }

  // `more`: further header lines, each with its line end.
  Response Call(const std::string& method, const std::string& target, const std::string& body = "",
                const std::string& more = absl::StrCat("Authorization: Bearer ", kToken, "\r\n")) {
    RawSocket socket(rig_.arm_http_port());
    socket.Send(absl::StrCat(method, " ", target, " HTTP/1.1\r\nHost: localhost:7801\r\nContent-Length: ",
                             body.size(), "\r\n", more, "\r\n", body));
    return ParseResponse(socket.ReceiveResponse());
  }
  Response Get(const std::string& path) { return Call("GET", path + "?api-version=2024-03-01"); }
  Response Put(const std::string& path, const std::string& body, const std::string& more = "") {
    return Call("PUT", path + "?api-version=2024-03-01", body,
                absl::StrCat("Authorization: Bearer ", kToken, "\r\n", more));
  }
  std::string Contoso(const std::string& below = "") { return absl::StrCat(kBase, "/contoso", below); }
  Response Create() {
    return Put(Contoso(), R"({"location": "East US", "sku": {"name": "Premium_P1", "capacity": 1}})");
  }

  MemoryStore store_;
  Rig rig_;
};

TEST_F(Door, OpensToTheTokenOnlyForReadsToo) {
  const std::string target = absl::StrCat(kBase, "?api-version=2024-03-01");
  const Response none = Call("GET", target, "", "");
  EXPECT_EQ(none.status, 401);
  EXPECT_EQ(none.Code(), "AuthenticationFailed");
  EXPECT_THAT(none.headers.at("www-authenticate"), StartsWith("Bearer"));
  const Response wrong =
      Call("GET", target, "", "Authorization: Bearer 0123456789abcdef0123456789abcdee\r\n");
  EXPECT_EQ(wrong.status, 401);
  EXPECT_EQ(wrong.Code(), "InvalidAuthenticationToken");
  EXPECT_EQ(Get(kBase).status, 200);
}

TEST_F(Door, CreatesAndNamesBothWaysToPoll) {
  const Response created = Create();
  ASSERT_EQ(created.status, 201) << created.body;
  EXPECT_EQ(created.body["location"], "eastus");
  EXPECT_EQ(created.body["sku"]["size"], "P1");
  EXPECT_EQ(created.body["properties"]["provisioningState"], "Creating");
  EXPECT_EQ(created.headers.at("retry-after"), "1");
  EXPECT_EQ(created.headers.at("etag"), absl::StrCat("\"", created.body["etag"].get<std::string>(), "\""));
  const std::string status = created.headers.at("azure-asyncoperation");
  const std::string result = created.headers.at("location");
  EXPECT_THAT(status, StartsWith("http://localhost:7801/subscriptions/"));
  EXPECT_THAT(status, HasSubstr("/locations/eastus/operationStatuses/"));
  EXPECT_THAT(result, HasSubstr("/locations/eastus/operationResults/"));
  // No instance ever answers here, so both say that it is under way.
  const size_t host = sizeof("http://localhost:7801") - 1;
  const Response polled = Call("GET", status.substr(host));
  EXPECT_EQ(polled.status, 200);
  EXPECT_EQ(polled.body["status"], "Running");
  EXPECT_EQ(polled.headers.at("retry-after"), "1");
  const Response located = Call("GET", result.substr(host));
  EXPECT_EQ(located.status, 202);
  EXPECT_EQ(located.headers.at("location"), result);
  EXPECT_EQ(located.headers.count("azure-asyncoperation"), 0u);
}

TEST_F(Door, AnUnknownOperationIsNotFound) {
  const std::string path =
      "/subscriptions/s/providers/Microsoft.SignalRService/locations/eastus/operationStatuses/";
  EXPECT_EQ(Get(path + "999").status, 404);
  EXPECT_EQ(Get(path + "x").status / 100, 4);
}

TEST_F(Door, WantsAnApiVersionThatItKnows) {
  const Response missing = Call("GET", kBase);
  EXPECT_EQ(missing.status, 400);
  EXPECT_EQ(missing.Code(), "MissingApiVersionParameter");
  const Response unknown = Call("GET", absl::StrCat(kBase, "?api-version=1999-01-01"));
  EXPECT_EQ(unknown.status, 400);
  EXPECT_EQ(unknown.Code(), "NoRegisteredProviderFound");
  EXPECT_THAT(unknown.body["error"]["message"].get<std::string>(), HasSubstr("2024-03-01"));
}

TEST_F(Door, UnknownPathsAndMethodsAreToldApart) {
  const Response path = Get("/subscriptions/s/resourceGroups/g/providers/Microsoft.Web/sites/x");
  EXPECT_EQ(path.status, 404);
  EXPECT_EQ(path.Code(), "InvalidResourceType");
  const Response method = Call("POST", absl::StrCat(kBase, "?api-version=2024-03-01"), "{}");
  EXPECT_EQ(method.status, 405);
  EXPECT_EQ(method.headers.at("allow"), "GET");
}

TEST_F(Door, PathsAreReadInAnyCaseAndIdsWrittenInOne) {
  ASSERT_EQ(Create().status, 201);
  const Response found = Get(absl::AsciiStrToUpper(Contoso()));
  EXPECT_EQ(found.status, 200);
  EXPECT_EQ(found.body["id"],
            "/subscriptions/00000000-0000-0000-0000-000000000000/resourceGroups/nonet/providers/"
            "Microsoft.SignalRService/WebPubSub/contoso");
}

TEST_F(Door, ANameIsTakenInEveryGroup) {
  ASSERT_EQ(Create().status, 201);
  const std::string other =
      "/subscriptions/00000000-0000-0000-0000-000000000000/resourceGroups/other/providers/"
      "Microsoft.SignalRService/webPubSub/contoso";
  const Response taken = Put(other, R"({"location": "westus"})");
  EXPECT_EQ(taken.status, 409);
  EXPECT_EQ(taken.Code(), "ResourceNameConflict");
  EXPECT_EQ(Get(other).status, 404) << "and it is still not there";
}

TEST_F(Door, ConditionsAreKept) {
  const std::string hub = Contoso("/hubs/chat");
  ASSERT_EQ(Create().status, 201);
  EXPECT_EQ(Put(hub, kOwnHub, "If-Match: *\r\n").status, 412) << "there is none to match";
  const Response created = Put(hub, kOwnHub, "If-None-Match: *\r\n");
  ASSERT_EQ(created.status, 201) << created.body;
  EXPECT_EQ(Put(hub, kOwnHub, "If-None-Match: *\r\n").status, 412);
  const Response stale = Put(hub, R"({"properties": {}})", "If-Match: \"1\"\r\n");
  EXPECT_EQ(stale.status, 412);
  EXPECT_EQ(stale.Code(), "PreconditionFailed");
  EXPECT_EQ(Get(hub).body["properties"]["anonymousConnectPolicy"], "allow") << "nothing changed";
  const std::string etag = Get(hub).headers.at("etag");
  EXPECT_EQ(Put(hub, R"({"properties": {}})", absl::StrCat("If-Match: ", etag, "\r\n")).status, 200);
}

TEST_F(Door, DeletingWhatIsNotThereIsDone) {
  EXPECT_EQ(Call("DELETE", Contoso("?api-version=2024-03-01")).status, 204);
  EXPECT_EQ(Call("DELETE", Contoso("/replicas/westus?api-version=2024-03-01")).status, 204);
  EXPECT_EQ(Call("DELETE", Contoso("/hubs/chat?api-version=2024-03-01")).status, 204);
}

TEST_F(Door, ListsGoByPageAndTheLinkIsWhole) {
  ASSERT_EQ(Create().status, 201);
  for (const char* hub : {"a1", "b2", "c3"})
    ASSERT_EQ(Put(Contoso(absl::StrCat("/hubs/", hub)), kOwnHub).status, 201);
  std::vector<std::string> names;
  std::string target = Contoso("/hubs?api-version=2024-03-01&$top=2");
  for (int pages = 0; !target.empty() && pages < 5; ++pages) {
    const Response page = Call("GET", target);
    ASSERT_EQ(page.status, 200) << page.body;
    for (const Json& hub : page.body["value"]) names.push_back(hub["name"]);
    const std::string next = page.body.value("nextLink", "");
    target = next.empty() ? "" : next.substr(sizeof("http://localhost:7801") - 1);
  }
  EXPECT_THAT(names, ::testing::ElementsAre("a1", "b2", "c3"));
  EXPECT_EQ(Call("GET", Contoso("/hubs?api-version=2024-03-01&$skipToken=abc")).status, 400);
  EXPECT_EQ(Call("GET", Contoso("/hubs?api-version=2024-03-01&$top=0")).status, 400);
}

TEST_F(Door, BadBodiesChangeNothing) {
  for (const char* body : {"", "{", "[]", R"({"location": "eastus", "x": 1})", R"({"location": 1})"}) {
    const Response refused = Put(Contoso(), body);
    EXPECT_EQ(refused.status, 400) << body;
    EXPECT_EQ(refused.Code(), "InvalidRequestContent") << body;
  }
  EXPECT_EQ(Get(Contoso()).status, 404);
}

TEST_F(Door, ABodyAboveOneMebibyteIsRefused) {
  RawSocket socket(rig_.arm_http_port());
  socket.Send(absl::StrCat("PUT ", Contoso("?api-version=2024-03-01"),
                           " HTTP/1.1\r\nHost: x\r\nContent-Length: 1048577\r\nAuthorization: Bearer ",
                           kToken, "\r\n\r\n"));
  EXPECT_THAT(socket.ReceiveResponse(), StartsWith("HTTP/1.1 413"));
}

TEST_F(Door, CarriesTheCallersIdsBack) {
  const Response response =
      Call("GET", absl::StrCat(kBase, "?api-version=2024-03-01"), "",
           absl::StrCat("Authorization: Bearer ", kToken,
                        "\r\nx-ms-correlation-request-id: trace-1\r\nx-ms-client-request-id: mine\r\n"));
  EXPECT_EQ(response.headers.at("x-ms-correlation-request-id"), "trace-1");
  EXPECT_EQ(response.headers.at("x-ms-client-request-id"), "mine");
  EXPECT_EQ(response.headers.at("x-ms-request-id").size(), 36u);
}

TEST_F(Door, AStrangeHostHeaderNeverReachesALink) {
  RawSocket socket(rig_.arm_http_port());
  const std::string body = R"({"location": "eastus"})";
  socket.Send(absl::StrCat("PUT ", Contoso("?api-version=2024-03-01"),
                           " HTTP/1.1\r\nHost: evil/path?x\r\nContent-Length: ", body.size(),
                           "\r\nAuthorization: Bearer ", kToken, "\r\n\r\n", body));
  const Response created = ParseResponse(socket.ReceiveResponse());
  if (created.status == 400) return;  // Refused before it got here.
  ASSERT_EQ(created.status, 201);
  EXPECT_THAT(created.headers.at("location"),
              StartsWith(absl::StrCat("http://127.0.0.1:", rig_.arm_http_port(), "/")));
}

// No instance comes, so the creation fails; the poll that is held hears of it.
class HastyDoor : public Door {
 protected:
  HastyDoor()
      : Door([] {
          ControlPlaneServer::Options options = Options();
          options.engine.resources.provisioning_timeout_ns = 200 * kNanosPerMilli;
          return options;
        }()) {}
};

TEST_F(HastyDoor, AFailedOperationSaysWhyInBothStyles) {
  const Response created = Create();
  ASSERT_EQ(created.status, 201);
  const size_t host = sizeof("http://localhost:7801") - 1;
  const std::string url = created.headers.at("azure-asyncoperation").substr(host);
  Response status = Call("GET", url);
  for (int polls = 0; status.body["status"] == "Running" && polls < 5; ++polls) status = Call("GET", url);
  EXPECT_EQ(status.status, 200);
  EXPECT_EQ(status.body["status"], "Failed");
  EXPECT_EQ(status.body["error"]["code"], "ProvisioningFailed");
  EXPECT_THAT(status.body["error"]["message"].get<std::string>(), HasSubstr("contoso"));
  const Response result = Call("GET", created.headers.at("location").substr(host));
  EXPECT_GE(result.status, 400);
  EXPECT_EQ(result.body["error"]["message"], status.body["error"]["message"]);
  EXPECT_EQ(Get(Contoso()).body["properties"]["provisioningState"], "Failed");
}

TEST(DoorWithoutToken, IsOpen) {
  MemoryStore store;
  ControlPlaneServer::Options options;
  options.arm.http_port = 0;
  Rig rig(store, options);
  RawSocket socket(rig.arm_http_port());
  socket.Send(
      "GET /providers/Microsoft.SignalRService/operations?api-version=2024-03-01 HTTP/1.1\r\nHost: "
      "x\r\n\r\n");
  const Response response = ParseResponse(socket.ReceiveResponse());
  EXPECT_EQ(response.status, 200);
  EXPECT_GT(response.body["value"].size(), 20u);
}

TEST(DoorOverTls, AnswersTheSame) {
  const auto authority = tls::Authority::Create({.cluster = "test", .zone = "webpubsub.test"},
                                                RealClock().WallNs(), tls::RealKeys());
  ASSERT_TRUE(authority.ok()) << authority.status();
  tls::Leaf leaf;
  leaf.common_name = "localhost";
  leaf.dns_names = {"localhost"};
  const auto pair = authority->Issue(leaf, RealClock().WallNs());
  ASSERT_TRUE(pair.ok()) << pair.status();
  MemoryStore store;
  ControlPlaneServer::Options options;
  options.arm.https_port = 0;
  options.arm.tls = *tls::Context::Server(*pair);
  Rig rig(store, options);
  RawSocket socket(rig.arm_https_port(), 0, *tls::Context::Client(authority->pair().certificate_pem));
  const std::string body = R"({"location": "eastus"})";
  socket.Send(absl::StrCat("PUT ", kBase,
                           "/contoso?api-version=2024-03-01 HTTP/1.1\r\nHost: localhost:7802\r\n",
                           "Content-Length: ", body.size(), "\r\n\r\n", body));
  const Response created = ParseResponse(socket.ReceiveResponse());
  EXPECT_EQ(created.status, 201);
  EXPECT_THAT(created.headers.at("azure-asyncoperation"), StartsWith("https://localhost:7802/"));
}

}  // namespace
}  // namespace nonet::controlplane
