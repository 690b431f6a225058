#include "tools/cli/args/parse.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "absl/strings/str_join.h"
#include "common/base/error.h"
#include "tools/cli/errors.h"

namespace nonet::cli {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Pair;
using ::testing::StartsWith;
using ::testing::UnorderedElementsAre;

CommandLine Line(std::vector<std::string> arguments) {
  const absl::StatusOr<Parsed> parsed = Parse(arguments, "1.2.3");
  EXPECT_TRUE(parsed.ok()) << absl::StrJoin(arguments, " ") << ": " << parsed.status();
  if (!parsed.ok() || !std::holds_alternative<CommandLine>(*parsed)) return {};
  return std::get<CommandLine>(*parsed);
}

template <typename Options>
Options As(std::vector<std::string> arguments) {
  const CommandLine line = Line(std::move(arguments));
  EXPECT_TRUE(std::holds_alternative<Options>(line.command));
  return std::holds_alternative<Options>(line.command) ? std::get<Options>(line.command) : Options();
}

absl::Status Refusal(std::vector<std::string> arguments) {
  return Parse(std::move(arguments), "1.2.3").status();
}

TEST(Parse, CommonOptionsWorkBeforeAndAfterTheCommand) {
  EXPECT_EQ(Line({"--dir", "/x/y", "status"}).dir, "/x/y");
  EXPECT_EQ(Line({"status", "--dir=/x/y/"}).dir, "/x/y");
  EXPECT_EQ(Line({"replica", "list", "-o", "json"}).format, Format::kJson);
  EXPECT_EQ(Line({"-o", "yaml", "replica", "list"}).format, Format::kYaml);
  EXPECT_EQ(Line({"status"}).format, Format::kTable);
}

TEST(Parse, UpKeepsApartWhatWasGivenAndWhatWasNot) {
  const auto bare = As<UpOptions>({"up"});
  EXPECT_FALSE(bare.given.ttl_ns || bare.given.cluster || bare.primary || bare.given.base_port);
  EXPECT_TRUE(bare.replicas.empty());

  const auto full = As<UpOptions>({"up",
                                   "--name",
                                   "fabrikam",
                                   "-g",
                                   "rg",
                                   "--primary",
                                   "westus",
                                   "--replica",
                                   "eastus",
                                   "uksouth",
                                   "--replica",
                                   "japaneast",
                                   "--detach",
                                   "--ttl",
                                   "5s",
                                   "--probe-interval",
                                   "500ms",
                                   "--probe-timeout=1s",
                                   "--tolerated-failures",
                                   "0",
                                   "--net",
                                   "127.81",
                                   "--base-port",
                                   "9000",
                                   "--zone",
                                   "webpubsub.test",
                                   "--dns-listen",
                                   "127.80.0.53:53",
                                   "--open",
                                   "--when-full",
                                   "refuse",
                                   "--joins-wait=500ms",
                                   "--resolver-flag",
                                   "--rrl=0",
                                   "--resolver-flag=probe_status=200-299,301"});
  EXPECT_EQ(full.given.cluster, "fabrikam");
  EXPECT_EQ(full.group, "rg");
  EXPECT_EQ(full.primary, "westus");
  EXPECT_THAT(full.replicas, ElementsAre("eastus", "uksouth", "japaneast"));
  EXPECT_TRUE(full.detach);
  EXPECT_EQ(full.given.ttl_ns, 5 * kNanosPerSecond);
  EXPECT_EQ(full.given.probe_interval_ns, 500 * kNanosPerMilli);
  EXPECT_EQ(full.given.tolerated_failures, 0);
  EXPECT_EQ(full.given.base_port, 9000);
  EXPECT_EQ(full.given.zone, "webpubsub.test");
  EXPECT_EQ(full.given.open, true);
  EXPECT_EQ(full.given.when_full, "refuse");
  EXPECT_EQ(full.given.joins_wait_ns, 500 * kNanosPerMilli);
  EXPECT_THAT(*full.given.resolver_flags, ElementsAre("rrl=0", "probe_status=200-299,301"));
}

TEST(Parse, UpCanTakeBackWhatLaterStartsKeep) {
  const auto none = As<UpOptions>({"up"});
  EXPECT_FALSE(none.given.open.has_value());
  EXPECT_FALSE(none.given.resolver_flags.has_value());
  const auto back = As<UpOptions>({"up", "--no-open", "--resolver-flag", ""});
  EXPECT_EQ(back.given.open, false);
  EXPECT_FALSE(none.given.joins_wait_ns.has_value());
  EXPECT_EQ(As<UpOptions>({"up", "--joins-wait", "0"}).given.joins_wait_ns, 0);
  EXPECT_THAT(*back.given.resolver_flags, testing::IsEmpty());
}

TEST(Parse, ReplicaAddTakesRegionsAsArgumentsOrByOption) {
  const auto several = As<ObjectOptions>({"replica", "add", "westus", "westeurope"});
  EXPECT_TRUE(several.replica);
  EXPECT_EQ(several.verb, ObjectVerb::kCreate);
  EXPECT_THAT(several.regions, ElementsAre("westus", "westeurope"));

  const auto azure =
      As<ObjectOptions>({"replica", "create",         "--name",       "contoso", "-g",
                         "nonet",   "--replica-name", "MyReplica",    "-l",      "uksouth",
                         "--sku",   "Premium_P1",     "--unit-count", "2",       "--region-endpoint-enabled",
                         "false",   "--tags",         "a=1",          "b=x=y",   "--no-wait"});
  EXPECT_EQ(azure.name, "contoso");
  EXPECT_EQ(azure.replica_name, "MyReplica");
  EXPECT_THAT(azure.regions, ElementsAre("uksouth"));
  EXPECT_EQ(azure.unit_count, 2u);
  EXPECT_EQ(azure.region_endpoint_enabled, false);
  EXPECT_THAT(*azure.tags, UnorderedElementsAre(Pair("a", "1"), Pair("b", "x=y")));
  EXPECT_TRUE(azure.change.no_wait);
}

TEST(Parse, AzureCliSpellingWorksAsWritten) {
  const auto replica = As<ObjectOptions>({"webpubsub", "replica", "delete", "--replica-name", "MyReplica",
                                          "--name", "MyWebPubSub", "-g", "MyResourceGroup"});
  EXPECT_TRUE(replica.replica);
  EXPECT_EQ(replica.verb, ObjectVerb::kDelete);
  EXPECT_EQ(replica.replica_name, "MyReplica");
  EXPECT_EQ(replica.group, "MyResourceGroup");

  const auto resource = As<ObjectOptions>({"--dir", "/x", "webpubsub", "show", "-n", "contoso"});
  EXPECT_FALSE(resource.replica);
  EXPECT_EQ(resource.verb, ObjectVerb::kShow);
  EXPECT_FALSE(As<KeyOptions>({"webpubsub", "key", "show", "-n", "contoso"}).regenerate);
}

TEST(Parse, ObjectsMayBeNamedByArgument) {
  EXPECT_EQ(As<ObjectOptions>({"replica", "disable", "westus"}).replica_name, "westus");
  EXPECT_EQ(As<ObjectOptions>({"resource", "show", "contoso"}).name, "contoso");
  EXPECT_EQ(
      As<ObjectOptions>({"replica", "update", "westus", "--set", "sku.capacity=2", "tags.a=b"}).set.size(),
      2u);
}

TEST(Parse, EmptyTagsRemoveThemAll) {
  const auto options = As<ObjectOptions>({"replica", "update", "westus", "--tags", ""});
  ASSERT_TRUE(options.tags.has_value());
  EXPECT_TRUE(options.tags->empty());
}

TEST(Parse, LinkFaults) {
  const auto cut = As<FaultOptions>({"fault", "partition", "eastus", "contoso/westus", "--one-way"});
  EXPECT_EQ(cut.verb, FaultVerb::kLink);
  EXPECT_EQ(cut.link, supervisor::LinkFaultKind::kPartition);
  EXPECT_EQ(cut.a, "eastus");
  EXPECT_EQ(cut.b, "contoso/westus");
  EXPECT_TRUE(cut.one_way);
  const auto amount = [](const char* verb, const char* words) {
    return As<FaultOptions>({"fault", verb, "eastus", "clients", words}).amount;
  };
  EXPECT_EQ(amount("latency", "80"), 80'000'000u);
  EXPECT_EQ(amount("latency", "0.5"), 500'000u);
  EXPECT_EQ(amount("latency", "1.5s"), 1'500'000'000u);
  EXPECT_EQ(amount("loss", "5"), 50'000u);
  EXPECT_EQ(amount("duplicate", "0.1%"), 1'000u);
  EXPECT_EQ(amount("reorder", "100"), 1'000'000u);
  EXPECT_EQ(amount("bandwidth", "10mbit"), 1'250'000u);
  EXPECT_EQ(amount("bandwidth", "512Kbit"), 64'000u);
  EXPECT_EQ(amount("bandwidth", "0"), 0u);
  EXPECT_EQ(As<FaultOptions>({"fault", "heal", "eastus", "clients"}).verb, FaultVerb::kHeal);
  EXPECT_EQ(As<UpOptions>({"up", "--wan", "measured"}).given.wan, "measured");
}

TEST(Parse, FaultsLogsWatchAndWait) {
  EXPECT_TRUE(As<FaultOptions>({"fault", "region-down", "eastus", "--mode", "hang"}).hang);
  EXPECT_TRUE(As<FaultOptions>({"fault", "kill", "controlplane", "--hold"}).hold);
  EXPECT_EQ(As<LogsOptions>({"logs", "-f", "status"}).process, "status")
      << "a process may be called like a command";
  EXPECT_EQ(As<WatchOptions>({"watch", "--since", "5m"}).since_ns, 300 * kNanosPerSecond);
  EXPECT_EQ(As<WaitOptions>({"wait", "--for=endpoint/westus=Online", "--timeout", "3s"}).timeout_ns,
            3 * kNanosPerSecond);
}

TEST(Parse, EveryUsageErrorExitsWithTwoAndSaysWhatToDo) {
  const std::vector<std::vector<std::string>> wrong = {
      {},
      {"frobnicate"},
      {"replica"},
      {"replica", "ad"},
      {"replica", "add"},
      {"replica", "show"},
      {"replica", "list", "--no-such-option"},
      {"replica", "list", "surplus"},
      {"replica", "list", "-o", "xml"},
      {"replica", "list", "--dir"},
      {"replica", "add", "westus", "-l", "eastus"},
      {"replica", "add", "westus", "eastus", "--replica-name", "one"},
      {"replica", "add", "westus", "--unit-count", "many"},
      {"replica", "add", "westus", "--unit-count", "0"},
      {"replica", "add", "westus", "--region-endpoint-enabled", "perhaps"},
      {"replica", "add", "westus", "--timeout", "10"},
      {"up", "--when-full", "sometimes"},
      {"up", "--joins-wait", "3s"},
      {"up", "--joins-wait", "-1s"},
      {"replica", "update", "westus"},
      {"replica", "update", "westus", "--tags", "novalue"},
      {"replica", "update", "westus", "--set", "novalue"},
      {"replica", "delete", "one", "--replica-name", "two"},
      {"replica", "delete", "one", "two"},
      {"resource", "create"},
      {"resource", "create", "--name", "contoso"},
      {"key", "regenerate"},
      {"key", "regenerate", "--key-type", "tertiary"},
      {"resolve"},
      {"resolve", "contoso", "--from", "atlantis"},
      {"resolve", "contoso", "--from", "eastus", "--client-subnet", "10.0.0.0/8"},
      {"fault"},
      {"fault", "kill"},
      {"fault", "partition", "eastus"},
      {"fault", "partition", "eastus", "eastus"},
      {"fault", "partition", "eastus", "westus", "5"},
      {"fault", "latency", "eastus", "westus"},
      {"fault", "latency", "eastus", "westus", "-1"},
      {"fault", "latency", "eastus", "westus", "61s"},
      {"fault", "loss", "eastus", "westus", "nan"},
      {"fault", "loss", "eastus", "westus", "100.1"},
      {"fault", "bandwidth", "eastus", "westus", "10"},
      {"fault", "bandwidth", "eastus", "westus", "1bit"},
      {"up", "--wan", "sometimes"},
      {"fault", "region-down"},
      {"fault", "region-down", "westus", "--mode", "melt"},
      {"wait"},
      {"wait", "--for=moonrise"},
      {"wait", "--for=ready", "--timeout", "-1s"},
      {"watch", "--since", "yesterday"},
      {"logs", "--tail", "-1"},
      {"env", "--from", "atlantis"},
      {"completion"},
      {"completion", "fish"},
      {"up", "--primary", "atlantis"},
      {"up", "--replica", "atlantis"},
      {"up", "--replica", "westus", "--replica", "westus"},
      {"up", "--primary", "westus", "--replica", "westus"},
      {"up", "--ttl", "90"},
      {"up", "--ttl", "1500ms"},
      {"up", "--net", "10.0"},
      {"up", "--net", "127.130"},
      {"up", "--base-port", "99999"},
      {"up", "--tolerated-failures", "-1"},
      {"up", "--zone", "Not A Zone"},
      {"up", "--name", "x"},
      {"up", "surplus"},
  };
  for (const auto& arguments : wrong) {
    const absl::Status status = Refusal(arguments);
    const std::string words = absl::StrJoin(arguments, " ");
    EXPECT_EQ(ExitCode(status), kExitUsage) << words << ": " << status;
    const std::string text = ErrorText(status, false);
    EXPECT_THAT(text, StartsWith("error[")) << words;
    EXPECT_THAT(text, HasSubstr("\n  try: ")) << words;
  }
}

TEST(Parse, MisspeltWordsGetTheNearest) {
  EXPECT_THAT(ErrorText(Refusal({"relica", "list"}), false), HasSubstr("did you mean replica?"));
  EXPECT_THAT(ErrorText(Refusal({"replica", "enabel", "x"}), false), HasSubstr("did you mean enable?"));
  EXPECT_THAT(ErrorText(Refusal({"replica", "add", "westus", "--unit-cont", "2"}), false),
              HasSubstr("did you mean --unit-count?"));
  EXPECT_THAT(ErrorText(Refusal({"up", "--primary", "eastu"}), false), HasSubstr("did you mean eastus?"));
  EXPECT_THAT(ErrorText(Refusal({"status", "-o", "jsn"}), false), HasSubstr("did you mean json?"));
}

TEST(Parse, WhatAServerRulesIsLeftToIt) {
  EXPECT_THAT(As<ObjectOptions>({"replica", "add", "westu"}).regions, ElementsAre("westu"));
  EXPECT_EQ(As<ObjectOptions>({"replica", "add", "westus", "--sku", "Standard_S1"}).sku, "Standard_S1");
  EXPECT_EQ(As<FaultOptions>({"fault", "region-down", "atlantis"}).subject, "atlantis");
}

TEST(Parse, HelpAndVersionAreTextOnStdout) {
  const auto text = [](std::vector<std::string> arguments) {
    const auto parsed = Parse(std::move(arguments), "1.2.3");
    EXPECT_TRUE(parsed.ok()) << parsed.status();
    return parsed.ok() ? std::get<HelpText>(*parsed).text : "";
  };
  EXPECT_EQ(text({"--version"}), "nonet 1.2.3\n");
  EXPECT_THAT(text({"help"}), HasSubstr("replica"));
  EXPECT_THAT(text({"--help"}), HasSubstr("up"));
  EXPECT_THAT(text({"help", "replica", "add"}), HasSubstr("--region-endpoint-enabled"));
  EXPECT_THAT(text({"replica", "add", "--help"}), HasSubstr("--region-endpoint-enabled"));
  EXPECT_THAT(text({"--help"}), ::testing::Not(HasSubstr("__words")));
}

TEST(Parse, AbsentVerbsAreAbsent) {
  for (const char* verb : {"doctor", "scenario", "load", "usage"}) {
    EXPECT_EQ(ExitCode(Refusal({verb})), kExitUsage) << verb;
  }
}

TEST(Parse, SurfaceListsCommandsVerbsAndOptions) {
  const auto surface = Surface();
  EXPECT_THAT(surface.at(""), ::testing::Contains("replica"));
  EXPECT_THAT(surface.at("replica"), ::testing::Contains("restart"));
  EXPECT_THAT(surface.at("replica add"), ::testing::Contains("--unit-count"));
}

TEST(Parse, HubsTakeTheirHandlersAsGroupsOfWords) {
  const auto hub = As<HubOptions>({"webpubsub",
                                   "hub",
                                   "create",
                                   "--name",
                                   "contoso",
                                   "-g",
                                   "rg",
                                   "--hub-name",
                                   "chat",
                                   "--event-handler",
                                   "url-template=http://a/{event}",
                                   "user-event-pattern=*",
                                   "--event-handler",
                                   "url-template=http://b?x=1",
                                   "system-event=connect",
                                   "system-event=connected",
                                   "--allow-anonymous",
                                   "true",
                                   "--websocket-keepalive-interval",
                                   "30"});
  EXPECT_EQ(hub.verb, ChildVerb::kCreate);
  EXPECT_EQ(hub.hub, "chat");
  EXPECT_EQ(hub.allow_anonymous, true);
  EXPECT_EQ(hub.keep_alive_s, 30u);
  ASSERT_TRUE(hub.event_handlers);
  ASSERT_EQ(hub.event_handlers->size(), 2u);
  EXPECT_THAT((*hub.event_handlers)[0],
              ElementsAre(Pair("url-template", "http://a/{event}"), Pair("user-event-pattern", "*")));
  EXPECT_EQ((*hub.event_handlers)[1].size(), 3u);
  EXPECT_EQ((*hub.event_handlers)[1][0].second, "http://b?x=1") << "the first = divides";
  const auto none = As<HubOptions>({"hub", "update", "chat", "--event-handler", ""});
  ASSERT_TRUE(none.event_handlers);
  EXPECT_TRUE(none.event_handlers->empty());
  EXPECT_FALSE(As<HubOptions>({"hub", "show", "chat"}).event_handlers);
}

TEST(Parse, HubsSayWhatTheyDoNotTake) {
  EXPECT_THAT(std::string(Refusal({"hub", "update", "chat", "--event-handler", "url-tempalte=x"}).message()),
              HasSubstr("did you mean url-template?"));
  EXPECT_THAT(std::string(Refusal({"hub", "create"}).message()), HasSubstr("needs --hub-name"));
  EXPECT_THAT(std::string(Refusal({"hub", "update", "chat"}).message()), HasSubstr("something to change"));
  EXPECT_THAT(
      std::string(Refusal({"hub", "create", "chat", "--websocket-keepalive-interval", "121"}).message()),
      HasSubstr("121"));
}

TEST(Parse, LinksNameTheirTargetAndTheInstanceThatDecides) {
  const auto link =
      As<LinkOptions>({"private-link", "create", "web", "--group-id", "sites", "--private-link-resource-id",
                       "/subscriptions/s/x", "--fqdns", "a.test,b.test"});
  EXPECT_EQ(link.link, "web");
  EXPECT_THAT(link.fqdns, ElementsAre("a.test", "b.test"));
  const auto approve = As<LinkOptions>({"private-link", "approve", "web", "--replica-name", "westus"});
  EXPECT_EQ(approve.verb, ChildVerb::kApprove);
  EXPECT_EQ(approve.replica_name, "westus");
  EXPECT_THAT(std::string(Refusal({"private-link", "create", "web"}).message()), HasSubstr("--group-id"));
  EXPECT_THAT(std::string(Refusal({"private-link", "approve"}).message()), HasSubstr("--link-name"));
}

TEST(Parse, DrainTakesItsTimeAfterAnEqualsSignOnly) {
  const auto drain = As<ObjectOptions>({"replica", "delete", "--drain", "westus"});
  EXPECT_EQ(drain.replica_name, "westus");
  EXPECT_EQ(drain.drain_ns, kDrainDefaultNs);
  EXPECT_GT(drain.change.timeout_ns, kDrainDefaultNs) << "waiting outlasts draining";
  const auto short_drain =
      As<ObjectOptions>({"replica", "delete", "westus", "--drain=30s", "--timeout", "10s"});
  EXPECT_EQ(short_drain.drain_ns, 30 * kNanosPerSecond);
  EXPECT_EQ(short_drain.change.timeout_ns, 10 * kNanosPerSecond);
  EXPECT_FALSE(As<ObjectOptions>({"replica", "delete", "westus"}).drain_ns);
  EXPECT_FALSE(Refusal({"replica", "delete", "westus", "--drain=soon"}).ok());
}

TEST(Parse, DeployTakesFilesAndValues) {
  const auto deploy = As<DeployOptions>({"deploy", "main.json", "-g", "rg", "--parameters", "a=1", "p.json",
                                         "--parameters", "b=x=y", "--what-if"});
  EXPECT_EQ(deploy.file, "main.json");
  EXPECT_EQ(deploy.group, "rg");
  EXPECT_THAT(deploy.parameters, ElementsAre("a=1", "p.json", "b=x=y"));
  EXPECT_TRUE(deploy.what_if);
  const auto azure = As<DeployOptions>(
      {"deployment", "group", "what-if", "--resource-group", "rg", "--template-file", "m.json"});
  EXPECT_EQ(azure.file, "m.json");
  EXPECT_TRUE(azure.what_if);
  EXPECT_FALSE(As<DeployOptions>({"deployment", "group", "create", "-f", "m.json"}).what_if);
  EXPECT_THAT(std::string(Refusal({"deploy"}).message()), HasSubstr("needs a template"));
}

TEST(Parse, OperationsAreMeantByNumberToo) {
  EXPECT_EQ(As<OperationOptions>({"operation", "show", "12"}).operation, "operations/12");
  EXPECT_EQ(As<OperationOptions>({"operation", "wait", "operations/12"}).operation, "operations/12");
  EXPECT_FALSE(Refusal({"operation", "show"}).ok());
}

TEST(Parse, ARequestIdIsOfOneChange) {
  EXPECT_EQ(As<ObjectOptions>({"replica", "add", "westus", "--request-id", "r"}).change.request_id, "r");
  EXPECT_FALSE(Refusal({"replica", "add", "westus", "eastus2", "--request-id", "r"}).ok());
}

}  // namespace
}  // namespace nonet::cli
