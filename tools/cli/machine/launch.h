// Starts a daemon that outlives this program: a session of its own, output appended to a log file.
#pragma once

#include <string>
#include <vector>

#include "absl/status/statusor.h"

namespace nonet::cli {

// Its pid. LAUNCH_FAILED when the program or the log cannot be opened.
absl::StatusOr<int> LaunchDetached(const std::string& program, const std::vector<std::string>& arguments,
                                   const std::string& log_file);

// Runs a program with this one's input and output, and waits. Its exit code; LAUNCH_FAILED also when a signal
// ended it.
absl::StatusOr<int> RunToEnd(const std::string& program, const std::vector<std::string>& arguments);

// The path of a program that is installed next to this one.
std::string SiblingProgram(const std::string& name);

}  // namespace nonet::cli
