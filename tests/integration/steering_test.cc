// Steering by profile, asking what would be and what was: over a whole cluster, by the nonet command and DNS.

#include <gtest/gtest.h>

#include <set>
#include <string>

#include "tests/integration/harness/cluster.h"

namespace nonet::testing {
namespace {

class Steering : public ::testing::Test {
 protected:
  static void SetUpTestSuite() {
    cluster_ = new Cluster({.replicas = {"westus", "westeurope"}});
    ASSERT_TRUE(cluster_->Up());
    // CheckingEndpoint counts as healthy; verdicts that come later would change tables between two questions.
    for (const std::string instance : {"contoso", "westus", "westeurope"}) {
      cluster_->WaitFor("endpoint/" + instance + "=Online");
    }
  }
  static void TearDownTestSuite() {
    delete cluster_;
    cluster_ = nullptr;
  }
  void TearDown() override {
    Profile("");
    for (const std::string replica : {"westus", "westeurope"}) {
      cluster().Ok({"replica", "enable", "--replica-name", replica});
    }
  }
  static Cluster& cluster() { return *cluster_; }

  static void Profile(const std::string& json) {
    cluster().Ok({"resource", "update", "--name", "contoso", "--set", "traffic_profile=" + json});
  }
  // The whole text of `nonet resolve contoso --from REGION --explain ...`.
  static std::string Explain(const std::string& region, std::vector<std::string> more = {}) {
    std::vector<std::string> args = {"resolve", "contoso", "--from", region, "--explain"};
    args.insert(args.end(), more.begin(), more.end());
    return cluster().Ok(args).out;
  }
  static std::string Host(const std::string& instance) { return cluster().Instance(instance)["hostName"]; }
  static uint64_t LastTable() {
    const nlohmann::json tables = cluster().Json({"dns", "history"});
    return tables.back()["number"];
  }

  static Cluster* cluster_;
};

Cluster* Steering::cluster_ = nullptr;

TEST_F(Steering, PriorityBeatsNearnessUntilTheInstanceIsOutOfDns) {
  Profile(R"({"method": "METHOD_PRIORITY", "endpoints":
      [{"instance": "westeurope", "priority": 1}, {"instance": "contoso", "priority": 2}]})");
  EXPECT_EQ(cluster().InstanceFor(ClientIn("westus")), "westeurope");
  EXPECT_EQ(cluster().InstanceFor(ClientIn("eastus")), "westeurope");
  cluster().Ok({"replica", "disable", "--replica-name", "westeurope"});
  EXPECT_EQ(cluster().InstanceFor(ClientIn("westus")), "contoso")
      << "an instance no profile names gets nobody";
  cluster().Ok({"replica", "enable", "--replica-name", "westeurope"});
  EXPECT_EQ(cluster().InstanceFor(ClientIn("westus")), "westeurope");
}

TEST_F(Steering, WeightsAreDrawnForEveryQuestion) {
  Profile(R"({"method": "METHOD_WEIGHTED", "endpoints":
      [{"instance": "contoso", "weight": 500}, {"instance": "westus", "weight": 500}]})");
  // 2^-39 is the chance to see one of them only.
  std::set<std::string> seen;
  for (int i = 0; i < 40; ++i) seen.insert(cluster().InstanceFor(ClientIn("westeurope")));
  EXPECT_EQ(seen, (std::set<std::string>{"contoso", "westus"}));
}

TEST_F(Steering, NestedProfilesGiveWayWhenTooFewOfTheirEndpointsAreLeft) {
  Profile(R"({"method": "METHOD_PRIORITY", "endpoints": [
      {"priority": 1, "min_child_endpoints": 2, "profile": {"name": "americas", "method": "METHOD_PERFORMANCE",
          "endpoints": [{"instance": "contoso"}, {"instance": "westus"}]}},
      {"priority": 2, "instance": "westeurope"}]})");
  EXPECT_EQ(cluster().InstanceFor(ClientIn("westus")), "westus");
  EXPECT_EQ(cluster().InstanceFor(ClientIn("eastus")), "contoso");
  cluster().Ok({"replica", "disable", "--replica-name", "westus"});
  EXPECT_EQ(cluster().InstanceFor(ClientIn("eastus")), "westeurope") << "one healthy of the two it wants";
  cluster().Ok({"replica", "enable", "--replica-name", "westus"});
}

