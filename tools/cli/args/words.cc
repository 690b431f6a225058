// One word of a command line at a time: what the checks of all commands have in common.
#include "absl/strings/ascii.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "common/base/status_macros.h"
#include "tools/cli/args/duration.h"
#include "tools/cli/args/raw.h"
#include "tools/cli/errors.h"

namespace nonet::cli {

std::string CommandOf(const Raw& raw) { return absl::StrCat("nonet ", absl::StrJoin(raw.path, " ")); }

absl::Status MissingWord(const Raw& raw, absl::string_view what, absl::string_view example) {
  return errors::Usage(absl::StrCat(CommandOf(raw), " needs ", what),
                       absl::StrCat(CommandOf(raw), " ", example));
}

absl::Status BadWord(absl::string_view option, absl::string_view value, absl::string_view accepted) {
  return errors::Usage(absl::StrCat(option, " does not take \"", value, "\""),
                       absl::StrCat(option, " ", accepted));
}

absl::StatusOr<int64_t> DurationWord(absl::string_view option, const std::optional<std::string>& words,
                                     int64_t otherwise) {
  if (!words) return otherwise;
  const absl::StatusOr<int64_t> ns = ParseDuration(*words);
  if (!ns.ok()) {
    return errors::Usage(absl::StrCat(option, ": ", ns.status().message()),
                         absl::StrCat(option, " with a number and a unit, such as 90s, 250ms or 1m30s"));
  }
  return *ns;
}

absl::StatusOr<int64_t> NumberWord(absl::string_view option, const std::string& words, int64_t low,
                                   int64_t high) {
  int64_t number = 0;
  if (!absl::SimpleAtoi(words, &number) || number < low || number > high) {
    return BadWord(option, words, absl::StrCat("a number from ", low, " to ", high));
  }
  return number;
}

absl::StatusOr<bool> BooleanWord(absl::string_view option, const std::string& words) {
  const std::string lower = absl::AsciiStrToLower(words);
  if (lower == "true" || lower == "enabled" || lower == "1") return true;
  if (lower == "false" || lower == "disabled" || lower == "0") return false;
  return BadWord(option, words, "true or false");
}

absl::StatusOr<std::string> OneWord(const Raw& raw) {
  if (raw.positional.size() > 1) {
    return errors::Usage(absl::StrCat(CommandOf(raw), " takes one argument, not ", raw.positional.size()),
                         absl::StrCat(CommandOf(raw), " --help"));
  }
  return raw.positional.empty() ? "" : raw.positional[0];
}

absl::Status ReadPositionalName(const Raw& raw, absl::string_view option, std::string& name) {
  ASSIGN_OR_RETURN(const std::string argument, OneWord(raw));
  if (argument.empty()) return absl::OkStatus();
  if (!name.empty() && name != argument) {
    return errors::Usage(absl::StrCat("\"", argument, "\" and ", option, " ", name, " are two names"),
                         "one of them");
  }
  name = argument;
  return absl::OkStatus();
}

absl::StatusOr<ChangeOptions> CheckChange(const Raw& raw) {
  ChangeOptions change{.no_wait = raw.no_wait,
                       .dry_run = raw.dry_run,
                       .etag = raw.etag.value_or(""),
                       .request_id = raw.request_id.value_or("")};
  ASSIGN_OR_RETURN(change.timeout_ns, DurationWord("--timeout", raw.timeout, kTimeoutDefaultNs));
  return change;
}

}  // namespace nonet::cli
