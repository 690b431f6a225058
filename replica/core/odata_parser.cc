#include "replica/core/odata_parser.h"

#include <array>
#include <charconv>
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "common/base/status_macros.h"
#include "replica/codec/ws_frame.h"
#include "replica/core/limits.h"
#include "replica/core/odata_lexer.h"

namespace nonet::replica::odata {
namespace {

struct Spelling {
  absl::string_view name;
  Op op;
};

// Without regard to case.
constexpr std::array<Spelling, 3> kFields = {
    {{"userId", Op::kUserId}, {"connectionId", Op::kConnectionId}, {"groups", Op::kGroups}}};
constexpr std::array<Spelling, 10> kFunctions = {{{"contains", Op::kContains},
                                                  {"startswith", Op::kStartsWith},
                                                  {"endswith", Op::kEndsWith},
                                                  {"tolower", Op::kToLower},
                                                  {"toupper", Op::kToUpper},
                                                  {"trim", Op::kTrim},
                                                  {"substring", Op::kSubstring},
                                                  {"concat", Op::kConcat},
                                                  {"indexof", Op::kIndexOf},
                                                  {"length", Op::kLength}}};
// In lower case only.
constexpr std::array<Spelling, 3> kLiterals = {
    {{"true", Op::kTrue}, {"false", Op::kFalse}, {"null", Op::kNull}}};
constexpr std::array<Spelling, 6> kComparisons = {
    {{"eq", Op::kEq}, {"ne", Op::kNe}, {"gt", Op::kGt}, {"ge", Op::kGe}, {"lt", Op::kLt}, {"le", Op::kLe}}};
constexpr std::array<absl::string_view, 4> kOtherKeywords = {"and", "or", "not", "in"};

template <size_t N>
Op FindExactly(const std::array<Spelling, N>& table, absl::string_view name, Op otherwise) {
  for (const Spelling& each : table) {
    if (each.name == name) return each.op;
  }
  return otherwise;
}

template <size_t N>
Op FindAnyCase(const std::array<Spelling, N>& table, absl::string_view name, Op otherwise) {
  for (const Spelling& each : table) {
    if (absl::EqualsIgnoreCase(each.name, name)) return each.op;
  }
  return otherwise;
}

bool IsKeyword(absl::string_view word, bool any_case) {
  const auto same = [&](absl::string_view keyword) {
    return any_case ? absl::EqualsIgnoreCase(keyword, word) : keyword == word;
  };
  for (const absl::string_view keyword : kOtherKeywords) {
    if (same(keyword)) return true;
  }
  for (const Spelling& each : kComparisons) {
    if (same(each.name)) return true;
  }
  return false;
}

// What the next operand begins and ends at, the parentheses around it included.
struct Operand {
  uint16_t node = kNoNode;
  Range range;
};

class Parser {
 public:
  explicit Parser(Tree* tree) : tree_(*tree), lexer_(tree->text) { Advance(); }

  absl::Status Run() {
    ASSIGN_OR_RETURN(const Operand whole, Or());
    if (token_.kind != TokenKind::kEnd) return Unexpected("an operator or the end");
    tree_.root = whole.node;
    return absl::OkStatus();
  }

 private:
  // Counts the levels of parentheses, calls and `not` around what is read.
  class Level {
   public:
    explicit Level(Parser& parser) : parser_(parser) { ++parser_.depth_; }
    ~Level() { --parser_.depth_; }
    Level(const Level&) = delete;
    Level& operator=(const Level&) = delete;

   private:
    Parser& parser_;
  };

  void Advance() { token_ = lexer_.Next(); }
  absl::string_view Word() const {
    return token_.kind == TokenKind::kWord ? tree_.Slice(token_.begin, token_.end) : absl::string_view();
  }
  Range Whole() const { return {0, static_cast<uint16_t>(tree_.text.size())}; }
  Range Here() const { return {token_.begin, token_.end}; }

  absl::Status Unexpected(absl::string_view wanted, absl::string_view hint = "") const {
    if (token_.kind == TokenKind::kUnterminated) {
      return Bad(tree_, Whole(), Here(), "The text has no closing quote.",
                 "a quote inside a text is doubled: 'vic''s'");
    }
    const absl::string_view found = tree_.Slice(token_.begin, token_.end);
    if (!Word().empty() && IsKeyword(found, true) && !IsKeyword(found, false)) {
      hint = "operators are in lower case";
    } else if (token_.kind == TokenKind::kStray) {
      hint = "the operators are eq, ne, gt, ge, lt, le, in, and, or, not; texts are in single quotes";
    }
    return Bad(
        tree_, Whole(), Here(),
        absl::StrCat("Expected ", wanted, ", found ",
                     token_.kind == TokenKind::kEnd ? "the end" : absl::StrCat("'", Shown(found), "'"), "."),
        hint);
  }

