// The files by which daemons say that they are ready, DIR/run/<daemon>.json.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>

#include "absl/strings/string_view.h"

namespace nonet::cli {

struct ReadyFileContent {
  int pid = 0;
  std::map<std::string, std::string> addresses;  // "grpc" -> "127.0.0.1:7800"
};

// nullopt for anything that is not such a file.
std::optional<ReadyFileContent> ParseReadyFile(absl::string_view text);
// nullopt when there is none.
std::optional<ReadyFileContent> ReadReadyFile(const std::string& path);

enum class ReadyResult { kReady, kExited, kTimedOut };
// Waits until the file says that `pid` is ready, or the process ended, or the time is up; on inotify and a
// process descriptor, so it notices at once. The file's directory exists.
ReadyResult AwaitReadyFile(const std::string& path, int pid, int64_t timeout_ns);

}  // namespace nonet::cli
