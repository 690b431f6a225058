// The nearest known word to a misspelt one. Pure; thread-safe.
//
//   Nearest("relica", {"replica", "resource"})  ->  "replica"
#pragma once

#include <string>
#include <vector>

#include "absl/strings/string_view.h"

namespace nonet::cli {

// Edits (insert, delete, replace, swap of neighbours) between two words, without case.
int EditDistance(absl::string_view a, absl::string_view b);

// The closest of `words`, the first of equals; empty when none is close enough to be meant: at most a third
// of the word's letters may differ, and at least one may.
std::string Nearest(absl::string_view word, const std::vector<std::string>& words);

// ": did you mean X?" or nothing.
std::string DidYouMean(absl::string_view word, const std::vector<std::string>& words);

}  // namespace nonet::cli
