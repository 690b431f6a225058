#include "controlplane/codec/object_reader.h"

#include <algorithm>
#include <limits>
#include <nlohmann/json.hpp>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "controlplane/codec/errors.h"

namespace nonet::controlplane::arm {
namespace {

constexpr size_t kShownMax = 120;  // Characters of a value that an error repeats.

std::optional<std::string> InSpellingOf(absl::string_view value, ObjectReader::Allowed known) {
  for (const absl::string_view each : known) {
    if (absl::EqualsIgnoreCase(each, value)) return std::string(each);
  }
  return std::nullopt;
}

absl::string_view TypeName(const Json& json) {
  switch (json.type()) {
    case Json::value_t::object:
      return "an object";
    case Json::value_t::array:
      return "an array";
    case Json::value_t::string:
      return "a string";
    case Json::value_t::boolean:
      return "a boolean";
    case Json::value_t::null:
      return "null";
    default:
      return "a number";
  }
}

}  // namespace

const Json* Member(const Json* json, absl::string_view name) {
  if (json == nullptr || !json->is_object()) return nullptr;
  const auto found = json->find(std::string(name));
  return found == json->end() ? nullptr : &*found;
}

ObjectReader::ObjectReader(const Json* value, std::string path, absl::Status& status)
    : value_(value), path_(std::move(path)), status_(status) {
  if (value_ != nullptr && value_->is_null()) value_ = nullptr;
  if (value_ != nullptr && !value_->is_object()) {
    Fail(errors::WrongType(path_.empty() ? "the body" : path_, "an object", TypeName(*value_)));
    value_ = nullptr;
  }
}

std::string ObjectReader::Path(absl::string_view name) const {
  return path_.empty() ? std::string(name) : absl::StrCat(path_, ".", name);
}

const Json* ObjectReader::Find(absl::string_view name) {
  known_.emplace_back(name);
  if (!status_.ok()) return nullptr;
  const Json* found = Member(value_, name);
  return found == nullptr || found->is_null() ? nullptr : found;
}

bool ObjectReader::Has(absl::string_view name) { return Find(name) != nullptr; }

void ObjectReader::FailType(absl::string_view name, absl::string_view expected, const Json& found) {
  Fail(errors::WrongType(Path(name), expected, TypeName(found)));
}

std::optional<std::string> ObjectReader::String(absl::string_view name) {
  const Json* found = Find(name);
  if (found == nullptr) return std::nullopt;
  if (!found->is_string()) {
    FailType(name, "a string", *found);
    return std::nullopt;
  }
  return found->get<std::string>();
}

std::optional<std::string> ObjectReader::Spelled(absl::string_view name, Allowed known) {
  auto text = String(name);
  if (text) *text = InSpellingOf(*text, known).value_or(*text);
  return text;
}

std::optional<std::string> ObjectReader::OneOf(absl::string_view name, Allowed allowed) {
  const auto text = String(name);
  if (!text) return std::nullopt;
  auto spelled = InSpellingOf(*text, allowed);
  if (!spelled)
    Fail(errors::NotAllowed(Path(name), text->substr(0, kShownMax), absl::StrJoin(allowed, ", ")));
  return spelled;
}

std::optional<bool> ObjectReader::Bool(absl::string_view name) {
  const Json* found = Find(name);
  if (found == nullptr) return std::nullopt;
  if (!found->is_boolean()) {
    FailType(name, "true or false", *found);
    return std::nullopt;
  }
  return found->get<bool>();
}

std::optional<bool> ObjectReader::BoolText(absl::string_view name) {
  const Json* found = Find(name);
  if (found == nullptr) return std::nullopt;
  if (found->is_boolean()) return found->get<bool>();
  if (!found->is_string()) {
    FailType(name, "\"true\" or \"false\"", *found);
    return std::nullopt;
  }
  const auto spelled = OneOf(name, {"true", "false"});
  if (!spelled) return std::nullopt;
  return *spelled == "true";
}

std::optional<uint64_t> ObjectReader::WholeNumber(absl::string_view name, uint64_t max) {
  const Json* found = Find(name);
  if (found == nullptr) return std::nullopt;
  if (found->is_number_unsigned() && found->get<uint64_t>() <= max) return found->get<uint64_t>();
  const std::string expected = absl::StrCat("a whole number from 0 to ", max);
  if (found->is_number()) {
    Fail(errors::WrongType(Path(name), expected, ToText(*found).substr(0, kShownMax)));
  } else {
    FailType(name, expected, *found);
  }
  return std::nullopt;
}

std::optional<uint32_t> ObjectReader::Number(absl::string_view name) {
  const auto number = WholeNumber(name, std::numeric_limits<uint32_t>::max());
  if (!number) return std::nullopt;
  return static_cast<uint32_t>(*number);
}

std::optional<uint64_t> ObjectReader::BigNumber(absl::string_view name) {
  return WholeNumber(name, std::numeric_limits<int64_t>::max());
}

std::optional<std::map<std::string, std::string>> ObjectReader::StringMap(absl::string_view name) {
  ObjectReader object = Object(name);
  if (!object.present()) return std::nullopt;
  std::map<std::string, std::string> map;
  for (const auto& [key, value] : object.value_->items()) {
    if (value.is_null()) continue;
    if (!value.is_string()) {
      object.FailType(key, "a string", value);
      return std::nullopt;
    }
    map[key] = value.get<std::string>();
  }
  return map;
}

std::optional<std::vector<std::string>> ObjectReader::Strings(absl::string_view name, size_t max) {
  const Json* found = Find(name);
  if (found == nullptr) return std::nullopt;
  if (!found->is_array()) {
    FailType(name, "an array", *found);
    return std::nullopt;
  }
  if (found->size() > max) {
    Fail(errors::TooManyItems(Path(name), found->size(), max));
    return std::nullopt;
  }
  std::vector<std::string> strings;
  for (size_t i = 0; i < found->size(); ++i) {
    const Json& item = (*found)[i];
    if (!item.is_string()) {
      FailType(absl::StrCat(name, "[", i, "]"), "a string", item);
      return std::nullopt;
    }
    strings.push_back(item.get<std::string>());
  }
  return strings;
}

std::optional<std::vector<std::string>> ObjectReader::SpelledStrings(absl::string_view name, Allowed known,
                                                                     size_t max) {
  auto strings = Strings(name, max);
  if (!strings) return std::nullopt;
  for (std::string& each : *strings) each = InSpellingOf(each, known).value_or(each);
  return strings;
}

ObjectReader ObjectReader::Object(absl::string_view name) { return {Find(name), Path(name), status_}; }

bool ObjectReader::Objects(absl::string_view name, size_t max,
                           const std::function<void(ObjectReader&)>& each) {
  const Json* found = Find(name);
  if (found == nullptr) return false;
  if (!found->is_array()) {
    FailType(name, "an array", *found);
    return false;
  }
  if (found->size() > max) {
    Fail(errors::TooManyItems(Path(name), found->size(), max));
    return false;
  }
  for (size_t i = 0; i < found->size() && status_.ok(); ++i) {
    const std::string path = absl::StrCat(Path(name), "[", i, "]");
    if ((*found)[i].is_null()) {
      Fail(errors::WrongType(path, "an object", "null"));
      return false;
    }
    ObjectReader item(&(*found)[i], path, status_);
    each(item);
    item.Finish();
  }
  return status_.ok();
}

bool ObjectReader::ObjectMap(absl::string_view name, size_t max,
                             const std::function<void(const std::string&, ObjectReader&)>& each) {
  ObjectReader map = Object(name);
  if (!map.present()) return false;
  if (map.value_->size() > max) {
    Fail(errors::TooManyItems(Path(name), map.value_->size(), max));
    return false;
  }
  for (const auto& [key, value] : map.value_->items()) {
    if (!status_.ok() || value.is_null()) continue;
    ObjectReader item(&value, map.Path(key), status_);
    each(key, item);
    item.Finish();
  }
  return status_.ok();
}

void ObjectReader::ReadOnly(absl::string_view name, const Json* current) {
  const Json* found = Find(name);
  const Json* stands = Member(current, name);
  if (found == nullptr || (stands != nullptr && *stands == *found)) return;
  Fail(errors::ReadOnlyProperty(Path(name),
                                stands == nullptr ? std::string() : ToText(*stands).substr(0, kShownMax)));
}

void ObjectReader::Ignore(std::initializer_list<absl::string_view> names) {
  for (const absl::string_view name : names) known_.emplace_back(name);
}

void ObjectReader::Require(absl::string_view name) {
  const bool there = Has(name);
  if (status_.ok() && !there) Fail(errors::MissingProperty(Path(name)));
}

void ObjectReader::Finish() {
  if (value_ == nullptr || !status_.ok()) return;
  for (const auto& [key, value] : value_->items()) {
    if (std::find(known_.begin(), known_.end(), key) != known_.end()) continue;
    std::vector<std::string> known = known_;
    std::sort(known.begin(), known.end());
    known.erase(std::unique(known.begin(), known.end()), known.end());
    // One that differs in case only is what was meant.
    for (const std::string& each : known) {
      if (absl::EqualsIgnoreCase(each, key)) known = {each};
    }
    return Fail(errors::UnknownProperty(Path(key.substr(0, kShownMax)), absl::StrJoin(known, ", ")));
  }
}

}  // namespace nonet::controlplane::arm
