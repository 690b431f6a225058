#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <variant>
#include <vector>

#include "tools/cli/args/parse.h"

namespace nonet::cli {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::Pair;

template <typename Options>
Options Read(std::vector<std::string> words) {
  const absl::StatusOr<Parsed> parsed = Parse(std::move(words), "1");
  EXPECT_TRUE(parsed.ok()) << parsed.status();
  if (!parsed.ok()) return {};
  return std::get<Options>(std::get<CommandLine>(*parsed).command);
}

std::string Refusal(std::vector<std::string> words) {
  const absl::StatusOr<Parsed> parsed = Parse(std::move(words), "1");
  return parsed.ok() ? "" : std::string(parsed.status().message());
}

TEST(ResolveOptions, TakesEverythingThatMayBeSupposed) {
  const auto options = Read<ResolveOptions>({"resolve", "contoso", "--explain", "--at", "-5m", "--health",
                                             "westus=down,eastus=up", "--health", "japaneast=Stopped",
                                             "--ttl", "30", "--table", "other.csv", "--from", "westus"});
  EXPECT_TRUE(options.explain);
  EXPECT_EQ(options.at, "-5m");
  EXPECT_EQ(options.ttl_s, 30);
  EXPECT_EQ(options.table, "other.csv");
  EXPECT_THAT(options.health,
              ElementsAre(Pair("westus", "down"), Pair("eastus", "up"), Pair("japaneast", "Stopped")));
  EXPECT_EQ(Read<ResolveOptions>({"resolve", "contoso", "--ttl", "2m"}).ttl_s, 120);
  EXPECT_EQ(Read<ResolveOptions>({"resolve", "contoso", "--ttl", "0"}).ttl_s, 0);
}

TEST(ResolveOptions, HealthTakesOneWordAndLeavesTheName) {
  EXPECT_EQ(Read<ResolveOptions>({"resolve", "--health", "westus=down", "contoso"}).name, "contoso");
}

TEST(ResolveOptions, RefusesWhatMakesNoSense) {
  EXPECT_THAT(Refusal({"resolve"}), HasSubstr("needs a name"));
  EXPECT_THAT(Refusal({"resolve", "a", "b"}), HasSubstr("one argument"));
  EXPECT_THAT(Refusal({"resolve", "a", "--health", "westus"}),
              HasSubstr("--health does not take \"westus\""));
  EXPECT_THAT(Refusal({"resolve", "a", "--ttl", "1500ms"}), HasSubstr("--ttl"));
  EXPECT_THAT(Refusal({"resolve", "a", "--from", "westus", "--client-subnet", "10.0.0.0/8"}),
              HasSubstr("both say where the client is"));
}

TEST(DnsOptions, TakesItsVerbs) {
  const auto diff = Read<DnsOptions>({"dns", "diff", "11", "10:42:07"});
  EXPECT_EQ(diff.verb, DnsVerb::kDiff);
  EXPECT_EQ(diff.a, "11");
  EXPECT_EQ(diff.b, "10:42:07");
  const auto history = Read<DnsOptions>({"dns", "history", "--since", "10m", "--limit", "5"});
  EXPECT_EQ(history.verb, DnsVerb::kHistory);
  EXPECT_EQ(history.since_ns, 600 * kNanosPerSecond);
  EXPECT_EQ(history.limit, 5);
  EXPECT_EQ(Read<DnsOptions>({"dns", "endpoints", "--name", "contoso"}).resource, "contoso");
  EXPECT_THAT(Refusal({"dns", "diff", "11"}), HasSubstr("two tables, not 1"));
  EXPECT_THAT(Refusal({"dns", "history", "--limit", "0"}), HasSubstr("--limit"));
  EXPECT_THAT(Refusal({"dns", "histroy"}), HasSubstr("history"));
}

}  // namespace
}  // namespace nonet::cli
