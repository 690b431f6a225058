#include "tools/cli/args/rewrite.h"

#include <algorithm>
#include <cstddef>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"

namespace nonet::cli {
namespace {

// The first word that is no option, nor an option's value.
size_t FirstWord(const std::vector<std::string>& arguments) {
  size_t i = 0;
  while (i < arguments.size() && absl::StartsWith(arguments[i], "-")) {
    const bool takes_value = arguments[i] == "--dir" || arguments[i] == "-o" || arguments[i] == "--output";
    i += takes_value ? 2 : 1;
  }
  return i;
}

auto At(std::vector<std::string>& arguments, size_t i) {
  return arguments.begin() + static_cast<std::ptrdiff_t>(i);
}

void ReadDeployment(std::vector<std::string>& arguments, size_t i) {
  if (i + 2 >= arguments.size() || arguments[i + 1] != "group") return;
  const std::string verb = arguments[i + 2];
  if (verb != "create" && verb != "what-if" && verb != "validate") return;
  arguments.erase(At(arguments, i), At(arguments, i + 3));
  arguments.insert(At(arguments, i), "deploy");
  if (verb != "create") arguments.insert(At(arguments, i + 1), "--what-if");
}

}  // namespace

void ReadAzurePrefix(std::vector<std::string>& arguments) {
  const size_t i = FirstWord(arguments);
  if (i >= arguments.size()) return;
  if (arguments[i] == "deployment") return ReadDeployment(arguments, i);
  if (arguments[i] != "webpubsub") return;
  arguments.erase(At(arguments, i));
  if (i >= arguments.size()) return;
  const std::string next = arguments[i];
  if (next == "replica" || next == "hub") return;
  if (next == "key") {
    if (i + 1 < arguments.size() && arguments[i + 1] == "show") arguments[i + 1] = "list";
    return;
  }
  if (!absl::StartsWith(next, "-")) arguments.insert(At(arguments, i), "resource");
}

void ReadHelp(std::vector<std::string>& arguments) {
  if (arguments.empty() || arguments[0] != "help") return;
  arguments.erase(arguments.begin());
  arguments.push_back("--help");
}

void JoinGroups(std::vector<std::string>& arguments) {
  std::vector<std::string> joined;
  bool within = false;
  for (std::string& word : arguments) {
    const bool option = absl::StartsWith(word, "-");
    if (within && !option) {
      if (joined.back().empty() || joined.back()[0] == '-') {
        joined.push_back(std::move(word));
      } else {
        absl::StrAppend(&joined.back(), std::string(1, kGroupSeparator), word);
      }
      continue;
    }
    within = word == "--event-handler" || word == "--event-listener";
    joined.push_back(std::move(word));
  }
  arguments = std::move(joined);
}

}  // namespace nonet::cli
