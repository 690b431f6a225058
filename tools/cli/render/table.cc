#include "tools/cli/render/table.h"

#include <algorithm>

#include "absl/strings/str_cat.h"

namespace nonet::cli {
namespace {

// Columns on the screen: code points, good for every name that can occur here.
size_t Width(absl::string_view text) {
  return static_cast<size_t>(std::count_if(
      text.begin(), text.end(), [](char c) { return (static_cast<unsigned char>(c) & 0xC0) != 0x80; }));
}

}  // namespace

std::string Paint(absl::string_view text, Tone tone, const Style& style) {
  if (!style.colour || tone == Tone::kPlain || text.empty()) return std::string(text);
  const char* code = tone == Tone::kGood ? "32" : tone == Tone::kBad ? "31" : "2";
  return absl::StrCat("\x1b[", code, "m", text, "\x1b[0m");
}

std::string Printable(absl::string_view text) {
  std::string clean(text);
  for (char& c : clean) {
    if (static_cast<unsigned char>(c) < 0x20 || c == 0x7F) c = '?';
  }
  return clean;
}

std::string RenderTable(const Table& table, const Style& style) {
  if (table.rows.empty()) return table.when_empty;
  std::vector<size_t> widths;
  for (const std::string& column : table.columns) widths.push_back(Width(column));
  for (const auto& row : table.rows) {
    for (size_t i = 0; i < row.size() && i < widths.size(); ++i) {
      widths[i] = std::max(widths[i], Width(Printable(row[i].text)));
    }
  }
  std::string text;
  const auto line = [&](const std::vector<Cell>& row) {
    std::string out;
    for (size_t i = 0; i < row.size(); ++i) {
      const std::string clean = Printable(row[i].text);
      absl::StrAppend(&out, Paint(clean, row[i].tone, style));
      if (i + 1 < row.size()) out.append(widths[i] - Width(clean) + 2, ' ');
    }
    while (!out.empty() && out.back() == ' ') out.pop_back();
    absl::StrAppend(&text, out, "\n");
  };
  std::vector<Cell> head;
  for (const std::string& column : table.columns) head.emplace_back(column, Tone::kDim);
  line(head);
  for (const auto& row : table.rows) line(row);
  return text;
}

}  // namespace nonet::cli
