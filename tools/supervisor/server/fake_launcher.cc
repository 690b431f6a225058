#include "tools/supervisor/server/fake_launcher.h"

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "tools/supervisor/core/errors.h"

namespace nonet::supervisor {
namespace {

absl::Status Gone(const Identity& identity) {
  return absl::NotFoundError(absl::StrCat("process ", identity.pid, " has ended"));
}

}  // namespace

Identity FakeLauncher::StartElsewhere(const std::string& program) {
  const Identity identity{.pid = ++last_pid_, .start_time = static_cast<uint64_t>(last_pid_) * 10};
  processes_[identity.pid] = {.command = {.program = program}, .identity = identity};
  return identity;
}

absl::StatusOr<Identity> FakeLauncher::Launch(const Command& command, OnExit on_exit) {
  if (absl::StartsWith(command.program, "/missing/")) return ProgramMissing(command.program);
  const Identity identity = StartElsewhere(command.program);
  Process& process = processes_[identity.pid];
  process.command = command;
  process.watched = true;
  process.on_exit = std::move(on_exit);
  launched_.push_back(command);
  if (absl::EndsWith(command.program, "/false")) End(identity.pid, "exited with code 1");
  return identity;
}

absl::Status FakeLauncher::Adopt(const Identity& identity, OnExit on_exit) {
  const auto it = processes_.find(identity.pid);
  if (it == processes_.end() || !(it->second.identity == identity)) return Gone(identity);
  it->second.watched = true;
  it->second.on_exit = std::move(on_exit);
  return absl::OkStatus();
}

absl::Status FakeLauncher::Send(const Identity& identity, Signal signal) {
  const auto it = processes_.find(identity.pid);
  if (it == processes_.end() || !(it->second.identity == identity) || !it->second.watched)
    return Gone(identity);
  Process& process = it->second;
  const bool heeds = !absl::EndsWith(process.command.program, "/stubborn");
  switch (signal) {
    case Signal::kTerminate:
      process.terminated = heeds;
      break;
    case Signal::kKill:
      End(identity.pid, "killed by signal 9");
      return absl::OkStatus();
    case Signal::kStop:
      process.paused = true;
      break;
    case Signal::kContinue:
      process.paused = false;
      break;
  }
  if (process.terminated && !process.paused) End(identity.pid, "killed by signal 15");
  return absl::OkStatus();
}

void FakeLauncher::Unwatch() {
  for (auto& [pid, process] : processes_) {
    process.watched = false;
    process.on_exit = {};
  }
}

void FakeLauncher::End(int32_t pid, const std::string& how) {
  // As with real processes, the news comes from the loop, never from within a call.
  auto node = processes_.extract(pid);
  if (node.empty() || !node.mapped().watched) return;
  loop_.Post([alive = std::weak_ptr<int>(alive_), on_exit = std::move(node.mapped().on_exit), how]() mutable {
    if (!alive.expired()) on_exit(how);
  });
}

}  // namespace nonet::supervisor
