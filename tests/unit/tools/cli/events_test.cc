#include "tools/cli/render/events.h"

#include <gtest/gtest.h>

namespace nonet::cli {
namespace {

steering::v1::SteeringEvent Probe(bool success) {
  steering::v1::SteeringEvent event;
  event.mutable_time()->set_seconds(1'700'000'000);
  event.mutable_time()->set_nanos(5'000'000);
  event.mutable_probe()->set_name("resources/contoso/replicas/westus");
  event.mutable_probe()->set_success(success);
  event.mutable_probe()->set_detail(success ? "200 in 1.2 ms" : "connection refused");
  event.mutable_probe()->set_consecutive_failures(success ? 0 : 2);
  return event;
}

TEST(Events, ProbeIsOneJsonObjectALine) {
  EXPECT_EQ(
      RenderEvent(FromSteering(Probe(false)), Format::kJson, {}),
      "{\"time\":\"2023-11-14T22:13:20.005Z\",\"source\":\"dnsresolver\",\"kind\":\"probe\",\"name\":"
      "\"westus\","
      "\"object\":\"resources/contoso/replicas/westus\",\"success\":false,\"detail\":\"connection refused\","
      "\"consecutiveFailures\":2}\n");
}

TEST(Events, FailedProbeReadsLikeASentence) {
  const std::string line = RenderEvent(FromSteering(Probe(false)), Format::kTable, {});
  EXPECT_NE(line.find("endpoint westus"), std::string::npos) << line;
  EXPECT_NE(line.find("probe failed (2 in a row): connection refused"), std::string::npos) << line;
}

TEST(Events, VerdictAndTable) {
  steering::v1::SteeringEvent verdict;
  verdict.mutable_verdict()->set_name("resources/contoso");
  verdict.mutable_verdict()->set_from("Online");
  verdict.mutable_verdict()->set_to("Degraded");
  EXPECT_EQ(FromSteering(verdict).document["name"], "contoso");
  EXPECT_EQ(FromSteering(verdict).what, "Online -> Degraded");
  verdict.mutable_verdict()->clear_to();
  EXPECT_EQ(FromSteering(verdict).what, "Online -> gone") << "it was deleted";

  steering::v1::SteeringEvent table;
  table.mutable_table()->set_number(3);
  table.mutable_table()->set_revision(12);
  table.mutable_table()->set_cause("health");
  EXPECT_EQ(FromSteering(table).document["cause"], "health");
  EXPECT_EQ(FromSteering(table).what, "table 3 in force (health, revision 12)");
}

TEST(Events, ProcessAndFaultKindsHaveNoSpaces) {
  supervisor::v1::ProcessEvent event;
  event.set_name("region-down/eastus");
  event.set_what("fault set");
  event.set_detail("mode refuse");
  const EventView view = FromProcess(event);
  EXPECT_EQ(view.document["kind"], "fault-set");
  EXPECT_EQ(view.document["source"], "supervisor");
  EXPECT_EQ(view.who, "fault");
  EXPECT_EQ(view.what, "region-down/eastus set: mode refuse");
}

}  // namespace
}  // namespace nonet::cli
