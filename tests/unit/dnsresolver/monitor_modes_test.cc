// A day of probing in virtual time, for each way of counting and several vantages.
#include <gtest/gtest.h>

#include <algorithm>
#include <functional>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "dnsresolver/core/monitor.h"

namespace nonet::dns {
namespace {

constexpr int64_t kS = kNanosPerSecond;
constexpr int64_t kDay = 24 * 3600 * kS;

// Answers every probe as `answer` says, after 20 ms, or after the timeout when it fails.
class World {
 public:
  using Answer = std::function<bool(const std::string& endpoint, int vantage, int64_t now)>;

  World(MonitorSettings settings, Answer answer) : monitor_(settings, 7), answer_(std::move(answer)) {}

  void Set(int endpoints) {
    std::vector<MonitoredEndpoint> all;
    for (int i = 0; i < endpoints; ++i)
      all.push_back({"e" + std::to_string(i), {"127.80.0.1", 8080, "h"}, {}, {}});
    MonitorEffects effects;
    monitor_.SetEndpoints(all, now_, effects);
    Take(effects);
  }

  void Run(int64_t until) {
    while (true) {
      const int64_t end = ends_.empty() ? Monitor::kNever : ends_.begin()->first;
      const int64_t next = std::min(end, monitor_.NextProbeNs());
      if (next > until) break;
      now_ = next;
      MonitorEffects effects;
      if (end <= now_) {
        const auto ended = ends_.extract(ends_.begin());
        monitor_.OnProbeEnded(ended.mapped().first, {ended.mapped().second, "told"}, now_, effects);
      } else {
        monitor_.Advance(now_, effects);
      }
      Take(effects);
    }
    now_ = until;
  }

  MonitorStatus Status(const std::string& name = "e0") const { return monitor_.Find(name)->status; }

  Monitor monitor_;
  int64_t now_ = 0;
  size_t most_in_flight_ = 0;
  std::map<std::pair<std::string, int>, std::vector<int64_t>> starts_;
  std::vector<std::pair<int64_t, MonitorStatus>> changes_;  // Of e0.

 private:
  void Take(const MonitorEffects& effects) {
    for (const auto& start : effects.starts) {
      starts_[{start.endpoint, start.vantage}].push_back(now_);
      const bool good = answer_(start.endpoint, start.vantage, now_);
      ends_.emplace(now_ + (good ? 20 * kNanosPerMilli : monitor_.settings().timeout_ns),
                    std::make_pair(start.probe, good));
    }
    for (const uint64_t probe : effects.cancels) {
      std::erase_if(ends_, [&](const auto& end) { return end.second.first == probe; });
    }
    most_in_flight_ = std::max(most_in_flight_, ends_.size());
    for (const auto& verdict : effects.verdicts) {
      if (verdict.endpoint == "e0" && verdict.to) changes_.emplace_back(now_, *verdict.to);
    }
  }

