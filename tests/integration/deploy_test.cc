// Templates and the operator's verbs over a real cluster: what was said to happen has happened when the
// command returns.

#include <gtest/gtest.h>

#include <cstdlib>
#include <optional>
#include <set>

#include "tests/integration/harness/cluster.h"
#include "tests/integration/harness/net.h"
#include "tests/integration/harness/token.h"

namespace nonet::testing {
namespace {

std::string Source(const std::string& path) { return std::string(std::getenv("NONET_SOURCE")) + "/" + path; }

class Operators : public ::testing::Test {
 protected:
  static void SetUpTestSuite() {
    cluster_ = new Cluster({.replicas = {"westeurope"}});
    ASSERT_TRUE(cluster_->Up());
  }
  static void TearDownTestSuite() {
    delete cluster_;
    cluster_ = nullptr;
  }
  static Cluster& cluster() { return *cluster_; }

  // Expects the exit code and the error's id; what was printed on stderr.
  static std::string Refused(const std::vector<std::string>& args, int exit_code, const std::string& id) {
    const CommandResult result = cluster().Nonet(args);
    EXPECT_EQ(result.exit_code, exit_code) << Describe(args, result);
    EXPECT_NE(result.err.find("error[" + id + "]"), std::string::npos) << Describe(args, result);
    return result.err;
  }
  static std::vector<std::string> HowTo(const std::vector<std::string>& more = {}) {
    std::vector<std::string> args = {"deploy",
                                     Source("docs/templates/geo-replication.json"),
                                     "--parameters",
                                     "primaryName=fabrikam",
                                     "replicaName=fabrikam-west",
                                     "replicaLocation=westus"};
    args.insert(args.end(), more.begin(), more.end());
    return args;
  }
  static nlohmann::json ChangeOf(const nlohmann::json& what_if, const std::string& end_of_id) {
    for (const auto& change : what_if["changes"]) {
      const std::string id = change["resourceId"];
      if (id.size() >= end_of_id.size() &&
          id.compare(id.size() - end_of_id.size(), end_of_id.size(), end_of_id) == 0) {
        return change;
      }
    }
    ADD_FAILURE() << "no change of " << end_of_id << " in " << what_if;
    return {};
  }

