// Asks a program whether it would start with these arguments, before anything depends on it.
#pragma once

#include <string>
#include <vector>

#include "absl/status/status.h"

namespace nonet::supervisor {

// Runs `program arguments --check_flags` to its end. INVALID_ARGUMENT with the sentence it gave when it
// refused, NOT_FOUND when there is no such program. Blocks for as long as that takes: some milliseconds.
absl::Status CheckFlags(const std::string& program, std::vector<std::string> arguments);

}  // namespace nonet::supervisor
