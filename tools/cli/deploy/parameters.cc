#include "tools/cli/deploy/parameters.h"

#include <algorithm>
#include <vector>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "common/base/status_macros.h"
#include "tools/cli/args/suggest.h"
#include "tools/cli/deploy/errors.h"
#include "tools/cli/deploy/functions.h"
#include "tools/cli/deploy/positions.h"

namespace nonet::cli::deploy {
namespace {

// In lower case; "" when it is missing or no text.
std::string TypeOf(const Json& declaration) {
  const auto type = declaration.find("type");
  return type != declaration.end() && type->is_string() ? absl::AsciiStrToLower(type->get<std::string>())
                                                        : "";
}

// The declared name, or an error that has the nearest.
absl::StatusOr<std::string> DeclaredName(const Json& declared, absl::string_view name) {
  std::vector<std::string> names;
  for (const auto& [known, declaration] : declared.items()) {
    if (absl::EqualsIgnoreCase(absl::string_view(known), name)) return known;
    names.push_back(known);
  }
  return errors::BadParameter(name,
                              absl::StrCat("the template has no such parameter", DidYouMean(name, names)),
                              names.empty() ? "" : absl::StrCat("one of ", absl::StrJoin(names, ", ")));
}

absl::StatusOr<Json> ReadWords(absl::string_view name, const Json& declaration, const std::string& words) {
  const std::string type = TypeOf(declaration);
  if (type == "string" || type == "securestring") return Json(words);
  if (type == "bool") {
    const std::string lower = absl::AsciiStrToLower(words);
    if (lower == "true" || lower == "false") return Json(lower == "true");
    return errors::BadParameter(name, absl::StrCat("\"", words, "\" is neither true nor false"));
  }
  if (type == "int") {
    int64_t number = 0;
    if (absl::SimpleAtoi(words, &number)) return Json(number);
    return errors::BadParameter(name, absl::StrCat("\"", words, "\" is not a whole number"));
  }
  const absl::StatusOr<Json> value = ParseDocument(words, "the value");
  if (value.ok()) return value;
  return errors::BadParameter(name, absl::StrCat(value.status().message(), "; ", type, "s are given as JSON"),
                              absl::StrCat("--parameters '", name, type == "array" ? "=[...]'" : "={...}'"));
}

absl::Status CheckType(absl::string_view name, const Json& declaration, const Json& value) {
  const std::string type = TypeOf(declaration);
  if (value.is_null() && declaration.value("nullable", false)) return absl::OkStatus();
  const bool fits = type == "string" || type == "securestring"   ? value.is_string()
                    : type == "int"                              ? value.is_number_integer()
                    : type == "bool"                             ? value.is_boolean()
                    : type == "array"                            ? value.is_array()
                    : type == "object" || type == "secureobject" ? value.is_object()
                                                                 : false;
  if (fits) return absl::OkStatus();
  return errors::BadParameter(name, absl::StrCat("it has to be of type ", type, ", not ", KindOf(value)));
}

absl::Status CheckAllowed(absl::string_view name, const Json& declaration, const Json& value) {
  const auto allowed = declaration.find("allowedValues");
  if (allowed == declaration.end() || !allowed->is_array()) return absl::OkStatus();
  const auto is_allowed = [&](const Json& wanted) {
    return std::find(allowed->begin(), allowed->end(), wanted) != allowed->end();
  };
  // An array's items are checked where the list is of items, as in Azure.
  if (is_allowed(value)) return absl::OkStatus();
  if (value.is_array() && std::all_of(value.begin(), value.end(), is_allowed)) return absl::OkStatus();
  std::vector<std::string> shown;
  for (const Json& one : *allowed) shown.push_back(one.is_string() ? one.get<std::string>() : one.dump());
  return errors::BadParameter(name,
                              IsSecure(declaration)
                                  ? "the value is not one of the allowed ones"
                                  : absl::StrCat(value.dump(), " is not one of the allowed values"),
                              absl::StrCat("one of ", absl::StrJoin(shown, ", ")));
}

absl::Status CheckBounds(absl::string_view name, const Json& declaration, const Json& value) {
  const bool number = value.is_number_integer();
  if (!number && !value.is_string() && !value.is_array()) return absl::OkStatus();
  const int64_t size = number              ? value.get<int64_t>()
                       : value.is_string() ? static_cast<int64_t>(value.get_ref<const std::string&>().size())
                                           : static_cast<int64_t>(value.size());
  const auto bound = [&](const char* key) -> const Json* {
    const auto found = declaration.find(key);
    return found != declaration.end() && found->is_number_integer() ? &*found : nullptr;
  };
  const Json* least = bound(number ? "minValue" : "minLength");
  const Json* most = bound(number ? "maxValue" : "maxLength");
  const std::string what = number ? absl::StrCat("it is ", size) : absl::StrCat("its length is ", size);
  if (least != nullptr && size < least->get<int64_t>()) {
    return errors::BadParameter(name, absl::StrCat(what, ", below ", least->get<int64_t>()));
  }
  if (most != nullptr && size > most->get<int64_t>()) {
    return errors::BadParameter(name, absl::StrCat(what, ", above ", most->get<int64_t>()));
  }
  return absl::OkStatus();
}

}  // namespace

bool IsSecure(const Json& declaration) {
  const std::string type = TypeOf(declaration);
  return type == "securestring" || type == "secureobject";
}

absl::Status AddParameterFile(absl::string_view text, absl::string_view what, GivenParameters& given) {
  ASSIGN_OR_RETURN(const Json document, ParseDocument(text, what));
  const Json* values = &document;
  if (document.is_object() && document.contains("parameters")) values = &document["parameters"];
  if (!values->is_object()) return errors::NotJson(what, "it is not an object of parameters");
  for (const auto& [name, entry] : values->items()) {
    if (entry.is_object() && entry.contains("reference")) {
      return errors::BadParameter(name, absl::StrCat(what, " takes it from a key vault, which is not there"),
                                  absl::StrCat("--parameters ", name, "=VALUE"));
    }
    if (!entry.is_object() || !entry.contains("value")) {
      return errors::BadParameter(name, absl::StrCat(what, " has no \"value\" for it"),
                                  absl::StrCat("\"", name, "\": {\"value\": ...}"));
    }
    given.words.erase(name);
    given.values[name] = entry["value"];
  }
  return absl::OkStatus();
}

absl::StatusOr<std::map<std::string, Json>> ReadGiven(const Json& declared, const GivenParameters& given) {
  std::map<std::string, Json> values;
  for (const auto& [written, value] : given.values) {
    ASSIGN_OR_RETURN(const std::string name, DeclaredName(declared, written));
    values[name] = value;
  }
  for (const auto& [written, words] : given.words) {
    ASSIGN_OR_RETURN(const std::string name, DeclaredName(declared, written));
    ASSIGN_OR_RETURN(values[name], ReadWords(name, declared[name], words));
  }
  return values;
}

absl::Status CheckParameter(absl::string_view name, const Json& declaration, const Json& value) {
  RETURN_IF_ERROR(CheckType(name, declaration, value));
  RETURN_IF_ERROR(CheckAllowed(name, declaration, value));
  return CheckBounds(name, declaration, value);
}

}  // namespace nonet::cli::deploy
