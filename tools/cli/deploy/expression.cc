#include "tools/cli/deploy/expression.h"

#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "common/base/status_macros.h"
#include "tools/cli/deploy/errors.h"
#include "tools/cli/deploy/limits.h"

namespace nonet::cli::deploy {
namespace {

// One pass over the text, from just after the opening bracket.
class Reader {
 public:
  explicit Reader(absl::string_view text) : text_(text), position_(1) {}

  absl::StatusOr<Expression> ReadAll() {
    ASSIGN_OR_RETURN(Expression expression, Read(0));
    SkipSpace();
    if (position_ != text_.size() - 1) {
      return errors::BadExpression(
          position_ + 1, absl::StrCat("\"", Rest(), "\" follows a whole expression"),
          "an expression is one call or literal: wrap parts in concat() or format()");
    }
    return expression;
  }

 private:
  absl::StatusOr<Expression> Read(int depth) {
    if (depth > kExpressionDepthMax) {
      return errors::BadExpression(position_ + 1,
                                   absl::StrCat("it is nested deeper than ", kExpressionDepthMax, " levels"),
                                   "put parts of it into variables");
    }
    ASSIGN_OR_RETURN(Expression expression, ReadPrimary(depth));
    int accesses = 0;
    while (true) {
      SkipSpace();
      const char next = Peek();
      if (next != '.' && (next != '[' || position_ >= text_.size() - 1)) return expression;
      if (depth + ++accesses > kExpressionDepthMax) {
        return errors::BadExpression(position_ + 1,
                                     absl::StrCat("it has more than ", kExpressionDepthMax, " accesses"),
                                     "put parts of it into variables");
      }
      ASSIGN_OR_RETURN(expression, ReadAccess(std::move(expression), depth + accesses));
    }
  }

  // ".name" or "[index]" after a value.
  absl::StatusOr<Expression> ReadAccess(Expression target, int depth) {
    Expression access;
    access.at = position_ + 1;
    const bool member = Peek() == '.';
    ++position_;
    SkipSpace();
    if (Peek() == '?') {
      return errors::BadExpression(position_ + 1, "access with ? is not read here",
                                   "tryGet(value, 'name') says the same");
    }
    if (member) {
      access.kind = Expression::Kind::kMember;
      access.text = ReadName();
      if (access.text.empty()) return Expected("a property's name after the dot");
      access.parts.push_back(std::move(target));
      return access;
    }
    access.kind = Expression::Kind::kIndex;
    access.parts.push_back(std::move(target));
    ASSIGN_OR_RETURN(Expression index, Read(depth + 1));
    access.parts.push_back(std::move(index));
    SkipSpace();
    if (Peek() != ']' || position_ >= text_.size() - 1) return Expected("] after the index");
    ++position_;
    return access;
  }

  absl::StatusOr<Expression> ReadPrimary(int depth) {
    SkipSpace();
    const char first = Peek();
    if (first == '\'') return ReadText();
    if (first == '-' || absl::ascii_isdigit(first)) return ReadNumber();
    Expression call;
    call.kind = Expression::Kind::kCall;
    call.at = position_ + 1;
    call.text = ReadName();
    if (call.text.empty()) return Expected("a function, a number or a text in single quotes");
    SkipSpace();
    if (Peek() == '.') {
      return errors::BadExpression(call.at,
                                   "functions of a template's own (namespace.name) are not supported",
                                   "write what it does out in a variable");
    }
    if (Peek() != '(') return Expected(absl::StrCat("( after ", call.text));
    ++position_;
    SkipSpace();
    if (Peek() == ')') {
      ++position_;
      return call;
    }
    while (true) {
      ASSIGN_OR_RETURN(Expression argument, Read(depth + 1));
      call.parts.push_back(std::move(argument));
      SkipSpace();
      const char next = Peek();
      if (next != ',' && next != ')') return Expected(absl::StrCat(", or ) in the call of ", call.text));
      ++position_;
      if (next == ')') return call;
    }
  }

  absl::StatusOr<Expression> ReadText() {
    Expression literal;
    literal.at = position_ + 1;
    for (++position_; position_ < text_.size() - 1; ++position_) {
      if (text_[position_] != '\'') {
        literal.text += text_[position_];
      } else if (position_ + 1 < text_.size() - 1 && text_[position_ + 1] == '\'') {
        literal.text += text_[++position_];
      } else {
        ++position_;
        return literal;
      }
    }
    return errors::BadExpression(literal.at, "the text that begins here has no closing quote",
                                 "a quote within a text is written twice: 'it''s'");
  }

  absl::StatusOr<Expression> ReadNumber() {
    Expression literal;
    literal.kind = Expression::Kind::kNumber;
    literal.at = position_ + 1;
    const size_t begin = position_++;
    while (absl::ascii_isdigit(Peek())) ++position_;
    const absl::string_view digits = text_.substr(begin, position_ - begin);
    if (Peek() == '.' || !absl::SimpleAtoi(digits, &literal.number)) {
      return errors::BadExpression(literal.at, absl::StrCat("\"", digits, "\" is not a whole number"));
    }
    return literal;
  }

  std::string ReadName() {
    const size_t begin = position_;
    if (!absl::ascii_isalpha(Peek()) && Peek() != '_') return "";
    while (absl::ascii_isalnum(Peek()) || Peek() == '_') ++position_;
    return std::string(text_.substr(begin, position_ - begin));
  }

  absl::Status Expected(absl::string_view what) const {
    const std::string found = position_ < text_.size() - 1 ? absl::StrCat("\"", Rest(), "\"") : "the end";
    return errors::BadExpression(position_ + 1, absl::StrCat("expected ", what, ", found ", found));
  }

  // What is left, for messages.
  std::string Rest() const {
    constexpr size_t kShown = 20;
    const absl::string_view rest = text_.substr(position_, text_.size() - 1 - position_);
    return rest.size() <= kShown ? std::string(rest) : absl::StrCat(rest.substr(0, kShown), "...");
  }

  char Peek() const { return position_ < text_.size() ? text_[position_] : '\0'; }
  void SkipSpace() {
    while (position_ < text_.size() - 1 && absl::ascii_isspace(text_[position_])) ++position_;
  }

  const absl::string_view text_;  // Ends with the closing bracket.
  size_t position_;
};

}  // namespace

bool IsExpression(absl::string_view text) {
  return text.size() >= 2 && text.front() == '[' && text.back() == ']' && text[1] != '[';
}

std::string Unescape(absl::string_view text) {
  return std::string(absl::StartsWith(text, "[[") ? text.substr(1) : text);
}

absl::StatusOr<Expression> ParseExpression(absl::string_view text) {
  if (text.size() > kExpressionBytesMax) {
    return errors::BadExpression(
        1, absl::StrCat("it has ", text.size(), " characters; the limit is ", kExpressionBytesMax),
        "put parts of it into variables");
  }
  return Reader(text).ReadAll();
}

}  // namespace nonet::cli::deploy
