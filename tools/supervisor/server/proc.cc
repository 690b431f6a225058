#include "tools/supervisor/server/proc.h"

#include <dirent.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <memory>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"

namespace nonet::supervisor {
namespace {

constexpr size_t kProcFileBytesMax = 64 * 1024;

// Files of /proc have no size, so they are read to the end.
absl::StatusOr<std::string> ReadProcFile(int32_t pid, absl::string_view file) {
  const std::string path = absl::StrCat("/proc/", pid, "/", file);
  const std::unique_ptr<FILE, int (*)(FILE*)> stream(std::fopen(path.c_str(), "re"), &std::fclose);
  if (stream == nullptr) return absl::NotFoundError(absl::StrCat("no process ", pid));
  std::string content(kProcFileBytesMax, '\0');
  content.resize(std::fread(content.data(), 1, content.size(), stream.get()));
  if (content.empty() && file == "stat") return absl::NotFoundError(absl::StrCat("no process ", pid));
  return content;
}

}  // namespace

absl::StatusOr<ProcStat> ParseProcStat(absl::string_view content) {
  const size_t parenthesis = content.rfind(')');
  if (parenthesis == absl::string_view::npos) return absl::InvalidArgumentError("no command");
  // Field 3 (the state) is the first after the command; field 22 is the start time.
  const std::vector<absl::string_view> fields =
      absl::StrSplit(content.substr(parenthesis + 1), ' ', absl::SkipEmpty());
  constexpr size_t kState = 0, kStartTime = 22 - 3;
  ProcStat stat;
  if (fields.size() <= kStartTime || !absl::SimpleAtoi(fields[kStartTime], &stat.start_time)) {
    return absl::InvalidArgumentError("no start time");
  }
  stat.ended = fields[kState] == "Z" || fields[kState] == "X";
  return stat;
}

absl::StatusOr<ProcStat> RealProcReader::Stat(int32_t pid) const {
  absl::StatusOr<std::string> content = ReadProcFile(pid, "stat");
  if (!content.ok()) return content.status();
  return ParseProcStat(*content);
}

std::vector<int32_t> RealProcReader::Pids() const {
  std::vector<int32_t> pids;
  const std::unique_ptr<DIR, int (*)(DIR*)> directory(opendir("/proc"), &closedir);
  if (directory == nullptr) return pids;
  while (const dirent* entry = readdir(directory.get())) {
    int32_t pid = 0;
    struct stat info {};
    if (!absl::SimpleAtoi(entry->d_name, &pid) ||
        fstatat(dirfd(directory.get()), entry->d_name, &info, 0) != 0 || info.st_uid != getuid()) {
      continue;
    }
    pids.push_back(pid);
  }
  std::sort(pids.begin(), pids.end());
  return pids;
}

std::vector<std::string> RealProcReader::Arguments(int32_t pid) const {
  absl::StatusOr<std::string> content = ReadProcFile(pid, "cmdline");
  if (!content.ok() || content->empty()) return {};
  content->pop_back();  // Each argument ends with a zero byte.
  return absl::StrSplit(*content, '\0');
}

absl::StatusOr<ProcStat> FakeProcReader::Stat(int32_t pid) const {
  const auto it = processes.find(pid);
  if (it == processes.end()) return absl::NotFoundError(absl::StrCat("no process ", pid));
  return it->second.stat;
}

std::vector<int32_t> FakeProcReader::Pids() const {
  std::vector<int32_t> pids;
  for (const auto& [pid, process] : processes) pids.push_back(pid);
  return pids;
}

std::vector<std::string> FakeProcReader::Arguments(int32_t pid) const {
  const auto it = processes.find(pid);
  return it == processes.end() ? std::vector<std::string>() : it->second.arguments;
}

}  // namespace nonet::supervisor
