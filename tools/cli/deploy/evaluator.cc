#include "tools/cli/deploy/evaluator.h"

#include <algorithm>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "common/base/error.h"
#include "common/base/status_macros.h"
#include "tools/cli/args/suggest.h"
#include "tools/cli/deploy/arm_ids.h"
#include "tools/cli/deploy/functions.h"
#include "tools/cli/deploy/limits.h"
#include "tools/cli/deploy/parameters.h"

namespace nonet::cli::deploy {
namespace {

// Functions that know more than their arguments, beside the plain ones.
const std::vector<std::string>& KnowingFunctions() {
  static const auto* const names = new std::vector<std::string>{
      "and",        "coalesce",  "copyIndex",     "deployment", "if",           "listKeys",     "or",
      "parameters", "reference", "resourceGroup", "resourceId", "resourceInfo", "subscription", "variables"};
  return *names;
}

std::vector<std::string> AllFunctions() {
  std::vector<std::string> names = PlainFunctions();
  names.insert(names.end(), KnowingFunctions().begin(), KnowingFunctions().end());
  std::sort(names.begin(), names.end());
  return names;
}

bool IsOneOf(const std::string& lower, std::initializer_list<absl::string_view> names) {
  return std::find(names.begin(), names.end(), lower) != names.end();
}

// An error of a function, which does not know where it was called.
absl::Status AtCharacter(const absl::Status& status, size_t character) {
  const ErrorDetails details = GetErrorDetails(status);
  const auto known = details.metadata.find("character");
  if (known == details.metadata.end() || known->second != "0") return status;
  return errors::BadExpression(character, status.message(), details.next_step);
}

// Bytes of the value, roughly, and its depth; stops counting beyond the limits.
void Weigh(const Json& value, int depth, size_t& bytes, int& deepest) {
  deepest = std::max(deepest, depth);
  bytes += value.is_string() ? value.get_ref<const std::string&>().size() + 8 : 8;
  if (bytes > kValueBytesMax || depth > kJsonDepthMax) return;
  if (!value.is_structured()) return;
  for (const auto& [key, item] : value.items()) {
    if (value.is_object()) bytes += key.size();
    Weigh(item, depth + 1, bytes, deepest);
    if (bytes > kValueBytesMax) return;
  }
}

// Texts within a secure value.
void CollectTexts(const Json& value, std::vector<std::string>& texts) {
  if (value.is_string() && !value.get_ref<const std::string&>().empty())
    texts.push_back(value.get<std::string>());
  if (!value.is_structured()) return;
  for (const Json& item : value) CollectTexts(item, texts);
}

// A section's member by its name without case; the names there are otherwise.
const Json* FindMember(const Json& document, const char* section, const std::string& name, std::string* found,
                       std::vector<std::string>* names) {
  const auto members = document.find(section);
  if (members == document.end() || !members->is_object()) return nullptr;
  for (const auto& [known, value] : members->items()) {
    if (absl::EqualsIgnoreCase(known, name)) {
      *found = known;
      return &value;
    }
    names->push_back(known);
  }
  return nullptr;
}

}  // namespace

Evaluator::Evaluator(const Json& document, std::map<std::string, Json> given, Surroundings surroundings)
    : document_(document), given_(std::move(given)), surroundings_(std::move(surroundings)) {}

absl::StatusOr<Json> Evaluator::Evaluate(const Json& value, const Place& place,
                                         const EvaluationContext& context) {
  return Walk(value, place, context);
}

absl::StatusOr<Json> Evaluator::Walk(const Json& value, const Place& place,
                                     const EvaluationContext& context) {
  if (value.is_string()) {
    const auto& text = value.get_ref<const std::string&>();
    absl::StatusOr<Json> result = EvaluateText(text, context);
    if (result.ok()) return result;
    if (context.keep_unresolved && errors::IsNotDeployedYet(result.status())) return value;
    return errors::At(result.status(), place);
  }
  if (value.is_array()) {
    Json array = Json::array();
    for (size_t i = 0; i < value.size(); ++i) {
      ASSIGN_OR_RETURN(Json item, Walk(value[i], place / i, context));
      array.push_back(std::move(item));
    }
    return array;
  }
  if (!value.is_object()) return value;
  Json object = Json::object();
  for (const auto& [key, member] : value.items()) {
    if (absl::EqualsIgnoreCase(key, "copy") && member.is_array()) {
      return errors::NotSupported(place / key, "copy of a property or variable",
                                  "copy whole resources, or write the items out");
    }
    ASSIGN_OR_RETURN(const Json name, Walk(Json(key), place / key, context));
    if (!name.is_string()) return errors::InvalidTemplate(place / key, "a property's name has to be a text");
    ASSIGN_OR_RETURN(object[name.get<std::string>()], Walk(member, place / key, context));
  }
  return object;
}

absl::StatusOr<Json> Evaluator::EvaluateText(const std::string& text, const EvaluationContext& context) {
  if (!IsExpression(text)) return Json(Unescape(text));
  ASSIGN_OR_RETURN(const Expression expression, ParseExpression(text));
  return Value(expression, context);
}

absl::StatusOr<Json> Evaluator::Value(const Expression& expression, const EvaluationContext& context) {
  if (depth_ >= kEvaluationDepthMax) {
    return errors::BadExpression(
        expression.at,
        absl::StrCat("calls are nested deeper than ", kEvaluationDepthMax, " levels, variables included"));
  }
  ++depth_;
  absl::StatusOr<Json> value = ValueWithin(expression, context);
  --depth_;
  return value;
}

absl::StatusOr<Json> Evaluator::ValueWithin(const Expression& expression, const EvaluationContext& context) {
  switch (expression.kind) {
    case Expression::Kind::kText:
      return Json(expression.text);
    case Expression::Kind::kNumber:
      return Json(expression.number);
    case Expression::Kind::kMember:
      return Member(expression, context);
    case Expression::Kind::kIndex:
      return Index(expression, context);
    case Expression::Kind::kCall:
      break;
  }
  absl::StatusOr<Json> result = CallOf(expression, context);
  if (!result.ok()) return AtCharacter(result.status(), expression.at);
  if (const absl::Status charged = Charge(*result); !charged.ok()) {
    return AtCharacter(charged, expression.at);
  }
  return result;
}

absl::Status Evaluator::Charge(const Json& result) {
  size_t bytes = 0;
  int depth = 0;
  Weigh(result, 0, bytes, depth);
  bytes_ += static_cast<int64_t>(bytes);
  if (++steps_ > kEvaluationStepsMax || bytes_ > kEvaluatedBytesMax) {
    return errors::BadExpression(0, "the template's expressions take more work than is allowed");
  }
  if (bytes > kValueBytesMax || depth > kJsonDepthMax) {
    return errors::BadExpression(
        0, absl::StrCat("the value grows beyond ", kValueBytesMax, " bytes or ", kJsonDepthMax, " levels"));
  }
  return absl::OkStatus();
}

absl::StatusOr<Json> Evaluator::Member(const Expression& access, const EvaluationContext& context) {
  ASSIGN_OR_RETURN(const Json target, Value(access.parts[0], context));
  if (!target.is_object()) {
    return errors::BadExpression(
        access.at, absl::StrCat("there is no .", access.text, " of a value that is ", KindOf(target)));
  }
  if (!surroundings_.location && absl::EqualsIgnoreCase(access.text, "location") &&
      target.value("type", "") == kGroupType) {
    return errors::BadExpression(
        access.at,
        absl::StrCat("resource group ", surroundings_.group,
                     " has no location of its own, and no one primary to take it from"),
        "--location eastus");
  }
  std::vector<std::string> names;
  for (const auto& [name, value] : target.items()) {
    if (absl::EqualsIgnoreCase(name, access.text)) return value;
    names.push_back(name);
  }
  return errors::BadExpression(access.at,
                               absl::StrCat("there is no .", access.text, DidYouMean(access.text, names)),
                               names.empty() ? "" : absl::StrCat("one of ", absl::StrJoin(names, ", ")));
}

absl::StatusOr<Json> Evaluator::Index(const Expression& access, const EvaluationContext& context) {
  ASSIGN_OR_RETURN(const Json index, Value(access.parts[1], context));
  if (index.is_string()) {
    Expression member = access;
    member.text = index.get<std::string>();
    return Member(member, context);
  }
  ASSIGN_OR_RETURN(const Json target, Value(access.parts[0], context));
  if (!target.is_array() || !index.is_number_integer()) {
    return errors::BadExpression(
        access.at, absl::StrCat("a value that is ", KindOf(target), " has no index that is ", KindOf(index)));
  }
  const auto at = index.get<int64_t>();
  if (at < 0 || at >= static_cast<int64_t>(target.size())) {
    return errors::BadExpression(access.at,
                                 absl::StrCat("there is no item ", at, " in an array of ", target.size()));
  }
  return target[static_cast<size_t>(at)];
}

absl::StatusOr<Json> Evaluator::CallOf(const Expression& call, const EvaluationContext& context) {
  const std::string name = absl::AsciiStrToLower(call.text);
  ASSIGN_OR_RETURN(std::optional<Json> chosen, Choose(name, call, context));
  if (chosen) return *std::move(chosen);
  std::vector<Json> arguments;
  for (const Expression& part : call.parts) {
    ASSIGN_OR_RETURN(Json argument, Value(part, context));
    arguments.push_back(std::move(argument));
  }
  if (IsPlainFunction(name)) return Call(name, arguments);
  const std::vector<std::string>& knowing = KnowingFunctions();
  const bool known = std::any_of(knowing.begin(), knowing.end(),
                                 [&](const std::string& k) { return absl::EqualsIgnoreCase(k, name); });
  if (!known) return errors::UnknownFunction(call.at, call.text, AllFunctions());
  return Surrounding(name, arguments, context);
}

absl::StatusOr<std::optional<Json>> Evaluator::Choose(const std::string& name, const Expression& call,
                                                      const EvaluationContext& context) {
  if (!IsOneOf(name, {"if", "and", "or", "coalesce"})) return std::optional<Json>();
  if (name == "if" ? call.parts.size() != 3 : call.parts.empty()) {
    return errors::BadExpression(
        call.at,
        absl::StrCat(name, name == "if" ? " takes 3 arguments, not " : " takes at least 1 argument, not ",
                     call.parts.size()));
  }
  if (name == "coalesce") {
    for (const Expression& part : call.parts) {
      ASSIGN_OR_RETURN(const Json value, Value(part, context));
      if (!value.is_null()) return std::optional<Json>(value);
    }
    return std::optional<Json>(Json());
  }
  const bool stops_at = name != "and";
  const size_t conditions = name == "if" ? 1 : call.parts.size();
  bool result = !stops_at;
  for (size_t i = 0; i < conditions && result != stops_at; ++i) {
    ASSIGN_OR_RETURN(const Json value, Value(call.parts[i], context));
    if (!value.is_boolean()) {
      return errors::BadExpression(
          call.parts[i].at,
          absl::StrCat("argument ", i + 1, " of ", name, " has to be a boolean, not ", KindOf(value)));
    }
    result = value.get<bool>();
  }
  if (name != "if") return std::optional<Json>(Json(result));
  ASSIGN_OR_RETURN(Json value, Value(call.parts[result ? 1 : 2], context));
  return std::optional<Json>(std::move(value));
}

absl::StatusOr<Json> Evaluator::Parameter(const std::string& written) {
  std::string name;
  std::vector<std::string> names;
  const Json* declaration = FindMember(document_, "parameters", written, &name, &names);
  if (declaration == nullptr) {
    return errors::BadExpression(0,
                                 absl::StrCat("there is no parameter ", written, DidYouMean(written, names)));
  }
  Lazy& lazy = parameters_[name];
  if (lazy.value) return *lazy.value;
  if (lazy.under_way) {
    way_.push_back(absl::StrCat("parameter ", name));
    return errors::Cycle("defaults of parameters lead", way_);
  }
  lazy.under_way = true;
  way_.push_back(absl::StrCat("parameter ", name));
  Json value;
  if (const auto given = given_.find(name); given != given_.end()) {
    value = given->second;
  } else if (declaration->contains("defaultValue")) {
    ASSIGN_OR_RETURN(
        value, Walk((*declaration)["defaultValue"], Place() / "parameters" / name / "defaultValue", {}));
  } else if (!declaration->value("nullable", false)) {
    return errors::BadParameter(name, "it has no default and was not given",
                                absl::StrCat("--parameters ", name, "=VALUE"));
  }
  RETURN_IF_ERROR(CheckParameter(name, *declaration, value));
  way_.pop_back();
  lazy.value = value;
  return value;
}

absl::StatusOr<Json> Evaluator::Variable(const std::string& written) {
  std::string name;
  std::vector<std::string> names;
  const Json* raw = FindMember(document_, "variables", written, &name, &names);
  if (raw == nullptr) {
    return errors::BadExpression(0,
                                 absl::StrCat("there is no variable ", written, DidYouMean(written, names)));
  }
  Lazy& lazy = variables_[name];
  if (lazy.value) return *lazy.value;
  way_.push_back(absl::StrCat("variable ", name));
  if (lazy.under_way) return errors::Cycle("variables lead", way_);
  if (way_.size() > static_cast<size_t>(kVariableDepthMax)) {
    return errors::BadExpression(0,
                                 absl::StrCat("more than ", kVariableDepthMax, " variables use each other"));
  }
  lazy.under_way = true;
  ASSIGN_OR_RETURN(Json value, Walk(*raw, Place() / "variables" / name, {}));
  way_.pop_back();
  lazy.value = value;
  return value;
}

absl::Status Evaluator::CheckParameters() {
  const auto declared = document_.find("parameters");
  if (declared == document_.end() || !declared->is_object()) return absl::OkStatus();
  for (const auto& [name, declaration] : declared->items()) RETURN_IF_ERROR(Parameter(name).status());
  return absl::OkStatus();
}

std::vector<std::string> Evaluator::Secrets() const {
  std::vector<std::string> secrets;
  for (const auto& [name, lazy] : parameters_) {
    if (lazy.value && IsSecure(document_["parameters"][name])) CollectTexts(*lazy.value, secrets);
  }
  // The longest first, so that a part of one does not spoil it.
  std::sort(secrets.begin(), secrets.end(),
            [](const std::string& a, const std::string& b) { return a.size() > b.size(); });
  return secrets;
}

absl::Status Evaluator::Collect(const Expression& expression, const EvaluationContext& context,
                                std::vector<std::string>& ids) {
  const std::string name = absl::AsciiStrToLower(expression.text);
  if (expression.kind == Expression::Kind::kCall && (name == "reference" || name == "listkeys") &&
      !expression.parts.empty()) {
    ASSIGN_OR_RETURN(const Json about, Value(expression.parts[0], context));
    ASSIGN_OR_RETURN(std::string id, IdOf(about));
    ids.push_back(std::move(id));
    return absl::OkStatus();
  }
  for (const Expression& part : expression.parts) RETURN_IF_ERROR(Collect(part, context, ids));
  return absl::OkStatus();
}

absl::StatusOr<std::vector<std::string>> Evaluator::References(const Json& value, const Place& place,
                                                               const EvaluationContext& context) {
  std::vector<std::string> ids;
  if (value.is_string() && IsExpression(value.get_ref<const std::string&>())) {
    const absl::StatusOr<Expression> expression = ParseExpression(value.get_ref<const std::string&>());
    if (!expression.ok()) return errors::At(expression.status(), place);
    if (const absl::Status status = Collect(*expression, context, ids); !status.ok()) {
      return errors::At(status, place);
    }
  } else if (value.is_structured()) {
    for (const auto& [key, item] : value.items()) {
      const Place at = value.is_array() ? place / static_cast<size_t>(std::stoul(key)) : place / key;
      ASSIGN_OR_RETURN(const std::vector<std::string> inner, References(item, at, context));
      ids.insert(ids.end(), inner.begin(), inner.end());
    }
  }
  return ids;
}

}  // namespace nonet::cli::deploy
