// The monitor: when each endpoint is probed and what the results make of it. Probe results and `now` go in,
// probes to start and verdicts come out. Pure; one owner.
//
//   monitor.SetEndpoints(endpoints, now, effects);
//   monitor.Advance(now, effects);                       // At NextProbeNs().
//   monitor.OnProbeEnded(probe, {.success = true}, now, effects);
//
// Every endpoint has one schedule, whatever the number of profiles that name it, and is probed from every
// vantage, each counting on its own and starting at a phase of its own. Two ways to count: Traffic Manager's
// (more consecutive failures than tolerated are bad, one success is good and resets the count), and Front
// Door's (so many good ones of the last so many). The endpoint is Degraded when more than half of the
// vantages found it bad, else Online when one found it good, else CheckingEndpoint. Probes of one endpoint
// start every interval whether or not the one before has ended.
#pragma once

#include <cstdint>
#include <limits>
#include <map>
#include <optional>
#include <set>
#include <span>
#include <string>
#include <tuple>
#include <vector>

#include "absl/strings/string_view.h"
#include "common/base/random.h"
#include "dnsresolver/core/limits.h"
#include "dnsresolver/core/topology.h"

namespace nonet::dns {

struct MonitorSettings {
  int64_t interval_ns = 30 * kNanosPerSecond;
  int64_t timeout_ns = 10 * kNanosPerSecond;  // Kept by who runs the probes.
  int tolerated_failures = 3;
  int vantages = 1;  // 1 to kVantagesMax.
  // Front Door's way of counting, when samples > 0: 1 to kSamplesMax, and how many of them have to be good.
  int samples = 0;
  int good_samples = 0;
};

struct ProbeTarget {
  std::string address;  // IPv4 literal.
  uint16_t port = 0;
  std::string host_name;

  friend bool operator==(const ProbeTarget&, const ProbeTarget&) = default;
};

struct MonitoredEndpoint {
  std::string name;
  ProbeTarget target;
  std::optional<MonitorStatus> fixed;    // Decided by configuration: not probed.
  std::optional<MonitorStatus> initial;  // For one seen first: what an earlier life knew. CheckingEndpoint.
};

struct ProbeResult {
  bool success = false;
  std::string detail;  // "200 in 1.2 ms", "connection refused"
};

// What the caller is to do; appended to.
struct MonitorEffects {
  struct Start {
    uint64_t probe;  // Names it in OnProbeEnded.
    std::string endpoint;
    ProbeTarget target;
    int vantage = 0;  // From 0.
  };
  struct Result {
    std::string endpoint;
    bool success;
    std::string detail;
    int consecutive_failures;  // As the vantage counts.
    int vantage = 0;
  };
  struct Verdict {
    std::string endpoint;
    std::optional<MonitorStatus> from;  // nullopt: it is new.
    std::optional<MonitorStatus> to;    // nullopt: it is gone.
  };
  std::vector<Start> starts;
  std::vector<uint64_t> cancels;
  std::vector<Result> results;
  std::vector<Verdict> verdicts;
};

class Monitor {
 public:
  static constexpr int64_t kNever = std::numeric_limits<int64_t>::max();

  struct State {
    MonitorStatus status = MonitorStatus::kCheckingEndpoint;
    int consecutive_failures = 0;             // The most that any vantage counts.
    std::string last_probe;                   // ProbeResult::detail of the newest; empty before the first.
    int64_t changed_ns = 0;                   // When `status` last changed, by the caller's `now`.
    uint64_t flaps = 0;                       // Changes between Online and Degraded since it was first seen.
    int vantages_good = 0, vantages_bad = 0;  // Those that have a verdict.
  };

  // The seed spreads the phases of the endpoints' schedules.
  Monitor(MonitorSettings settings, uint64_t seed);

  // Replaces the set. Who stays, at the same target and probed as before, keeps schedule and status.
  void SetEndpoints(std::span<const MonitoredEndpoint> endpoints, int64_t now, MonitorEffects& effects);
  // Starts every probe that is due.
  void Advance(int64_t now, MonitorEffects& effects);
  // Ignored when the probe was cancelled; not counted when a later one has ended already.
  void OnProbeEnded(uint64_t probe, const ProbeResult& result, int64_t now, MonitorEffects& effects);

  // When Advance has something to do; kNever.
  int64_t NextProbeNs() const;
  // nullptr when there is no such endpoint.
  const State* Find(absl::string_view endpoint) const;
  // visit(name, state), by name.
  template <typename Visit>
  void ForEach(Visit visit) const {
    for (const auto& [name, entry] : entries_) visit(name, entry.state);
  }
  const MonitorSettings& settings() const { return settings_; }

 private:
  enum class Opinion : uint8_t { kNone, kGood, kBad };
  // One vantage's view of one endpoint.
  struct View {
    int64_t next_ns = kNever;
    std::vector<uint64_t> in_flight;  // At most kProbesInFlightMax.
    uint64_t newest_ended = 0;
    int consecutive_failures = 0;
    uint64_t window = 0;  // The last samples, newest in bit 0; set: good.
    int sampled = 0;      // How many of them there are.
    Opinion opinion = Opinion::kNone;
  };
  struct Entry {
    std::string name;
    uint64_t number = 0;  // In the order of their coming.
    ProbeTarget target;
    bool probed = false;
    State state;
    std::vector<View> views;  // By vantage.
  };
  // When, whose, from where. Entries stay where they are in the map.
  struct Due {
    int64_t at_ns;
    uint64_t number;
    size_t vantage;
    Entry* entry;

    bool operator<(const Due& other) const {
      return std::tie(at_ns, number, vantage) < std::tie(other.at_ns, other.number, other.vantage);
    }
  };
  struct InFlight {
    Entry* entry;
    size_t vantage;
  };

  void SetStatus(Entry& entry, MonitorStatus status, int64_t now, MonitorEffects& effects);
  void StartOver(Entry& entry, const MonitoredEndpoint& endpoint, bool is_new, int64_t now,
                 MonitorEffects& effects);
  void CancelProbes(Entry& entry, MonitorEffects& effects);
  void Unschedule(Entry& entry);
  void Schedule(Entry& entry, int64_t now);
  void Count(View& view, bool success) const;
  void Vote(Entry& entry) const;
  MonitorStatus StatusOf(const Entry& entry) const;

  MonitorSettings settings_;
  Random random_;
  uint64_t last_probe_ = 0;
  uint64_t last_number_ = 0;
  std::map<std::string, Entry, std::less<>> entries_;
  std::set<Due> due_;
  std::map<uint64_t, InFlight> probes_;  // At most kProbesInFlightTotalMax.
};

}  // namespace nonet::dns
