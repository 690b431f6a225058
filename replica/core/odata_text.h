// The string functions of filters. Lengths and indexes count UTF-16 code units, as in .NET, where Azure's
// service runs: an emoji counts two. Pure; on bytes that are not UTF-8 they say something, and never fail.
//
//   Substring("user-ab-de", 5, 2);   // "ab"
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "absl/strings/string_view.h"

namespace nonet::replica::odata {

int64_t Length(absl::string_view text);
// -1: not in there. The empty text is at 0.
int64_t IndexOf(absl::string_view text, absl::string_view what);
// nullopt when it is not all inside the text, or an end is in the middle of a character.
std::optional<absl::string_view> Substring(absl::string_view text, int64_t start,
                                           std::optional<int64_t> length);
// Without Unicode's white space at both ends.
absl::string_view Trim(absl::string_view text);

// One character to one, of Latin, Greek, Cyrillic and Armenian; other scripts stay. The result is `text` when
// nothing changes, else it is in `storage`, which outlives it.
absl::string_view ToLower(absl::string_view text, std::string* storage);
absl::string_view ToUpper(absl::string_view text, std::string* storage);

}  // namespace nonet::replica::odata
