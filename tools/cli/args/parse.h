// The command line, parsed. CLI11 is behind this; every usage error is a Status with exit code 2.
//
//   ASSIGN_OR_RETURN(const Parsed parsed, Parse({"replica", "list", "-o", "json"}, "1.0"));
#pragma once

#include <map>
#include <string>
#include <variant>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "tools/cli/args/options.h"

namespace nonet::cli {

// Text to print on stdout instead of running anything: --help, --version.
struct HelpText {
  std::string text;
};

using Parsed = std::variant<CommandLine, HelpText>;

// `arguments` without the program's name. Reads no file; the environment only for --dir's default.
absl::StatusOr<Parsed> Parse(std::vector<std::string> arguments, absl::string_view version);

// The words of the surface, for completion: "" has the commands, "replica" its verbs, "replica add" its
// options.
std::map<std::string, std::vector<std::string>> Surface();

}  // namespace nonet::cli
