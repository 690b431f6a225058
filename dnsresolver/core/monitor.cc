#include "dnsresolver/core/monitor.h"

#include <algorithm>
#include <bit>
#include <set>
#include <utility>

#include "common/base/check.h"

namespace nonet::dns {

Monitor::Monitor(MonitorSettings settings, uint64_t seed) : settings_(settings), random_(seed) {
  NONET_CHECK(settings_.vantages >= 1 && settings_.vantages <= kVantagesMax);
  NONET_CHECK(settings_.samples >= 0 && settings_.samples <= kSamplesMax);
  NONET_CHECK(settings_.samples == 0 ||
              (settings_.good_samples >= 1 && settings_.good_samples <= settings_.samples));
}

void Monitor::SetStatus(Entry& entry, MonitorStatus status, int64_t now, MonitorEffects& effects) {
  const MonitorStatus from = entry.state.status;
  if (from == status) return;
  effects.verdicts.push_back({entry.name, from, status});
  const bool flap = (from == MonitorStatus::kOnline && status == MonitorStatus::kDegraded) ||
                    (from == MonitorStatus::kDegraded && status == MonitorStatus::kOnline);
  if (flap) ++entry.state.flaps;
  entry.state.status = status;
  entry.state.changed_ns = now;
}

void Monitor::CancelProbes(Entry& entry, MonitorEffects& effects) {
  for (View& view : entry.views) {
    for (const uint64_t probe : view.in_flight) {
      effects.cancels.push_back(probe);
      probes_.erase(probe);
    }
    view.in_flight.clear();
  }
}

void Monitor::Unschedule(Entry& entry) {
  for (size_t i = 0; i < entry.views.size(); ++i) {
    if (entry.views[i].next_ns != kNever) due_.erase({entry.views[i].next_ns, entry.number, i, &entry});
    entry.views[i].next_ns = kNever;
  }
}

void Monitor::Schedule(Entry& entry, int64_t now) {
  const auto window = static_cast<uint64_t>(std::min(settings_.interval_ns, kFirstProbeWithinNs));
  for (size_t i = 0; i < entry.views.size(); ++i) {
    entry.views[i].next_ns = now + static_cast<int64_t>(random_.Below(window));
    due_.insert({entry.views[i].next_ns, entry.number, i, &entry});
  }
}

void Monitor::StartOver(Entry& entry, const MonitoredEndpoint& endpoint, bool is_new, int64_t now,
                        MonitorEffects& effects) {
  CancelProbes(entry, effects);
  Unschedule(entry);
  entry.target = endpoint.target;
  entry.probed = !endpoint.fixed.has_value();
  entry.views.assign(entry.probed ? static_cast<size_t>(settings_.vantages) : 0, View());
  if (is_new && endpoint.initial == MonitorStatus::kDegraded) {
    for (View& view : entry.views) {
      view.consecutive_failures = settings_.tolerated_failures + 1;
      view.sampled = settings_.samples;
      view.opinion = Opinion::kBad;
    }
  }
  Vote(entry);
  entry.state.last_probe.clear();
  const MonitorStatus status = endpoint.fixed.has_value() ? *endpoint.fixed : StatusOf(entry);
  if (is_new) {
    entry.state.status = status;
    entry.state.changed_ns = now;
    effects.verdicts.push_back({entry.name, std::nullopt, status});
  } else {
    SetStatus(entry, status, now, effects);
  }
  if (entry.probed) Schedule(entry, now);
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
    Unschedule(it->second);
    effects.verdicts.push_back({it->first, it->second.state.status, std::nullopt});
    it = entries_.erase(it);
  }
  for (const MonitoredEndpoint& endpoint : endpoints) {
    const auto [it, inserted] = entries_.try_emplace(endpoint.name);
    Entry& entry = it->second;
    const bool probed = !endpoint.fixed.has_value();
    if (!inserted && probed && entry.probed && entry.target == endpoint.target) continue;
    if (inserted) {
      entry.name = endpoint.name;
      entry.number = ++last_number_;
    }
    // New, or its life starts over: nothing measured before says anything about it.
    StartOver(entry, endpoint, inserted, now, effects);
  }
}