  absl::StatusOr<uint16_t> Add(Op op, Range range) {
    if (tree_.nodes.size() >= kFilterTermsMax) {
      return Bad(tree_, Whole(), range,
                 absl::StrCat("It has more than ", kFilterTermsMax, " fields, constants and operators."),
                 "split it into several requests");
    }
    Node& node = tree_.nodes.emplace_back();
    node.op = op;
    node.begin = range.begin;
    node.end = range.end;
    return static_cast<uint16_t>(tree_.nodes.size() - 1);
  }

  // An operator over operands that are there.
  absl::StatusOr<Operand> Join(Op op, const Operand& left, const Operand& right) {
    const Range range{left.range.begin, right.range.end};
    ASSIGN_OR_RETURN(const uint16_t node, Add(op, range));
    tree_[node].child = left.node;
    tree_[left.node].next = right.node;
    return Operand{node, range};
  }

  absl::StatusOr<Operand> Or() { return Chain("or", Op::kOr, &Parser::And); }
  absl::StatusOr<Operand> And() { return Chain("and", Op::kAnd, &Parser::Comparison); }

  absl::StatusOr<Operand> Chain(absl::string_view word, Op op, absl::StatusOr<Operand> (Parser::*part)()) {
    ASSIGN_OR_RETURN(const Operand first, (this->*part)());
    if (Word() != word) return first;
    Operand chain;
    uint16_t last = first.node;
    while (Word() == word) {
      Advance();
      ASSIGN_OR_RETURN(const Operand next, (this->*part)());
      if (chain.node == kNoNode) {
        ASSIGN_OR_RETURN(chain, Join(op, first, next));
      } else {
        tree_[last].next = next.node;
        chain.range.end = tree_[chain.node].end = next.range.end;
      }
      last = next.node;
    }
    return chain;
  }

  // One comparison: what a comparison says is compared again only in parentheses.
  absl::StatusOr<Operand> Comparison() {
    ASSIGN_OR_RETURN(const Operand left, Unary());
    if (!AtComparison()) return left;
    const Op op = FindExactly(kComparisons, Word(), Op::kIn);
    Advance();
    Operand compared;
    if (op == Op::kIn) {
      ASSIGN_OR_RETURN(compared, Membership(left));
    } else {
      ASSIGN_OR_RETURN(const Operand right, Unary());
      ASSIGN_OR_RETURN(compared, Join(op, left, right));
    }
    if (AtComparison()) {
      return Unexpected("'and', 'or' or the end", "a comparison inside another one stands in parentheses");
    }
    return compared;
  }

  bool AtComparison() const {
    return Word() == "in" || FindExactly(kComparisons, Word(), Op::kIn) != Op::kIn;
  }

  // After "in": a list in parentheses, or a collection.
  absl::StatusOr<Operand> Membership(const Operand& value) {
    if (token_.kind != TokenKind::kOpen) {
      ASSIGN_OR_RETURN(const Operand collection, Unary());
      return Join(Op::kIn, value, collection);
    }
    ASSIGN_OR_RETURN(const Operand list, List());
    const Range range{value.range.begin, list.range.end};
    ASSIGN_OR_RETURN(const uint16_t node, Add(Op::kInList, range));
    tree_[node].child = value.node;
    tree_[value.node].next = list.node;
    return Operand{node, range};
  }

  // "(a, b)": its first node is returned, the others follow it.
  absl::StatusOr<Operand> List() {
    const Level level(*this);
    RETURN_IF_ERROR(CheckDepth());
    Operand list;
    list.range.begin = token_.begin;
    uint16_t last = kNoNode;
    do {
      Advance();
      ASSIGN_OR_RETURN(const Operand item, Or());
      (last == kNoNode ? list.node : tree_[last].next) = item.node;
      last = item.node;
    } while (token_.kind == TokenKind::kComma);
    if (token_.kind != TokenKind::kClose) return Unexpected("',' or ')'");
    list.range.end = token_.end;
    Advance();
    return list;
  }

