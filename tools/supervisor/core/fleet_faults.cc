// Faults: what people break on purpose. They are part of the state and override what the control plane wants.
#include <algorithm>
#include <optional>
#include <utility>

#include "absl/strings/str_cat.h"
#include "common/regions/regions.h"
#include "tools/supervisor/core/errors.h"
#include "tools/supervisor/core/fleet.h"
#include "tools/supervisor/core/link_faults.h"

namespace nonet::supervisor {
namespace {

absl::string_view ModeName(RegionDownMode mode) { return mode == RegionDownMode::kHang ? "hang" : "refuse"; }

}  // namespace

Fault Fleet::Named(Fault fault) const {
  switch (fault.kind) {
    case Fault::Kind::kRegionDown:
      fault.name = absl::StrCat("region-down/", fault.subject);
      break;
    case Fault::Kind::kPause:
      fault.name = absl::StrCat("pause/", names_.NameOf(fault.subject));
      break;
    case Fault::Kind::kKill:
      fault.name = absl::StrCat("kill/", names_.NameOf(fault.subject));
      break;
    case Fault::Kind::kLink:
      fault.name = absl::StrCat(LinkKindName(fault.link.kind), "/", SideName(fault.link.a),
                                fault.link.one_way ? "->" : "/", SideName(fault.link.b));
      break;
  }
  return fault;
}

void Fleet::AddFault(Fault fault, Effects& effects) {
  std::string detail;
  if (fault.kind == Fault::Kind::kRegionDown) detail = absl::StrCat("mode ", ModeName(fault.mode));
  effects.emplace_back(Record{.name = Named(fault).name, .what = "fault set", .detail = std::move(detail)});
  faults_[{fault.kind, fault.subject}] = std::move(fault);
  effects.emplace_back(Persist{});
}

std::optional<Fault> Fleet::EndFault(const FaultKey& key, Effects& effects) {
  const auto it = faults_.find(key);
  if (it == faults_.end()) return std::nullopt;
  Fault ended = Named(it->second);
  effects.emplace_back(Record{.name = ended.name, .what = "fault cleared", .detail = ""});
  faults_.erase(it);
  effects.emplace_back(Persist{});
  return ended;
}

absl::StatusOr<Fault> Fleet::SetRegionDown(absl::string_view region, RegionDownMode mode, Now now,
                                           Effects& effects) {
  if (FindRegion(region) == nullptr) return UnknownRegion(region);
  if (shutting_down_) return ShuttingDown();
  Fault fault{.kind = Fault::Kind::kRegionDown,
              .subject = std::string(region),
              .mode = mode,
              .start_wall_ns = now.wall_ns,
              .name = ""};
  const auto it = faults_.find({fault.kind, fault.subject});
  if (it != faults_.end() && it->second.mode == mode) return Named(it->second);
  AddFault(fault, effects);
  ReconcileAll(now, effects);
  Settle(now, effects);
  return Named(fault);
}

absl::StatusOr<Fault> Fleet::SetRegionUp(absl::string_view region, Now now, Effects& effects) {
  if (FindRegion(region) == nullptr) return UnknownRegion(region);
  std::optional<Fault> ended = EndFault({Fault::Kind::kRegionDown, std::string(region)}, effects);
  if (!ended) return RegionNotDown(region);
  ReconcileAll(now, effects);
  Settle(now, effects);
  return *std::move(ended);
}

absl::StatusOr<Fault> Fleet::Kill(absl::string_view process, bool hold, Now now, Effects& effects) {
  absl::StatusOr<std::string> key = names_.KeyOf(process);
  if (!key.ok()) return key.status();
  if (shutting_down_) return ShuttingDown();
  Entry& entry = entries_.at(*key);
  Fault fault{.kind = Fault::Kind::kKill,
              .subject = *key,
              .mode = RegionDownMode::kRefuse,
              .start_wall_ns = now.wall_ns,
              .name = ""};
  if (hold) {
    const auto it = faults_.find({fault.kind, fault.subject});
    if (it != faults_.end()) return Named(it->second);
    AddFault(fault, effects);
    Reconcile(entry, now, effects);
  } else {
    if (!entry.running()) return ProcessNotRunning(names_.NameOf(*key), View(entry, now).detail);
    entry.killed = true;
    effects.emplace_back(
        SendSignal{.key = *key, .identity = entry.durable.identity, .signal = Signal::kKill});
  }
  Settle(now, effects);
  return Named(fault);
}

absl::StatusOr<Fault> Fleet::Pause(absl::string_view process, Now now, Effects& effects) {
  absl::StatusOr<std::string> key = names_.KeyOf(process);
  if (!key.ok()) return key.status();
  if (shutting_down_) return ShuttingDown();
  const Entry& entry = entries_.at(*key);
  const auto it = faults_.find({Fault::Kind::kPause, *key});
  if (it != faults_.end()) return Named(it->second);
  if (!entry.running() || entry.stopping) {
    return ProcessNotRunning(names_.NameOf(*key), View(entry, now).detail);
  }
  Fault fault{.kind = Fault::Kind::kPause,
              .subject = *key,
              .mode = RegionDownMode::kRefuse,
              .start_wall_ns = now.wall_ns,
              .name = ""};
  AddFault(fault, effects);
  effects.emplace_back(SendSignal{.key = *key, .identity = entry.durable.identity, .signal = Signal::kStop});
  return Named(fault);
}

absl::StatusOr<std::vector<Fault>> Fleet::Resume(absl::string_view process, Now now, Effects& effects) {
  absl::StatusOr<std::string> key = names_.KeyOf(process);
  if (!key.ok()) return key.status();
  Entry& entry = entries_.at(*key);
  const std::optional<Fault> pause = EndFault({Fault::Kind::kPause, *key}, effects);
  const std::optional<Fault> kill = EndFault({Fault::Kind::kKill, *key}, effects);
  if (!pause && !kill) return ProcessNotHeld(names_.NameOf(*key));
  std::vector<Fault> ended;
  for (const std::optional<Fault>& fault : {pause, kill}) {
    if (fault) ended.push_back(*fault);
  }
  if (pause && entry.running()) {
    effects.emplace_back(
        SendSignal{.key = *key, .identity = entry.durable.identity, .signal = Signal::kContinue});
  }
  Reconcile(entry, now, effects);
  Settle(now, effects);
  return ended;
}

std::vector<Fault> Fleet::ListFaults() const {
  std::map<std::string, Fault> by_name;
  for (const auto& [key, fault] : faults_) {
    Fault named = Named(fault);
    by_name[named.name] = std::move(named);
  }
  std::vector<Fault> result;
  for (auto& [name, fault] : by_name) result.push_back(std::move(fault));
  return result;
}

bool Fleet::TookEffect(const Fault& fault) const {
  const auto ending = [](const Entry& entry) { return entry.running() && (entry.stopping || entry.killed); };
  if (fault.kind != Fault::Kind::kRegionDown) {
    const auto it = entries_.find(fault.subject);
    return it == entries_.end() || !ending(it->second);
  }
  for (const auto& [key, entry] : entries_) {
    const State::Process& process = entry.durable;
    if (process.kind != ProcessKind::kInstance || process.instance.region != fault.subject) continue;
    if (ending(entry)) return false;
    if (Judge(entry).want == Want::kBlackhole && !(entry.running() && process.blackhole && entry.ready)) {
      return false;
    }
  }
  return true;
}

std::vector<std::string> Fleet::NotBack(const std::vector<Fault>& ended, Now now) const {
  std::vector<std::string> missing;
  for (const auto& [key, entry] : entries_) {
    const bool held = std::any_of(ended.begin(), ended.end(), [&](const Fault& fault) {
      return fault.kind == Fault::Kind::kRegionDown ? fault.subject == entry.durable.instance.region
                                                    : fault.subject == key;
    });
    if (!held) continue;
    const ProcessView view = View(entry, now);
    const bool awaited = view.state == ProcessState::kStarting || view.state == ProcessState::kBackoff;
    if (awaited) missing.push_back(absl::StrCat(view.name, " (", view.detail, ")"));
  }
  return missing;
}

std::vector<Fault> Fleet::ClearFaults(Now now, Effects& effects) {
  std::vector<Fault> ended = ListFaults();
  for (const Fault& fault : ended) {
    EndFault({fault.kind, fault.subject}, effects);
    if (fault.kind != Fault::Kind::kPause) continue;
    const auto it = entries_.find(fault.subject);
    if (it == entries_.end() || !it->second.running()) continue;
    effects.emplace_back(SendSignal{
        .key = fault.subject, .identity = it->second.durable.identity, .signal = Signal::kContinue});
  }
  ReconcileAll(now, effects);
  Settle(now, effects);
  return ended;
}

}  // namespace nonet::supervisor
