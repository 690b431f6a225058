// What an operator does to a resource and its replicas, and what DNS says afterwards. A verb that returned
// has happened: no test here waits after a command.

#include <gtest/gtest.h>

#include <iterator>
#include <set>
#include <sstream>

#include "tests/integration/harness/cluster.h"
#include "tests/integration/harness/net.h"
#include "tests/integration/harness/token.h"

namespace nonet::testing {
namespace {

class Lifecycle : public ::testing::Test {
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

  static Cluster* cluster_;
};

Cluster* Lifecycle::cluster_ = nullptr;

std::set<std::string> Names(const nlohmann::json& list) {
  std::set<std::string> names;
  for (const auto& item : list) names.insert(item["name"].get<std::string>());
  return names;
}

std::vector<std::string> Words(const std::string& text) {
  std::istringstream in(text);
  return {std::istream_iterator<std::string>(in), {}};
}

TEST_F(Lifecycle, SteersEachRegionToTheReplicaWithTheLeastRoundTrip) {
  EXPECT_EQ(cluster().InstanceFor(ClientIn("eastus")), "contoso");
  EXPECT_EQ(cluster().InstanceFor(ClientIn("eastus2")), "contoso");
  EXPECT_EQ(cluster().InstanceFor(ClientIn("westus")), "westus");
  EXPECT_EQ(cluster().InstanceFor(ClientIn("westeurope")), "westeurope");
  EXPECT_EQ(cluster().InstanceFor(ClientIn("northeurope")), "westeurope");
  EXPECT_EQ(cluster().InstanceFor(ClientIn("japaneast")), "westus");
  EXPECT_EQ(cluster().InstanceFor("127.0.0.1"), "contoso") << "whoever matches no prefix is at the primary";
}

TEST_F(Lifecycle, ClientSubnetDecidesBeforeTheSourceAddress) {
  const CommandResult answer = cluster().Dig({"-b", ClientIn("eastus"), "+subnet=10.53.0.0/24",
                                              cluster().HostName(), "A", "+noall", "+answer", "+comments"});
  const std::string westeurope = cluster().Instance("westeurope")["hostName"];
  EXPECT_NE(answer.out.find(westeurope), std::string::npos) << answer.out;
  EXPECT_NE(answer.out.find("CLIENT-SUBNET: 10.53.0.0/24/"), std::string::npos) << answer.out;
}

TEST_F(Lifecycle, AnswersTheCnameWithTheTtlAndTheAddress) {
  const CommandResult answer =
      cluster().Dig({"-b", ClientIn("westus"), "+noall", "+answer", cluster().HostName(), "A"});
  const nlohmann::json westus = cluster().Instance("westus");
  const std::string name = westus["hostName"].get<std::string>() + ".";
  EXPECT_EQ(Words(answer.out),
            (std::vector<std::string>{cluster().HostName() + ".", "2", "IN", "CNAME", name,  //
                                      name, "2", "IN", "A", westus["address"]}))
      << answer.out;
}

TEST_F(Lifecycle, AddedReplicaServesAndIsInDnsWhenTheCommandReturns) {
  cluster().Ok({"replica", "add", "--replica-name", "japan", "-l", "japaneast"});
  EXPECT_EQ(cluster().InstanceFor(ClientIn("japaneast")), "japan");
  const nlohmann::json japan = cluster().Instance("japan");
  EXPECT_EQ(Http(japan["address"], 8080, "GET", "/api/health").status, 200);
  EXPECT_EQ(cluster().Json({"replica", "show", "--replica-name", "japan"})["properties"]["provisioningState"],
            "Succeeded");

  cluster().Ok({"replica", "delete", "--replica-name", "japan"});
  EXPECT_EQ(cluster().InstanceFor(ClientIn("japaneast")), "westus");
  EXPECT_EQ(Http(japan["address"], 8080, "GET", "/api/health").status, 0) << "its process is gone";
  EXPECT_FALSE(Names(cluster().Json({"replica", "list"})).contains("japan"));
  const CommandResult name = cluster().Dig({"+noall", "+comments", japan["hostName"], "A"});
  EXPECT_NE(name.out.find("NXDOMAIN"), std::string::npos) << name.out;

  cluster().Ok({"replica", "add", "--replica-name", "japan", "-l", "japaneast"});
  EXPECT_EQ(cluster().InstanceFor(ClientIn("japaneast")), "japan") << "the name is free again";
  cluster().Ok({"replica", "delete", "--replica-name", "japan"});
}

TEST_F(Lifecycle, DisabledReplicaLeavesDnsButKeepsItsConnectionsAndItsName) {
  const nlohmann::json westus = cluster().Instance("westus");
  const std::string host = cluster().HostName();
  const std::string token = ClientToken(cluster().PrimaryKey(), host, "chat", FullRights("stays"));
  WebSocket client = WebSocket::Open(westus["address"], 8080, host, "/client/hubs/chat?access_token=" + token,
                                     "json.webpubsub.azure.v1", ClientIn("westus"));
  ASSERT_EQ(client.Receive()["event"], "connected");

  cluster().Ok({"replica", "disable", "--replica-name", "westus"});
  EXPECT_EQ(cluster().InstanceFor(ClientIn("westus")), "contoso");
  EXPECT_EQ(
      cluster().Json({"replica", "show", "--replica-name", "westus"})["properties"]["regionEndpointEnabled"],
      "Disabled");
  const CommandResult own = cluster().Dig({"+short", westus["hostName"], "A"});
  EXPECT_NE(own.out.find(westus["address"].get<std::string>()), std::string::npos) << own.out;
  EXPECT_TRUE(client.Call({{"type", "joinGroup"}, {"group", "g"}})["success"].get<bool>())
      << "the open connection goes on";

  cluster().Ok({"replica", "enable", "--replica-name", "westus"});
  EXPECT_EQ(cluster().InstanceFor(ClientIn("westus")), "westus");
}

TEST_F(Lifecycle, ReplicaMayBeCreatedDisabled) {
  cluster().Ok({"replica", "add", "--replica-name", "quiet", "-l", "southeastasia",
                "--region-endpoint-enabled", "false"});
  EXPECT_NE(cluster().InstanceFor(ClientIn("southeastasia")), "quiet");
  EXPECT_EQ(Http(cluster().Instance("quiet")["address"], 8080, "GET", "/api/health").status, 200);
  cluster().Ok({"replica", "delete", "--replica-name", "quiet"});
}

TEST_F(Lifecycle, StoppedReplicaIsDownAndStartedIsBack) {
  const std::string address = cluster().Instance("westeurope")["address"];
  cluster().Ok({"replica", "stop", "--replica-name", "westeurope"});
  EXPECT_EQ(Http(address, 8080, "GET", "/api/health").status, 0);
  EXPECT_EQ(cluster().InstanceFor(ClientIn("westeurope")), "contoso");
  cluster().Ok({"replica", "start", "--replica-name", "westeurope"});
  EXPECT_EQ(cluster().InstanceFor(ClientIn("westeurope")), "westeurope");
  EXPECT_EQ(cluster().Instance("westeurope")["address"], address) << "addresses are sticky";
  EXPECT_EQ(Http(address, 8080, "GET", "/api/health").status, 200);
}

TEST_F(Lifecycle, RestartGivesTheReplicaANewLife) {
  const int before = cluster().Instance("westus")["pid"];
  cluster().Ok({"replica", "restart", "--replica-name", "westus"});
  EXPECT_NE(cluster().Instance("westus")["pid"].get<int>(), before);
  EXPECT_EQ(cluster().InstanceFor(ClientIn("westus")), "westus");
}

TEST_F(Lifecycle, RegeneratedKeyIsHonouredAndTheOldRefusedEverywhere) {
  const std::string host = cluster().HostName();
  const std::string old_key = cluster().PrimaryKey();
  const auto status = [&](const std::string& instance, const std::string& key) {
    const std::string target = "/client/hubs/chat?access_token=" + ClientToken(key, host, "chat");
    return WebSocket::Open(cluster().Instance(instance)["address"], 8080, host, target,
                           "json.webpubsub.azure.v1")
        .status();
  };
  for (const std::string instance : {"contoso", "westus", "westeurope"})
    EXPECT_EQ(status(instance, old_key), 101);

  const nlohmann::json keys = cluster().Json({"key", "regenerate", "--key-type", "primary"});
  const std::string new_key = keys["primaryKey"];
  EXPECT_NE(new_key, old_key);
  EXPECT_EQ(cluster().PrimaryKey(), new_key) << "cluster.json follows";
  for (const std::string instance : {"contoso", "westus", "westeurope"}) {
    EXPECT_EQ(status(instance, new_key), 101) << instance;
    EXPECT_EQ(status(instance, old_key), 401) << instance;
    EXPECT_EQ(status(instance, keys["secondaryKey"]), 101) << "the other key is untouched";
  }
}

TEST_F(Lifecycle, InheritedFieldIsRefusedOnAReplicaByName) {
  const CommandResult result =
      cluster().Nonet({"replica", "update", "--replica-name", "westus", "--set", "disable_local_auth=true"});
  EXPECT_EQ(result.exit_code, 64 + 3) << "INVALID_ARGUMENT";
  EXPECT_NE(result.err.find("error[INHERITED_FIELD]"), std::string::npos) << result.err;
  EXPECT_NE(result.err.find("disable_local_auth"), std::string::npos) << result.err;
  EXPECT_NE(result.err.find("contoso"), std::string::npos) << result.err;
}

TEST_F(Lifecycle, InheritedChangeReachesEveryInstanceAndMovesNoReplicasEtag) {
  const nlohmann::json before = cluster().Json({"replica", "show", "--replica-name", "westus"});
  cluster().Ok({"resource", "update", "--name", "contoso", "--set", "disable_local_auth=true"});
  const std::string host = cluster().HostName();
  const std::string target =
      "/client/hubs/chat?access_token=" + ClientToken(cluster().PrimaryKey(), host, "chat");
  for (const std::string instance : {"contoso", "westus", "westeurope"}) {
    EXPECT_EQ(WebSocket::Open(cluster().Instance(instance)["address"], 8080, host, target,
                              "json.webpubsub.azure.v1")
                  .status(),
              401)
        << instance;
  }
  EXPECT_EQ(cluster().Json({"replica", "show", "--replica-name", "westus"})["etag"], before["etag"]);
  const CommandResult effective =
      cluster().Ok({"replica", "show", "--replica-name", "westus", "--effective"});
  EXPECT_NE(effective.out.find("disable_local_auth"), std::string::npos) << effective.out;
  cluster().Ok({"resource", "update", "--name", "contoso", "--set", "disable_local_auth=false"});
}

TEST_F(Lifecycle, DisabledPrimaryLeavesDnsLikeAnyReplica) {
  cluster().Ok({"resource", "disable", "--name", "contoso"});
  EXPECT_NE(cluster().InstanceFor(ClientIn("eastus")), "contoso");
  cluster().Ok({"resource", "enable", "--name", "contoso"});
  EXPECT_EQ(cluster().InstanceFor(ClientIn("eastus")), "contoso");
}

TEST_F(Lifecycle, DryRunChangesNothing) {
  const nlohmann::json before = cluster().Json({"replica", "list"});
  cluster().Ok({"replica", "add", "--replica-name", "dry", "-l", "uksouth", "--dry-run"});
  cluster().Ok({"replica", "disable", "--replica-name", "westus", "--dry-run"});
  EXPECT_EQ(cluster().Json({"replica", "list"}), before);
}

TEST_F(Lifecycle, StaleEtagLosesWithAborted) {
  const std::string etag = cluster().Json({"replica", "show", "--replica-name", "westus"})["etag"];
  cluster().Ok({"replica", "update", "--replica-name", "westus", "--tags", "a=1", "--etag", etag});
  const CommandResult stale =
      cluster().Nonet({"replica", "update", "--replica-name", "westus", "--tags", "a=2", "--etag", etag});
  EXPECT_EQ(stale.exit_code, 64 + 10) << "ABORTED";
  EXPECT_EQ(cluster().Json({"replica", "show", "--replica-name", "westus"})["tags"]["a"], "1");
}

TEST_F(Lifecycle, AzureCliSpellingWorksAsWritten) {
  cluster().Ok({"replica", "create", "--name", "contoso", "-g", "nonet", "--replica-name", "MyReplica", "-l",
                "uksouth", "--sku", "Premium_P1", "--unit-count", "2", "--region-endpoint-enabled", "true"});
  cluster().Ok(
      {"webpubsub", "replica", "delete", "--replica-name", "MyReplica", "--name", "contoso", "-g", "nonet"});
  EXPECT_FALSE(Names(cluster().Json({"replica", "list"})).contains("MyReplica"));
}

TEST(ReplicaLimit, TheNinthReplicaIsRefusedAndNothingChanges) {
  Cluster cluster({.replicas = {"westus", "westus2", "westus3", "eastus2", "centralus", "westeurope",
                                "northeurope", "uksouth"}});
  ASSERT_TRUE(cluster.Up());
  const nlohmann::json before = cluster.Json({"replica", "list"});
  ASSERT_EQ(before.size(), 8u);
  const CommandResult ninth = cluster.Nonet({"replica", "add", "--replica-name", "ninth", "-l", "japaneast"});
  EXPECT_EQ(ninth.exit_code, 64 + 9) << "FAILED_PRECONDITION";
  EXPECT_NE(ninth.err.find("error[REPLICA_LIMIT]: contoso already has 8 replicas"), std::string::npos)
      << ninth.err;
  EXPECT_NE(ninth.err.find("try: nonet replica delete"), std::string::npos) << ninth.err;
  EXPECT_EQ(cluster.Json({"replica", "list"}), before);
}

TEST(ResourceLifecycle, DeleteTakesTheReplicasAndFreesTheName) {
  Cluster cluster({.replicas = {"westus"}});
  ASSERT_TRUE(cluster.Up());
  const std::string address = cluster.Instance("westus")["address"];
  cluster.Ok({"resource", "create", "--name", "fabrikam", "-l", "westeurope", "--sku", "Premium_P1"});
  EXPECT_EQ(cluster.Json({"resource", "list"}).size(), 2u);
  const CommandResult answer = cluster.Dig({"+short", "fabrikam.webpubsub.azure.com", "A"});
  EXPECT_NE(answer.out.find("fabrikam-westeurope-"), std::string::npos) << answer.out;

  cluster.Ok({"resource", "delete", "--name", "contoso"});
  EXPECT_EQ(cluster.Json({"resource", "list"}).size(), 1u);
  EXPECT_EQ(Http(address, 8080, "GET", "/api/health").status, 0);
  const CommandResult gone = cluster.Dig({"+noall", "+comments", "contoso.webpubsub.azure.com", "A"});
  EXPECT_NE(gone.out.find("NXDOMAIN"), std::string::npos) << gone.out;
}

}  // namespace
}  // namespace nonet::testing