  // `not` takes the very next operand and no more.
  absl::StatusOr<Operand> Unary() {
    if (Word() != "not") return Primary();
    const Level level(*this);
    RETURN_IF_ERROR(CheckDepth());
    const uint16_t begin = token_.begin;
    Advance();
    ASSIGN_OR_RETURN(const Operand operand, Unary());
    const Range range{begin, operand.range.end};
    ASSIGN_OR_RETURN(const uint16_t node, Add(Op::kNot, range));
    tree_[node].child = operand.node;
    return Operand{node, range};
  }

  absl::StatusOr<Operand> Primary() {
    switch (token_.kind) {
      case TokenKind::kOpen:
        return Parenthesized();
      case TokenKind::kText:
        return Text();
      case TokenKind::kNumber:
        return Number();
      case TokenKind::kWord:
        if (!IsKeyword(Word(), false)) return Name();
        break;
      default:
        break;
    }
    return Unexpected("a value");
  }

  absl::StatusOr<Operand> Parenthesized() {
    const Level level(*this);
    RETURN_IF_ERROR(CheckDepth());
    const uint16_t begin = token_.begin;
    Advance();
    ASSIGN_OR_RETURN(Operand inner, Or());
    if (token_.kind != TokenKind::kClose) return Unexpected("an operator or ')'");
    inner.range = {begin, token_.end};
    Advance();
    return inner;
  }

  absl::StatusOr<Operand> Text() {
    ASSIGN_OR_RETURN(const uint16_t node, Add(Op::kText, Here()));
    const Operand operand{node, Here()};
    const absl::string_view inside = tree_.Slice(token_.begin + 1, token_.end - 1);
    tree_[node].number = -1;
    if (absl::StrContains(inside, '\'')) {
      tree_[node].number = static_cast<int32_t>(tree_.unescaped.size());
      tree_.unescaped.push_back(absl::StrReplaceAll(inside, {{"''", "'"}}));
    }
    Advance();
    return operand;
  }

  absl::StatusOr<Operand> Number() {
    ASSIGN_OR_RETURN(const uint16_t node, Add(Op::kInt, Here()));
    const Operand operand{node, Here()};
    absl::string_view digits = tree_.TextOf(tree_[node]);
    if (digits.front() == '+') digits.remove_prefix(1);
    const auto [end, error] =
        std::from_chars(digits.data(), digits.data() + digits.size(), tree_[node].number);
    if (error != std::errc()) {
      return Bad(tree_, Whole(), Here(),
                 absl::StrCat("Token '", Shown(tree_.TextOf(tree_[node])), "' is not supported."),
                 "an int has 32 bits");
    }
    Advance();
    return operand;
  }

  absl::StatusOr<Operand> Name() {
    const absl::string_view name = Word();
    const Range range = Here();
    Advance();
    if (token_.kind == TokenKind::kOpen) {
      const Op function = FindAnyCase(kFunctions, name, Op::kUnknownFunction);
      ASSIGN_OR_RETURN(const Operand arguments, List());
      const Range call{range.begin, arguments.range.end};
      ASSIGN_OR_RETURN(const uint16_t node, Add(function, call));
      tree_[node].child = arguments.node;
      return Operand{node, call};
    }
    Op op = FindExactly(kLiterals, name, Op::kUnknownField);
    if (op == Op::kUnknownField) op = FindAnyCase(kFields, name, Op::kUnknownField);
    ASSIGN_OR_RETURN(const uint16_t node, Add(op, range));
    return Operand{node, range};
  }

  absl::Status CheckDepth() const {
    if (depth_ <= kFilterDepthMax) return absl::OkStatus();
    return Bad(tree_, Whole(), Here(),
               absl::StrCat("It is nested more than ", kFilterDepthMax, " levels deep."));
  }

  Tree& tree_;
  Lexer lexer_;
  Token token_;
  size_t depth_ = 0;
};

}  // namespace

absl::StatusOr<Tree> Parse(absl::string_view text) {
  static_assert(kFilterBytesMax < UINT16_MAX && kFilterTermsMax < kNoNode);
  Tree tree;
  if (text.size() > kFilterBytesMax) {
    tree.text = "filter";
    return Bad(tree, {0, 6}, {}, absl::StrCat("It has more than ", kFilterBytesMax, " bytes."),
               "split it into several requests");
  }
  if (!IsUtf8(text)) {
    tree.text = "filter";
    return Bad(tree, {0, 6}, {}, "It is not valid UTF-8.");
  }
  tree.text = std::string(text);
  RETURN_IF_ERROR(Parser(&tree).Run());
  tree.nodes.shrink_to_fit();
  return tree;
}

}  // namespace nonet::replica::odata
