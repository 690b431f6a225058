// A Fleet on a machine of its own, in virtual time: effects are carried out at once, pids count up.
#pragma once

#include <map>
#include <string>
#include <variant>
#include <vector>

#include "absl/strings/str_cat.h"
#include "tools/supervisor/core/fleet.h"
#include "tools/supervisor/core/limits.h"

namespace nonet::supervisor {

inline InstanceSpec Instance(const std::string& resource, const std::string& replica,
                             const std::string& region) {
  const std::string object =
      replica.empty() ? "resources/" + resource : "resources/" + resource + "/replicas/" + replica;
  return {.object = object,
          .resource_id = resource,
          .replica_id = replica,
          .region = region,
          .uid = "uid-" + object};
}

class FleetHarness {
 public:
  explicit FleetHarness(bool start = true) {
    if (start) Start();
  }

  void Start() {
    Run([&](Effects& e) { fleet.Start(now, e); });
  }
  void Set(const std::vector<InstanceSpec>& specs) {
    Run([&](Effects& e) { fleet.SetInstances(specs, ++token, now, e); });
  }
  // Runs `call(effects)` and carries out what it asks for.
  template <typename Call>
  void Run(Call call) {
    Effects effects;
    call(effects);
    for (size_t i = 0; i < effects.size(); ++i) {
      const Effect effect = effects[i];
      if (const auto* launch = std::get_if<Launch>(&effect)) {
        launches.push_back(*launch);
        Move(now.steady_ns + launch_cost_ns);
        if (launch_error.ok()) {
          const Identity identity{.pid = ++last_pid, .start_time = 7'000u + static_cast<uint64_t>(last_pid)};
          alive[launch->key] = identity;
          fleet.OnLaunched(launch->key, identity, now, effects);
        } else {
          fleet.OnLaunched(launch->key, launch_error, now, effects);
        }
      } else if (const auto* signal = std::get_if<SendSignal>(&effect)) {
        constexpr const char* kNames[] = {"TERM", "KILL", "STOP", "CONT"};
        signals.push_back(absl::StrCat(signal->key, " ", kNames[static_cast<int>(signal->signal)]));
      } else if (const auto* removed_state = std::get_if<RemoveState>(&effect)) {
        removed.push_back(StateDirectory(removed_state->instance));
      } else if (const auto* timer_set = std::get_if<SetTimer>(&effect)) {
        timer = timer_set->steady_ns;
      } else if (const auto* record = std::get_if<Record>(&effect)) {
        records.push_back(absl::StrCat(record->name, ": ", record->what));
      } else if (const auto* ack = std::get_if<Acknowledge>(&effect)) {
        acknowledged = ack->token;
      } else if (std::get_if<AllStopped>(&effect) != nullptr) {
        all_stopped = true;
      }
    }
  }
  // Moves time on, calling the timer when it is due.
  void Advance(int64_t ns) {
    const int64_t end = now.steady_ns + ns;
    while (timer != 0 && timer <= end) {
      Move(std::max(timer, now.steady_ns));
      timer = 0;
      Run([&](Effects& e) { fleet.OnTimer(now, e); });
    }
    Move(std::max(end, now.steady_ns));
  }
  void Exit(const std::string& key, const std::string& how = "killed by signal 9") {
    const Identity identity = alive.at(key);
    alive.erase(key);
    Run([&](Effects& e) { fleet.OnExited(key, identity, how, now, e); });
  }
  void Ready(const std::string& key) {
    Run([&](Effects& e) { fleet.OnReady(key, alive.at(key).pid, e); });
  }
  ProcessView View(const std::string& name) const {
    for (ProcessView& view : fleet.List(now)) {
      if (view.name == name) return view;
    }
    return {};
  }
  size_t LaunchesOf(const std::string& key) const {
    size_t count = 0;
    for (const Launch& launch : launches) count += launch.key == key;
    return count;
  }

  Now now{.steady_ns = 1'000 * kNanosPerSecond, .wall_ns = 1'700'000'000 * kNanosPerSecond};
  Fleet fleet{{.net = "127.80"}};
  uint64_t token = 0;
  uint64_t acknowledged = 0;
  int32_t last_pid = 100;
  absl::Status launch_error;
  int64_t launch_cost_ns = 0;  // Starting a process takes time.
  std::map<std::string, Identity> alive;
  std::vector<Launch> launches;
  std::vector<std::string> signals, removed, records;
  int64_t timer = 0;
  bool all_stopped = false;

 private:
  void Move(int64_t steady_ns) {
    now.wall_ns += steady_ns - now.steady_ns;
    now.steady_ns = steady_ns;
  }
};

}  // namespace nonet::supervisor
