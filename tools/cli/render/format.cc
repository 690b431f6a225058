#include "tools/cli/render/format.h"

#include "absl/strings/str_cat.h"

namespace nonet::cli {

std::optional<Format> ParseFormat(absl::string_view word) {
  if (word == "table") return Format::kTable;
  if (word == "json") return Format::kJson;
  if (word == "yaml") return Format::kYaml;
  if (word == "name") return Format::kName;
  return std::nullopt;
}

std::string Render(const View& view, Format format, const Style& style) {
  std::string text;
  switch (format) {
    case Format::kJson:
      // A byte that is not UTF-8 (a tag, say) is replaced, never an exception.
      return view.document.dump(2, ' ', false, Json::error_handler_t::replace) + "\n";
    case Format::kYaml:
      return ToYaml(view.document);
    case Format::kName:
      for (const std::string& name : view.names) absl::StrAppend(&text, name, "\n");
      return text;
    case Format::kTable:
      return view.text.empty() ? RenderTable(view.table, style) : view.text;
  }
  return text;
}

}  // namespace nonet::cli
