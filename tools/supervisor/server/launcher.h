// Starting, signalling and watching processes, as a seam. Processes outlive the launcher: they are in a
// session of their own, and no pipe leads back here, so the supervisor can die and the next one adopts them.
//
//   absl::StatusOr<Identity> id = launcher.Launch({.program = "/bin/sleep", .arguments = {"9"}, ...},
//                                                 [](std::string how) { ... });
//
// Everything on the loop thread. A twin for tests: fake_launcher.h.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "absl/functional/any_invocable.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "common/loop/event_loop.h"
#include "tools/supervisor/core/types.h"
#include "tools/supervisor/server/proc.h"

namespace nonet::supervisor {

struct Command {
  std::string program = {};  // A path.
  std::vector<std::string> arguments = {};
  std::string log_file = {};  // Standard output and error are appended to it; its mode is 0600.
};

class Launcher {
 public:
  // How it ended: "exited with code 1", "killed by signal 9", or "ended" where only the parent may know.
  using OnExit = absl::AnyInvocable<void(std::string how)>;

  virtual ~Launcher() = default;  // No OnExit follows. The processes go on.
  // NOT_FOUND when there is no such program. OnExit is never called from within.
  virtual absl::StatusOr<Identity> Launch(const Command& command, OnExit on_exit) = 0;
  // Watches a process that runs already. NOT_FOUND when it has ended, or the pid is another process now.
  virtual absl::Status Adopt(const Identity& identity, OnExit on_exit) = 0;
  // To a process launched or adopted here; NOT_FOUND when it is none, or has ended.
  virtual absl::Status Send(const Identity& identity, Signal signal) = 0;
};

// Loop, proc and launcher: the loop and proc outlive it.
std::unique_ptr<Launcher> MakeRealLauncher(EventLoop& loop, const ProcReader& proc);

}  // namespace nonet::supervisor
