// The command line's own failures, and how any failure ends the program: text and exit code. Pure.
//
//   0 done, 1 internal, 2 usage, 3 timed out waiting, 4 a check is unhealthy, 64 + gRPC code a server's error
#pragma once

#include <string>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"

namespace nonet::cli {

inline constexpr int kExitDone = 0;
inline constexpr int kExitInternal = 1;
inline constexpr int kExitUsage = 2;
inline constexpr int kExitTimedOut = 3;
inline constexpr int kExitUnhealthy = 4;
inline constexpr int kExitServerBase = 64;

namespace errors {

// The command line is wrong: exit code 2.
absl::Status Usage(absl::string_view message, absl::string_view next_step);
// This machine refused something (a file, a process): exit code 1.
absl::Status Local(absl::string_view reason, absl::string_view message, absl::string_view next_step = {});
// Nothing runs in this directory. Exit code 64 + UNAVAILABLE.
absl::Status NotRunning(absl::string_view dir);
// A process of a running cluster does not answer.
absl::Status NotAnswering(absl::string_view who, absl::string_view why);
// `what` did not come true: exit code 3.
absl::Status TimedOut(absl::string_view what, absl::string_view next_step = {});
// A resource that exists cannot be moved by another `up`. Exit code 2.
absl::Status SettingsDiffer(absl::string_view option, absl::string_view saved, absl::string_view given,
                            absl::string_view dir);
// The same error with exit code 2.
absl::Status AsUsage(absl::Status status);
absl::Status UnknownRegion(absl::string_view region);

}  // namespace errors

// "--dir X" after `command` unless X is the default, so that a suggestion can be pasted.
std::string WithDir(absl::string_view command, absl::string_view dir);

int ExitCode(const absl::Status& status);

// "error[REPLICA_LIMIT]: contoso already has 8 replicas\n  try: nonet replica delete ...\n"
std::string ErrorText(const absl::Status& status, bool colour);

}  // namespace nonet::cli
