// The daemons of one cluster as this machine's /proc shows them. Every daemon carries --dir DIR in its
// arguments, so they are found even when nobody keeps a list of them. Thread-safe.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "absl/strings/string_view.h"

namespace nonet::cli {

struct FoundProcess {
  int pid = 0;
  std::string program;  // "nonet-replica"
  friend bool operator==(const FoundProcess&, const FoundProcess&) = default;
};

// By pid. `proc` is "/proc", or a tree like it in tests. Zombies are not found.
std::vector<FoundProcess> FindProcesses(const std::string& proc, absl::string_view dir);

// Waits until none of them is left, on process descriptors. False when the time is up first.
bool AwaitEnd(const std::vector<FoundProcess>& processes, int64_t timeout_ns);

// SIGTERM to all, SIGKILL to those left after `grace_ns`. Paused ones are continued so that they can end.
void EndProcesses(const std::vector<FoundProcess>& processes, int64_t grace_ns);

}  // namespace nonet::cli