  Answer answer_;
  std::multimap<int64_t, std::pair<uint64_t, bool>> ends_;
};

TEST(MonitorModes, ADayOfConsecutiveCountingFindsEveryOutageInTime) {
  // One outage of five minutes every hour.
  const auto up = [](const std::string&, int, int64_t now) { return now % (3600 * kS) >= 300 * kS; };
  World world({.interval_ns = 30 * kS, .timeout_ns = 10 * kS, .tolerated_failures = 3}, up);
  world.Set(1);
  world.Run(kDay);
  EXPECT_EQ(world.monitor_.Find("e0")->flaps, 23u * 2 + 1);  // The first hour has no Online before.
  for (const auto& [at, status] : world.changes_) {
    if (at == 0) continue;
    const int64_t into = at % (3600 * kS);
    if (status == MonitorStatus::kDegraded) {
      EXPECT_GE(into, 100 * kS);  // Reference: 100 to 130 s for a silent endpoint.
      EXPECT_LE(into, 131 * kS);
    } else {
      EXPECT_GE(into, 300 * kS);
      EXPECT_LE(into, 331 * kS);
    }
  }
  EXPECT_NEAR(static_cast<double>(world.starts_.at({"e0", 0}).size()), 2880, 1);
}

TEST(MonitorModes, ADayOfSamplesNeedsSoManyGoodOfTheLast) {
  // Three of five, as in Front Door's example: single failures do not matter, three of five do.
  const auto up = [](const std::string&, int, int64_t now) {
    const int64_t minute = now / (60 * kS);
    return minute % 60 < 50 ? (now / (30 * kS)) % 3 != 0 : (now / (30 * kS)) % 3 == 0;
  };
  World world({.interval_ns = 30 * kS, .timeout_ns = 5 * kS, .samples = 5, .good_samples = 3}, up);
  world.Set(1);
  world.Run(kDay);
  for (const auto& [at, status] : world.changes_) {
    if (at < 120 * kS) continue;
    const int64_t into = at % (3600 * kS);
    if (status == MonitorStatus::kDegraded) {
      EXPECT_GT(into, 3000 * kS);
    } else {
      EXPECT_LT(into, 400 * kS);
    }
  }
  EXPECT_GE(world.monitor_.Find("e0")->flaps, 40u);
}

TEST(MonitorModes, SamplesDecideAsSoonAsTheWindowCannotTurn) {
  int probes = 0;
  bool good = true;
  World world({.interval_ns = kS, .timeout_ns = 500 * kNanosPerMilli, .samples = 5, .good_samples = 3},
              [&](const std::string&, int, int64_t) { return ++probes, good; });
  world.Set(1);
  while (world.Status() == MonitorStatus::kCheckingEndpoint) world.Run(world.now_ + kS / 10);
  EXPECT_EQ(world.Status(), MonitorStatus::kOnline);
  EXPECT_EQ(probes, 3);
  good = false;
  probes = 0;
  while (world.Status() == MonitorStatus::kOnline) world.Run(world.now_ + kS / 10);
  EXPECT_GE(probes, 3);
}

TEST(MonitorModes, OnlyAMajorityOfVantagesMakesDegraded) {
  for (int bad = 0; bad <= 3; ++bad) {
    World world({.interval_ns = 10 * kS, .timeout_ns = 5 * kS, .tolerated_failures = 0, .vantages = 3},
                [&](const std::string&, int vantage, int64_t) { return vantage >= bad; });
    world.Set(1);
    world.Run(kDay);
    EXPECT_EQ(world.Status(), bad >= 2 ? MonitorStatus::kDegraded : MonitorStatus::kOnline) << bad;
    EXPECT_EQ(world.monitor_.Find("e0")->vantages_bad, bad);
    // With two of three bad, the good one is heard first, once.
    EXPECT_EQ(world.monitor_.Find("e0")->flaps, bad == 2 ? 1u : 0u) << bad;
  }
}

TEST(MonitorModes, EveryVantageCountsOnItsOwn) {
  // Each vantage fails every second probe, in turn: added up these would be failures in a row.
  std::map<int, int> probes;
  World world({.interval_ns = 10 * kS, .timeout_ns = 5 * kS, .tolerated_failures = 1, .vantages = 2},
              [&](const std::string&, int vantage, int64_t) { return ++probes[vantage] % 2 == 0; });
  world.Set(1);
  world.Run(3600 * kS);
  EXPECT_EQ(world.Status(), MonitorStatus::kOnline);
  EXPECT_EQ(world.monitor_.Find("e0")->flaps, 0u);
}

TEST(MonitorModes, PhasesAreSpreadOverEndpointsAndVantages) {
  World world({.interval_ns = 10 * kS, .timeout_ns = 5 * kS, .vantages = 3},
              [](const std::string&, int, int64_t) { return true; });
  world.Set(20);
  world.Run(60 * kS);
  std::set<int64_t> phases;
  for (const auto& [who, times] : world.starts_) {
    phases.insert(times.front());
    ASSERT_GE(times.size(), 5u);
    for (size_t i = 1; i < times.size(); ++i) ASSERT_EQ(times[i] - times[i - 1], 10 * kS);
  }
  EXPECT_EQ(world.starts_.size(), 60u);
  EXPECT_GT(phases.size(), 55u);
}

TEST(MonitorModes, ProbesInFlightAreBoundedInAll) {
  World world({.interval_ns = kS, .timeout_ns = 100 * kS, .vantages = 3},
              [](const std::string&, int, int64_t) { return false; });
  world.Set(600);  // 600 endpoints, 3 vantages, 4 each: 7200 if nothing held them.
  world.Run(20 * kS);
  EXPECT_EQ(world.most_in_flight_, kProbesInFlightTotalMax);
}

}  // namespace
}  // namespace nonet::dns
