// The event feed's bounds, and the hand-over of tables between threads.
#include <gtest/gtest.h>

#include <atomic>
#include <thread>
#include <vector>

#include "common/base/error.h"
#include "dnsresolver/core/limits.h"
#include "dnsresolver/server/event_feed.h"
#include "dnsresolver/server/options.h"
#include "dnsresolver/server/table_publisher.h"
#include "tests/unit/dnsresolver/fixture.h"

namespace nonet::dns {
namespace {

class Recorder : public EventFeed::Watcher {
 public:
  void OnEvent(EventFeed::Event event) override { seconds.push_back(event->time().seconds()); }
  void OnClosed() override { closed = true; }
  std::vector<int64_t> seconds;
  bool closed = false;
};

steering::v1::SteeringEvent At(int64_t seconds) {
  steering::v1::SteeringEvent event;
  event.mutable_time()->set_seconds(seconds);
  return event;
}

TEST(EventFeed, KeepsTheLastThousandAndContinuesWithoutGapOrDouble) {
  EventFeed feed;
  const int64_t n = static_cast<int64_t>(kEventHistoryMax) + 7;
  for (int64_t i = 1; i <= n; ++i) feed.Add(At(i));
  Recorder all, some;
  ASSERT_TRUE(feed.Attach(all, -1).ok());
  ASSERT_TRUE(feed.Attach(some, (n - 3) * kNanosPerSecond).ok());
  feed.Add(At(n + 1));
  EXPECT_EQ(all.seconds.size(), kEventHistoryMax + 1);
  EXPECT_EQ(all.seconds.front(), 8);
  EXPECT_EQ(some.seconds, (std::vector<int64_t>{n - 2, n - 1, n, n + 1}));
  feed.Detach(all);
  feed.Add(At(n + 2));
  EXPECT_EQ(all.seconds.back(), n + 1);
  feed.Close();
  EXPECT_TRUE(some.closed);
  EXPECT_FALSE(all.closed);
  EXPECT_EQ(ErrorReason(feed.Attach(all, -1)), "SHUTTING_DOWN");
}

TEST(EventFeed, RefusesOneWatcherTooMany) {
  EventFeed feed;
  std::vector<Recorder> watchers(kWatchersMax + 1);
  for (size_t i = 0; i < kWatchersMax; ++i) ASSERT_TRUE(feed.Attach(watchers[i], -1).ok());
  EXPECT_EQ(ErrorReason(feed.Attach(watchers.back(), -1)), "TOO_MANY_WATCHERS");
}

TEST(TablePublisher, ReadersSeeWholeTablesNeverGoingBackAndOldOnesGo) {
  const auto table_of = [](uint64_t revision) {
    Topology topology;
    topology.revision = revision;
    return std::make_shared<const AnswerTable>(
        std::make_shared<const AnswerPlan>(DefaultSettings(), topology, BuiltInPrefixes()), Health());
  };
  TablePublisher publisher(table_of(0));
  std::vector<TablePublisher::Reader*> readers = {&publisher.AddReader(), &publisher.AddReader()};
  std::atomic<bool> stop{false};
  std::atomic<uint64_t> reads{0};
  std::vector<std::thread> threads;
  for (TablePublisher::Reader* reader : readers) {
    threads.emplace_back([&stop, &reads, reader] {
      uint64_t last = 0;
      while (!stop) {
        const uint64_t revision = reader->Enter().plan().topology().revision;
        reader->Leave();
        EXPECT_GE(revision, last);
        last = revision;
        ++reads;
      }
    });
  }
  size_t retired_max = 0;
  for (uint64_t revision = 1; revision <= 2000 || reads < 1000; ++revision) {
    publisher.Publish(table_of(revision));
    retired_max = std::max(retired_max, publisher.retired());
  }
  stop = true;
  for (std::thread& thread : threads) thread.join();
  EXPECT_LE(retired_max, readers.size());
  publisher.Publish(table_of(9999));
  EXPECT_EQ(publisher.retired(), 0u);
  EXPECT_EQ(readers[0]->Enter().plan().topology().revision, 9999u);
  readers[0]->Leave();
}

TEST(CheckSettings, TakesTheRangesOfTheFlags) {
  EXPECT_TRUE(CheckSettings({}).ok());
  const auto reason = [](auto change) {
    Settings settings;
    change(settings);
    const auto checked = CheckSettings(settings);
    return checked.ok() ? std::string("OK") : std::string(checked.status().message());
  };
  EXPECT_EQ(reason([](Settings& s) { s.ttl = absl::ZeroDuration(); }), "OK");
  EXPECT_EQ(reason([](Settings& s) { s.ttl = absl::Seconds(2147483647); }), "OK");
  EXPECT_EQ(reason([](Settings& s) { s.probe_interval = absl::Milliseconds(100); }), "OK");
  EXPECT_EQ(reason([](Settings& s) { s.dns_listen = "127.0.0.1:7853, [::1]:7853"; }), "OK");
  const std::vector<std::pair<std::string, std::function<void(Settings&)>>> bad = {
      {"--ttl", [](Settings& s) { s.ttl = absl::Seconds(-1); }},
      {"--ttl", [](Settings& s) { s.ttl = absl::Seconds(2147483648); }},
      {"--ttl", [](Settings& s) { s.ttl = absl::InfiniteDuration(); }},
      {"--ttl", [](Settings& s) { s.ttl = absl::Milliseconds(1500); }},
      {"--probe-interval", [](Settings& s) { s.probe_interval = absl::Milliseconds(99); }},
      {"--probe-interval", [](Settings& s) { s.probe_interval = absl::InfiniteDuration(); }},
      {"--probe-timeout", [](Settings& s) { s.probe_timeout = absl::ZeroDuration(); }},
      {"--tolerated-failures", [](Settings& s) { s.tolerated_failures = 10; }},
      {"--tolerated-failures", [](Settings& s) { s.tolerated_failures = -1; }},
      {"--vantage", [](Settings& s) { s.vantage = "centralu"; }},
      {"--zone", [](Settings& s) { s.zone = ""; }},
      {"--zone", [](Settings& s) { s.zone = "a..b"; }},
      {"--dns-listen", [](Settings& s) { s.dns_listen = ""; }},
      {"--dns-listen", [](Settings& s) { s.dns_listen = "127.0.0.1"; }},
      {"--dns-listen", [](Settings& s) { s.dns_listen = "127.0.0.1:65536"; }},
      {"--dns-listen", [](Settings& s) { s.dns_listen = "192.0.2.1:53"; }},
      {"--dns-listen", [](Settings& s) { s.dns_listen = "0.0.0.0:53"; }},
      {"--dns-listen", [](Settings& s) { s.dns_listen = "::1:53"; }},
      {"--dns-listen", [](Settings& s) { s.dns_listen = "127.0.0.1:53,127.0.0.1:53"; }},
  };
  for (const auto& [flag, change] : bad) EXPECT_EQ(reason(change).rfind(flag, 0), 0u) << reason(change);
}

}  // namespace
}  // namespace nonet::dns
