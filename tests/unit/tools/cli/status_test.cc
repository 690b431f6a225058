#include "tools/cli/render/status.h"

#include <gtest/gtest.h>

#include "absl/strings/match.h"

namespace nonet::cli {
namespace {

// A cluster of one primary and one replica, all well.
StatusReport Healthy() {
  StatusReport report;
  report.dir = "/state";
  report.supervisor_pid = 100;
  report.dns_address = "127.0.0.1:7853";
  report.cluster.emplace();
  report.cluster->set_cluster("contoso");
  report.cluster->set_zone("webpubsub.azure.com");
  report.cluster->mutable_addresses()->set_dns("127.0.0.1:7853");
  int pid = 100;
  for (const char* name : {"controlplane", "dnsresolver", "contoso", "westus"}) {
    auto* process = report.cluster->add_processes();
    process->set_name(name);
    process->set_pid(++pid);
    process->set_state(supervisor::v1::STATE_READY);
  }
  report.cluster->mutable_processes(2)->set_object("resources/contoso");
  report.cluster->mutable_processes(3)->set_object("resources/contoso/replicas/westus");

  ResourceTree tree;
  tree.resource.set_name("resources/contoso");
  tree.resource.set_location("eastus");
  tree.resource.set_provisioning_state(resource::v1::PROVISIONING_STATE_SUCCEEDED);
  resource::v1::Replica replica;
  replica.set_name("resources/contoso/replicas/westus");
  replica.set_location("westus");
  replica.set_provisioning_state(resource::v1::PROVISIONING_STATE_SUCCEEDED);
  tree.replicas.push_back(replica);
  report.resources = {tree};

  report.endpoints.emplace();
  for (const char* name : {"resources/contoso", "resources/contoso/replicas/westus"}) {
    auto* endpoint = report.endpoints->add_endpoints();
    endpoint->set_name(name);
    endpoint->set_monitor_status("Online");
  }
  report.endpoints->mutable_ttl()->set_seconds(90);
  report.endpoints->mutable_probe_interval()->set_seconds(30);
  report.endpoints->set_tolerated_failures(3);
  report.subscribers.emplace();
  auto* subscriber = report.subscribers->add_subscribers();
  subscriber->set_subscriber("resources/contoso/replicas/westus");
  subscriber->set_connected(true);
  subscriber->set_converged(true);
  subscriber->set_connections(12);
  report.faults.emplace();
  return report;
}

TEST(Status, AllWellIsHealthy) {
  EXPECT_TRUE(Unhealthy(Healthy()).empty());
  EXPECT_EQ(Status(Healthy(), {}).document["healthy"], true);
}

TEST(Status, JoinsTheServicesByObject) {
  const Json json = Status(Healthy(), {}).document;
  ASSERT_EQ(json["instances"].size(), 2u);
  EXPECT_EQ(json["instances"][0]["role"], "primary");
  const Json& westus = json["instances"][1];
  EXPECT_EQ(westus["name"], "westus");
  EXPECT_EQ(westus["endpointMonitorStatus"], "Online");
  EXPECT_EQ(westus["connections"], 12);
  EXPECT_EQ(westus["converged"], true);
  EXPECT_TRUE(json["instances"][0]["connections"].is_null()) << "nobody said";
  EXPECT_EQ(json["processes"][0]["name"], "supervisor");
  EXPECT_EQ(json["dns"]["ttl"], "90s");
  EXPECT_EQ(json["dns"]["address"], "127.0.0.1:7853");
}

TEST(Status, AProcessThatIsNotReadyIsUnhealthy) {
  for (const auto state : {supervisor::v1::STATE_STARTING, supervisor::v1::STATE_PAUSED,
                           supervisor::v1::STATE_HELD, supervisor::v1::STATE_BACKOFF}) {
    StatusReport report = Healthy();
    report.cluster->mutable_processes(3)->set_state(state);
    report.cluster->mutable_processes(3)->set_detail("held down by region-down/westus");
    ASSERT_EQ(Unhealthy(report).size(), 1u);
    EXPECT_TRUE(absl::StrContains(Unhealthy(report)[0], "westus is " + ProcessStateName(state)));
  }
}

TEST(Status, StoppedOnPurposeIsHealthy) {
  StatusReport report = Healthy();
  report.cluster->mutable_processes(3)->set_state(supervisor::v1::STATE_HELD);
  (*report.resources)[0].replicas[0].set_resource_stopped(true);
  EXPECT_TRUE(Unhealthy(report).empty());
}

TEST(Status, DisabledIsHealthyAndDegradedIsNot) {
  StatusReport report = Healthy();
  (*report.resources)[0].replicas[0].set_region_endpoint_enabled(false);
  report.endpoints->mutable_endpoints(1)->set_monitor_status("Disabled");
  EXPECT_TRUE(Unhealthy(report).empty());
  report.endpoints->mutable_endpoints(1)->set_monitor_status("Degraded");
  report.endpoints->mutable_endpoints(1)->set_last_probe("connection refused");
  ASSERT_EQ(Unhealthy(report).size(), 1u);
  EXPECT_EQ(Unhealthy(report)[0], "westus is Degraded: connection refused");
}

TEST(Status, FailedProvisioningIsUnhealthy) {
  StatusReport report = Healthy();
  (*report.resources)[0].replicas[0].set_provisioning_state(resource::v1::PROVISIONING_STATE_FAILED);
  EXPECT_EQ(Unhealthy(report).size(), 1u);
}

TEST(Status, ShowsWhatItCanWhenServicesAreSilent) {
  StatusReport report;
  report.dir = "/state";
  report.silent = {"the control plane at 127.0.0.1:7800 cannot be reached"};
  EXPECT_EQ(Unhealthy(report).size(), 2u);
  const View view = Status(report, {});
  EXPECT_TRUE(absl::StrContains(view.text, "supervisor  down"));
  EXPECT_TRUE(absl::StrContains(view.text, "cannot be reached"));
  EXPECT_TRUE(view.document["dns"].is_null());
}

TEST(Status, WarnsWhichInstanceWouldOverflowWithoutBeingUnhealthy) {
  StatusReport report;
  report.supervisor_pid = 1;
  resource::v1::Warning& warning = *report.capacity.emplace_back().add_warnings();
  warning.set_message("if eastus fell, westus would carry 1,500 of 1,000 connections");
  warning.set_next_step("nonet replica update westus --unit-count 2");
  const View view = Status(report, {});
  EXPECT_TRUE(Unhealthy(report).empty());
  ASSERT_EQ(view.document["warnings"].size(), 1u);
  EXPECT_NE(
      view.text.find("warning: if eastus fell, westus would carry 1,500 of 1,000 connections / try: nonet"),
      std::string::npos)
      << view.text;
}

}  // namespace
}  // namespace nonet::cli
