// Processes die, in turn and together: nothing acknowledged is lost, nobody else notices, no orphan stays.

#include <gtest/gtest.h>
#include <signal.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <set>
#include <sstream>

#include "tests/integration/harness/cluster.h"
#include "tests/integration/harness/net.h"
#include "tests/integration/harness/token.h"

namespace nonet::testing {
namespace {

constexpr char kJson[] = "json.webpubsub.azure.v1";

// What an operator would call the state: everything that was ever acknowledged. Without the facts of a
// process's life, which a new life changes: the epoch, and with it the object's etag and time.
nlohmann::json Acknowledged(Cluster& cluster) {
  nlohmann::json state = {cluster.Json({"resource", "list"}), cluster.Json({"replica", "list"}),
                          cluster.Json({"key", "list"})};
  for (const size_t list : {0u, 1u}) {
    for (nlohmann::json& object : state[list]) {
      object.erase("etag");
      object["systemData"].erase("lastModifiedAt");
      object["properties"]["instance"].erase("epoch");
    }
  }
  return state;
}

// The pid of the one process of the cluster running that program.
int PidOf(const Cluster& cluster, const std::string& program) {
  for (const int pid : cluster.Pids()) {
    std::ifstream in("/proc/" + std::to_string(pid) + "/cmdline");
    std::stringstream text;
    text << in.rdbuf();
    if (text.str().find(program) != std::string::npos) return pid;
  }
  return -1;
}

// Ends a process as the kernel's out-of-memory killer would, and waits until it is gone.
void KillNine(int pid) {
  ASSERT_GT(pid, 0);
  ASSERT_EQ(kill(pid, SIGKILL), 0);
  const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(5);
  while (std::chrono::steady_clock::now() < deadline) {
    std::ifstream in("/proc/" + std::to_string(pid) + "/cmdline");
    std::stringstream text;
    text << in.rdbuf();
    if (text.str().empty()) return;  // Gone, or a zombie that somebody will reap.
  }
  FAIL() << "process " << pid << " does not end";
}

WebSocket Client(Cluster& cluster, const std::string& instance, const std::string& user) {
  const std::string host = cluster.HostName();
  const std::string token = ClientToken(cluster.PrimaryKey(), host, "chat", FullRights(user));
  WebSocket client = WebSocket::Open(cluster.Instance(instance)["address"], 8080, host,
                                     "/client/hubs/chat?access_token=" + token, kJson);
  EXPECT_EQ(client.Receive().value("event", ""), "connected");
  return client;
}

// A message from one instance's client reaches the other's, once they are linked.
void ExpectMessagesFlow(Cluster& cluster, const std::string& from, const std::string& to) {
  cluster.WaitFor("linked");
  WebSocket sender = Client(cluster, from, "sender");
  WebSocket member = Client(cluster, to, "member");
  ASSERT_TRUE(member.Call({{"type", "joinGroup"}, {"group", "flow"}})["success"].get<bool>());
  sender.SendText(R"({"type":"sendToGroup","group":"flow","dataType":"text","data":"on"})");
  EXPECT_EQ(member.ReceiveType("message").value("data", ""), "on") << from << " -> " << to;
}

TEST(Restart, EachProcessKilledInTurnComesBackAndNothingIsLost) {
  Cluster cluster({.replicas = {"westus"}});
  ASSERT_TRUE(cluster.Up());
  cluster.Ok({"replica", "disable", "--replica-name", "westus"});
  cluster.Ok({"replica", "enable", "--replica-name", "westus"});
  cluster.Ok({"key", "regenerate", "--key-type", "secondary"});
  const nlohmann::json before = Acknowledged(cluster);
  for (const std::string process : {"controlplane", "dnsresolver", "contoso", "westus"}) {
    cluster.Ok({"fault", "kill", process});
    cluster.WaitFor("ready");
    EXPECT_EQ(cluster.InstanceFor(ClientIn("westus")), "westus") << "after killing " << process;
    EXPECT_EQ(cluster.InstanceFor(ClientIn("eastus")), "contoso") << "after killing " << process;
  }
  const nlohmann::json after = Acknowledged(cluster);
  EXPECT_EQ(after, before);
  ExpectMessagesFlow(cluster, "contoso", "westus");
  ExpectMessagesFlow(cluster, "westus", "contoso");
}

TEST(Restart, AnAcknowledgedChangeSurvivesKillNineOfTheControlPlane) {
  Cluster cluster({.replicas = {"westus"}});
  ASSERT_TRUE(cluster.Up());
  for (int i = 0; i < 5; ++i) {
    cluster.Ok({"replica", "update", "--replica-name", "westus", "--tags", "round=" + std::to_string(i),
                "--no-wait"});
    cluster.Ok({"fault", "kill", "controlplane"});
    cluster.WaitFor("ready");
    EXPECT_EQ(cluster.Json({"replica", "show", "--replica-name", "westus"})["tags"]["round"],
              std::to_string(i));
  }
}

TEST(Restart, EarlierRestartsOfTheControlPlaneAreNoReasonToGiveItUp) {
  Cluster cluster;
  ASSERT_TRUE(cluster.Up());
  for (int i = 0; i < 3; ++i) {
    cluster.Ok({"fault", "kill", "controlplane"});
    cluster.WaitFor("ready");
  }
  cluster.Ok({"fault", "kill", "controlplane", "--hold"});
  const CommandResult up = cluster.Nonet({"up", "--detach", "--timeout", "1s"});
  EXPECT_NE(up.err.find("error[TIMED_OUT]: the control plane is not ready"), std::string::npos) << up.err;
  cluster.Ok({"fault", "resume", "controlplane"});
  cluster.WaitFor("ready");
}

TEST(Restart, AControlPlaneThatCannotStartEndsUpWithItsReason) {
  Cluster cluster;
  ASSERT_TRUE(cluster.Up());
  cluster.Ok({"down"});
  for (const auto& file : std::filesystem::directory_iterator(cluster.dir() + "/controlplane/db")) {
    if (file.path().filename().string().starts_with("MANIFEST")) std::ofstream(file.path()) << "damaged";
  }
  const CommandResult up = cluster.Nonet({"up", "--detach"});
  EXPECT_NE(up.err.find("error[STORE_CORRUPT]: the control plane: the store "), std::string::npos) << up.err;
  EXPECT_NE(up.err.find("  try: put a backup in its place"), std::string::npos) << up.err;
  EXPECT_TRUE(cluster.Pids().empty()) << "what was started for nothing is ended";
}

TEST(Restart, SupervisorKilledLeavesEverythingRunningAndTheNextUpAdoptsIt) {
  Cluster cluster({.replicas = {"westus"}});
  ASSERT_TRUE(cluster.Up());
  const int supervisor = PidOf(cluster, "nonet-supervisor");
  std::vector<int> children = cluster.Pids();
  std::erase(children, supervisor);
  KillNine(supervisor);
  EXPECT_EQ(cluster.InstanceFor(ClientIn("westus")), "westus");
  ExpectMessagesFlow(cluster, "contoso", "westus");

  ASSERT_TRUE(cluster.Up());
  std::vector<int> adopted = cluster.Pids();
  std::erase(adopted, PidOf(cluster, "nonet-supervisor"));
  std::sort(children.begin(), children.end());
  std::sort(adopted.begin(), adopted.end());
  EXPECT_EQ(adopted, children);
  cluster.Ok({"fault", "kill", "westus"});  // The new supervisor looks after what it adopted.
  cluster.WaitFor("ready");
  EXPECT_EQ(cluster.InstanceFor(ClientIn("westus")), "westus");
}

TEST(Restart, DownFindsEverythingThoughTheSupervisorIsDead) {
  Cluster cluster({.replicas = {"westus"}});
  ASSERT_TRUE(cluster.Up());
  KillNine(PidOf(cluster, "nonet-supervisor"));
  cluster.Ok({"down"});
  EXPECT_TRUE(cluster.Pids().empty());
}

TEST(Restart, DownAndUpKeepResourcesKeysAndAddresses) {
  Cluster cluster({.replicas = {"westus"}});
  ASSERT_TRUE(cluster.Up());
  cluster.Ok(
      {"replica", "add", "--replica-name", "quiet", "-l", "uksouth", "--region-endpoint-enabled", "false"});
  const nlohmann::json keys = cluster.Json({"key", "list"});
  const std::string address = cluster.Instance("quiet")["address"];
  cluster.Ok({"down"});
  ASSERT_TRUE(cluster.Up());
  EXPECT_EQ(cluster.Json({"key", "list"}), keys);
  EXPECT_EQ(cluster.Instance("quiet")["address"], address);
  EXPECT_EQ(
      cluster.Json({"replica", "show", "--replica-name", "quiet"})["properties"]["regionEndpointEnabled"],
      "Disabled");
  EXPECT_EQ(cluster.InstanceFor(ClientIn("westus")), "westus");
}

TEST(Restart, ResetWipesTheDirectory) {
  Cluster cluster;
  ASSERT_TRUE(cluster.Up());
  cluster.Ok({"reset"});
  EXPECT_TRUE(cluster.Pids().empty());
  EXPECT_FALSE(std::filesystem::exists(cluster.dir() + "/controlplane"));
}

TEST(Restart, WithoutTheControlPlaneInstancesAndResolverRestartFromTheirLastGoodState) {
  Cluster cluster({.replicas = {"westus"}});
  ASSERT_TRUE(cluster.Up());
  cluster.Ok({"fault", "kill", "controlplane", "--hold"});
  for (const std::string process : {"dnsresolver", "westus"}) {
    cluster.Ok({"fault", "kill", process});
    cluster.WaitFor("process/" + process + "=ready");
  }
  cluster.WaitFor("answer/westus=westus");
  EXPECT_EQ(cluster.InstanceFor(ClientIn("westus")), "westus");
  ExpectMessagesFlow(cluster, "contoso", "westus");
  ExpectMessagesFlow(cluster, "westus", "contoso");

  const CommandResult change = cluster.Nonet({"replica", "disable", "--replica-name", "westus"});
  EXPECT_EQ(change.exit_code, 64 + 14) << "UNAVAILABLE: " << change.err;
  cluster.Ok({"fault", "resume", "controlplane"});
  cluster.WaitFor("ready");
  cluster.Ok({"replica", "disable", "--replica-name", "westus"});
  EXPECT_EQ(cluster.InstanceFor(ClientIn("westus")), "contoso");
}

TEST(Restart, LinkedMeansThatEveryInstanceAnswersAndHasItsLinks) {
  Cluster cluster({.replicas = {"westus"}});
  ASSERT_TRUE(cluster.Up());
  cluster.WaitFor("linked");
  const auto wait_in_vain = [&] { return cluster.Nonet({"wait", "--for=linked", "--timeout", "1s"}); };
  cluster.Ok({"fault", "kill", "westus", "--hold"});
  const CommandResult silent = wait_in_vain();
  EXPECT_EQ(silent.exit_code, 3);
  EXPECT_NE(silent.err.find("westus does not answer"), std::string::npos) << silent.err;

  cluster.Ok({"fault", "partition", "eastus", "westus"});
  cluster.Ok({"fault", "resume", "westus"});
  cluster.WaitFor("process/westus=ready");
  const CommandResult cut = wait_in_vain();
  EXPECT_EQ(cut.exit_code, 3);
  EXPECT_NE(cut.err.find("are not linked"), std::string::npos) << cut.err;

  cluster.Ok({"fault", "heal", "eastus", "westus"});
  cluster.WaitFor("linked");
}

TEST(Restart, PausedInstanceIsLeftOutAndComesBack) {
  Cluster cluster({.replicas = {"westus"}});
  ASSERT_TRUE(cluster.Up());
  cluster.Ok({"fault", "pause", "westus"});
  cluster.WaitFor("endpoint/westus=Degraded");
  cluster.WaitFor("answer/westus=contoso");
  cluster.Ok({"fault", "resume", "westus"});
  cluster.WaitFor("endpoint/westus=Online");
  EXPECT_EQ(cluster.InstanceFor(ClientIn("westus")), "westus");
}

}  // namespace
}  // namespace nonet::testing
