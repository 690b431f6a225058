// Numbers, comparisons, conversions. What decides which argument is evaluated at all (if, and, or, coalesce)
// is the evaluator's.
#include <algorithm>

#include "absl/strings/ascii.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "common/base/status_macros.h"
#include "tools/cli/deploy/errors.h"
#include "tools/cli/deploy/function_table.h"
#include "tools/cli/deploy/positions.h"

namespace nonet::cli::deploy {
namespace {

absl::StatusOr<Json> Calculate(const Arguments& arguments, bool (*operation)(int64_t, int64_t, int64_t*)) {
  ASSIGN_OR_RETURN(const int64_t a, arguments.Number(0));
  ASSIGN_OR_RETURN(const int64_t b, arguments.Number(1));
  int64_t result = 0;
  if (operation(a, b, &result)) return Json(result);
  return errors::BadExpression(0, absl::StrCat(arguments.name, "(", a, ", ", b, ") has no result"));
}

bool Divides(int64_t a, int64_t b) { return b != 0 && !(a == INT64_MIN && b == -1); }

absl::StatusOr<Json> Add(const Arguments& arguments) {
  return Calculate(arguments,
                   [](int64_t a, int64_t b, int64_t* r) { return !__builtin_add_overflow(a, b, r); });
}
absl::StatusOr<Json> Sub(const Arguments& arguments) {
  return Calculate(arguments,
                   [](int64_t a, int64_t b, int64_t* r) { return !__builtin_sub_overflow(a, b, r); });
}
absl::StatusOr<Json> Mul(const Arguments& arguments) {
  return Calculate(arguments,
                   [](int64_t a, int64_t b, int64_t* r) { return !__builtin_mul_overflow(a, b, r); });
}
absl::StatusOr<Json> Div(const Arguments& arguments) {
  return Calculate(arguments, [](int64_t a, int64_t b, int64_t* r) {
    if (!Divides(a, b)) return false;
    *r = a / b;
    return true;
  });
}
absl::StatusOr<Json> Mod(const Arguments& arguments) {
  return Calculate(arguments, [](int64_t a, int64_t b, int64_t* r) {
    if (!Divides(a, b)) return false;
    *r = a % b;
    return true;
  });
}

absl::StatusOr<Json> Extreme(const Arguments& arguments, bool least) {
  Json values = arguments[0].is_array() && arguments.size() == 1 ? arguments[0] : Json(arguments.values);
  if (values.empty()) return errors::BadExpression(0, absl::StrCat(arguments.name, " of nothing"));
  Json best = values[0];
  for (const Json& value : values) {
    if (!value.is_number_integer()) {
      return errors::BadExpression(0, absl::StrCat(arguments.name, " takes whole numbers only"));
    }
    if (least ? value < best : value > best) best = value;
  }
  return best;
}
absl::StatusOr<Json> Min(const Arguments& arguments) { return Extreme(arguments, true); }
absl::StatusOr<Json> Max(const Arguments& arguments) { return Extreme(arguments, false); }

absl::StatusOr<Json> Equals(const Arguments& arguments) { return Json(arguments[0] == arguments[1]); }

// -1, 0 or 1.
absl::StatusOr<int> Order(const Arguments& arguments) {
  const Json& a = arguments[0];
  const Json& b = arguments[1];
  const bool comparable =
      (a.is_number_integer() && b.is_number_integer()) || (a.is_string() && b.is_string());
  if (!comparable) {
    return errors::BadExpression(0, absl::StrCat(arguments.name, " compares two whole numbers or two texts"));
  }
  return a < b ? -1 : a == b ? 0 : 1;
}
absl::StatusOr<Json> Less(const Arguments& arguments) {
  ASSIGN_OR_RETURN(const int order, Order(arguments));
  return Json(order < 0);
}
absl::StatusOr<Json> LessOrEquals(const Arguments& arguments) {
  ASSIGN_OR_RETURN(const int order, Order(arguments));
  return Json(order <= 0);
}
absl::StatusOr<Json> Greater(const Arguments& arguments) {
  ASSIGN_OR_RETURN(const int order, Order(arguments));
  return Json(order > 0);
}
absl::StatusOr<Json> GreaterOrEquals(const Arguments& arguments) {
  ASSIGN_OR_RETURN(const int order, Order(arguments));
  return Json(order >= 0);
}

absl::StatusOr<Json> Not(const Arguments& arguments) {
  ASSIGN_OR_RETURN(const bool value, arguments.Boolean(0));
  return Json(!value);
}

absl::StatusOr<Json> True(const Arguments&) { return Json(true); }
absl::StatusOr<Json> False(const Arguments&) { return Json(false); }
absl::StatusOr<Json> Null(const Arguments&) { return Json(); }

absl::StatusOr<Json> Bool(const Arguments& arguments) {
  if (arguments[0].is_boolean()) return arguments[0];
  if (arguments[0].is_number_integer()) return Json(arguments[0] != 0);
  ASSIGN_OR_RETURN(const std::string text, arguments.Text(0));
  const std::string lower = absl::AsciiStrToLower(text);
  if (lower == "true" || lower == "1") return Json(true);
  if (lower == "false" || lower == "0") return Json(false);
  return errors::BadExpression(0, absl::StrCat("bool: \"", text, "\" is neither true nor false"));
}

absl::StatusOr<Json> Int(const Arguments& arguments) {
  if (arguments[0].is_number_integer()) return arguments[0];
  ASSIGN_OR_RETURN(const std::string text, arguments.Text(0));
  int64_t number = 0;
  if (absl::SimpleAtoi(text, &number)) return Json(number);
  return errors::BadExpression(0, absl::StrCat("int: \"", text, "\" is not a whole number"));
}

absl::StatusOr<Json> ReadJson(const Arguments& arguments) {
  ASSIGN_OR_RETURN(const std::string text, arguments.Text(0));
  absl::StatusOr<Json> value = ParseDocument(text, "the text");
  if (!value.ok()) return errors::BadExpression(0, absl::StrCat("json: ", value.status().message()));
  return value;
}

}  // namespace

const Functions& LogicFunctions() {
  static const auto* const functions = new Functions{
      {"add", {2, 2, Add}},
      {"bool", {1, 1, Bool}},
      {"div", {2, 2, Div}},
      {"equals", {2, 2, Equals}},
      {"false", {0, 0, False}},
      {"greater", {2, 2, Greater}},
      {"greaterOrEquals", {2, 2, GreaterOrEquals}},
      {"int", {1, 1, Int}},
      {"json", {1, 1, ReadJson}},
      {"less", {2, 2, Less}},
      {"lessOrEquals", {2, 2, LessOrEquals}},
      {"max", {1, kAnyNumber, Max}},
      {"min", {1, kAnyNumber, Min}},
      {"mod", {2, 2, Mod}},
      {"mul", {2, 2, Mul}},
      {"not", {1, 1, Not}},
      {"null", {0, 0, Null}},
      {"sub", {2, 2, Sub}},
      {"true", {0, 0, True}},
  };
  return *functions;
}

}  // namespace nonet::cli::deploy
