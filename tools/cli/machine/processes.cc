#include "tools/cli/machine/processes.h"

#include <poll.h>
#include <signal.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <sstream>

#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_split.h"
#include "common/real/real_clock.h"
#include "tools/cli/dir.h"

namespace nonet::cli {
namespace {

constexpr absl::string_view kProgramPrefix = "nonet-";
constexpr int64_t kAfterKillNs = 2 * kNanosPerSecond;

std::string ReadAll(const std::filesystem::path& path) {
  std::ifstream in(path, std::ios::binary);
  std::ostringstream text;
  text << in.rdbuf();
  return text.str();
}

// "--dir X", "--dir=X", one dash or two.
bool CarriesDir(const std::vector<absl::string_view>& arguments, absl::string_view dir) {
  for (size_t i = 1; i < arguments.size(); ++i) {
    absl::string_view argument = arguments[i];
    if (!absl::StartsWith(argument, "-")) continue;
    argument.remove_prefix(absl::StartsWith(argument, "--") ? 2 : 1);
    absl::string_view value;
    if (argument == "dir" && i + 1 < arguments.size()) {
      value = arguments[i + 1];
    } else if (absl::StartsWith(argument, "dir=")) {
      value = argument.substr(4);
    } else {
      continue;
    }
    return value == dir || AbsoluteDir(value) == dir;
  }
  return false;
}

// pidfd_open(2); glibc of Debian 12 has no wrapper. -1 when the process is gone.
int OpenProcess(int pid) { return static_cast<int>(syscall(SYS_pidfd_open, pid, 0)); }

}  // namespace

std::vector<FoundProcess> FindProcesses(const std::string& proc, absl::string_view dir) {
  std::vector<FoundProcess> found;
  std::error_code error;
  for (std::filesystem::directory_iterator it(proc, error), end; !error && it != end; it.increment(error)) {
    int pid = 0;
    if (!absl::SimpleAtoi(it->path().filename().string(), &pid)) continue;
    const std::string command = ReadAll(it->path() / "cmdline");
    const std::vector<absl::string_view> arguments = absl::StrSplit(command, '\0');
    const absl::string_view program = arguments[0].substr(arguments[0].rfind('/') + 1);
    if (!absl::StartsWith(program, kProgramPrefix) || !CarriesDir(arguments, dir)) continue;
    found.push_back({.pid = pid, .program = std::string(program)});
  }
  std::sort(found.begin(), found.end(), [](const auto& a, const auto& b) { return a.pid < b.pid; });
  return found;
}

bool AwaitEnd(const std::vector<FoundProcess>& processes, int64_t timeout_ns) {
  const int64_t deadline = RealClock().SteadyNs() + timeout_ns;
  for (const FoundProcess& process : processes) {
    const int descriptor = OpenProcess(process.pid);
    if (descriptor < 0) continue;
    pollfd wait = {.fd = descriptor, .events = POLLIN, .revents = 0};
    const int64_t left_ms = std::max<int64_t>(0, (deadline - RealClock().SteadyNs()) / kNanosPerMilli);
    const int ended = poll(&wait, 1, static_cast<int>(left_ms));
    close(descriptor);
    if (ended <= 0) return false;
  }
  return true;
}

void EndProcesses(const std::vector<FoundProcess>& processes, int64_t grace_ns) {
  for (const FoundProcess& process : processes) {
    kill(process.pid, SIGTERM);
    kill(process.pid, SIGCONT);
  }
  if (AwaitEnd(processes, grace_ns)) return;
  for (const FoundProcess& process : processes) kill(process.pid, SIGKILL);
  AwaitEnd(processes, kAfterKillNs);
}

}  // namespace nonet::cli
