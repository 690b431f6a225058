// Texts: concat, format, substring and their like.
#include <algorithm>

#include "absl/strings/ascii.h"
#include "absl/strings/escaping.h"
#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_replace.h"
#include "absl/strings/str_split.h"
#include "common/base/status_macros.h"
#include "tools/cli/deploy/errors.h"
#include "tools/cli/deploy/function_table.h"
#include "tools/cli/deploy/limits.h"

namespace nonet::cli::deploy {
namespace {

// As format() and string() write a value: texts bare, booleans as .NET writes them, the rest as JSON.
std::string TextOf(const Json& value) {
  if (value.is_string()) return value.get<std::string>();
  if (value.is_boolean()) return value.get<bool>() ? "True" : "False";
  if (value.is_null()) return "";
  return value.dump(-1, ' ', false, Json::error_handler_t::replace);
}

absl::Status CheckTextSize(size_t bytes) {
  if (bytes <= kValueBytesMax) return absl::OkStatus();
  return errors::BadExpression(0, absl::StrCat("the text grows beyond ", kValueBytesMax, " bytes"));
}

absl::StatusOr<Json> Concat(const Arguments& arguments) {
  const bool arrays = arguments[0].is_array();
  Json joined = Json::array();
  std::string text;
  for (size_t i = 0; i < arguments.size(); ++i) {
    if (arguments[i].is_array() != arrays) {
      return arguments.WrongKind(i, arrays ? "an array as the first one is" : "a text, number or boolean");
    }
    if (arrays) {
      joined.insert(joined.end(), arguments[i].begin(), arguments[i].end());
      if (joined.size() > kArrayItemsMax) {
        return errors::BadExpression(0, absl::StrCat("the array grows beyond ", kArrayItemsMax, " items"));
      }
      continue;
    }
    if (arguments[i].is_object()) return arguments.WrongKind(i, "a text, number or boolean");
    absl::StrAppend(&text, TextOf(arguments[i]));
    RETURN_IF_ERROR(CheckTextSize(text.size()));
  }
  return arrays ? joined : Json(text);
}

// One "{0}" of a format; `inside` is what stands between the braces.
absl::StatusOr<std::string> FormatItem(const Arguments& arguments, absl::string_view inside) {
  size_t index = 0;
  if (!absl::SimpleAtoi(inside, &index)) {
    return errors::BadExpression(0, absl::StrCat("format: {", inside, "} is not {0}, {1}, ..."),
                                 "a brace in the text is written twice; alignment and number formats are not "
                                 "supported");
  }
  if (index + 1 >= arguments.size()) {
    return errors::BadExpression(
        0, absl::StrCat("format: {", index, "} has no argument; there are ", arguments.size() - 1));
  }
  return TextOf(arguments[index + 1]);
}

absl::StatusOr<Json> Format(const Arguments& arguments) {
  ASSIGN_OR_RETURN(const std::string pattern, arguments.Text(0));
  std::string text;
  for (size_t i = 0; i < pattern.size(); ++i) {
    const char c = pattern[i];
    if (c != '{' && c != '}') {
      text += c;
      continue;
    }
    if (i + 1 < pattern.size() && pattern[i + 1] == c) {
      text += c;
      ++i;
      continue;
    }
    const size_t end = pattern.find('}', i);
    if (c == '}' || end == pattern.npos) {
      return errors::BadExpression(
          0, absl::StrCat("format: a single ", std::string(1, c), " in \"", pattern, "\""),
          "a brace in the text is written twice");
    }
    ASSIGN_OR_RETURN(const std::string item,
                     FormatItem(arguments, absl::string_view(pattern).substr(i + 1, end - i - 1)));
    text += item;
    RETURN_IF_ERROR(CheckTextSize(text.size()));
    i = end;
  }
  return Json(text);
}

absl::StatusOr<Json> ToLower(const Arguments& arguments) {
  ASSIGN_OR_RETURN(const std::string text, arguments.Text(0));
  return Json(absl::AsciiStrToLower(text));
}

absl::StatusOr<Json> ToUpper(const Arguments& arguments) {
  ASSIGN_OR_RETURN(const std::string text, arguments.Text(0));
  return Json(absl::AsciiStrToUpper(text));
}

absl::StatusOr<Json> Trim(const Arguments& arguments) {
  ASSIGN_OR_RETURN(const std::string text, arguments.Text(0));
  return Json(std::string(absl::StripAsciiWhitespace(text)));
}

absl::StatusOr<Json> Replace(const Arguments& arguments) {
  ASSIGN_OR_RETURN(const std::string text, arguments.Text(0));
  ASSIGN_OR_RETURN(const std::string old_part, arguments.Text(1));
  ASSIGN_OR_RETURN(const std::string new_part, arguments.Text(2));
  if (old_part.empty()) return errors::BadExpression(0, "replace: what is to be replaced is empty");
  // The longest it can become, before it is made.
  RETURN_IF_ERROR(CheckTextSize(text.size() + text.size() / old_part.size() * new_part.size()));
  return Json(absl::StrReplaceAll(text, {{old_part, new_part}}));
}

absl::StatusOr<Json> Substring(const Arguments& arguments) {
  ASSIGN_OR_RETURN(const std::string text, arguments.Text(0));
  const auto size = static_cast<int64_t>(text.size());
  ASSIGN_OR_RETURN(const int64_t start, arguments.NumberWithin(1, 0, size));
  int64_t length = size - start;
  if (arguments.size() == 3) {
    ASSIGN_OR_RETURN(length, arguments.NumberWithin(2, 0, size - start));
  }
  return Json(text.substr(static_cast<size_t>(start), static_cast<size_t>(length)));
}

absl::StatusOr<Json> Split(const Arguments& arguments) {
  ASSIGN_OR_RETURN(const std::string text, arguments.Text(0));
  ASSIGN_OR_RETURN(const std::string delimiter, arguments.Text(1));
  if (delimiter.empty()) return errors::BadExpression(0, "split: the delimiter is empty");
  Json parts = Json::array();
  for (const absl::string_view part : absl::StrSplit(text, delimiter)) {
    parts.push_back(std::string(part));
    if (parts.size() > kArrayItemsMax) return errors::BadExpression(0, "split: too many parts");
  }
  return parts;
}

absl::StatusOr<Json> Join(const Arguments& arguments) {
  if (!arguments[0].is_array()) return arguments.WrongKind(0, "an array");
  ASSIGN_OR_RETURN(const std::string delimiter, arguments.Text(1));
  std::vector<std::string> parts;
  size_t bytes = 0;
  for (const Json& part : arguments[0]) {
    parts.push_back(TextOf(part));
    bytes += parts.back().size() + delimiter.size();
    RETURN_IF_ERROR(CheckTextSize(bytes));
  }
  return Json(absl::StrJoin(parts, delimiter));
}

absl::StatusOr<Json> StartsWithText(const Arguments& arguments) {
  ASSIGN_OR_RETURN(const std::string text, arguments.Text(0));
  ASSIGN_OR_RETURN(const std::string part, arguments.Text(1));
  return Json(absl::StartsWithIgnoreCase(text, part));
}

absl::StatusOr<Json> EndsWithText(const Arguments& arguments) {
  ASSIGN_OR_RETURN(const std::string text, arguments.Text(0));
  ASSIGN_OR_RETURN(const std::string part, arguments.Text(1));
  return Json(absl::EndsWithIgnoreCase(text, part));
}

absl::StatusOr<Json> IndexOf(const Arguments& arguments) {
  ASSIGN_OR_RETURN(const std::string text, arguments.Text(0));
  ASSIGN_OR_RETURN(const std::string part, arguments.Text(1));
  const size_t at = absl::AsciiStrToLower(text).find(absl::AsciiStrToLower(part));
  return Json(at == std::string::npos ? int64_t{-1} : static_cast<int64_t>(at));
}

absl::StatusOr<Json> PadLeft(const Arguments& arguments) {
  if (!arguments[0].is_string() && !arguments[0].is_number_integer()) {
    return arguments.WrongKind(0, "a text or a whole number");
  }
  const std::string text = TextOf(arguments[0]);
  ASSIGN_OR_RETURN(const int64_t width, arguments.NumberWithin(1, 0, 1'000));
  std::string with = " ";
  if (arguments.size() == 3) {
    ASSIGN_OR_RETURN(with, arguments.Text(2));
  }
  if (with.size() != 1) return errors::BadExpression(0, "padLeft: what it fills with is one character");
  const size_t missing = static_cast<size_t>(width) - std::min(text.size(), static_cast<size_t>(width));
  return Json(std::string(missing, with[0]) + text);
}

absl::StatusOr<Json> String(const Arguments& arguments) { return Json(TextOf(arguments[0])); }

absl::StatusOr<Json> Base64(const Arguments& arguments) {
  ASSIGN_OR_RETURN(const std::string text, arguments.Text(0));
  RETURN_IF_ERROR(CheckTextSize(text.size() * 4 / 3 + 4));
  return Json(absl::Base64Escape(text));
}

// 13 letters and digits made of the arguments: the same ones give the same text. Azure documents no more
// than that, so the text differs from what Azure would make.
absl::StatusOr<Json> UniqueString(const Arguments& arguments) {
  uint64_t hash = 0xcbf29ce484222325;  // FNV-1a.
  for (size_t i = 0; i < arguments.size(); ++i) {
    ASSIGN_OR_RETURN(const std::string text, arguments.Text(i));
    for (const char c : text + '\0') hash = (hash ^ static_cast<uint8_t>(c)) * 0x100000001b3;
  }
  hash ^= hash >> 32;
  std::string text;
  for (int i = 0; i < 13; ++i, hash = hash / 32) text += "abcdefghijklmnopqrstuvwxyz234567"[hash % 32];
  return Json(text);
}

}  // namespace

const Functions& TextFunctions() {
  static const auto* const functions = new Functions{
      {"base64", {1, 1, Base64}},
      {"concat", {1, kAnyNumber, Concat}},
      {"endsWith", {2, 2, EndsWithText}},
      {"format", {1, kAnyNumber, Format}},
      {"indexOf", {2, 2, IndexOf}},
      {"join", {2, 2, Join}},
      {"padLeft", {2, 3, PadLeft}},
      {"replace", {3, 3, Replace}},
      {"split", {2, 2, Split}},
      {"startsWith", {2, 2, StartsWithText}},
      {"string", {1, 1, String}},
      {"substring", {2, 3, Substring}},
      {"toLower", {1, 1, ToLower}},
      {"toUpper", {1, 1, ToUpper}},
      {"trim", {1, 1, Trim}},
      {"uniqueString", {1, kAnyNumber, UniqueString}},
  };
  return *functions;
}

}  // namespace nonet::cli::deploy
