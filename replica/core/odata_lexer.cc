#include "replica/core/odata_lexer.h"

#include "absl/strings/ascii.h"

namespace nonet::replica::odata {
namespace {

// A path (a/b, a.b) is one word: the language has none, and the error then names all of it.
bool IsWordByte(char c) { return absl::ascii_isalnum(c) || c == '_' || c == '.' || c == '/'; }

}  // namespace

size_t Lexer::EndOfText(size_t at) const {
  for (++at; at < text_.size(); ++at) {
    if (text_[at] != '\'') continue;
    if (at + 1 >= text_.size() || text_[at + 1] != '\'') return at + 1;
    ++at;  // A doubled quote is a quote.
  }
  return absl::string_view::npos;
}

size_t Lexer::EndOfWord(size_t at) const {
  while (at < text_.size() && IsWordByte(text_[at])) ++at;
  return at;
}

// All bytes of one character.
size_t Lexer::EndOfStray(size_t at) const {
  ++at;
  while (at < text_.size() && (static_cast<unsigned char>(text_[at]) & 0xC0) == 0x80) ++at;
  return at;
}

Token Lexer::Take(TokenKind kind, size_t end) {
  const Token token{kind, static_cast<uint16_t>(at_), static_cast<uint16_t>(end)};
  at_ = end;
  return token;
}

Token Lexer::Next() {
  while (at_ < text_.size() && absl::ascii_isspace(text_[at_])) ++at_;
  if (at_ == text_.size()) return Take(TokenKind::kEnd, at_);
  const char c = text_[at_];
  if (c == '(') return Take(TokenKind::kOpen, at_ + 1);
  if (c == ')') return Take(TokenKind::kClose, at_ + 1);
  if (c == ',') return Take(TokenKind::kComma, at_ + 1);
  if (c == '\'') {
    const size_t end = EndOfText(at_);
    if (end == absl::string_view::npos) return Take(TokenKind::kUnterminated, text_.size());
    return Take(TokenKind::kText, end);
  }
  const bool is_signed = c == '+' || c == '-';
  if (is_signed || absl::ascii_isdigit(c)) {
    size_t end = at_ + (is_signed ? 1 : 0);
    const size_t digits = end;
    while (end < text_.size() && absl::ascii_isdigit(text_[end])) ++end;
    const size_t word = EndOfWord(end);
    return Take(end == digits || word != end ? TokenKind::kStray : TokenKind::kNumber, word);
  }
  if (IsWordByte(c)) return Take(TokenKind::kWord, EndOfWord(at_));
  return Take(TokenKind::kStray, EndOfStray(at_));
}

}  // namespace nonet::replica::odata
