#include "tools/supervisor/core/settings.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "common/base/error.h"
#include "tools/supervisor/core/limits.h"

namespace nonet::supervisor {
namespace {

using ::testing::HasSubstr;

std::string FlagOf(const absl::Status& status) { return GetErrorDetails(status).metadata["flag"]; }

TEST(Settings, DefaultsAreValid) { EXPECT_TRUE(ValidateSettings({}).ok()); }

TEST(Settings, RefusesNetsThatBelongToOthers) {
  for (const char* net : {"127.0", "127.128", "127.143", "127.185", "127.256", "127", "127.80.1", "10.80",
                          "128.1", "127.080", "127.-1", "127.", "", "127.80 "}) {
    EXPECT_EQ(FlagOf(ValidateSettings({.net = net})), "net") << net;
  }
  for (const char* net : {"127.1", "127.80", "127.127", "127.186", "127.255"}) {
    EXPECT_TRUE(ValidateSettings({.net = net}).ok()) << net;
  }
}

TEST(Settings, RefusesZonesThatAreNotLowerCaseDnsNames) {
  for (const std::string& zone :
       {std::string(""), std::string("webpubsub..com"), std::string("a."), std::string("-a.b"),
        std::string("A.b"), std::string("a_b"), std::string(64, 'a'), std::string("a.b/c")}) {
    EXPECT_EQ(FlagOf(ValidateSettings({.zone = zone})), "zone") << zone;
  }
  EXPECT_TRUE(ValidateSettings({.zone = "webpubsub.test"}).ok());
}

TEST(Settings, KeepsEveryPortOfTheBlockWithinRange) {
  for (const int port : {-1, 0, 1'023, 65'481, 70'000}) {
    EXPECT_EQ(FlagOf(ValidateSettings({.base_port = port})), "base-port") << port;
  }
  EXPECT_TRUE(ValidateSettings({.base_port = 1'024}).ok());
  EXPECT_TRUE(ValidateSettings({.base_port = 65'480}).ok());
}

TEST(Settings, RefusesTimesAndCountsOutOfRange) {
  EXPECT_EQ(FlagOf(ValidateSettings({.ttl_ns = 0})), "ttl");
  EXPECT_EQ(FlagOf(ValidateSettings({.ttl_ns = 1'500 * kNanosPerMilli})), "ttl");
  EXPECT_EQ(FlagOf(ValidateSettings({.probe_interval_ns = 0})), "probe-interval");
  EXPECT_EQ(FlagOf(ValidateSettings({.probe_timeout_ns = 7'200 * kNanosPerSecond})), "probe-timeout");
  EXPECT_EQ(FlagOf(ValidateSettings({.tolerated_failures = 10})), "tolerated-failures");
  EXPECT_EQ(FlagOf(ValidateSettings({.tolerated_failures = -1})), "tolerated-failures");
  EXPECT_EQ(FlagOf(ValidateSettings({.cluster = "a"})), "cluster");
}

TEST(Settings, DnsListenersStayOnLoopback) {
  EXPECT_TRUE(ValidateSettings({.dns_listen = {"127.80.0.53:53"}}).ok());
  for (const char* listener :
       {"0.0.0.0:53", "127.0.0.1", "127.0.0.1:0", "127.0.0.1:70000", "localhost:53", "::1:53"}) {
    EXPECT_EQ(FlagOf(ValidateSettings({.dns_listen = {listener}})), "dns-listen") << listener;
  }
}

TEST(Settings, TheFirstStartTakesWhatIsGiven) {
  const absl::StatusOr<Settings> settings =
      DecideSettings(std::nullopt, {.net = "127.81", .ttl_ns = 5 * kNanosPerSecond}, "/d");
  ASSERT_TRUE(settings.ok());
  EXPECT_EQ(settings->net, "127.81");
  EXPECT_EQ(settings->ttl_ns, 5 * kNanosPerSecond);
  EXPECT_EQ(settings->zone, Settings{}.zone);
}

TEST(Settings, ALaterStartMayRepeatOrLeaveOutButNotChange) {
  Settings kept;
  kept.net = "127.81";
  EXPECT_EQ(*DecideSettings(kept, {}, "/d"), kept);
  EXPECT_EQ(*DecideSettings(kept, {.net = "127.81"}, "/d"), kept);
  const absl::Status status = DecideSettings(kept, {.net = "127.80"}, "/d").status();
  EXPECT_EQ(ErrorReason(status), "SETTING_DIFFERS");
  EXPECT_THAT(std::string(status.message()), HasSubstr("--net=127.80"));
  EXPECT_THAT(GetErrorDetails(status).next_step, HasSubstr("nonet reset"));
  EXPECT_EQ(FlagOf(DecideSettings(kept, {.ttl_ns = kNanosPerSecond}, "/d").status()), "ttl");
}

TEST(Settings, ALaterStartMayChangeWhatProcessesTakeAtTheirStart) {
  Settings kept;
  kept.open = true;
  kept.resolver_flags = {"rrl=0"};
  EXPECT_EQ(*DecideSettings(kept, {}, "/d"), kept);
  const Settings changed =
      *DecideSettings(kept, {.open = false, .resolver_flags = std::vector<std::string>{"ede"}}, "/d");
  EXPECT_FALSE(changed.open);
  EXPECT_EQ(changed.resolver_flags, std::vector<std::string>{"ede"});
  EXPECT_TRUE(
      DecideSettings(kept, {.resolver_flags = std::vector<std::string>{}}, "/d")->resolver_flags.empty());
  const Settings syncing = *DecideSettings(kept, {.when_full = "refuse", .joins_wait_ns = 0}, "/d");
  EXPECT_EQ(syncing.when_full, "refuse");
  EXPECT_EQ(syncing.joins_wait_ns, 0);
  EXPECT_EQ(*DecideSettings(syncing, {}, "/d"), syncing);
}

TEST(Settings, JoinsWaitTwoSecondsAtMostAndAFullLogHasTwoAnswers) {
  for (const int64_t ns : {int64_t{0}, kNanosPerMilli, 2 * kNanosPerSecond}) {
    EXPECT_TRUE(ValidateSettings({.joins_wait_ns = ns}).ok()) << ns;
  }
  for (const int64_t ns : {int64_t{-1}, 2 * kNanosPerSecond + 1}) {
    EXPECT_EQ(FlagOf(ValidateSettings({.joins_wait_ns = ns})), "joins-wait") << ns;
  }
  EXPECT_TRUE(ValidateSettings({.when_full = "refuse"}).ok());
  for (const char* when_full : {"", "drop", "Refuse"}) {
    EXPECT_EQ(FlagOf(ValidateSettings({.when_full = when_full})), "when-full") << when_full;
  }
}

TEST(Settings, ResolverFlagsAreWordsAndNotTheClustersOwn) {
  for (const char* flag :
       {"rrl=0", "ede", "probe_headers=host: a,b: c", "probe-status=200-299,301", "nochaos"}) {
    EXPECT_TRUE(ValidateSettings({.resolver_flags = {flag}}).ok()) << flag;
  }
  for (const char* flag :
       {"", "=1", "--rrl=0", "Rrl=0", "rrl 0", "rrl=a\nb", "zone=x", "dns-listen=1.2.3.4:53",
        "dns_listen=1.2.3.4:53", "dir=/", "ready_file=/etc/passwd", "ttl=1s"}) {
    EXPECT_EQ(FlagOf(ValidateSettings({.resolver_flags = {flag}})), "resolver-flag") << flag;
  }
  EXPECT_EQ(
      FlagOf(ValidateSettings({.resolver_flags = std::vector<std::string>(kResolverFlagsMax + 1, "ede")})),
      "resolver-flag");
}

}  // namespace
}  // namespace nonet::supervisor
