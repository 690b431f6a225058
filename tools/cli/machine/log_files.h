// The log files of a cluster, DIR/logs/<process>.log: which there are, and what they say from some place on.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "absl/strings/string_view.h"

namespace nonet::cli {

struct LogSource {
  std::string process;  // As nonet status shows it: "controlplane", "westus", "contoso/westus".
  std::string stem;     // Of the file: "controlplane", "contoso__westus".
  std::string path;
};

// From the stems of all files: an instance is called by its id where that is unique. By process.
std::vector<LogSource> NameLogs(const std::string& directory, std::vector<std::string> stems);

// The files there are.
std::vector<LogSource> FindLogs(const std::string& dir);

// Whether a person means this one: its name, its file's, "contoso/westus".
bool IsMeantBy(const LogSource& source, absl::string_view word);

struct LogLine {
  std::string process;
  std::string time;  // The value of time= at its start; that of the line before when it has none.
  std::string text;
};

// The last `lines` of each, merged by time.
std::vector<LogLine> MergeTails(const std::vector<LogSource>& sources, int64_t lines);

// A file's text split into lines; each carries its time.
std::vector<LogLine> SplitLog(absl::string_view process, absl::string_view text);

}  // namespace nonet::cli
