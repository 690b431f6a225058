// Starts a daemon that outlives this program: a session of its own, output appended to a log file.
#pragma once

#include <string>
#include <vector>

#include "absl/status/statusor.h"

namespace nonet::cli {

// Its pid. LAUNCH_FAILED when the program or the log cannot be opened.
absl::StatusOr<int> LaunchDetached(const std::string& program, const std::vector<std::string>& arguments,
                                   const std::string& log_file);

// The path of a program that is installed next to this one.
std::string SiblingProgram(const std::string& name);

}  // namespace nonet::cli
