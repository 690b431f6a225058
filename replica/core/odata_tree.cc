#include "replica/core/odata_tree.h"

#include "absl/strings/str_cat.h"
#include "replica/core/errors.h"
#include "replica/core/limits.h"

namespace nonet::replica::odata {
namespace {

// A character's first byte; the others of it continue.
bool StartsCharacter(char c) { return (static_cast<unsigned char>(c) & 0xC0) != 0x80; }

}  // namespace

std::string Shown(absl::string_view text) {
  if (text.size() <= kFilterPartShownMax) return std::string(text);
  size_t end = kFilterPartShownMax;
  while (end > 0 && !StartsCharacter(text[end])) --end;
  return absl::StrCat(text.substr(0, end), "...");
}

absl::Status Bad(const Tree& tree, Range part, Range at, absl::string_view why, absl::string_view next_step) {
  size_t position = 1;  // In characters.
  for (size_t i = 0; i < at.begin; ++i) position += StartsCharacter(tree.text[i]) ? 1 : 0;
  return errors::FilterInvalid(Shown(tree.Slice(part.begin, part.end)), why, position,
                               Shown(tree.Slice(at.begin, at.end)), next_step);
}

}  // namespace nonet::replica::odata
