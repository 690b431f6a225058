// The fleet as people see it.
#include <algorithm>

#include "absl/strings/str_cat.h"
#include "tools/supervisor/core/fleet.h"
#include "tools/supervisor/core/limits.h"

namespace nonet::supervisor {

ProcessView Fleet::View(const Entry& entry, Now now) const {
  const State::Process& process = entry.durable;
  const Verdict verdict = Judge(entry);
  ProcessView view;
  view.name = names_.NameOf(process.key);
  view.key = process.key;
  view.kind = process.kind;
  view.identity = process.identity;
  view.start_wall_ns = entry.running() ? process.start_wall_ns : 0;
  view.restarts = process.launches > 0 ? process.launches - 1 : 0;
  view.region = process.instance.region;
  view.address = process.address;
  if (verdict.want != Want::kReal) {
    view.state = ProcessState::kHeld;
    view.detail = entry.stopping ? absl::StrCat("stopping: ", verdict.why) : verdict.why;
  } else if (entry.running()) {
    if (entry.stopping) {
      view.state = ProcessState::kStarting;
      view.detail = "restarting";
    } else if (Paused(process.key)) {
      view.state = ProcessState::kPaused;
      view.detail = absl::StrCat("paused by pause/", view.name);
    } else if (entry.ready) {
      view.state = ProcessState::kReady;
    } else {
      view.state = ProcessState::kStarting;
      view.detail = "starting";
    }
  } else if (entry.restart_at_ns > now.steady_ns) {
    view.state = ProcessState::kBackoff;
    const int64_t ms = (entry.restart_at_ns - now.steady_ns) / kNanosPerMilli;
    view.detail = absl::StrCat(entry.last_exit, "; starts again in ", ms, " ms");
  } else {
    view.state = ProcessState::kStarting;
    view.detail = "about to start";
  }
  return view;
}

std::vector<ProcessView> Fleet::List(Now now) const {
  std::vector<ProcessView> views;
  for (const auto& [key, entry] : entries_) views.push_back(View(entry, now));
  std::sort(views.begin(), views.end(), [](const ProcessView& a, const ProcessView& b) {
    return a.kind != b.kind ? a.kind < b.kind : a.name < b.name;
  });
  return views;
}

std::vector<std::string> Fleet::RunningObjects() const {
  std::vector<std::string> objects;
  for (const auto& [key, entry] : entries_) {
    const State::Process& process = entry.durable;
    if (process.kind == ProcessKind::kInstance && entry.running() && !process.blackhole) {
      objects.push_back(key);
    }
  }
  return objects;
}

std::vector<std::string> Fleet::Missing(Now now) const {
  std::vector<std::string> missing;
  for (const ProcessView& view : List(now)) {
    if (view.state == ProcessState::kReady) continue;
    const bool excused = view.state == ProcessState::kHeld || view.state == ProcessState::kPaused;
    if (excused && view.kind == ProcessKind::kInstance) continue;
    missing.push_back(absl::StrCat(view.name, " (", view.detail, ")"));
  }
  return missing;
}

}  // namespace nonet::supervisor
