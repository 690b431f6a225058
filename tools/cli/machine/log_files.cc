#include "tools/cli/machine/log_files.h"

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <map>
#include <sstream>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "absl/strings/str_split.h"
#include "absl/strings/strip.h"

namespace nonet::cli {
namespace {

constexpr absl::string_view kSeparator = "__";
constexpr std::uintmax_t kTailBytesMax = 8 * 1024 * 1024;  // Of one file.

std::string IdOf(absl::string_view stem) {
  const size_t at = stem.find(kSeparator);
  return std::string(at == stem.npos ? stem : stem.substr(at + kSeparator.size()));
}

std::string ReadTail(const std::string& path) {
  std::ifstream in(path, std::ios::binary);
  std::error_code error;
  const std::uintmax_t size = std::filesystem::file_size(path, error);
  if (!error && size > kTailBytesMax) in.seekg(static_cast<std::streamoff>(size - kTailBytesMax));
  std::ostringstream text;
  text << in.rdbuf();
  return text.str();
}

}  // namespace

std::vector<LogSource> NameLogs(const std::string& directory, std::vector<std::string> stems) {
  std::map<std::string, int> uses;
  for (const std::string& stem : stems) ++uses[IdOf(stem)];
  std::vector<LogSource> sources;
  for (const std::string& stem : stems) {
    const std::string id = IdOf(stem);
    sources.push_back({.process = uses[id] == 1 ? id : absl::StrReplaceAll(stem, {{kSeparator, "/"}}),
                       .stem = stem,
                       .path = absl::StrCat(directory, "/", stem, ".log")});
  }
  std::sort(sources.begin(), sources.end(),
            [](const auto& a, const auto& b) { return a.process < b.process; });
  return sources;
}

std::vector<LogSource> FindLogs(const std::string& dir) {
  const std::string directory = dir + "/logs";
  std::vector<std::string> stems;
  std::error_code error;
  for (const auto& entry : std::filesystem::directory_iterator(directory, error)) {
    if (entry.path().extension() == ".log") stems.push_back(entry.path().stem().string());
  }
  return NameLogs(directory, std::move(stems));
}

bool IsMeantBy(const LogSource& source, absl::string_view word) {
  return absl::EqualsIgnoreCase(word, source.process) || absl::EqualsIgnoreCase(word, source.stem) ||
         absl::EqualsIgnoreCase(word, absl::StrReplaceAll(source.stem, {{kSeparator, "/"}}));
}

std::vector<LogLine> SplitLog(absl::string_view process, absl::string_view text) {
  std::vector<LogLine> lines;
  std::string time;
  for (const absl::string_view line : absl::StrSplit(text, '\n', absl::SkipEmpty())) {
    absl::string_view rest = line;
    if (absl::ConsumePrefix(&rest, "time=")) time = std::string(rest.substr(0, rest.find(' ')));
    lines.push_back({.process = std::string(process), .time = time, .text = std::string(line)});
  }
  return lines;
}

std::vector<LogLine> MergeTails(const std::vector<LogSource>& sources, int64_t lines) {
  std::vector<LogLine> merged;
  for (const LogSource& source : sources) {
    std::vector<LogLine> all = SplitLog(source.process, ReadTail(source.path));
    const size_t keep = std::min<size_t>(all.size(), static_cast<size_t>(lines));
    merged.insert(merged.end(), std::make_move_iterator(all.end() - static_cast<std::ptrdiff_t>(keep)),
                  std::make_move_iterator(all.end()));
  }
  // RFC 3339 in UTC sorts as text. Stable: lines of one file keep their order.
  std::stable_sort(merged.begin(), merged.end(),
                   [](const auto& a, const auto& b) { return a.time < b.time; });
  return merged;
}

}  // namespace nonet::cli
