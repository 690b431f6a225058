// Arrays, objects, and what applies to texts as well: length, contains, first.
#include <algorithm>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "common/base/status_macros.h"
#include "tools/cli/deploy/errors.h"
#include "tools/cli/deploy/function_table.h"
#include "tools/cli/deploy/limits.h"

namespace nonet::cli::deploy {
namespace {

// An object's key is found without case.
const Json* Member(const Json& object, absl::string_view key) {
  for (const auto& [name, value] : object.items()) {
    if (absl::EqualsIgnoreCase(absl::string_view(name), key)) return &value;
  }
  return nullptr;
}

absl::StatusOr<Json> Array(const Arguments& arguments) {
  return arguments[0].is_array() ? arguments[0] : Json::array({arguments[0]});
}

absl::StatusOr<Json> CreateArray(const Arguments& arguments) {
  Json array = Json::array();
  for (const Json& value : arguments.values) array.push_back(value);
  return array;
}

absl::StatusOr<Json> CreateObject(const Arguments& arguments) {
  if (arguments.size() % 2 != 0) {
    return errors::BadExpression(0, "createObject takes pairs of a key and a value");
  }
  Json object = Json::object();
  for (size_t i = 0; i < arguments.size(); i += 2) {
    ASSIGN_OR_RETURN(const std::string key, arguments.Text(i));
    object[key] = arguments[i + 1];
  }
  return object;
}

absl::StatusOr<Json> Length(const Arguments& arguments) {
  const Json& value = arguments[0];
  if (value.is_string()) return Json(static_cast<int64_t>(value.get_ref<const std::string&>().size()));
  if (value.is_array() || value.is_object()) return Json(static_cast<int64_t>(value.size()));
  return arguments.WrongKind(0, "a text, an array or an object");
}

absl::StatusOr<Json> Empty(const Arguments& arguments) {
  const Json& value = arguments[0];
  if (value.is_null()) return Json(true);
  ASSIGN_OR_RETURN(const Json length, Length(arguments));
  return Json(length == 0);
}

absl::StatusOr<Json> Contains(const Arguments& arguments) {
  const Json& value = arguments[0];
  if (value.is_array()) {
    return Json(std::find(value.begin(), value.end(), arguments[1]) != value.end());
  }
  ASSIGN_OR_RETURN(const std::string part, arguments.Text(1));
  if (value.is_object()) return Json(Member(value, part) != nullptr);
  if (!value.is_string()) return arguments.WrongKind(0, "a text, an array or an object");
  return Json(value.get_ref<const std::string&>().find(part) != std::string::npos);
}

absl::StatusOr<Json> FirstOrLast(const Arguments& arguments, bool first) {
  const Json& value = arguments[0];
  if (value.is_array()) {
    if (value.empty()) return Json();
    return first ? value.front() : value.back();
  }
  ASSIGN_OR_RETURN(const std::string text, arguments.Text(0));
  if (text.empty()) return Json("");
  return Json(std::string(1, first ? text.front() : text.back()));
}
absl::StatusOr<Json> First(const Arguments& arguments) { return FirstOrLast(arguments, true); }
absl::StatusOr<Json> Last(const Arguments& arguments) { return FirstOrLast(arguments, false); }

absl::StatusOr<Json> Slice(const Arguments& arguments, bool take) {
  const Json& value = arguments[0];
  ASSIGN_OR_RETURN(int64_t count, arguments.Number(1));
  ASSIGN_OR_RETURN(const Json length, Length(arguments));
  count = std::clamp<int64_t>(count, 0, length.get<int64_t>());
  if (value.is_object()) return arguments.WrongKind(0, "a text or an array");
  if (value.is_string()) {
    const auto& text = value.get_ref<const std::string&>();
    return Json(take ? text.substr(0, static_cast<size_t>(count)) : text.substr(static_cast<size_t>(count)));
  }
  Json part = Json::array();
  const auto middle = value.begin() + count;
  for (auto item = take ? value.begin() : middle; item != (take ? middle : value.end()); ++item) {
    part.push_back(*item);
  }
  return part;
}
absl::StatusOr<Json> Take(const Arguments& arguments) { return Slice(arguments, true); }
absl::StatusOr<Json> Skip(const Arguments& arguments) { return Slice(arguments, false); }

absl::StatusOr<Json> Range(const Arguments& arguments) {
  ASSIGN_OR_RETURN(const int64_t start, arguments.NumberWithin(0, -1'000'000'000, 1'000'000'000));
  ASSIGN_OR_RETURN(const int64_t count, arguments.NumberWithin(1, 0, static_cast<int64_t>(kArrayItemsMax)));
  Json array = Json::array();
  for (int64_t i = 0; i < count; ++i) array.push_back(start + i);
  return array;
}

// Of arrays: every different item once. Of objects: all members, the later ones win, objects within merged.
void Merge(Json& into, const Json& from) {
  for (const auto& [key, value] : from.items()) {
    if (value.is_object() && into.contains(key) && into[key].is_object()) {
      Merge(into[key], value);
    } else {
      into[key] = value;
    }
  }
}

absl::StatusOr<Json> Union(const Arguments& arguments) {
  const bool arrays = arguments[0].is_array();
  RETURN_IF_ERROR(arguments.All(
      arrays ? [](const Json& v) { return v.is_array(); } : [](const Json& v) { return v.is_object(); },
      arrays ? "an array as the first one is" : "an object"));
  Json all = arguments[0];
  for (size_t i = 1; i < arguments.size(); ++i) {
    if (!arrays) {
      Merge(all, arguments[i]);
      continue;
    }
    for (const Json& item : arguments[i]) {
      if (std::find(all.begin(), all.end(), item) == all.end()) all.push_back(item);
    }
  }
  return all;
}

// The value at a way of keys and indices, null where there is none.
absl::StatusOr<Json> TryGet(const Arguments& arguments) {
  const Json* at = &arguments[0];
  for (size_t i = 1; i < arguments.size(); ++i) {
    const Json& key = arguments[i];
    if (key.is_string()) {
      at = at->is_object() ? Member(*at, key.get_ref<const std::string&>()) : nullptr;
    } else if (key.is_number_integer()) {
      const int64_t index = key.get<int64_t>();
      const bool inside = at->is_array() && index >= 0 && index < static_cast<int64_t>(at->size());
      at = inside ? &(*at)[static_cast<size_t>(index)] : nullptr;
    } else {
      return arguments.WrongKind(i, "a key or an index");
    }
    if (at == nullptr) return Json();
  }
  return *at;
}

}  // namespace

const Functions& CollectionFunctions() {
  static const auto* const functions = new Functions{
      {"array", {1, 1, Array}},
      {"contains", {2, 2, Contains}},
      {"createArray", {0, kAnyNumber, CreateArray}},
      {"createObject", {0, kAnyNumber, CreateObject}},
      {"empty", {1, 1, Empty}},
      {"first", {1, 1, First}},
      {"last", {1, 1, Last}},
      {"length", {1, 1, Length}},
      {"range", {2, 2, Range}},
      {"skip", {2, 2, Skip}},
      {"take", {2, 2, Take}},
      {"tryGet", {2, kAnyNumber, TryGet}},
      {"union", {1, kAnyNumber, Union}},
  };
  return *functions;
}

}  // namespace nonet::cli::deploy
