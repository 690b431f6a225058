// The command line of a daemon: absl flags, with our own messages and help.
// Underscores and dashes are the same in flag names; --flag=value, --flag value, --switch, --noswitch.
#pragma once

#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"

namespace nonet {

struct FlagsResult {
  bool help = false;     // --help was given; what follows it is not looked at.
  bool version = false;  // --version, likewise.
};

// Sets the flags. INVALID_ARGUMENT with reason BAD_FLAG for the first one that is unknown, lacks its value or
// has a bad one, and for anything that is not a flag.
absl::Status ParseFlags(const std::vector<std::string>& arguments, FlagsResult& result);
// Every flag with its meaning and default, the program's own first.
std::string FlagsHelp(absl::string_view program, absl::string_view summary);
// The failure of that name, on one line whatever `what` holds.
absl::Status BadFlag(absl::string_view what);

}  // namespace nonet
