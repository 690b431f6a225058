#include "tools/cli/args/condition.h"

#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "common/base/status_macros.h"
#include "common/regions/regions.h"
#include "tools/cli/args/suggest.h"
#include "tools/cli/errors.h"

namespace nonet::cli {
namespace {

constexpr absl::string_view kConditionForms =
    "ready, converged, linked, replica/NAME=Succeeded, endpoint/NAME=Online, answer/REGION=NAME or "
    "process/NAME=ready";

const std::vector<std::string>& Values(Condition::Kind kind) {
  static const std::vector<std::string> none;
  static const std::vector<std::string> provisioning = {"Creating", "Updating", "Deleting", "Succeeded",
                                                        "Failed",   "Canceled", "deleted"};
  static const std::vector<std::string> monitor = {"Online",   "Degraded", "CheckingEndpoint",
                                                   "Disabled", "Stopped",  "Inactive"};
  static const std::vector<std::string> process = {"starting", "ready", "paused", "held", "backoff", "gone"};
  switch (kind) {
    case Condition::Kind::kReplica:
      return provisioning;
    case Condition::Kind::kEndpoint:
      return monitor;
    case Condition::Kind::kProcess:
      return process;
    default:
      return none;
  }
}

absl::StatusOr<Condition::Kind> ParseKind(absl::string_view word, absl::string_view text) {
  static const std::vector<std::pair<std::string, Condition::Kind>> kinds = {
      {"replica", Condition::Kind::kReplica},
      {"endpoint", Condition::Kind::kEndpoint},
      {"answer", Condition::Kind::kAnswer},
      {"process", Condition::Kind::kProcess}};
  for (const auto& [name, kind] : kinds) {
    if (word == name) return kind;
  }
  return errors::Usage(absl::StrCat("\"", text, "\" is nothing to wait for",
                                    DidYouMean(word, {"ready", "converged", "linked", "replica", "endpoint",
                                                      "answer", "process"})),
                       absl::StrCat("--for=", kConditionForms));
}

}  // namespace

absl::StatusOr<Condition> ParseCondition(absl::string_view text) {
  Condition condition;
  condition.text = std::string(text);
  if (text == "ready") return condition;
  if (text == "converged" || text == "linked") {
    condition.kind = text == "linked" ? Condition::Kind::kLinked : Condition::Kind::kConverged;
    return condition;
  }
  const size_t equals = text.rfind('=');
  const size_t slash = text.find('/');
  ASSIGN_OR_RETURN(condition.kind, ParseKind(text.substr(0, slash == text.npos ? equals : slash), text));
  if (slash == text.npos || equals == text.npos || equals <= slash + 1 || equals + 1 == text.size()) {
    return errors::Usage(absl::StrCat("\"", text, "\" is not a whole condition"),
                         absl::StrCat("--for=", kConditionForms));
  }
  condition.subject = std::string(text.substr(slash + 1, equals - slash - 1));
  condition.value = std::string(text.substr(equals + 1));
  if (condition.kind == Condition::Kind::kAnswer) {
    if (FindRegion(condition.subject) == nullptr) return errors::UnknownRegion(condition.subject);
    return condition;
  }
  const std::vector<std::string>& values = Values(condition.kind);
  for (const std::string& value : values) {
    if (absl::EqualsIgnoreCase(value, condition.value)) {
      condition.value = value;
      return condition;
    }
  }
  return errors::Usage(
      absl::StrCat("\"", condition.value, "\" never comes true", DidYouMean(condition.value, values)),
      absl::StrCat("one of ", absl::StrJoin(values, ", ")));
}

}  // namespace nonet::cli
