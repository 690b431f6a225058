#include "tools/cli/args/matrix.h"

#include <algorithm>
#include <cmath>
#include <map>
#include <string>
#include <vector>

#include "absl/strings/ascii.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "common/regions/regions.h"
#include "tools/cli/errors.h"

namespace nonet::cli {
namespace {

constexpr double kMsMax = 60'000;
constexpr size_t kLabelMax = 128;
constexpr char kShape[] = "a CSV in the shape of common/regions/data/azure-region-rtt.csv";

absl::Status Bad(absl::string_view label, size_t line, absl::string_view why) {
  return errors::Usage(absl::StrCat(label, ", line ", line, ": ", why), kShape);
}

std::vector<absl::string_view> Cells(absl::string_view line) {
  std::vector<absl::string_view> cells = absl::StrSplit(line, ',');
  for (absl::string_view& cell : cells) cell = absl::StripAsciiWhitespace(cell);
  return cells;
}

absl::Status CheckName(absl::string_view label, size_t line, absl::string_view region) {
  if (FindRegion(region) != nullptr) return absl::OkStatus();
  return Bad(label, line,
             absl::StrCat("there is no Azure region \"", region.substr(0, 64), "\"; did you mean ",
                          NearestRegionName(region), "?"));
}

}  // namespace

absl::StatusOr<steering::v1::RoundTrips> ParseMatrix(absl::string_view csv, absl::string_view label) {
  if (csv.size() > kMatrixBytesMax) return Bad(label, 1, "it is bigger than 1 MiB");
  std::map<std::string, std::map<std::string, uint32_t>> figures;  // From, to.
  std::vector<std::string> columns;
  size_t number = 0;
  for (const absl::string_view line : absl::StrSplit(csv, '\n')) {
    ++number;
    if (absl::StripAsciiWhitespace(line).empty()) continue;
    const std::vector<absl::string_view> cells = Cells(line);
    const bool head = columns.empty();
    for (size_t i = head ? 1 : 0; i < (head ? cells.size() : 1); ++i) {
      if (absl::Status status = CheckName(label, number, cells[i]); !status.ok()) return status;
    }
    if (head) {
      for (size_t i = 1; i < cells.size(); ++i) columns.emplace_back(cells[i]);
      if (columns.empty()) return Bad(label, number, "it names no region");
      for (const std::string& column : columns) {
        if (std::count(columns.begin(), columns.end(), column) > 1) {
          return Bad(label, number, absl::StrCat(column, " is there twice"));
        }
        figures[column];
      }
      continue;
    }
    if (cells.size() != columns.size() + 1) {
      return Bad(label, number, absl::StrCat(cells.size() - 1, " figures for ", columns.size(), " regions"));
    }
    std::map<std::string, uint32_t>& row = figures[std::string(cells[0])];
    if (!row.empty()) return Bad(label, number, absl::StrCat(cells[0], " has a line already"));
    for (size_t i = 0; i < columns.size(); ++i) {
      double ms = 0;
      if (cells[i + 1].empty()) continue;
      if (!absl::SimpleAtod(cells[i + 1], &ms) || !(ms >= 0) || ms > kMsMax) {
        return Bad(label, number, absl::StrCat("\"", cells[i + 1], "\" is no round trip in milliseconds"));
      }
      row[columns[i]] = static_cast<uint32_t>(std::lround(ms));
    }
  }
  if (columns.empty()) return Bad(label, 1, "it is empty");
  steering::v1::RoundTrips matrix;
  matrix.set_label(std::string(label.substr(0, kLabelMax)));
  for (const auto& [from, row] : figures) matrix.add_regions(from);
  for (const auto& [from, row] : figures) {
    for (const auto& [to, unused] : figures) {
      const auto it = row.find(to);
      matrix.add_ms(it == row.end() ? 0 : it->second);
    }
  }
  return matrix;
}

}  // namespace nonet::cli
