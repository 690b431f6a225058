#include "tools/cli/machine/ready_file.h"

#include <poll.h>
#include <sys/inotify.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>
#include <sstream>

#include "common/real/real_clock.h"

namespace nonet::cli {

std::optional<ReadyFileContent> ParseReadyFile(absl::string_view text) {
  const nlohmann::json json = nlohmann::json::parse(text.begin(), text.end(), nullptr, false);
  if (!json.is_object() || !json.contains("pid") || !json["pid"].is_number_integer()) return std::nullopt;
  ReadyFileContent content;
  content.pid = json["pid"].get<int>();
  if (json.contains("addresses") && json["addresses"].is_object()) {
    for (const auto& [name, address] : json["addresses"].items()) {
      if (address.is_string()) content.addresses[name] = address.get<std::string>();
    }
  }
  return content;
}

std::optional<ReadyFileContent> ReadReadyFile(const std::string& path) {
  std::ifstream in(path, std::ios::binary);
  if (!in) return std::nullopt;
  std::ostringstream text;
  text << in.rdbuf();
  return ParseReadyFile(text.str());
}

ReadyResult AwaitReadyFile(const std::string& path, int pid, int64_t timeout_ns) {
  const int64_t deadline = RealClock().SteadyNs() + timeout_ns;
  const int changes = inotify_init1(IN_CLOEXEC | IN_NONBLOCK);
  inotify_add_watch(changes, std::filesystem::path(path).parent_path().c_str(), IN_MOVED_TO | IN_CLOSE_WRITE);
  const int process = static_cast<int>(syscall(SYS_pidfd_open, pid, 0));
  ReadyResult result = ReadyResult::kTimedOut;
  while (true) {
    // Looked at after the watch is in place, so that no change falls between.
    const std::optional<ReadyFileContent> content = ReadReadyFile(path);
    if (content && content->pid == pid) {
      result = ReadyResult::kReady;
      break;
    }
    if (process < 0) {
      result = ReadyResult::kExited;
      break;
    }
    const int64_t left_ms = (deadline - RealClock().SteadyNs()) / kNanosPerMilli;
    if (left_ms <= 0) break;
    std::array<pollfd, 2> waits = {pollfd{.fd = changes, .events = POLLIN, .revents = 0},
                                   pollfd{.fd = process, .events = POLLIN, .revents = 0}};
    poll(waits.data(), waits.size(), static_cast<int>(left_ms));
    std::array<char, 4096> drained;
    while (read(changes, drained.data(), drained.size()) > 0) {
    }
    if (waits[1].revents != 0) {
      result = ReadyResult::kExited;
      break;
    }
  }
  close(changes);
  if (process >= 0) close(process);
  return result;
}

}  // namespace nonet::cli
