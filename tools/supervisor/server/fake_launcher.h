// The fake Launcher: processes are entries in a table. They end when signalled, or when a test says so.
//
// Programs it knows by their last path component: "false" ends at once with code 1; "stubborn" ignores
// SIGTERM; a program below /missing does not exist; every other one runs until it is told to end.
#pragma once

#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/statusor.h"
#include "common/loop/event_loop.h"
#include "tools/supervisor/server/launcher.h"

namespace nonet::supervisor {

class FakeLauncher final : public Launcher {  // The loop thread only.
 public:
  explicit FakeLauncher(EventLoop& loop) : loop_(loop) {}

  absl::StatusOr<Identity> Launch(const Command& command, OnExit on_exit) override;
  absl::Status Adopt(const Identity& identity, OnExit on_exit) override;
  absl::Status Send(const Identity& identity, Signal signal) override;

  // A process that somebody else started.
  Identity StartElsewhere(const std::string& program);
  void End(int32_t pid, const std::string& how);
  // What the end of a supervisor means here: nobody watches any more, the processes go on.
  void Unwatch();

  struct Process {
    Command command = {};
    Identity identity = {};
    bool paused = false;
    bool terminated = false;  // While paused.
    bool watched = false;
    OnExit on_exit = {};
  };
  const std::map<int32_t, Process>& processes() const { return processes_; }
  const std::vector<Command>& launched() const { return launched_; }

 private:
  EventLoop& loop_;
  std::map<int32_t, Process> processes_;
  std::vector<Command> launched_;
  int32_t last_pid_ = 1'000;
  const std::shared_ptr<int> alive_ = std::make_shared<int>(0);
};

}  // namespace nonet::supervisor
