// Stopping a cluster, as down, reset and up's Ctrl-C do it.
#pragma once

#include <string>

#include "absl/status/statusor.h"

namespace nonet::cli {

// Ends every process of the directory and verifies it. How many there were.
absl::StatusOr<int> StopEverything(const std::string& dir);

}  // namespace nonet::cli
