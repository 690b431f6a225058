#include "tests/integration/harness/command.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cstdlib>

namespace nonet::testing {
namespace {

using SteadyClock = std::chrono::steady_clock;

// Reads what is there; false at the end of the stream.
bool Drain(int fd, std::string& into) {
  std::array<char, 8192> buffer;
  const ssize_t n = read(fd, buffer.data(), buffer.size());
  if (n <= 0) return false;
  into.append(buffer.data(), static_cast<size_t>(n));
  return true;
}

[[noreturn]] void Exec(const std::vector<std::string>& argv, int out, int err) {
  const int null = open("/dev/null", O_RDONLY);
  dup2(null, 0);
  dup2(out, 1);
  dup2(err, 2);
  std::vector<char*> arguments;
  for (const std::string& argument : argv) arguments.push_back(const_cast<char*>(argument.c_str()));
  arguments.push_back(nullptr);
  execvp(arguments[0], arguments.data());
  _exit(127);
}

}  // namespace

CommandResult RunCommand(const std::vector<std::string>& argv, std::chrono::seconds timeout) {
  int out[2];
  int err[2];
  if (pipe2(out, O_CLOEXEC) != 0 || pipe2(err, O_CLOEXEC) != 0) std::abort();
  const pid_t pid = fork();
  if (pid == 0) Exec(argv, out[1], err[1]);
  close(out[1]);
  close(err[1]);

  CommandResult result;
  const auto deadline = SteadyClock::now() + timeout;
  std::array<pollfd, 2> fds = {pollfd{out[0], POLLIN, 0}, pollfd{err[0], POLLIN, 0}};
  bool late = false;
  while (fds[0].fd >= 0 || fds[1].fd >= 0) {
    const auto left = std::chrono::duration_cast<std::chrono::milliseconds>(deadline - SteadyClock::now());
    if (left.count() <= 0) {
      late = true;
      kill(pid, SIGKILL);
      break;
    }
    if (poll(fds.data(), fds.size(), static_cast<int>(left.count())) <= 0) continue;
    if (fds[0].revents != 0 && !Drain(out[0], result.out)) fds[0].fd = -1;
    if (fds[1].revents != 0 && !Drain(err[0], result.err)) fds[1].fd = -1;
  }
  close(out[0]);
  close(err[0]);
  int status = 0;
  waitpid(pid, &status, 0);
  if (late) return result;
  result.exit_code = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
  return result;
}

std::string Describe(const std::vector<std::string>& argv, const CommandResult& result) {
  std::string text = "$";
  for (const std::string& argument : argv) text += " " + argument;
  text += "\nexit " + std::to_string(result.exit_code) + "\n" + result.out + result.err;
  return text;
}

}  // namespace nonet::testing
