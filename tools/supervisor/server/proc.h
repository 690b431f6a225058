// What /proc says about processes, as a seam: identity (pid and start time) decides whether a pid is still
// the process that was started, so tests need to say what it says.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

namespace nonet::supervisor {

struct ProcStat {
  uint64_t start_time = 0;  // Clock ticks since boot.
  bool ended = false;       // A zombie: ended, and not yet collected by its parent.
};

class ProcReader {  // Thread-safe.
 public:
  virtual ~ProcReader() = default;
  // NOT_FOUND when there is no such process.
  virtual absl::StatusOr<ProcStat> Stat(int32_t pid) const = 0;
  // Of the caller's user; ascending.
  virtual std::vector<int32_t> Pids() const = 0;
  // argv; empty when it cannot be read.
  virtual std::vector<std::string> Arguments(int32_t pid) const = 0;
};

class RealProcReader final : public ProcReader {
 public:
  absl::StatusOr<ProcStat> Stat(int32_t pid) const override;
  std::vector<int32_t> Pids() const override;
  std::vector<std::string> Arguments(int32_t pid) const override;
};

class FakeProcReader final : public ProcReader {
 public:
  struct Process {
    ProcStat stat = {};
    std::vector<std::string> arguments = {};
  };
  absl::StatusOr<ProcStat> Stat(int32_t pid) const override;
  std::vector<int32_t> Pids() const override;
  std::vector<std::string> Arguments(int32_t pid) const override;
  std::map<int32_t, Process> processes;  // Set while nobody reads.
};

// The content of /proc/PID/stat (proc(5)). The command in parentheses may hold anything.
absl::StatusOr<ProcStat> ParseProcStat(absl::string_view content);

}  // namespace nonet::supervisor
