#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/posix/stream_descriptor.hpp>
#include <cerrno>
#include <cstring>
#include <map>
#include <utility>

#include "absl/cleanup/cleanup.h"
#include "absl/strings/str_cat.h"
#include "common/base/status_macros.h"
#include "tools/supervisor/core/errors.h"
#include "tools/supervisor/server/launcher.h"

extern "C" char** environ;

namespace nonet::supervisor {
namespace {

using boost::asio::posix::stream_descriptor;

// By number: <sys/pidfd.h> of Debian 12 declares them without C linkage.
int PidfdOpen(int32_t pid) { return static_cast<int>(syscall(SYS_pidfd_open, pid, 0)); }
int PidfdSend(int pidfd, int signal) {
  return static_cast<int>(syscall(SYS_pidfd_send_signal, pidfd, signal, nullptr, 0));
}

int Number(Signal signal) {
  switch (signal) {
    case Signal::kTerminate:
      return SIGTERM;
    case Signal::kKill:
      return SIGKILL;
    case Signal::kStop:
      return SIGSTOP;
    case Signal::kContinue:
      return SIGCONT;
  }
  return SIGKILL;
}

// Collects an ended child; only its parent can, and only the parent learns how it ended.
std::string Collect(int pidfd) {
  siginfo_t info{};
  if (waitid(P_PIDFD, static_cast<id_t>(pidfd), &info, WEXITED | WNOHANG) != 0 || info.si_pid == 0)
    return "ended";
  if (info.si_code == CLD_EXITED) return absl::StrCat("exited with code ", info.si_status);
  return absl::StrCat("killed by signal ", info.si_status);
}

absl::StatusOr<int32_t> Spawn(const Command& command) {
  posix_spawn_file_actions_t files;
  posix_spawn_file_actions_init(&files);
  posix_spawnattr_t attributes;
  posix_spawnattr_init(&attributes);
  const absl::Cleanup free = [&] {
    posix_spawn_file_actions_destroy(&files);
    posix_spawnattr_destroy(&attributes);
  };
  const int flags = O_WRONLY | O_CREAT | O_APPEND;
  posix_spawn_file_actions_addopen(&files, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
  posix_spawn_file_actions_addopen(&files, STDOUT_FILENO, command.log_file.c_str(), flags, 0600);
  posix_spawn_file_actions_adddup2(&files, STDOUT_FILENO, STDERR_FILENO);
  // Nothing of ours: a listener or the lock would live on in the child after our end.
  posix_spawn_file_actions_addclosefrom_np(&files, STDERR_FILENO + 1);
  sigset_t none, all;
  sigemptyset(&none);
  sigfillset(&all);
  posix_spawnattr_setsigmask(&attributes, &none);
  posix_spawnattr_setsigdefault(&attributes, &all);
  posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSID | POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF);
  std::vector<char*> argv = {const_cast<char*>(command.program.c_str())};
  for (const std::string& argument : command.arguments) argv.push_back(const_cast<char*>(argument.c_str()));
  argv.push_back(nullptr);
  pid_t pid = 0;
  const int error = posix_spawn(&pid, command.program.c_str(), &files, &attributes, argv.data(), environ);
  if (error == ENOENT && access(command.program.c_str(), F_OK) != 0) return ProgramMissing(command.program);
  if (error != 0) return absl::UnavailableError(absl::StrCat(command.program, ": ", std::strerror(error)));
  return pid;
}

class RealLauncher final : public Launcher {
 public:
  RealLauncher(EventLoop& loop, const ProcReader& proc) : loop_(loop), proc_(proc) {}

  absl::StatusOr<Identity> Launch(const Command& command, OnExit on_exit) override {
    ASSIGN_OR_RETURN(const int32_t pid, Spawn(command));
    // Until it is collected, the pid of a child is not given to another process.
    const absl::StatusOr<ProcStat> stat = proc_.Stat(pid);
    const int pidfd = PidfdOpen(pid);
    if (!stat.ok() || pidfd < 0) {
      const std::string why = pidfd < 0 ? std::strerror(errno) : std::string(stat.status().message());
      kill(pid, SIGKILL);
      waitpid(pid, nullptr, 0);
      if (pidfd >= 0) close(pidfd);
      return absl::UnavailableError(absl::StrCat("cannot watch process ", pid, ": ", why));
    }
    const Identity identity{.pid = pid, .start_time = stat->start_time};
    Watch(identity, pidfd, std::move(on_exit));
    return identity;
  }

  absl::Status Adopt(const Identity& identity, OnExit on_exit) override {
    const auto gone = [&] {
      return absl::NotFoundError(absl::StrCat("process ", identity.pid, " has ended"));
    };
    if (identity.pid <= 1) return gone();
    const int pidfd = PidfdOpen(identity.pid);
    if (pidfd < 0) return gone();
    // Looked at after opening: from here on the descriptor means that very process.
    const absl::StatusOr<ProcStat> stat = proc_.Stat(identity.pid);
    if (!stat.ok() || stat->ended || stat->start_time != identity.start_time) {
      close(pidfd);
      return gone();
    }
    Watch(identity, pidfd, std::move(on_exit));
    return absl::OkStatus();
  }

  absl::Status Send(const Identity& identity, Signal signal) override {
    const auto it = watched_.find(identity.pid);
    if (it == watched_.end() || !(it->second->identity == identity) ||
        PidfdSend(it->second->descriptor.native_handle(), Number(signal)) != 0) {
      return absl::NotFoundError(absl::StrCat("process ", identity.pid, " has ended"));
    }
    return absl::OkStatus();
  }

 private:
  struct Watched {
    Watched(EventLoop& loop, const Identity& id, int pidfd, OnExit exit)
        : identity(id), descriptor(loop.executor(), pidfd), on_exit(std::move(exit)) {}
    const Identity identity;
    stream_descriptor descriptor;  // A pidfd: readable once the process has ended.
    OnExit on_exit;
  };

  void Watch(const Identity& identity, int pidfd, OnExit on_exit) {
    auto& watched = watched_[identity.pid];
    watched = std::make_unique<Watched>(loop_, identity, pidfd, std::move(on_exit));
    watched->descriptor.async_wait(
        stream_descriptor::wait_read,
        [this, identity, alive = std::weak_ptr<int>(alive_)](const boost::system::error_code& error) {
          if (!error && !alive.expired()) Ended(identity);
        });
  }

  void Ended(const Identity& identity) {
    const auto it = watched_.find(identity.pid);
    if (it == watched_.end() || !(it->second->identity == identity)) return;
    const std::unique_ptr<Watched> watched = std::move(it->second);
    watched_.erase(it);
    watched->on_exit(Collect(watched->descriptor.native_handle()));
  }

  EventLoop& loop_;
  const ProcReader& proc_;
  std::map<int32_t, std::unique_ptr<Watched>> watched_;
  const std::shared_ptr<int> alive_ = std::make_shared<int>(0);  // Handlers of the io_context may outlive us.
};

}  // namespace

std::unique_ptr<Launcher> MakeRealLauncher(EventLoop& loop, const ProcReader& proc) {
  return std::make_unique<RealLauncher>(loop, proc);
}

}  // namespace nonet::supervisor