  static Cluster* cluster_;
};

Cluster* Operators::cluster_ = nullptr;

TEST_F(Operators, TheHowToTemplateDeploysAsItStandsAndAgainChangesNothing) {
  const nlohmann::json before = cluster().Json({"resource", "list"});
  const nlohmann::json preview = cluster().Json(HowTo({"--what-if"}));
  EXPECT_EQ(ChangeOf(preview, "/webPubSub/fabrikam")["changeType"], "Create");
  EXPECT_EQ(ChangeOf(preview, "/webPubSub/fabrikam/replicas/fabrikam-west")["changeType"], "Create");
  EXPECT_EQ(ChangeOf(preview, "/WebPubSub/contoso")["changeType"], "Ignore");
  EXPECT_EQ(cluster().Json({"resource", "list"}), before) << "what-if changes nothing";

  const nlohmann::json deployed = cluster().Json(HowTo());
  EXPECT_EQ(deployed["properties"]["outputs"]["hostName"]["value"], "fabrikam.webpubsub.azure.com");
  EXPECT_EQ(deployed["properties"]["outputResources"].size(), 2u);
  EXPECT_EQ(cluster().Json({"resource", "show", "fabrikam"})["location"], "eastus") << "the group's location";
  const nlohmann::json replica = cluster().Json({"replica", "show", "fabrikam-west", "--name", "fabrikam"});
  EXPECT_EQ(replica["properties"]["provisioningState"], "Succeeded");
  const std::string answer = cluster().Ok({"resolve", "fabrikam", "--from", "westus"}).out;
  EXPECT_NE(answer.find(replica["properties"]["instance"]["hostName"].get<std::string>()), std::string::npos)
      << answer;

  cluster().Ok(HowTo());
  EXPECT_EQ(cluster().Json({"replica", "show", "fabrikam-west", "--name", "fabrikam"})["etag"],
            replica["etag"]);
  const nlohmann::json more = cluster().Json(HowTo({"replicaUnits=2", "--what-if"}));
  const nlohmann::json change = ChangeOf(more, "/replicas/fabrikam-west");
  EXPECT_EQ(change["changeType"], "Modify");
  ASSERT_EQ(change["delta"].size(), 1u) << change;
  EXPECT_EQ(change["delta"][0]["path"], "sku.capacity");
  EXPECT_EQ(change["delta"][0]["before"], 1);
  EXPECT_EQ(change["delta"][0]["after"], 2);
  EXPECT_EQ(ChangeOf(more, "/webPubSub/fabrikam")["changeType"], "NoChange");
  cluster().Ok({"resource", "delete", "fabrikam"});
}

TEST_F(Operators, SymbolicNamesLoopsAndHubsDeployOverWhatUpMade) {
  const std::vector<std::string> args = {"deploy", Source("tests/integration/data/regions.json"),
                                         "--parameters", "name=contoso",
                                         R"(replicas=[{"name": "west", "location": "West US"}])"};
  const nlohmann::json deployed = cluster().Json(args);
  EXPECT_EQ(deployed["properties"]["outputs"]["replicaCount"]["value"], 1);
  const nlohmann::json west = cluster().Json({"replica", "show", "west", "-n", "contoso"});
  EXPECT_EQ(west["location"], "westus");
  EXPECT_EQ(west["sku"]["capacity"], 2);
  EXPECT_EQ(west["tags"]["team"], "chat");
  const nlohmann::json hub = cluster().Json({"hub", "show", "chat", "-n", "contoso"});
  EXPECT_EQ(hub["properties"]["eventHandlers"][0]["systemEvents"][0], "connected");
  EXPECT_EQ(
      cluster().Json({"replica", "show", "westeurope", "-n", "contoso"})["properties"]["provisioningState"],
      "Succeeded")
      << "what the template does not mention stays";
}

TEST_F(Operators, ATemplateThatCannotBeChangesNothing) {
  const nlohmann::json before = cluster().Json({"resource", "list"});
  const std::string unknown = Refused(HowTo({"replicaLocation=westu"}), 64 + 3, "UNKNOWN_REGION");
  EXPECT_NE(unknown.find("geo-replication.json:55:5: fabrikam/fabrikam-west: "), std::string::npos)
      << unknown;
  Refused(HowTo({"replicaUnits=many"}), 2, "PARAMETER_INVALID");
  Refused(HowTo({"replicaUnits=101"}), 2, "PARAMETER_INVALID");
  Refused({"deploy", Source("docs/templates/geo-replication.json")}, 2, "PARAMETER_INVALID");
  Refused({"deploy", Source("README.md")}, 2, "TEMPLATE_NOT_JSON");
  EXPECT_EQ(cluster().Json({"resource", "list"}), before);
}

TEST_F(Operators, HubsAreMadeChangedAndTakenAway) {
  cluster().Ok({"hub", "create", "games", "-n", "contoso", "--event-handler",
                "url-template=http://127.0.0.1:9/{event}", "user-event-pattern=*", "system-event=connected"});
  Refused({"hub", "create", "games", "-n", "contoso"}, 64 + 6, "HUB_EXISTS");
  cluster().Ok({"hub", "update", "games", "-n", "contoso", "--allow-anonymous", "true"});
  const nlohmann::json hub = cluster().Json({"hub", "show", "games", "-n", "contoso"});
  EXPECT_EQ(hub["properties"]["anonymousConnectPolicy"], "allow");
  EXPECT_EQ(hub["properties"]["eventHandlers"].size(), 1u);
  EXPECT_NE(cluster().Ok({"__words", "hub"}).out.find("games"), std::string::npos) << "completed live";
  cluster().Ok({"hub", "delete", "games", "-n", "contoso", "--dry-run"});
  cluster().Ok({"hub", "show", "games", "-n", "contoso"});
  cluster().Ok({"hub", "delete", "games", "-n", "contoso"});
  EXPECT_EQ(cluster().Nonet({"hub", "show", "games", "-n", "contoso"}).exit_code, 64 + 5);
}

TEST_F(Operators, AnUnapprovedLinkKeepsAReplicaOutUntilForcedOrApproved) {
  const std::vector<std::string> show = {"replica", "show", "westeurope", "-n", "contoso"};
  const CommandResult created = cluster().Ok({"private-link", "create", "web", "-n", "contoso", "--group-id",
                                              "sites", "--private-link-resource-id",
                                              "/subscriptions/00000000-0000-0000-0000-000000000000/"
                                              "resourceGroups/rg/providers/Microsoft.Web/sites/backend"});
  EXPECT_NE(created.err.find("warning:"), std::string::npos)
      << "a replica that is enabled stays so: " << created.err;
  EXPECT_EQ(cluster().Json(show)["properties"]["regionEndpointEnabled"], "Enabled");
  for (const auto& link : cluster().Json({"private-link", "list", "-n", "contoso"})) {
    EXPECT_EQ(link["properties"]["status"], "Pending") << link;
  }
  cluster().Ok({"replica", "disable", "westeurope", "-n", "contoso"});
  Refused({"replica", "enable", "westeurope", "-n", "contoso"}, 64 + 9, "LINK_NOT_APPROVED");
  EXPECT_EQ(cluster().Json(show)["properties"]["regionEndpointEnabled"], "Disabled");
  cluster().Ok({"replica", "enable", "westeurope", "-n", "contoso", "--force"});
  cluster().Ok({"replica", "disable", "westeurope", "-n", "contoso"});
  cluster().Ok({"private-link", "approve", "web", "-n", "contoso", "--replica-name", "westeurope"});
  cluster().Ok({"replica", "enable", "westeurope", "-n", "contoso"});
  std::multiset<std::string> statuses;
  for (const auto& link : cluster().Json({"private-link", "list", "-n", "contoso"})) {
    statuses.insert(link["properties"]["status"].get<std::string>());
  }
  EXPECT_EQ(statuses.count("Approved"), 1u) << "one instance's approval is no other's";
  cluster().Ok({"private-link", "delete", "web", "-n", "contoso"});
}

TEST_F(Operators, DrainingWaitsForConnectionsThenDeletes) {
  cluster().Ok({"replica", "add", "eastus2", "-n", "contoso"});
  const std::string address = cluster().Instance("eastus2")["address"];
  std::optional<WebSocket> client = WebSocket::Open(
      address, 8080, cluster().HostName(),
      "/client/hubs/chat?access_token=" +
          ClientToken(cluster().PrimaryKey(), cluster().HostName(), "chat", FullRights("client")),
      "json.webpubsub.azure.v1");
  ASSERT_EQ(client->Receive().value("event", ""), "connected");
  const nlohmann::json operation =
      cluster().Json({"replica", "delete", "eastus2", "-n", "contoso", "--drain=20s", "--no-wait"});
  EXPECT_EQ(operation["status"], "Running") << operation;
  const nlohmann::json draining = cluster().Json({"replica", "show", "eastus2", "-n", "contoso"});
  EXPECT_EQ(draining["properties"]["regionEndpointEnabled"], "Disabled") << "no new clients";
  client.reset();
  const nlohmann::json ended = cluster().Json({"operation", "wait", operation["name"], "--timeout", "30s"});
  EXPECT_EQ(ended["status"], "Succeeded") << ended;
  EXPECT_EQ(cluster().Nonet({"replica", "show", "eastus2", "-n", "contoso"}).exit_code, 64 + 5);
}

TEST_F(Operators, EffectiveTellsWhereEachSettingComesFrom) {
  cluster().Ok({"replica", "update", "westeurope", "-n", "contoso", "--unit-count", "2"});
  std::set<std::string> sources;
  std::string local_auth, capacity;
  for (const auto& setting :
       cluster().Json({"replica", "show", "westeurope", "-n", "contoso", "--effective"})) {
    sources.insert(setting["source"].get<std::string>());
    if (setting["path"] == "disable_local_auth") local_auth = setting["source"];
    if (setting["path"] == "sku.capacity") capacity = setting["source"];
  }
  EXPECT_EQ(sources, (std::set<std::string>{"own", "inherited", "default"}));
  EXPECT_EQ(capacity, "own");
  EXPECT_NE(local_auth, "own") << "a replica has no such setting";
}

TEST_F(Operators, TheSaltChangesWithoutTheKeys) {
  const nlohmann::json before = cluster().Json({"key", "list", "-n", "contoso"});
  cluster().Ok({"key", "regenerate", "--key-type", "salt", "-n", "contoso"});
  EXPECT_EQ(cluster().Json({"key", "list", "-n", "contoso"}), before);
}

}  // namespace
}  // namespace nonet::testing
