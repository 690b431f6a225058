// Functions that know more than their arguments: the deployment, its parameters, what exists.
#include <algorithm>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "common/base/status_macros.h"
#include "tools/cli/args/suggest.h"
#include "tools/cli/deploy/arm_ids.h"
#include "tools/cli/deploy/evaluator.h"
#include "tools/cli/deploy/functions.h"

namespace nonet::cli::deploy {
namespace {

absl::Status CheckCount(absl::string_view name, const std::vector<Json>& arguments, size_t least,
                        size_t most) {
  if (arguments.size() >= least && arguments.size() <= most) return absl::OkStatus();
  return errors::BadExpression(
      0, absl::StrCat(name, " takes ", least, least == most ? "" : absl::StrCat(" to ", most),
                      " arguments, not ", arguments.size()));
}

absl::StatusOr<std::string> TextArgument(absl::string_view name, const std::vector<Json>& arguments,
                                         size_t i) {
  if (arguments[i].is_string()) return arguments[i].get<std::string>();
  return errors::BadExpression(
      0, absl::StrCat("argument ", i + 1, " of ", name, " has to be a text, not ", KindOf(arguments[i])));
}

}  // namespace

absl::StatusOr<Json> Evaluator::Surrounding(const std::string& name, const std::vector<Json>& arguments,
                                            const EvaluationContext& context) {
  if (name == "parameters" || name == "variables") {
    RETURN_IF_ERROR(CheckCount(name, arguments, 1, 1));
    ASSIGN_OR_RETURN(const std::string which, TextArgument(name, arguments, 0));
    return name == "parameters" ? Parameter(which) : Variable(which);
  }
  if (name == "resourceid") return ResourceId(arguments);
  if (name == "copyindex") return CopyIndex(arguments, context);
  if (name == "resourceinfo") {
    RETURN_IF_ERROR(CheckCount("resourceInfo", arguments, 1, 1));
    ASSIGN_OR_RETURN(const std::string id, IdOf(arguments[0]));
    const std::optional<ParsedId> parsed = ParseId(id);
    if (!parsed) return errors::BadExpression(0, absl::StrCat(id, " is no id of a resource"));
    return Json{{"id", id}, {"name", absl::StrJoin(parsed->names, "/")}, {"type", parsed->type}};
  }
  if (name == "reference") return Reference(arguments, context);
  if (name == "listkeys") {
    RETURN_IF_ERROR(CheckCount("listKeys", arguments, 1, 3));
    ASSIGN_OR_RETURN(const std::string id, IdOf(arguments[0]));
    if (context.live == nullptr) return errors::BadExpression(0, "listKeys cannot be used here");
    return context.live->ListKeys(id);
  }
  RETURN_IF_ERROR(CheckCount(name, arguments, 0, 0));
  if (name == "deployment") return Json{{"name", surroundings_.name}};
  const std::string subscription = absl::StrCat("/subscriptions/", surroundings_.subscription);
  if (name == "subscription") {
    return Json{{"id", subscription}, {"subscriptionId", surroundings_.subscription}};
  }
  // resourceGroup()
  Json group = {{"id", absl::StrCat(subscription, "/resourceGroups/", surroundings_.group)},
                {"name", surroundings_.group},
                {"type", kGroupType}};
  if (surroundings_.location) group["location"] = *surroundings_.location;
  return group;
}

// resourceId([subscription], [group], type, name1, ...)
absl::StatusOr<Json> Evaluator::ResourceId(const std::vector<Json>& arguments) {
  std::vector<std::string> words;
  for (size_t i = 0; i < arguments.size(); ++i) {
    ASSIGN_OR_RETURN(std::string word, TextArgument("resourceId", arguments, i));
    words.push_back(std::move(word));
  }
  const auto type = std::find_if(words.begin(), words.end(),
                                 [](const std::string& word) { return absl::StrContains(word, '/'); });
  const auto before = type - words.begin();
  if (type == words.end() || before > 2) {
    return errors::BadExpression(
        0, "resourceId takes a type such as Microsoft.SignalRService/webPubSub, then names");
  }
  const std::vector<std::string> names(type + 1, words.end());
  if (names.size() != SegmentsOfType(*type)) {
    return errors::BadExpression(0, absl::StrCat("resourceId of type ", *type, " takes ",
                                                 SegmentsOfType(*type), " names, not ", names.size()));
  }
  const std::string& group = before >= 1 ? words[static_cast<size_t>(before - 1)] : surroundings_.group;
  const std::string& subscription = before == 2 ? words[0] : surroundings_.subscription;
  return Json(MakeId(subscription, group, *type, absl::StrJoin(names, "/")));
}

// copyIndex([loop], [offset])
absl::StatusOr<Json> Evaluator::CopyIndex(const std::vector<Json>& arguments,
                                          const EvaluationContext& context) {
  RETURN_IF_ERROR(CheckCount("copyIndex", arguments, 0, 2));
  if (context.loop == nullptr) return errors::BadExpression(0, "copyIndex is used outside of a copy loop");
  int64_t offset = 0;
  for (const Json& argument : arguments) {
    if (argument.is_number_integer()) {
      offset = argument.get<int64_t>();
    } else if (!argument.is_string() ||
               !absl::EqualsIgnoreCase(argument.get<std::string>(), context.loop->name)) {
      return errors::BadExpression(
          0, absl::StrCat("copyIndex takes the loop's name, ", context.loop->name, ", and an offset"));
    }
  }
  int64_t index = 0;
  if (__builtin_add_overflow(context.loop->index, offset, &index)) {
    return errors::BadExpression(0, "copyIndex: the offset is too big");
  }
  return Json(index);
}

// reference(id or name, [apiVersion], ['Full']): the properties, or the whole object.
absl::StatusOr<Json> Evaluator::Reference(const std::vector<Json>& arguments,
                                          const EvaluationContext& context) {
  RETURN_IF_ERROR(CheckCount("reference", arguments, 1, 3));
  ASSIGN_OR_RETURN(const std::string id, IdOf(arguments[0]));
  if (context.live == nullptr) {
    return errors::BadExpression(0,
                                 "reference() cannot be used here: names, conditions and variables are "
                                 "known before anything is deployed",
                                 "use it in properties or outputs");
  }
  bool full = false;
  if (arguments.size() == 3) {
    ASSIGN_OR_RETURN(const std::string what, TextArgument("reference", arguments, 2));
    full = absl::EqualsIgnoreCase(what, "full");
    if (!full) return errors::BadExpression(0, "the third argument of reference is 'Full' or left out");
  }
  ASSIGN_OR_RETURN(Json whole, context.live->Show(id));
  if (full) return whole;
  return whole.contains("properties") ? whole["properties"] : Json::object();
}

absl::StatusOr<std::string> Evaluator::IdOf(const Json& argument) const {
  if (!argument.is_string()) {
    return errors::BadExpression(0, absl::StrCat("an id or a name is a text, not ", KindOf(argument)));
  }
  const std::string text = argument.get<std::string>();
  if (absl::StartsWith(text, "/")) return text;
  const auto found = ids_by_name_.find(absl::AsciiStrToLower(text));
  if (found != ids_by_name_.end()) return found->second;
  std::vector<std::string> names;
  for (const auto& [name, id] : ids_by_name_) names.push_back(name);
  return errors::BadExpression(0,
                               absl::StrCat("the template has no resource ", text, DidYouMean(text, names)),
                               "name what exists outside of the template by resourceId(...)");
}

}  // namespace nonet::cli::deploy
