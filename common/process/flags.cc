#include "common/process/flags.h"

#include <map>

#include "absl/flags/commandlineflag.h"
#include "absl/flags/reflection.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_replace.h"
#include "absl/strings/str_split.h"
#include "common/base/error.h"

namespace nonet {
namespace {

std::string WithDashes(absl::string_view name) { return absl::StrReplaceAll(name, {{"_", "-"}}); }
std::string WithUnderscores(absl::string_view name) { return absl::StrReplaceAll(name, {{"-", "_"}}); }

struct Given {
  std::string name;  // With underscores.
  std::string value;
  bool has_value = false;
};

Given Split(absl::string_view argument) {
  const size_t equals = argument.find('=');
  if (equals == absl::string_view::npos)
    return {.name = WithUnderscores(argument), .value = "", .has_value = false};
  return {.name = WithUnderscores(argument.substr(0, equals)),
          .value = std::string(argument.substr(equals + 1)),
          .has_value = true};
}

// --noswitch is --switch=false.
absl::CommandLineFlag* FindSwitchOff(absl::string_view name) {
  if (!absl::StartsWith(name, "no")) return nullptr;
  absl::CommandLineFlag* flag = absl::FindCommandLineFlag(WithUnderscores(name.substr(2)));
  return flag != nullptr && flag->IsOfType<bool>() ? flag : nullptr;
}

absl::Status SetFlag(absl::CommandLineFlag& flag, absl::string_view value) {
  std::string why;
  if (flag.ParseFrom(value, &why)) return absl::OkStatus();
  // What a flag says about itself may take several lines; ours is one.
  return BadFlag(
      absl::StrCat("'", value, "' is no value for --", WithDashes(flag.Name()), " (", flag.Help(), ")"));
}

bool IsCommon(const absl::CommandLineFlag& flag) {
  return absl::StrContains(flag.Filename(), "common/process/");
}

std::string Describe(const absl::CommandLineFlag& flag) {
  const std::string value = flag.DefaultValue();
  return absl::StrCat("  --", WithDashes(flag.Name()), flag.IsOfType<bool>() ? "" : " VALUE", "\n      ",
                      flag.Help(), value.empty() ? "" : absl::StrCat(" (default: ", value, ")"), "\n");
}

}  // namespace

absl::Status BadFlag(absl::string_view what) {
  return MakeError(absl::StatusCode::kInvalidArgument, "BAD_FLAG",
                   absl::StrJoin(absl::StrSplit(what, '\n'), " "));
}

absl::Status ParseFlags(const std::vector<std::string>& arguments, FlagsResult& result) {
  for (size_t i = 0; i < arguments.size(); ++i) {
    absl::string_view argument = arguments[i];
    if (argument.size() < 3 || !absl::StartsWith(argument, "--")) {
      return BadFlag(absl::StrCat("unexpected argument '", argument, "'"));
    }
    argument.remove_prefix(2);
    if (argument == "help" || argument == "version") {
      (argument == "help" ? result.help : result.version) = true;
      return absl::OkStatus();
    }
    Given given = Split(argument);
    absl::CommandLineFlag* flag = absl::FindCommandLineFlag(given.name);
    if (flag == nullptr && !given.has_value && (flag = FindSwitchOff(given.name)) != nullptr) {
      given = {.name = given.name, .value = "false", .has_value = true};
    }
    if (flag == nullptr) return BadFlag(absl::StrCat("unknown flag --", WithDashes(given.name)));
    if (!given.has_value) {
      if (flag->IsOfType<bool>()) {
        given.value = "true";
      } else if (++i < arguments.size()) {
        given.value = arguments[i];
      } else {
        return BadFlag(absl::StrCat("--", WithDashes(given.name), " needs a value (", flag->Help(), ")"));
      }
    }
    if (absl::Status set = SetFlag(*flag, given.value); !set.ok()) return set;
  }
  return absl::OkStatus();
}

std::string FlagsHelp(absl::string_view program, absl::string_view summary) {
  std::map<std::string, const absl::CommandLineFlag*> flags;  // In the order of their names.
  for (const auto& [name, flag] : absl::GetAllFlags()) {
    if (!absl::StrContains(flag->Filename(), "absl/")) flags.emplace(name, flag);
  }
  std::string own;
  std::string common;
  for (const auto& [name, flag] : flags) absl::StrAppend(IsCommon(*flag) ? &common : &own, Describe(*flag));
  return absl::StrCat(program, ": ", summary, "\n\nusage: ", program, " --dir DIR [--flag VALUE ...]\n",
                      own.empty() ? "" : "\nFlags:\n", own, "\nFlags of every daemon:\n", common,
                      "  --help\n      Prints this.\n  --version\n      Prints the version.\n");
}

}  // namespace nonet
