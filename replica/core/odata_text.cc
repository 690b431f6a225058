#include "replica/core/odata_text.h"

#include <algorithm>
#include <array>

namespace nonet::replica::odata {
namespace {

bool Continues(char c) { return (static_cast<unsigned char>(c) & 0xC0) == 0x80; }
// Four bytes of UTF-8 are two units of UTF-16.
int64_t UnitsAt(char first) { return static_cast<unsigned char>(first) >= 0xF0 ? 2 : 1; }

size_t NextCharacter(absl::string_view text, size_t at) {
  for (++at; at < text.size() && Continues(text[at]);) ++at;
  return at;
}

// The byte where `units` units from `from` end; nullopt: beyond the end, or inside a character.
std::optional<size_t> ByteAfter(absl::string_view text, size_t from, int64_t units) {
  while (units > 0 && from < text.size()) {
    units -= UnitsAt(text[from]);
    from = NextCharacter(text, from);
  }
  if (units != 0) return std::nullopt;
  return from;
}

bool IsSpace(absl::string_view character) {
  constexpr std::array<absl::string_view, 25> kSpaces = {
      "\t",           "\n",           "\v",           "\f",           "\r",           " ",
      "\xC2\x85",     "\xC2\xA0",     "\xE1\x9A\x80", "\xE2\x80\x80", "\xE2\x80\x81", "\xE2\x80\x82",
      "\xE2\x80\x83", "\xE2\x80\x84", "\xE2\x80\x85", "\xE2\x80\x86", "\xE2\x80\x87", "\xE2\x80\x88",
      "\xE2\x80\x89", "\xE2\x80\x8A", "\xE2\x80\xA8", "\xE2\x80\xA9", "\xE2\x80\xAF", "\xE2\x81\x9F",
      "\xE3\x80\x80"};
  return std::find(kSpaces.begin(), kSpaces.end(), character) != kSpaces.end();
}

// Every `step`th character from `first` to `last` is upper case; its lower case is `delta` further.
struct CaseRange {
  int first;
  int last;
  int delta;
  int step;
};
// Source: UnicodeData.txt, simple mappings below U+0590, both ways; without the dotless and the dotted i,
// which belong to Turkish alone.
constexpr std::array<CaseRange, 23> kCaseRanges = {
    {{0x41, 0x5A, 32, 1},   {0xC0, 0xD6, 32, 1},   {0xD8, 0xDE, 32, 1},   {0x100, 0x12E, 1, 2},
     {0x132, 0x136, 1, 2},  {0x139, 0x147, 1, 2},  {0x14A, 0x176, 1, 2},  {0x178, 0x178, -121, 1},
     {0x179, 0x17D, 1, 2},  {0x386, 0x386, 38, 1}, {0x388, 0x38A, 37, 1}, {0x38C, 0x38C, 64, 1},
     {0x38E, 0x38F, 63, 1}, {0x391, 0x3A1, 32, 1}, {0x3A3, 0x3AB, 32, 1}, {0x400, 0x40F, 80, 1},
     {0x410, 0x42F, 32, 1}, {0x460, 0x480, 1, 2},  {0x48A, 0x4BE, 1, 2},  {0x4C0, 0x4C0, 15, 1},
     {0x4C1, 0x4CD, 1, 2},  {0x4D0, 0x52E, 1, 2},  {0x531, 0x556, 48, 1}}};

int LowerOf(int c) {
  for (const CaseRange& range : kCaseRanges) {
    if (c >= range.first && c <= range.last && (c - range.first) % range.step == 0) return c + range.delta;
  }
  return c;
}

int UpperOf(int c) {
  if (c == 0x3C2) return 0x3A3;  // The final sigma.
  if (c == 0xB5) return 0x39C;   // The micro sign.
  for (const CaseRange& range : kCaseRanges) {
    const int upper = c - range.delta;
    if (upper >= range.first && upper <= range.last && (upper - range.first) % range.step == 0) return upper;
  }
  return c;
}

// Of one byte or of two: what a mapping yields has as many bytes.
absl::string_view Map(absl::string_view text, int (*mapping)(int), std::string* storage) {
  bool changed = false;
  const auto own = [&] {
    if (!changed) storage->assign(text.data(), text.size());
    changed = true;
  };
  for (size_t at = 0; at < text.size(); at = NextCharacter(text, at)) {
    const auto first = static_cast<unsigned char>(text[at]);
    if (first < 0x80) {
      const int mapped = mapping(first);
      if (mapped == first) continue;
      own();
      (*storage)[at] = static_cast<char>(mapped);
    } else if (first >= 0xC2 && first < 0xE0 && at + 1 < text.size() && Continues(text[at + 1])) {
      const int character = (first & 0x1F) << 6 | (static_cast<unsigned char>(text[at + 1]) & 0x3F);
      const int mapped = mapping(character);
      if (mapped == character) continue;
      own();
      (*storage)[at] = static_cast<char>(0xC0 | mapped >> 6);
      (*storage)[at + 1] = static_cast<char>(0x80 | (mapped & 0x3F));
    }
  }
  return changed ? absl::string_view(*storage) : text;
}

}  // namespace

int64_t Length(absl::string_view text) {
  int64_t units = 0;
  for (const char c : text) units += Continues(c) ? 0 : UnitsAt(c);
  return units;
}

int64_t IndexOf(absl::string_view text, absl::string_view what) {
  const size_t at = text.find(what);
  return at == absl::string_view::npos ? -1 : Length(text.substr(0, at));
}

std::optional<absl::string_view> Substring(absl::string_view text, int64_t start,
                                           std::optional<int64_t> length) {
  if (start < 0 || (length && *length < 0)) return std::nullopt;
  const auto begin = ByteAfter(text, 0, start);
  if (!begin) return std::nullopt;
  if (!length) return text.substr(*begin);
  const auto end = ByteAfter(text, *begin, *length);
  if (!end) return std::nullopt;
  return text.substr(*begin, *end - *begin);
}

absl::string_view Trim(absl::string_view text) {
  while (!text.empty()) {
    const size_t end = NextCharacter(text, 0);
    if (!IsSpace(text.substr(0, end))) break;
    text.remove_prefix(end);
  }
  while (!text.empty()) {
    size_t last = text.size() - 1;
    while (last > 0 && Continues(text[last])) --last;
    if (!IsSpace(text.substr(last))) break;
    text.remove_suffix(text.size() - last);
  }
  return text;
}

absl::string_view ToLower(absl::string_view text, std::string* storage) {
  return Map(text, LowerOf, storage);
}
absl::string_view ToUpper(absl::string_view text, std::string* storage) {
  return Map(text, UpperOf, storage);
}

}  // namespace nonet::replica::odata
