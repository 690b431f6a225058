#include "tools/cli/deploy/functions.h"

#include <algorithm>
#include <limits>
#include <map>

#include "absl/strings/ascii.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "common/base/status_macros.h"
#include "tools/cli/deploy/errors.h"
#include "tools/cli/deploy/function_table.h"
#include "tools/cli/deploy/limits.h"

namespace nonet::cli::deploy {
namespace {

struct WithoutCase {
  bool operator()(const std::string& a, const std::string& b) const {
    return absl::AsciiStrToLower(a) < absl::AsciiStrToLower(b);
  }
};
using FunctionTable = std::map<std::string, Function, WithoutCase>;

const FunctionTable& Table() {
  static const FunctionTable* const table = [] {
    auto* all = new FunctionTable();
    for (const auto* part : {&TextFunctions(), &CollectionFunctions(), &LogicFunctions()}) {
      for (const auto& [name, function] : *part) all->emplace(name, function);
    }
    return all;
  }();
  return *table;
}

std::string Arity(const Function& function) {
  if (function.least == function.most) return absl::StrCat(function.least);
  if (function.most == kAnyNumber) return absl::StrCat("at least ", function.least);
  return absl::StrCat(function.least, " to ", function.most);
}

}  // namespace

std::string KindOf(const Json& value) {
  if (value.is_string()) return "text";
  if (value.is_boolean()) return "boolean";
  if (value.is_number()) return "number";
  if (value.is_array()) return "array";
  return value.is_object() ? "object" : "null";
}

bool IsPlainFunction(absl::string_view name) { return Table().count(std::string(name)) != 0; }

std::vector<std::string> PlainFunctions() {
  std::vector<std::string> names;
  for (const auto& [name, function] : Table()) names.push_back(name);
  return names;
}

absl::StatusOr<Json> Call(absl::string_view name, const std::vector<Json>& arguments) {
  const auto found = Table().find(std::string(name));
  if (found == Table().end()) return errors::UnknownFunction(0, name, PlainFunctions());
  const Function& function = found->second;
  const int count = static_cast<int>(arguments.size());
  if (count < function.least || count > function.most) {
    return errors::BadExpression(
        0, absl::StrCat(found->first, " takes ", Arity(function), " arguments, not ", count));
  }
  return function.body({found->first, arguments});
}

absl::Status Arguments::WrongKind(size_t i, absl::string_view wanted) const {
  return errors::BadExpression(
      0, absl::StrCat("argument ", i + 1, " of ", name, " has to be ", wanted, ", not ", KindOf(values[i])));
}

absl::StatusOr<std::string> Arguments::Text(size_t i) const {
  if (!values[i].is_string()) return WrongKind(i, "a text");
  return values[i].get<std::string>();
}

absl::StatusOr<int64_t> Arguments::Number(size_t i) const {
  if (!values[i].is_number_integer()) return WrongKind(i, "a whole number");
  return values[i].get<int64_t>();
}

absl::StatusOr<int64_t> Arguments::NumberWithin(size_t i, int64_t low, int64_t high) const {
  ASSIGN_OR_RETURN(const int64_t number, Number(i));
  if (number < low || number > high) {
    return errors::BadExpression(
        0, absl::StrCat("argument ", i + 1, " of ", name, " is ", number, ", outside ", low, " to ", high));
  }
  return number;
}

absl::StatusOr<bool> Arguments::Boolean(size_t i) const {
  if (!values[i].is_boolean()) return WrongKind(i, "a boolean");
  return values[i].get<bool>();
}

absl::Status Arguments::All(bool (*fits)(const Json&), absl::string_view wanted) const {
  for (size_t i = 0; i < values.size(); ++i) {
    if (!fits(values[i])) return WrongKind(i, wanted);
  }
  return absl::OkStatus();
}

}  // namespace nonet::cli::deploy
