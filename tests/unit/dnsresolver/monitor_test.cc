#include "dnsresolver/core/monitor.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <functional>
#include <map>
#include <set>
#include <vector>

namespace nonet::dns {
namespace {

constexpr int64_t kS = kNanosPerSecond;

// The monitor in virtual time: answers every probe as `answer` says, after the time it says.
class World {
 public:
  struct Answer {
    bool success;
    int64_t after_ns;
  };
  using Answers = std::function<Answer(const std::string& endpoint, int64_t now)>;

  World(MonitorSettings settings, Answers answers, uint64_t seed = 1)
      : monitor_(settings, seed), answers_(std::move(answers)) {}

  void Set(const std::vector<MonitoredEndpoint>& endpoints) {
    MonitorEffects effects;
    monitor_.SetEndpoints(endpoints, now_, effects);
    Take(effects);
  }

  // Runs until `until`, or until `stop` holds; answers when it stopped.
  int64_t Run(
      int64_t until, const std::function<bool()>& stop = [] { return false; }) {
    while (!stop()) {
      const int64_t next_end = ends_.empty() ? Monitor::kNever : ends_.begin()->first;
      const int64_t next = std::min(next_end, monitor_.NextProbeNs());
      if (next > until) {
        now_ = until;
        break;
      }
      now_ = next;
      MonitorEffects effects;
      if (next_end <= now_) {
        const auto end = ends_.extract(ends_.begin());
        monitor_.OnProbeEnded(end.mapped().first, {end.mapped().second, "told"}, now_, effects);
      } else {
        monitor_.Advance(now_, effects);
      }
      Take(effects);
    }
    return now_;
  }

  MonitorStatus Status(const std::string& name) const { return monitor_.Find(name)->status; }
  int Failures(const std::string& name) const { return monitor_.Find(name)->consecutive_failures; }

  Monitor monitor_;
  int64_t now_ = 0;
  std::map<std::string, std::vector<int64_t>> starts_;
  std::set<uint64_t> cancelled_;
  std::vector<MonitorEffects::Verdict> verdicts_;

 private:
  void Take(const MonitorEffects& effects) {
    for (const auto& start : effects.starts) {
      starts_[start.endpoint].push_back(now_);
      const Answer answer = answers_(start.endpoint, now_);
      ends_.emplace(now_ + answer.after_ns, std::make_pair(start.probe, answer.success));
    }
    for (const uint64_t probe : effects.cancels) {
      cancelled_.insert(probe);
      std::erase_if(ends_, [&](const auto& end) { return end.second.first == probe; });
    }
    verdicts_.insert(verdicts_.end(), effects.verdicts.begin(), effects.verdicts.end());
  }

