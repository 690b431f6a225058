#include <yaml-cpp/yaml.h>

#include <array>
#include <string>

#include "absl/strings/ascii.h"
#include "absl/strings/numbers.h"
#include "tools/cli/render/format.h"

namespace nonet::cli {
namespace {

// Plain in YAML means typed: "true", "1" and "null" as strings have to be quoted.
bool NeedsQuotes(const std::string& text) {
  static constexpr std::array<absl::string_view, 9> words = {"true", "false", "yes", "no", "on",
                                                             "off",  "null",  "~",   "y"};
  if (text.empty()) return true;
  const std::string lower = absl::AsciiStrToLower(text);
  for (const absl::string_view word : words) {
    if (lower == word) return true;
  }
  double number = 0;
  return lower == "n" || absl::SimpleAtod(text, &number) || absl::ascii_isdigit(text.front());
}

void Emit(YAML::Emitter& out, const Json& value) {
  switch (value.type()) {
    case Json::value_t::object:
      out << (value.empty() ? YAML::Flow : YAML::Block) << YAML::BeginMap;
      for (const auto& [key, item] : value.items()) {
        out << YAML::Key << key << YAML::Value;
        Emit(out, item);
      }
      out << YAML::EndMap;
      return;
    case Json::value_t::array:
      out << (value.empty() ? YAML::Flow : YAML::Block) << YAML::BeginSeq;
      for (const Json& item : value) Emit(out, item);
      out << YAML::EndSeq;
      return;
    case Json::value_t::string: {
      const std::string& text = value.get_ref<const std::string&>();
      if (NeedsQuotes(text)) out << YAML::DoubleQuoted;
      out << text;
      return;
    }
    case Json::value_t::boolean:
      out << value.get<bool>();
      return;
    case Json::value_t::null:
      out << YAML::Null;
      return;
    default:
      out << value.dump();
  }
}

}  // namespace

std::string ToYaml(const Json& document) {
  YAML::Emitter out;
  Emit(out, document);
  return std::string(out.c_str()) + "\n";
}

}  // namespace nonet::cli
