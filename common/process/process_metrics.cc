#include "common/process/process_metrics.h"

#include <unistd.h>

#include <string>
#include <vector>

#include "absl/strings/numbers.h"
#include "absl/strings/str_split.h"
#include "common/process/files.h"

namespace nonet {
namespace {

// proc(5): the fields of /proc/self/stat, counted from 0 behind the command's ')'.
constexpr size_t kUserTicks = 11;
constexpr size_t kSystemTicks = 12;
constexpr size_t kStartTicks = 19;
constexpr size_t kResidentPages = 21;

std::vector<std::string> ReadStat() {
  const auto stat = ReadFile("/proc/self/stat");
  if (!stat.ok()) return {};
  const size_t command_end = stat->rfind(')');  // A command may hold blanks and parentheses.
  if (command_end == std::string::npos) return {};
  return absl::StrSplit(absl::string_view(*stat).substr(command_end + 1), ' ', absl::SkipEmpty());
}

double Number(const std::vector<std::string>& fields, size_t index) {
  double value = 0;
  if (index >= fields.size() || !absl::SimpleAtod(fields[index], &value)) return 0;
  return value;
}

// When the machine started, Unix time in seconds.
double BootTime() {
  const auto stat = ReadFile("/proc/stat");
  if (!stat.ok()) return 0;
  for (const absl::string_view line : absl::StrSplit(*stat, '\n')) {
    const std::vector<std::string> fields = absl::StrSplit(line, ' ');
    if (fields[0] == "btime") return Number(fields, 1);
  }
  return 0;
}

}  // namespace

ProcessMetrics::ProcessMetrics(Metrics& metrics)
    : start_time_(metrics.AddGauge("process_start_time_seconds", "When the process started, Unix time.")),
      resident_(metrics.AddGauge("process_resident_memory_bytes", "Memory in use.")),
      cpu_(metrics.AddCounter("process_cpu_seconds_total", "Processor time used, user and system.")) {
  const double ticks_per_second = static_cast<double>(sysconf(_SC_CLK_TCK));
  start_time_.Set(BootTime() + Number(ReadStat(), kStartTicks) / ticks_per_second);
  Update();
}

void ProcessMetrics::Update() {
  const std::vector<std::string> fields = ReadStat();
  resident_.Set(Number(fields, kResidentPages) * static_cast<double>(sysconf(_SC_PAGESIZE)));
  const double seconds =
      (Number(fields, kUserTicks) + Number(fields, kSystemTicks)) / static_cast<double>(sysconf(_SC_CLK_TCK));
  if (seconds > cpu_seconds_) cpu_.Increment(seconds - cpu_seconds_);
  cpu_seconds_ = seconds;
}

}  // namespace nonet
