// A filter's text as tokens. Pure.
//
//   Lexer lexer(text);
//   for (Token t = lexer.Next(); t.kind != TokenKind::kEnd; t = lexer.Next()) ...
#pragma once

#include <cstdint>

#include "absl/strings/string_view.h"

namespace nonet::replica::odata {

enum class TokenKind : uint8_t {
  kEnd,
  kWord,    // A name, a keyword, true, false or null.
  kText,    // With its quotes.
  kNumber,  // Digits, with or without a sign; it may be too large.
  kOpen,
  kClose,
  kComma,
  kUnterminated,  // A text without its closing quote.
  kStray,         // A character, or a malformed number, that the language does not have.
};

struct Token {
  TokenKind kind = TokenKind::kEnd;
  uint16_t begin = 0;  // Bytes.
  uint16_t end = 0;
};

class Lexer {
 public:
  // The text outlives the lexer and has at most kFilterBytesMax bytes of UTF-8.
  explicit Lexer(absl::string_view text) : text_(text) {}
  Token Next();

 private:
  size_t EndOfText(size_t at) const;
  size_t EndOfWord(size_t at) const;
  size_t EndOfStray(size_t at) const;
  Token Take(TokenKind kind, size_t end);

  absl::string_view text_;
  size_t at_ = 0;
};

}  // namespace nonet::replica::odata
