#include "controlplane/codec/json.h"

#include <nlohmann/json.hpp>
#include <optional>
#include <set>
#include <vector>

#include "absl/strings/str_cat.h"
#include "controlplane/codec/errors.h"

namespace nonet::controlplane::arm {
namespace {

// Before parsing, because a parsed document is as deep as its text is.
bool IsTooDeep(absl::string_view text) {
  int depth = 0;
  bool in_string = false;
  for (size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    if (in_string) {
      if (c == '\\') ++i;
      in_string = c != '"';
    } else if (c == '"') {
      in_string = true;
    } else if (c == '{' || c == '[') {
      if (++depth > kJsonDepthMax) return true;
    } else if (c == '}' || c == ']') {
      --depth;
    }
  }
  return false;
}

}  // namespace

absl::StatusOr<Json> ParseJson(absl::string_view text) {
  if (text.size() > kJsonBytesMax) {
    return errors::InvalidJson(absl::StrCat("it has ", text.size(), " bytes; at most ", kJsonBytesMax));
  }
  if (IsTooDeep(text)) {
    return errors::InvalidJson(absl::StrCat("it nests deeper than ", kJsonDepthMax, " levels"));
  }
  std::vector<std::set<std::string>> names;  // Of the objects that are open.
  std::optional<std::string> twice;
  const auto watch = [&](int, Json::parse_event_t event, Json& parsed) {
    if (event == Json::parse_event_t::object_start) names.emplace_back();
    if (event == Json::parse_event_t::object_end) names.pop_back();
    if (event == Json::parse_event_t::key && !names.back().insert(parsed.get<std::string>()).second) {
      twice = parsed.get<std::string>();
    }
    return true;
  };
  Json json;
  try {
    json = Json::parse(text.begin(), text.end(), watch);
  } catch (const Json::parse_error& error) {
    return errors::InvalidJson(
        absl::StrCat("it breaks off or has something unexpected at byte ", error.byte));
  }
  if (twice) return errors::InvalidJson(absl::StrCat("the property \"", *twice, "\" is there twice"));
  return json;
}

std::string ToText(const Json& json) { return json.dump(-1, ' ', false, Json::error_handler_t::replace); }

}  // namespace nonet::controlplane::arm