void Monitor::Advance(int64_t now, MonitorEffects& effects) {
  while (!due_.empty() && due_.begin()->at_ns <= now) {
    Due due = *due_.begin();
    due_.erase(due_.begin());
    View& view = due.entry->views[due.vantage];
    // Slots missed while nobody ran us (a suspended process) are skipped, not made up for in a burst.
    const int64_t missed = (now - due.at_ns) / settings_.interval_ns;
    view.next_ns = due.at_ns += (missed + 1) * settings_.interval_ns;
    due_.insert(due);
    if (view.in_flight.size() >= static_cast<size_t>(kProbesInFlightMax)) continue;
    if (probes_.size() >= kProbesInFlightTotalMax) continue;
    const uint64_t probe = ++last_probe_;
    view.in_flight.push_back(probe);
    probes_.emplace(probe, InFlight{due.entry, due.vantage});
    effects.starts.push_back({probe, due.entry->name, due.entry->target, static_cast<int>(due.vantage)});
  }
}

void Monitor::Count(View& view, bool success) const {
  view.consecutive_failures = success ? 0 : view.consecutive_failures + 1;
  if (settings_.samples == 0) {
    if (success) view.opinion = Opinion::kGood;
    if (view.consecutive_failures > settings_.tolerated_failures) view.opinion = Opinion::kBad;
    return;
  }
  const uint64_t mask = settings_.samples == 64 ? ~uint64_t{0} : (uint64_t{1} << settings_.samples) - 1;
  view.window = (view.window << 1 | (success ? 1 : 0)) & mask;
  view.sampled = std::min(view.sampled + 1, settings_.samples);
  const int good = std::popcount(view.window);
  // Before the window is full a verdict falls as soon as the samples to come cannot change it.
  if (good >= settings_.good_samples) view.opinion = Opinion::kGood;
  if (view.sampled - good > settings_.samples - settings_.good_samples) view.opinion = Opinion::kBad;
}

void Monitor::Vote(Entry& entry) const {
  State& state = entry.state;
  state.consecutive_failures = state.vantages_good = state.vantages_bad = 0;
  for (const View& view : entry.views) {
    state.consecutive_failures = std::max(state.consecutive_failures, view.consecutive_failures);
    state.vantages_good += view.opinion == Opinion::kGood;
    state.vantages_bad += view.opinion == Opinion::kBad;
  }
}

MonitorStatus Monitor::StatusOf(const Entry& entry) const {
  if (entry.state.vantages_bad * 2 > settings_.vantages) return MonitorStatus::kDegraded;
  return entry.state.vantages_good > 0 ? MonitorStatus::kOnline : MonitorStatus::kCheckingEndpoint;
}

void Monitor::OnProbeEnded(uint64_t probe, const ProbeResult& result, int64_t now, MonitorEffects& effects) {
  const auto found = probes_.find(probe);
  if (found == probes_.end()) return;
  const InFlight ended = found->second;
  probes_.erase(found);
  Entry& entry = *ended.entry;
  View& view = entry.views[ended.vantage];
  std::erase(view.in_flight, probe);
  if (probe < view.newest_ended) return;
  view.newest_ended = probe;
  Count(view, result.success);
  Vote(entry);
  entry.state.last_probe = result.detail;
  effects.results.push_back({entry.name, result.success, result.detail, view.consecutive_failures,
                             static_cast<int>(ended.vantage)});
  SetStatus(entry, StatusOf(entry), now, effects);
}

int64_t Monitor::NextProbeNs() const { return due_.empty() ? kNever : due_.begin()->at_ns; }

const Monitor::State* Monitor::Find(absl::string_view endpoint) const {
  const auto it = entries_.find(endpoint);
  return it == entries_.end() ? nullptr : &it->second.state;
}

}  // namespace nonet::dns