  Answers answers_;
  std::multimap<int64_t, std::pair<uint64_t, bool>> ends_;
};

MonitoredEndpoint Probed(const std::string& name, uint8_t last = 1) {
  return {name, {"127.80.0." + std::to_string(last), 8080, name + ".zone"}, std::nullopt, std::nullopt};
}
MonitoredEndpoint Fixed(const std::string& name, MonitorStatus status) {
  MonitoredEndpoint endpoint = Probed(name);
  endpoint.fixed = status;
  return endpoint;
}

World::Answers Always(bool success, int64_t after_ns = kNanosPerMilli) {
  return [=](const std::string&, int64_t) { return World::Answer{success, after_ns}; };
}

TEST(Monitor, FirstProbeOutIsCheckingAndOneSuccessIsOnline) {
  World world({}, Always(true, kS));
  world.Set({Probed("a")});
  EXPECT_EQ(world.Status("a"), MonitorStatus::kCheckingEndpoint);
  EXPECT_LT(world.monitor_.NextProbeNs(), kFirstProbeWithinNs);
  world.Run(3 * kS);
  EXPECT_EQ(world.Status("a"), MonitorStatus::kOnline);
  ASSERT_EQ(world.verdicts_.size(), 2u);
  EXPECT_EQ(world.verdicts_[0].from, std::nullopt);
  EXPECT_EQ(world.verdicts_[1].from, MonitorStatus::kCheckingEndpoint);
}

TEST(Monitor, DegradedAfterMoreConsecutiveFailuresThanTolerated) {
  for (const int tolerated : {0, 3, 9}) {
    World world({.tolerated_failures = tolerated}, Always(false));
    world.Set({Probed("a")});
    world.Run(3600 * kS, [&] { return world.Status("a") == MonitorStatus::kDegraded; });
    EXPECT_EQ(world.starts_["a"].size(), static_cast<size_t>(tolerated) + 1);
    EXPECT_EQ(world.Failures("a"), tolerated + 1);
  }
}

TEST(Monitor, OneSuccessResetsTheCountAndRestores) {
  int probe = 0;
  // Three failures, a success, three failures, a success: never Degraded at 3 tolerated.
  World world({}, [&](const std::string&, int64_t) {
    return World::Answer{++probe % 4 == 0, kNanosPerMilli};
  });
  world.Set({Probed("a")});
  world.Run(3600 * kS);
  for (const auto& verdict : world.verdicts_) EXPECT_NE(verdict.to, MonitorStatus::kDegraded);

  bool up = false;
  World down({}, [&](const std::string&, int64_t) { return World::Answer{up, kNanosPerMilli}; });
  down.Set({Probed("a")});
  down.Run(3600 * kS, [&] { return down.Status("a") == MonitorStatus::kDegraded; });
  up = true;
  const size_t before = down.starts_["a"].size();
  down.Run(7200 * kS, [&] { return down.Status("a") == MonitorStatus::kOnline; });
  EXPECT_EQ(down.starts_["a"].size(), before + 1);
  EXPECT_EQ(down.Failures("a"), 0);
}

TEST(Monitor, ADayOfProbingIsOneScheduleAnEndpoint) {
  World world({}, Always(true));
  world.Set({Probed("a"), Probed("b", 2), Probed("c", 3)});
  const int64_t day = 24 * 3600 * kS;
  world.Run(day);
  std::set<int64_t> phases;
  for (const char* name : {"a", "b", "c"}) {
    const std::vector<int64_t>& starts = world.starts_[name];
    EXPECT_EQ(starts.size(), 2880u);
    for (size_t i = 1; i < starts.size(); ++i) ASSERT_EQ(starts[i] - starts[i - 1], 30 * kS);
    phases.insert(starts[0]);
  }
  EXPECT_EQ(phases.size(), 3u) << "phases are spread";
}

TEST(Monitor, ADayOfFlappingFollowsTheRuleExactly) {
  Random random(5);
  std::map<std::string, std::vector<bool>> told;
  World world({.interval_ns = 10 * kS, .timeout_ns = 9 * kS, .tolerated_failures = 2},
              [&](const std::string& name, int64_t) {
                const bool success = random.Below(100) < 40;
                told[name].push_back(success);
                return World::Answer{success, static_cast<int64_t>(random.Below(9 * kS))};
              });
  world.Set({Probed("a"), Probed("b", 2)});
  world.Run(24 * 3600 * kS + 20 * kS);
  for (const std::string name : {"a", "b"}) {
    MonitorStatus expected = MonitorStatus::kCheckingEndpoint;
    std::vector<MonitorStatus> changes;
    int failures = 0;
    for (const bool success : told[name]) {
      failures = success ? 0 : failures + 1;
      const MonitorStatus next = success        ? MonitorStatus::kOnline
                                 : failures > 2 ? MonitorStatus::kDegraded
                                                : expected;
      if (next != expected) changes.push_back(expected = next);
    }
    std::vector<MonitorStatus> seen;
    for (const auto& verdict : world.verdicts_) {
      if (verdict.endpoint == name && verdict.from.has_value()) seen.push_back(*verdict.to);
    }
    EXPECT_GT(seen.size(), 100u);
    // The last probe may still be out.
    if (seen.size() < changes.size()) changes.resize(seen.size());
    EXPECT_EQ(seen, changes) << name;
  }
}

// Reference, failover arithmetic: an outage just before a probe is found after N*I + T, just after one
// after (N+1)*I + T.
TEST(Monitor, DetectionTakesWhatTheFormulaSays) {
  struct Case {
    int64_t interval, took;
    int tolerated;
    int64_t least, most;
  };
  for (const Case& c :
       {Case{30 * kS, 10 * kS, 3, 100 * kS, 130 * kS}, Case{30 * kS, 0, 3, 90 * kS, 120 * kS},
        Case{10 * kS, 9 * kS, 3, 39 * kS, 49 * kS}, Case{10 * kS, 5 * kS, 0, 5 * kS, 15 * kS}}) {
    int64_t shortest = Monitor::kNever, longest = 0;
    for (int64_t phase = 0; phase <= 20; ++phase) {
      int64_t outage = Monitor::kNever;
      World world({.interval_ns = c.interval, .timeout_ns = c.took, .tolerated_failures = c.tolerated},
                  [&](const std::string&, int64_t now) {
                    return now >= outage ? World::Answer{false, c.took} : World::Answer{true, kNanosPerMilli};
                  });
      world.Set({Probed("a")});
      world.Run(600 * kS);
      const int64_t probe = world.monitor_.NextProbeNs();
      // From exactly at a probe, which then fails, back to just after the one before.
      outage = probe - c.interval * phase / 20 + (phase == 20 ? 1 : 0);
      const int64_t found =
          world.Run(3600 * kS, [&] { return world.Status("a") == MonitorStatus::kDegraded; });
      shortest = std::min(shortest, found - outage);
      longest = std::max(longest, found - outage);
    }
    EXPECT_EQ(shortest, c.least);
    EXPECT_EQ(longest, c.most - 1);
  }
}

TEST(Monitor, DisabledStoppedAndInactiveAreNotProbed) {
  World world({}, Always(true));
  world.Set({Fixed("a", MonitorStatus::kDisabled), Fixed("b", MonitorStatus::kStopped),
             Fixed("c", MonitorStatus::kInactive)});
  world.Run(3600 * kS);
  EXPECT_TRUE(world.starts_.empty());
  EXPECT_EQ(world.monitor_.NextProbeNs(), Monitor::kNever);
  EXPECT_EQ(world.Status("b"), MonitorStatus::kStopped);
}

TEST(Monitor, DisablingCancelsProbesAndEnablingStartsOver) {
  World world({}, Always(false, 20 * kS));
  world.Set({Probed("a")});
  world.Run(2 * kS);
  ASSERT_EQ(world.starts_["a"].size(), 1u);
  world.Set({Fixed("a", MonitorStatus::kDisabled)});
  EXPECT_EQ(world.cancelled_.size(), 1u);
  EXPECT_EQ(world.Status("a"), MonitorStatus::kDisabled);
  world.Run(600 * kS);
  EXPECT_EQ(world.starts_["a"].size(), 1u);
  world.Set({Probed("a")});
  EXPECT_EQ(world.Status("a"), MonitorStatus::kCheckingEndpoint);
  EXPECT_EQ(world.Failures("a"), 0);
}

TEST(Monitor, RemovedEndpointIsForgottenAndItsLateResultIgnored) {
  World world({}, Always(true, 5 * kS));
  world.Set({Probed("a")});
  world.Run(2 * kS);
  world.Set({});
  EXPECT_EQ(world.monitor_.Find("a"), nullptr);
  EXPECT_EQ(world.verdicts_.back().to, std::nullopt);
  MonitorEffects effects;
  world.monitor_.OnProbeEnded(1, {true, ""}, 9 * kS, effects);
  EXPECT_TRUE(effects.verdicts.empty() && effects.results.empty());
}

TEST(Monitor, UnchangedConfigurationKeepsScheduleAndStatus) {
  World world({}, Always(true));
  world.Set({Probed("a")});
  world.Run(100 * kS);
  const int64_t next = world.monitor_.NextProbeNs();
  world.Set({Probed("a"), Probed("b", 2)});
  EXPECT_EQ(world.Status("a"), MonitorStatus::kOnline);
  MonitorEffects effects;
  world.monitor_.SetEndpoints(std::vector{Probed("a")}, world.now_, effects);
  EXPECT_EQ(world.monitor_.NextProbeNs(), next);
}

TEST(Monitor, AnotherAddressStartsOver) {
  World world({}, Always(true));
  world.Set({Probed("a", 1)});
  world.Run(100 * kS);
  world.Set({Probed("a", 2)});
  EXPECT_EQ(world.Status("a"), MonitorStatus::kCheckingEndpoint);
}

TEST(Monitor, RememberedDegradedStaysOutUntilOneSuccess) {
  World world({}, Always(true));
  MonitoredEndpoint endpoint = Probed("a");
  endpoint.initial = MonitorStatus::kDegraded;
  world.Set({endpoint});
  EXPECT_EQ(world.Status("a"), MonitorStatus::kDegraded);
  world.Run(2 * kS);
  EXPECT_EQ(world.Status("a"), MonitorStatus::kOnline);
}

TEST(Monitor, TimeoutLongerThanTheIntervalOverlapsUpToTheLimit) {
  World world({.interval_ns = kS, .timeout_ns = 600 * kS}, Always(false, 600 * kS));
  world.Set({Probed("a")});
  world.Run(100 * kS);
  EXPECT_EQ(world.starts_["a"].size(), static_cast<size_t>(kProbesInFlightMax));
}

TEST(Monitor, AnOlderProbeEndingLateDoesNotUndoANewerOne) {
  int probe = 0;
  World world({.interval_ns = kS, .timeout_ns = 10 * kS, .tolerated_failures = 0},
              [&](const std::string&, int64_t) {
                return ++probe == 1 ? World::Answer{false, 3 * kS} : World::Answer{true, kNanosPerMilli};
              });
  world.Set({Probed("a")});
  world.Run(60 * kS);
  for (const auto& verdict : world.verdicts_) EXPECT_NE(verdict.to, MonitorStatus::kDegraded);
}

TEST(Monitor, MissedSlotsAreNotMadeUpForInABurst) {
  Monitor monitor({.interval_ns = kS}, 1);
  MonitorEffects effects;
  monitor.SetEndpoints(std::vector{Probed("a")}, 0, effects);
  monitor.Advance(3600 * kS, effects);
  monitor.Advance(3600 * kS, effects);
  EXPECT_EQ(effects.starts.size(), 1u);
  EXPECT_GT(monitor.NextProbeNs(), 3600 * kS);
  EXPECT_LE(monitor.NextProbeNs(), 3601 * kS);
}

TEST(Monitor, SameSeedSamePhases) {
  const auto first_probe = [](uint64_t seed) {
    Monitor monitor({}, seed);
    MonitorEffects effects;
    monitor.SetEndpoints(std::vector{Probed("a")}, 0, effects);
    return monitor.NextProbeNs();
  };
  EXPECT_EQ(first_probe(7), first_probe(7));
  EXPECT_NE(first_probe(7), first_probe(8));
}

}  // namespace
}  // namespace nonet::dns
