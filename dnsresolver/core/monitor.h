// The monitor: when each endpoint is probed and what the results make of it. Probe results and `now` go in,
// probes to start and verdicts come out. One vantage; a second one is a second Monitor. Pure; one owner.
//
//   monitor.SetEndpoints(endpoints, now, effects);
//   monitor.Advance(now, effects);                       // At NextProbeNs().
//   monitor.OnProbeEnded(probe, {.success = true}, now, effects);
//
// Traffic Manager's rules: more consecutive failures than tolerated make Degraded, one success makes Online
// and resets the count, an endpoint without a verdict is CheckingEndpoint. Probes of one endpoint start every
// interval whether or not the one before has ended.
#pragma once

#include <cstdint>
#include <limits>
#include <map>
#include <optional>
#include <span>
#include <string>
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
  };
  struct Result {
    std::string endpoint;
    bool success;
    std::string detail;
    int consecutive_failures;
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
    int consecutive_failures = 0;
    std::string last_probe;  // ProbeResult::detail of the newest; empty before the first.
    int64_t changed_ns = 0;  // When `status` last changed, by the caller's `now`.
  };

  // The seed spreads the phases of the endpoints' schedules.
  Monitor(MonitorSettings settings, uint64_t seed) : settings_(settings), random_(seed) {}

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
  struct Entry {
    ProbeTarget target;
    bool probed = false;
    State state;
    int64_t next_ns = kNever;
    std::vector<uint64_t> in_flight;  // At most kProbesInFlightMax.
    uint64_t newest_ended = 0;
  };

  void SetStatus(const std::string& name, Entry& entry, MonitorStatus status, int64_t now,
                 MonitorEffects& effects);
  void CancelProbes(Entry& entry, MonitorEffects& effects);
  void Schedule(Entry& entry, int64_t now);

  MonitorSettings settings_;
  Random random_;
  uint64_t last_probe_ = 0;
  std::map<std::string, Entry, std::less<>> entries_;
  std::map<uint64_t, std::string> endpoint_of_probe_;
};

}  // namespace nonet::dns
