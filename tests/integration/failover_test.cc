// A region dies, in both ways it can, and comes back: measured against the formula of docs/architecture.md.
// I = 500 ms between probes, N = 3 tolerated, T = 0 when refused and 400 ms when it hangs.

#include <gtest/gtest.h>

#include <chrono>

#include "tests/integration/harness/cluster.h"
#include "tests/integration/harness/net.h"
#include "tests/integration/harness/token.h"

namespace nonet::testing {
namespace {

using std::chrono::milliseconds;
using SteadyClock = std::chrono::steady_clock;

constexpr milliseconds kInterval{500};
constexpr milliseconds kTimeout{400};
constexpr int kTolerated = 3;
// Commands are processes; a busy machine starts them late. Only ever added above, never below.
constexpr milliseconds kCommandSlack{2'000};

struct Mode {
  const char* name;
  milliseconds failed_probe;
};

void PrintTo(const Mode& mode, std::ostream* out) { *out << mode.name; }

class Failover : public ::testing::TestWithParam<Mode> {
 protected:
  Failover()
      : cluster_({.replicas = {"westus", "westeurope"},
                  .probe_interval = "500ms",
                  .probe_timeout = "400ms",
                  .tolerated_failures = kTolerated}) {}

  WebSocket Client(const std::string& instance, const std::string& user) {
    const std::string host = cluster_.HostName();
    const std::string token = ClientToken(cluster_.PrimaryKey(), host, "chat", FullRights(user));
    WebSocket client = WebSocket::Open(cluster_.Instance(instance)["address"], 8080, host,
                                       "/client/hubs/chat?access_token=" + token, "json.webpubsub.azure.v1");
    EXPECT_EQ(client.Receive().value("event", ""), "connected");
    return client;
  }

  // Cuts eastus and holds the detection against the formula.
  void CutAndMeasure() {
    const auto before = SteadyClock::now();
    cluster_.Ok({"fault", "region-down", "eastus", "--mode", GetParam().name});
    const auto after = SteadyClock::now();
    cluster_.WaitFor("endpoint/contoso=Degraded");
    const auto detected = SteadyClock::now();
    EXPECT_GE(detected - before, kTolerated * kInterval) << "Degraded before N+1 probes can have failed";
    EXPECT_LE(detected - after, (kTolerated + 1) * kInterval + GetParam().failed_probe + kCommandSlack);
  }

  Cluster cluster_;
};

TEST_P(Failover, LeavesADeadRegionWithinTheFormulaAndReturnsToIt) {
  ASSERT_TRUE(cluster_.Up());
  const std::string dead_address = cluster_.Instance("contoso")["address"];
  WebSocket lost = Client("contoso", "lost");
  WebSocket stays = Client("westus", "stays");
  CutAndMeasure();
  EXPECT_TRUE(lost.WaitClosed().has_value()) << "existing connections are dropped";
  const std::string next = cluster_.InstanceFor(ClientIn("eastus"));
  EXPECT_EQ(next, "westus") << "the next nearest by round trip";
  EXPECT_EQ(cluster_.InstanceFor(ClientIn("westeurope")), "westeurope") << "nobody else is moved";

  // What nothing-listens and accepts-but-never-answers look like to a client.
  TcpSocket probe = TcpSocket::Connect(dead_address, 8080);
  EXPECT_EQ(probe.valid(), std::string(GetParam().name) == "hang");
  if (probe.valid()) {
    probe.Send("GET /api/health HTTP/1.1\r\nHost: x\r\n\r\n");
    std::string nothing;
    EXPECT_FALSE(probe.Receive(nothing, milliseconds(300))) << nothing;
  }
  WebSocket moved = Client(next, "moved");
  ASSERT_TRUE(moved.Call({{"type", "joinGroup"}, {"group", "after"}})["success"].get<bool>());
  stays.SendText(R"({"type":"sendToGroup","group":"after","dataType":"text","data":"on"})");
  EXPECT_EQ(moved.ReceiveType("message").value("data", ""), "on");

  const auto before_up = SteadyClock::now();
  cluster_.Ok({"fault", "region-up", "eastus"});
  cluster_.WaitFor("endpoint/contoso=Online");
  EXPECT_LE(SteadyClock::now() - before_up, kInterval + kTimeout + 2 * kCommandSlack)
      << "one good probe is enough";
  EXPECT_EQ(cluster_.InstanceFor(ClientIn("eastus")), "contoso");
  moved.SendText(R"({"type":"ping"})");
  EXPECT_FALSE(moved.ReceiveType("pong").is_null()) << "open connections stay where they are";
}

TEST_P(Failover, WorksWithoutTheControlPlane) {
  ASSERT_TRUE(cluster_.Up());
  cluster_.Ok({"fault", "kill", "controlplane", "--hold"});
  CutAndMeasure();
  EXPECT_EQ(cluster_.InstanceFor(ClientIn("eastus")), "westus");
  cluster_.Ok({"fault", "region-up", "eastus"});
  cluster_.WaitFor("endpoint/contoso=Online");
  EXPECT_EQ(cluster_.InstanceFor(ClientIn("eastus")), "contoso");
}

TEST_P(Failover, AllRegionsDownCountAsAllUp) {
  ASSERT_TRUE(cluster_.Up());
  for (const std::string region : {"eastus", "westus", "westeurope"}) {
    cluster_.Ok({"fault", "region-down", region, "--mode", GetParam().name});
  }
  for (const std::string instance : {"contoso", "westus", "westeurope"}) {
    cluster_.WaitFor("endpoint/" + instance + "=Degraded");
  }
  EXPECT_EQ(cluster_.InstanceFor(ClientIn("eastus")), "contoso") << "fail open: the nearest of the unhealthy";
  EXPECT_EQ(cluster_.InstanceFor(ClientIn("westeurope")), "westeurope");
  const CommandResult explained =
      cluster_.Ok({"resolve", "contoso.webpubsub.azure.com", "--from", "eastus", "--explain"});
  EXPECT_NE(explained.out.find("egraded"), std::string::npos) << explained.out;
  cluster_.Ok({"fault", "clear"});
  cluster_.WaitFor("ready");
  cluster_.WaitFor("endpoint/contoso=Online");
}

TEST_P(Failover, FaultsOutliveTheSupervisorAndHoldNewInstances) {
  ASSERT_TRUE(cluster_.Up());
  cluster_.Ok({"fault", "region-down", "uksouth", "--mode", GetParam().name});
  const CommandResult added =
      cluster_.Nonet({"replica", "add", "--replica-name", "london", "-l", "uksouth", "--timeout", "1s"});
  EXPECT_EQ(added.exit_code, 3) << "timed out waiting: its region is down\n" << added.out << added.err;
  cluster_.Ok({"down"});
  ASSERT_TRUE(cluster_.Up());
  const nlohmann::json faults = cluster_.Json({"fault", "list"});
  ASSERT_EQ(faults.size(), 1u) << faults;
  EXPECT_EQ(faults[0]["name"], "region-down/uksouth");
  cluster_.Ok({"fault", "region-up", "uksouth"});
  cluster_.WaitFor("replica/london=Succeeded");
  cluster_.WaitFor("converged");
  EXPECT_EQ(cluster_.Dig({"-b", "127.178.0.1", "+short", cluster_.HostName(), "A"}).exit_code, 0);
  EXPECT_EQ(cluster_.InstanceFor("127.178.0.1"), "london");
}

INSTANTIATE_TEST_SUITE_P(Modes, Failover,
                         ::testing::Values(Mode{"refuse", milliseconds(0)}, Mode{"hang", kTimeout}),
                         [](const auto& info) { return std::string(info.param.name); });

}  // namespace
}  // namespace nonet::testing
