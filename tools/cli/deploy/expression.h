// The expression language of templates, "[concat(parameters('name'), '-x')]", as a tree. Recursive descent
// with bounded depth and size. Pure; thread-safe.
//
//   ASSIGN_OR_RETURN(const Expression e, ParseExpression("[variables('regions')[0]]"));
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

namespace nonet::cli::deploy {

struct Expression {
  enum class Kind {
    kText,    // 'literal'; text
    kNumber,  // 42; number
    kCall,    // text(parts...)
    kMember,  // parts[0].text
    kIndex,   // parts[0][parts[1]]
  };
  Kind kind = Kind::kText;
  std::string text;
  int64_t number = 0;
  std::vector<Expression> parts;
  size_t at = 0;  // The character it begins at, from 1.
};

// Whether a string of a template is an expression: in brackets, and not "[[...", which stands for "[...".
bool IsExpression(absl::string_view text);

// The string that a template means by one that is no expression.
std::string Unescape(absl::string_view text);

absl::StatusOr<Expression> ParseExpression(absl::string_view text);

}  // namespace nonet::cli::deploy
