#include "replica/core/odata_filter.h"

#include <forward_list>
#include <optional>
#include <string>
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "common/base/status_macros.h"
#include "replica/core/odata_check.h"
#include "replica/core/odata_parser.h"
#include "replica/core/odata_text.h"
#include "replica/core/odata_tree.h"

namespace nonet::replica {
namespace odata {
namespace {

struct Value {
  Kind kind = Kind::kNull;
  int64_t number = 0;  // Also of a bool.
  absl::string_view text;

  bool null() const { return kind == Kind::kNull; }
  friend bool operator==(const Value& a, const Value& b) {
    return a.kind == b.kind && a.number == b.number && a.text == b.text;
  }
};

Value Bool(bool value) { return {Kind::kBool, value ? 1 : 0, {}}; }
Value Int(int64_t value) { return {Kind::kInt, value, {}}; }
Value Text(absl::string_view value) { return {Kind::kString, 0, value}; }

// One connection, once. The tree was checked, so that every operand has the type that is read of it, or is
// null. Memory is taken for what tolower, toupper and concat make anew, and for nothing else.
class Evaluation {
 public:
  Evaluation(const Tree& tree, const ConnectionFilter::Subject& subject) : tree_(tree), subject_(subject) {}

  bool Holds(uint16_t i) { return Of(i).number != 0; }

 private:
  Value Of(uint16_t i) {
    const Node& node = tree_[i];
    switch (node.op) {
      case Op::kNull:
        return Value();
      case Op::kTrue:
        return Bool(true);
      case Op::kFalse:
        return Bool(false);
      case Op::kInt:
        return Int(node.number);
      case Op::kText:
        return Text(node.number >= 0 ? absl::string_view(tree_.unescaped[static_cast<size_t>(node.number)])
                                     : tree_.Slice(node.begin + 1, node.end - 1));
      case Op::kConnectionId:
        return Text(subject_.connection_id);
      case Op::kUserId:
        return subject_.user_id.empty() ? Value() : Text(subject_.user_id);
      case Op::kNot:
        return Bool(!Holds(node.child));
      case Op::kAnd:
        return Bool(!Any(node.child, false));
      case Op::kOr:
        return Bool(Any(node.child, true));
      case Op::kEq:
        return Bool(Of(node.child) == Of(Second(node)));
      case Op::kNe:
        return Bool(!(Of(node.child) == Of(Second(node))));
      case Op::kGt:
      case Op::kGe:
      case Op::kLt:
      case Op::kLe:
        return Bool(Ordered(node));
      case Op::kIn: {
        const Value value = Of(node.child);
        return Bool(value.kind == Kind::kString && subject_.groups.contains(value.text));
      }
      case Op::kInList:
        return Bool(InList(node));
      default:
        return Function(node);
    }
  }

  uint16_t Second(const Node& node) const { return tree_[node.child].next; }

  // Whether one of a chain is `wanted`.
  bool Any(uint16_t i, bool wanted) {
    for (; i != kNoNode; i = tree_[i].next) {
      if (Holds(i) == wanted) return true;
    }
    return false;
  }

  bool Ordered(const Node& node) {
    const Value left = Of(node.child), right = Of(Second(node));
    if (left.null() || right.null()) return false;
    if (node.op == Op::kGt) return left.number > right.number;
    if (node.op == Op::kGe) return left.number >= right.number;
    if (node.op == Op::kLt) return left.number < right.number;
    return left.number <= right.number;
  }

  bool InList(const Node& node) {
    const Value value = Of(node.child);
    for (uint16_t member = Second(node); member != kNoNode; member = tree_[member].next) {
      if (Of(member) == value) return true;
    }
    return false;
  }

  Value Function(const Node& node) {
    if (node.op == Op::kLength && tree_[node.child].kind == Kind::kCollection) {
      return Int(static_cast<int64_t>(subject_.groups.size()));
    }
    const Value first = Of(node.child);
    switch (node.op) {
      case Op::kLength:
        return first.null() ? Value() : Int(Length(first.text));
      case Op::kToLower:
        return first.null() ? Value() : Text(Mapped(first.text, ToLower));
      case Op::kToUpper:
        return first.null() ? Value() : Text(Mapped(first.text, ToUpper));
      case Op::kTrim:
        return first.null() ? Value() : Text(Trim(first.text));
      case Op::kSubstring:
        return Part(node, first);
      default:
        return OfTwo(node.op, first, Of(Second(node)));
    }
  }

  absl::string_view Mapped(absl::string_view text,
                           absl::string_view (*map)(absl::string_view, std::string*)) {
    std::string storage;
    const absl::string_view mapped = map(text, &storage);
    return mapped.data() == storage.data() ? made_.emplace_front(std::move(storage)) : mapped;
  }

  Value OfTwo(Op op, const Value& first, const Value& second) {
    if (op == Op::kConcat) {
      if (first.null() || second.null()) return first.null() ? second : first;
      return Text(made_.emplace_front(absl::StrCat(first.text, second.text)));
    }
    const bool missing = first.null() || second.null();
    if (op == Op::kIndexOf) return Int(missing ? -1 : IndexOf(first.text, second.text));
    if (missing) return Bool(false);
    if (op == Op::kStartsWith) return Bool(absl::StartsWith(first.text, second.text));
    if (op == Op::kEndsWith) return Bool(absl::EndsWith(first.text, second.text));
    return Bool(absl::StrContains(first.text, second.text));
  }

  Value Part(const Node& node, const Value& text) {
    if (text.null()) return Value();
    const Node& start = tree_[Second(node)];
    std::optional<int64_t> length;
    if (start.next != kNoNode) length = Of(start.next).number;
    const auto part = Substring(text.text, Of(Second(node)).number, length);
    return part ? Text(*part) : Value();
  }

  const Tree& tree_;
  const ConnectionFilter::Subject& subject_;
  std::forward_list<std::string> made_;  // What values point into.
};

class Filter final : public ConnectionFilter {
 public:
  explicit Filter(Tree tree) : tree_(std::move(tree)) {}
  bool Matches(const Subject& subject) const override { return Evaluation(tree_, subject).Holds(tree_.root); }
  absl::string_view text() const override { return tree_.text; }

 private:
  const Tree tree_;
};

}  // namespace
}  // namespace odata

absl::StatusOr<std::shared_ptr<const ConnectionFilter>> ParseFilter(absl::string_view text) {
  ASSIGN_OR_RETURN(odata::Tree tree, odata::Parse(text));
  RETURN_IF_ERROR(odata::Check(&tree));
  return std::make_shared<const odata::Filter>(std::move(tree));
}

absl::StatusOr<std::shared_ptr<const ConnectionFilter>> ParseFilter(
    absl::string_view text, const std::shared_ptr<const ConnectionFilter>& last) {
  if (last != nullptr && last->text() == text) return last;
  return ParseFilter(text);
}

}  // namespace nonet::replica
