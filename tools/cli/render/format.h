// Output forms. A command makes one View; Render turns it into text. Pure; thread-safe.
//
//   out << Render({.document = ..., .table = ..., .names = {"westus"}}, Format::kYaml, style);
#pragma once

#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <vector>

#include "absl/strings/string_view.h"
#include "tools/cli/render/table.h"

namespace nonet::cli {

using Json = nlohmann::ordered_json;

enum class Format { kTable, kJson, kYaml, kName };

// "table", "json", "yaml", "name"; nullopt otherwise.
std::optional<Format> ParseFormat(absl::string_view word);

struct View {
  Json document;                   // For json and yaml.
  Table table;                     // For people ...
  std::string text;                // ... or, when not empty, this instead of the table.
  std::vector<std::string> names;  // For -o name, one a line.
};

// Ends with a newline, or is empty.
std::string Render(const View& view, Format format, const Style& style);

// Strings that YAML would read as something else are quoted.
std::string ToYaml(const Json& document);

}  // namespace nonet::cli
