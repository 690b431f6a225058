// Runs a program and collects what it says, as a person at a shell would. Blocking; thread-safe.
#pragma once

#include <chrono>
#include <string>
#include <vector>

namespace nonet::testing {

struct CommandResult {
  int exit_code = -1;  // 128 + signal when it died of one; -1 when it was killed for being late.
  std::string out;
  std::string err;
};

CommandResult RunCommand(const std::vector<std::string>& argv,
                         std::chrono::seconds timeout = std::chrono::seconds(90));

// For failure messages: the command line and everything it said.
std::string Describe(const std::vector<std::string>& argv, const CommandResult& result);

}  // namespace nonet::testing
