#include "dnsresolver/core/monitor.h"

#include <algorithm>
#include <set>
#include <utility>

namespace nonet::dns {

void Monitor::SetStatus(const std::string& name, Entry& entry, MonitorStatus status, int64_t now,
                        MonitorEffects& effects) {
  if (entry.state.status == status) return;
  effects.verdicts.push_back({name, entry.state.status, status});
  entry.state.status = status;
  entry.state.changed_ns = now;
}

void Monitor::CancelProbes(Entry& entry, MonitorEffects& effects) {
  for (const uint64_t probe : entry.in_flight) {
    effects.cancels.push_back(probe);
    endpoint_of_probe_.erase(probe);
  }
  entry.in_flight.clear();
}

void Monitor::Schedule(Entry& entry, int64_t now) {
  const int64_t window = std::min(settings_.interval_ns, kFirstProbeWithinNs);
  entry.next_ns = now + static_cast<int64_t>(random_.Below(static_cast<uint64_t>(window)));
}

void Monitor::SetEndpoints(std::span<const MonitoredEndpoint> endpoints, int64_t now,
                           MonitorEffects& effects) {
  std::set<absl::string_view> wanted;
  for (const MonitoredEndpoint& endpoint : endpoints) wanted.insert(endpoint.name);
  for (auto it = entries_.begin(); it != entries_.end();) {
    if (wanted.contains(it->first)) {
      ++it;
      continue;
    }
    CancelProbes(it->second, effects);
    effects.verdicts.push_back({it->first, it->second.state.status, std::nullopt});
    it = entries_.erase(it);
  }
  for (const MonitoredEndpoint& endpoint : endpoints) {
    const auto [it, inserted] = entries_.try_emplace(endpoint.name);
    Entry& entry = it->second;
    const bool probed = !endpoint.fixed.has_value();
    if (!inserted && probed && entry.probed && entry.target == endpoint.target) continue;
    // New, or its life starts over: nothing measured before says anything about it.
    CancelProbes(entry, effects);
    entry.target = endpoint.target;
    entry.probed = probed;
    const int failures = endpoint.initial == MonitorStatus::kDegraded && inserted && probed
                             ? settings_.tolerated_failures + 1
                             : 0;
    entry.state.consecutive_failures = failures;
    entry.state.last_probe.clear();
    MonitorStatus status = endpoint.fixed.value_or(MonitorStatus::kCheckingEndpoint);
    if (failures > 0) status = MonitorStatus::kDegraded;
    if (inserted) {
      entry.state.status = status;
      entry.state.changed_ns = now;
      effects.verdicts.push_back({endpoint.name, std::nullopt, status});
    } else {
      SetStatus(endpoint.name, entry, status, now, effects);
    }
    entry.next_ns = kNever;
    if (probed) Schedule(entry, now);
  }
}

void Monitor::Advance(int64_t now, MonitorEffects& effects) {
  for (auto& [name, entry] : entries_) {
    if (!entry.probed || entry.next_ns > now) continue;
    // Slots missed while nobody ran us (a suspended process) are skipped, not made up for in a burst.
    const int64_t missed = (now - entry.next_ns) / settings_.interval_ns;
    entry.next_ns += (missed + 1) * settings_.interval_ns;
    if (entry.in_flight.size() >= static_cast<size_t>(kProbesInFlightMax)) continue;
    const uint64_t probe = ++last_probe_;
    entry.in_flight.push_back(probe);
    endpoint_of_probe_.emplace(probe, name);
    effects.starts.push_back({probe, name, entry.target});
  }
}

void Monitor::OnProbeEnded(uint64_t probe, const ProbeResult& result, int64_t now, MonitorEffects& effects) {
  const auto found = endpoint_of_probe_.find(probe);
  if (found == endpoint_of_probe_.end()) return;
  const std::string name = found->second;
  endpoint_of_probe_.erase(found);
  Entry& entry = entries_.find(name)->second;
  std::erase(entry.in_flight, probe);
  if (probe < entry.newest_ended) return;
  entry.newest_ended = probe;
  entry.state.last_probe = result.detail;
  entry.state.consecutive_failures = result.success ? 0 : entry.state.consecutive_failures + 1;
  effects.results.push_back({name, result.success, result.detail, entry.state.consecutive_failures});
  if (result.success) {
    SetStatus(name, entry, MonitorStatus::kOnline, now, effects);
  } else if (entry.state.consecutive_failures > settings_.tolerated_failures) {
    SetStatus(name, entry, MonitorStatus::kDegraded, now, effects);
  }
}

int64_t Monitor::NextProbeNs() const {
  int64_t next = kNever;
  for (const auto& [name, entry] : entries_) {
    if (entry.probed) next = std::min(next, entry.next_ns);
  }
  return next;
}

const Monitor::State* Monitor::Find(absl::string_view endpoint) const {
  const auto it = entries_.find(endpoint);
  return it == entries_.end() ? nullptr : &it->second.state;
}

}  // namespace nonet::dns