TEST_F(Steering, MultivalueAnswersAddressesInsteadOfACname) {
  Profile(R"({"method": "METHOD_MULTIVALUE", "max_return": 3, "endpoints":
      [{"instance": "contoso"}, {"instance": "westus"}, {"instance": "westeurope"}]})");
  const std::string answer =
      cluster().Dig({"-b", ClientIn("eastus"), "+short", cluster().HostName(), "A"}).out;
  for (const std::string instance : {"contoso", "westus", "westeurope"}) {
    EXPECT_NE(answer.find(cluster().Instance(instance)["address"].get<std::string>()), std::string::npos)
        << answer;
  }
  EXPECT_EQ(answer.find(Host("westus")), std::string::npos) << answer;
}

TEST_F(Steering, AProfileThatCannotBeIsRefusedAndChangesNothing) {
  const auto refused = [](const std::string& json) {
    return cluster().Nonet({"resource", "update", "--name", "contoso", "--set", "traffic_profile=" + json});
  };
  const CommandResult nobody = refused(R"({"endpoints": [{"instance": "mars"}]})");
  EXPECT_EQ(nobody.exit_code, 64 + 9) << "FAILED_PRECONDITION: " << nobody.err;
  EXPECT_NE(nobody.err.find("mars"), std::string::npos) << nobody.err;
  const CommandResult garbage = refused("{not json");
  EXPECT_EQ(garbage.exit_code, 2) << garbage.err;
  EXPECT_EQ(cluster().InstanceFor(ClientIn("westus")), "westus");
}

TEST_F(Steering, ExplainsASupposedOutage) {
  const std::string now = Explain("westus");
  EXPECT_NE(now.find("The answer is " + Host("westus")), std::string::npos) << now;
  const std::string supposed = Explain("westus", {"--health", "westus=down", "--ttl", "30"});
  EXPECT_NE(supposed.find("The answer is " + Host("contoso")), std::string::npos) << supposed;
  EXPECT_NE(supposed.find("Degraded"), std::string::npos) << supposed;
  EXPECT_NE(supposed.find("30 s"), std::string::npos) << supposed;
  EXPECT_EQ(cluster().InstanceFor(ClientIn("westus")), "westus") << "asking changes nothing";
}

TEST_F(Steering, HistoryTellsWhatWasSaidAndDiffWhoseAnswerChanged) {
  const uint64_t before = LastTable();
  cluster().Ok({"replica", "disable", "--replica-name", "westus"});
  const uint64_t after = LastTable();
  EXPECT_GT(after, before);

  const std::string then = Explain("westus", {"--at", std::to_string(before)});
  EXPECT_NE(then.find("The answer is " + Host("westus")), std::string::npos) << then;
  const std::string now = Explain("westus", {"--at", std::to_string(after)});
  EXPECT_NE(now.find("The answer is " + Host("contoso")), std::string::npos) << now;

  const nlohmann::json diff =
      cluster().Json({"dns", "diff", std::to_string(before), std::to_string(after)})["changes"];
  bool westus_moved = false;
  for (const auto& change : diff) {
    EXPECT_EQ(change["from"], Host("westus")) << "only who was at westus moves: " << change;
    for (const auto& region : change["regions"]) westus_moved |= region == "westus";
  }
  EXPECT_TRUE(westus_moved) << diff;

  cluster().Ok({"replica", "enable", "--replica-name", "westus"});
  const nlohmann::json none = cluster().Json({"dns", "diff", std::to_string(before), "now"});
  EXPECT_TRUE(none["changes"].empty()) << none;
}

TEST_F(Steering, HistoryOutlivesTheResolver) {
  const uint64_t before = LastTable();
  cluster().Ok({"fault", "kill", "dnsresolver", "--hold"});
  cluster().Ok({"fault", "resume", "dnsresolver"});
  EXPECT_GT(LastTable(), before);
  const std::string then = Explain("westus", {"--at", std::to_string(before)});
  EXPECT_NE(then.find("The answer is " + Host("westus")), std::string::npos) << then;
}

}  // namespace
}  // namespace nonet::testing
