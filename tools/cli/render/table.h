// A table for people: columns two spaces apart, colour only where the style asks for it. Pure; thread-safe.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "absl/strings/string_view.h"

namespace nonet::cli {

struct Style {
  bool colour = false;
};

enum class Tone { kPlain, kGood, kBad, kDim };

struct Cell {
  Cell(std::string t, Tone to = Tone::kPlain)
      : text(std::move(t)), tone(to) {}  // NOLINT: cells are written as text
  Cell(const char* t) : text(t) {}       // NOLINT
  std::string text;
  Tone tone = Tone::kPlain;
};

struct Table {
  std::vector<std::string> columns;  // "NAME", "REGION"
  std::vector<std::vector<Cell>> rows;
  std::string when_empty;  // Printed instead of a table without rows; ends with a newline, or is empty.
};

std::string RenderTable(const Table& table, const Style& style);

std::string Paint(absl::string_view text, Tone tone, const Style& style);

// Control characters of foreign text become '?': a tag must not move the reader's cursor.
std::string Printable(absl::string_view text);

}  // namespace nonet::cli
