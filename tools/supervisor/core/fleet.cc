#include "tools/supervisor/core/fleet.h"

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "tools/supervisor/core/errors.h"
#include "tools/supervisor/core/limits.h"

namespace nonet::supervisor {

Fleet::Fleet(Options options) : options_(std::move(options)), addresses_(options_.net), names_({}) {
  AddEntry(kControlplaneKey, ProcessKind::kControlplane, {});
  AddEntry(kDnsresolverKey, ProcessKind::kDnsresolver, {});
}

Fleet::Entry& Fleet::AddEntry(const std::string& key, ProcessKind kind, const InstanceSpec& instance) {
  Entry& entry = entries_[key];
  entry = Entry{};
  entry.durable.key = key;
  entry.durable.kind = kind;
  entry.durable.instance = instance;
  return entry;
}

void Fleet::Rename() {
  std::vector<const InstanceSpec*> instances;
  for (const auto& [key, entry] : entries_) {
    if (entry.durable.kind == ProcessKind::kInstance) instances.push_back(&entry.durable.instance);
  }
  names_ = ProcessNames(instances);
}

// ---- Life ----

void Fleet::Restore(const State& state, Now now) {
  for (const State::ReleasedAddress& released : state.released) {
    addresses_.RestoreReleased(released.address, released.wall_ns);
  }
  for (const State::Process& process : state.processes) {
    Entry& entry = AddEntry(process.key, process.kind, process.instance);
    entry.durable = process;
    entry.started_at_ns = now.steady_ns;
    if (!process.address.empty()) addresses_.Restore(process.address);
  }
  for (const Fault& fault : state.faults) {
    // A pause ends with the process it froze.
    if (fault.kind == Fault::Kind::kPause) {
      const auto it = entries_.find(fault.subject);
      if (it == entries_.end() || !it->second.running()) continue;
    }
    faults_[{fault.kind, fault.subject}] = fault;
  }
  Rename();
}

void Fleet::Start(Now now, Effects& effects) {
  started_ = true;
  for (auto& [key, entry] : entries_) {
    if (entry.running() && Paused(key)) {
      effects.emplace_back(
          SendSignal{.key = key, .identity = entry.durable.identity, .signal = Signal::kStop});
    }
  }
  ReconcileAll(now, effects);
  effects.emplace_back(Persist{});
  Settle(now, effects);
}

void Fleet::Shutdown(Now now, Effects& effects) {
  shutting_down_ = true;
  ReconcileAll(now, effects);
  Settle(now, effects);
}

State Fleet::state(Now now) const {
  State state;
  for (const auto& [key, entry] : entries_) state.processes.push_back(entry.durable);
  for (const auto& [key, fault] : faults_) state.faults.push_back(fault);
  state.released = addresses_.released(now.wall_ns);
  return state;
}

// ---- What the control plane wants ----

void Fleet::SetInstances(const std::vector<InstanceSpec>& instances, uint64_t token, Now now,
                         Effects& effects) {
  std::set<std::string> present;
  for (const InstanceSpec& spec : instances) {
    present.insert(spec.object);
    const auto it = entries_.find(spec.object);
    if (it == entries_.end()) {
      AddEntry(spec.object, ProcessKind::kInstance, spec);
    } else if (it->second.durable.instance.uid != spec.uid) {
      it->second.gone = true;
      it->second.successor = spec;
    } else {
      it->second.durable.instance = spec;
      it->second.gone = false;
      it->second.successor.reset();
    }
  }
  for (auto& [key, entry] : entries_) {
    if (entry.durable.kind == ProcessKind::kInstance && !present.contains(key)) {
      entry.gone = true;
      entry.successor.reset();
    }
  }
  Rename();
  ReconcileAll(now, effects);
  effects.emplace_back(Persist{});

  PendingChange change{.token = token, .stopping = {}};
  for (const auto& [key, entry] : entries_) {
    if (entry.stopping) change.stopping.insert(key);
  }
  if (pending_.size() >= kPendingChangesMax) {
    change.stopping.merge(pending_.back().stopping);
    pending_.pop_back();
  }
  pending_.push_back(std::move(change));
  Settle(now, effects);
}

// ---- Deciding ----

Fleet::Verdict Fleet::Judge(const Entry& entry) const {
  const State::Process& process = entry.durable;
  if (shutting_down_) return {.why = "shutting down"};
  if (entry.gone || process.instance.deleting) return {.why = "being deleted"};
  if (faults_.contains({Fault::Kind::kKill, process.key})) {
    return {.at_once = true, .why = absl::StrCat("held down by kill/", names_.NameOf(process.key))};
  }
  if (process.kind != ProcessKind::kInstance) return {.want = Want::kReal};
  const InstanceSpec& instance = process.instance;
  if (instance.stopped) return {.why = "stopped (resourceStopped)"};
  const auto down = faults_.find({Fault::Kind::kRegionDown, instance.region});
  if (down != faults_.end()) {
    const bool hang = down->second.mode == RegionDownMode::kHang;
    return {.want = hang ? Want::kBlackhole : Want::kNothing,
            .at_once = true,
            .why = absl::StrCat("held down by region-down/", instance.region,
                                hang ? " (accepts, never answers)" : "")};
  }
  return {.want = Want::kReal};
}

void Fleet::Reconcile(Entry& entry, Now now, Effects& effects) {
  const Verdict verdict = Judge(entry);
  const State::Process& process = entry.durable;
  if (entry.running()) {
    const bool right = verdict.want == Want::kReal
                           ? !process.blackhole && process.generation == process.instance.generation
                           : verdict.want == Want::kBlackhole && process.blackhole;
    if (!right) Stop(entry, verdict.at_once || process.blackhole, now, effects);
    return;
  }
  if (verdict.want == Want::kNothing) {
    entry.restart_at_ns = 0;
    entry.failures = 0;
    return;
  }
  if (!started_ || entry.launching) return;
  if (now.steady_ns >= entry.restart_at_ns) LaunchIt(entry, verdict.want, now, effects);
}

void Fleet::ReconcileAll(Now now, Effects& effects) {
  std::vector<std::string> gone;
  for (auto& [key, entry] : entries_) {
    if (entry.gone && !entry.running()) {
      gone.push_back(key);
    } else {
      Reconcile(entry, now, effects);
    }
  }
  for (const std::string& key : gone) Forget(key, now, effects);
}

void Fleet::Stop(Entry& entry, bool at_once, Now now, Effects& effects) {
  const auto send = [&](Signal signal) {
    effects.emplace_back(
        SendSignal{.key = entry.durable.key, .identity = entry.durable.identity, .signal = signal});
  };
  if (at_once) {
    if (!entry.kill_sent) send(Signal::kKill);
    entry.kill_sent = true;
  } else if (!entry.stopping) {
    send(Signal::kTerminate);
    if (Paused(entry.durable.key)) send(Signal::kContinue);  // Frozen, it could not end.
    entry.kill_at_ns = now.steady_ns + kStopGraceNs;
  }
  entry.stopping = true;
}

void Fleet::LaunchIt(Entry& entry, Want want, Now now, Effects& effects) {
  State::Process& process = entry.durable;
  if (process.kind == ProcessKind::kInstance && process.address.empty()) {
    absl::StatusOr<std::string> address = addresses_.Take(process.instance.region, now.wall_ns);
    if (!address.ok()) {
      entry.last_exit = std::string(address.status().message());
      const int64_t free = addresses_.NextFreeWallNs();
      const int64_t wait = free > now.wall_ns ? free - now.wall_ns : kAddressQuarantineNs;
      entry.restart_at_ns = now.steady_ns + wait;
      return;
    }
    process.address = *std::move(address);
  }
  entry.launching = true;
  entry.restart_at_ns = 0;
  effects.emplace_back(Launch{.key = process.key,
                              .kind = process.kind,
                              .instance = process.instance,
                              .address = process.address,
                              .generation = process.instance.generation,
                              .blackhole = want == Want::kBlackhole});
}

void Fleet::BackOff(Entry& entry, Now now) {
  if (now.steady_ns - entry.started_at_ns >= kBackoffResetNs) entry.failures = 0;
  const int doublings = std::min(entry.failures, 20);
  entry.restart_at_ns = now.steady_ns + std::min(kBackoffFirstNs << doublings, kBackoffMaxNs);
  ++entry.failures;
}

void Fleet::Forget(const std::string& key, Now now, Effects& effects) {
  Entry entry = std::move(entries_.at(key));
  entries_.erase(key);
  EndFault({Fault::Kind::kKill, key}, effects);
  EndFault({Fault::Kind::kPause, key}, effects);
  if (!entry.durable.address.empty()) addresses_.Release(entry.durable.address, now.wall_ns);
  // Never the directory of another one (a replica may be called like its resource).
  const std::string directory = StateDirectory(entry.durable.instance);
  const bool shared = std::any_of(entries_.begin(), entries_.end(), [&](const auto& other) {
    return other.second.durable.kind == ProcessKind::kInstance &&
           StateDirectory(other.second.durable.instance) == directory;
  });
  if (!shared) effects.emplace_back(RemoveState{.instance = entry.durable.instance});
  if (entry.successor.has_value()) {
    Reconcile(AddEntry(key, ProcessKind::kInstance, *entry.successor), now, effects);
  }
  Rename();
  effects.emplace_back(Persist{});
}

void Fleet::Settle(Now now, Effects& effects) {
  while (!pending_.empty() && pending_.front().stopping.empty()) {
    effects.emplace_back(Acknowledge{.token = pending_.front().token});
    pending_.pop_front();
  }
  bool any_running = false;
  int64_t next = 0;
  const auto consider = [&next](int64_t at) {
    if (next == 0 || at < next) next = at;
  };
  for (const auto& [key, entry] : entries_) {
    any_running |= entry.running();
    if (entry.running() && entry.stopping && !entry.kill_sent) consider(entry.kill_at_ns);
    // Also one that is due by now: launching takes time.
    if (!entry.running() && entry.restart_at_ns != 0) consider(entry.restart_at_ns);
  }
  if (next != 0 && (next != timer_ns_ || timer_ns_ <= now.steady_ns)) {
    timer_ns_ = next;
    effects.emplace_back(SetTimer{.steady_ns = next});
  }
  if (shutting_down_ && !any_running && !stopped_told_) {
    stopped_told_ = true;
    effects.emplace_back(AllStopped{});
  }
}

// ---- What happens to processes ----

void Fleet::OnLaunched(const std::string& key, const absl::StatusOr<Identity>& result, Now now,
                       Effects& effects) {
  const auto it = entries_.find(key);
  if (it == entries_.end()) return;
  Entry& entry = it->second;
  entry.started_at_ns = now.steady_ns;
  entry.ready = entry.launching = false;
  if (!result.ok()) {
    entry.last_exit = absl::StrCat("could not be started: ", result.status().message());
    effects.emplace_back(Record{.name = names_.NameOf(key), .what = "exited", .detail = entry.last_exit});
    BackOff(entry, now);
    Settle(now, effects);
    return;
  }
  State::Process& process = entry.durable;
  process.identity = *result;
  process.generation = process.instance.generation;
  process.blackhole = Judge(entry).want == Want::kBlackhole;
  process.start_wall_ns = now.wall_ns;
  if (!process.blackhole) ++process.launches;
  effects.emplace_back(
      Record{.name = names_.NameOf(key),
             .what = "started",
             .detail = absl::StrCat("pid ", result->pid, process.blackhole ? " (black hole)" : "")});
  effects.emplace_back(Persist{});
  Settle(now, effects);
}

void Fleet::OnReady(const std::string& key, int32_t pid, Effects& effects) {
  const auto it = entries_.find(key);
  if (it == entries_.end() || it->second.durable.identity.pid != pid || pid == 0 || it->second.ready) return;
  it->second.ready = true;
  effects.emplace_back(
      Record{.name = names_.NameOf(key), .what = "ready", .detail = it->second.durable.address});
}

void Fleet::OnExited(const std::string& key, const Identity& identity, absl::string_view how, Now now,
                     Effects& effects) {
  const auto it = entries_.find(key);
  if (it == entries_.end() || !(it->second.durable.identity == identity)) return;
  Entry& entry = it->second;
  const bool expected = entry.stopping;
  entry.durable.identity = {};
  entry.durable.blackhole = false;
  entry.ready = entry.stopping = entry.kill_sent = entry.killed = false;
  entry.kill_at_ns = 0;
  entry.last_exit = std::string(how);
  effects.emplace_back(Record{.name = names_.NameOf(key), .what = "exited", .detail = entry.last_exit});
  EndFault({Fault::Kind::kPause, key}, effects);
  if (expected) {
    entry.failures = 0;
    entry.restart_at_ns = 0;
  } else {
    BackOff(entry, now);
  }
  if (entry.gone) {
    Forget(key, now, effects);
  } else {
    effects.emplace_back(Persist{});
    Reconcile(entry, now, effects);
  }
  for (PendingChange& change : pending_) change.stopping.erase(key);
  Settle(now, effects);
}

void Fleet::OnTimer(Now now, Effects& effects) {
  for (auto& [key, entry] : entries_) {
    if (entry.running()) {
      if (entry.stopping && !entry.kill_sent && now.steady_ns >= entry.kill_at_ns) {
        Stop(entry, /*at_once=*/true, now, effects);
      }
    } else if (entry.restart_at_ns != 0 && now.steady_ns >= entry.restart_at_ns) {
      Reconcile(entry, now, effects);
    }
  }
  Settle(now, effects);
}

}  // namespace nonet::supervisor
