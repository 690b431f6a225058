#include "replica/core/odata_check.h"

#include "absl/strings/str_cat.h"
#include "common/base/status_macros.h"

namespace nonet::replica::odata {
namespace {

absl::string_view NameOf(Kind kind) {
  switch (kind) {
    case Kind::kNull:
      return "null";
    case Kind::kBool:
      return "bool";
    case Kind::kInt:
      return "int";
    case Kind::kString:
      return "string";
    case Kind::kCollection:
      return "collection";
  }
  return "null";
}

Range RangeOf(const Node& node) { return {node.begin, node.end}; }
bool IsField(Op op) { return op == Op::kUserId || op == Op::kConnectionId || op == Op::kGroups; }

// How many arguments a function takes, and what comes out.
struct Signature {
  size_t arguments_min = 1;
  size_t arguments_max = 1;
  Kind result = Kind::kString;
};

Signature SignatureOf(Op function) {
  switch (function) {
    case Op::kContains:
    case Op::kStartsWith:
    case Op::kEndsWith:
      return {2, 2, Kind::kBool};
    case Op::kIndexOf:
      return {2, 2, Kind::kInt};
    case Op::kLength:
      return {1, 1, Kind::kInt};
    case Op::kSubstring:
      return {2, 3, Kind::kString};
    case Op::kConcat:
      return {2, 2, Kind::kString};
    default:
      return {1, 1, Kind::kString};
  }
}

class Checker {
 public:
  explicit Checker(Tree* tree) : tree_(*tree) {}

  // `around`: the operator or function that the node is an operand of; itself at the root.
  absl::Status Check(uint16_t i, uint16_t around) {
    switch (tree_[i].op) {
      case Op::kNull:
        return Set(i, Kind::kNull, true);
      case Op::kTrue:
      case Op::kFalse:
        return Set(i, Kind::kBool);
      case Op::kInt:
        return Set(i, Kind::kInt);
      case Op::kText:
      case Op::kConnectionId:
        return Set(i, Kind::kString);
      case Op::kUserId:
        return Set(i, Kind::kString, true);
      case Op::kGroups:
        return Set(i, Kind::kCollection);
      case Op::kUnknownField:
        return Unsupported(i, around, "the fields are userId, connectionId and groups");
      case Op::kUnknownFunction:
        return Unsupported(i, i,
                           "the functions are contains, startswith, endswith, tolower, toupper, trim, "
                           "substring, concat, indexof and length");
      case Op::kNot:
      case Op::kAnd:
      case Op::kOr:
        return Logical(i);
      case Op::kEq:
      case Op::kNe:
        return Equality(i);
      case Op::kGt:
      case Op::kGe:
      case Op::kLt:
      case Op::kLe:
        return Ordering(i);
      case Op::kIn:
      case Op::kInList:
        return Membership(i);
      default:
        return Function(i);
    }
  }

  absl::Status ExpectBool(uint16_t operand, uint16_t parent) const {
    if (tree_[operand].kind == Kind::kBool) return absl::OkStatus();
    const bool lone_not = tree_[parent].op == Op::kNot;
    return Mismatch(operand, parent, Kind::kBool,
                    lone_not ? "'not' takes the next operand alone: put a comparison in parentheses" : "");
  }

 private:
  absl::Status Set(uint16_t i, Kind kind, bool absent = false) {
    tree_[i].kind = kind;
    tree_[i].absent = absent;
    return absl::OkStatus();
  }

  absl::Status Unsupported(uint16_t i, uint16_t part, absl::string_view next_step) const {
    const Node& node = tree_[i];
    return Bad(tree_, RangeOf(tree_[part]), RangeOf(node),
               absl::StrCat("Token '", Shown(tree_.TextOf(node)), "' is not supported."), next_step);
  }

  // As Azure does it, a function of something that may be missing is named 'null' here.
  absl::Status Mismatch(uint16_t operand, uint16_t parent, Kind expected,
                        absl::string_view next_step = "") const {
    const Node& node = tree_[operand];
    const bool may_be_null = node.absent && !IsField(node.op);
    return Bad(tree_, RangeOf(tree_[parent]), RangeOf(node),
               absl::StrCat("Type '", NameOf(may_be_null ? Kind::kNull : node.kind), "', expect '",
                            NameOf(expected), "'."),
               next_step);
  }

  absl::Status CheckOperands(uint16_t i) {
    for (uint16_t child = tree_[i].child; child != kNoNode; child = tree_[child].next) {
      RETURN_IF_ERROR(Check(child, i));
    }
    return absl::OkStatus();
  }

  absl::Status Logical(uint16_t i) {
    RETURN_IF_ERROR(CheckOperands(i));
    for (uint16_t child = tree_[i].child; child != kNoNode; child = tree_[child].next) {
      RETURN_IF_ERROR(ExpectBool(child, i));
    }
    return Set(i, Kind::kBool);
  }

  // Whatever has one value may be asked for; of different types nothing is equal.
  absl::Status ExpectValue(uint16_t operand, uint16_t parent) const {
    if (tree_[operand].kind != Kind::kCollection) return absl::OkStatus();
    return Mismatch(operand, parent, Kind::kString, "ask what is in a collection with 'in'");
  }

  absl::Status Equality(uint16_t i) {
    RETURN_IF_ERROR(CheckOperands(i));
    for (uint16_t child = tree_[i].child; child != kNoNode; child = tree_[child].next) {
      RETURN_IF_ERROR(ExpectValue(child, i));
    }
    return Set(i, Kind::kBool);
  }

  absl::Status Ordering(uint16_t i) {
    RETURN_IF_ERROR(CheckOperands(i));
    const uint16_t left = tree_[i].child, right = tree_[left].next;
    const bool null = tree_[left].kind == Kind::kNull || tree_[right].kind == Kind::kNull;
    for (const uint16_t operand : {left, right}) {
      if (null || tree_[operand].kind == Kind::kInt) continue;
      const Node& node = tree_[operand];
      return Bad(tree_, RangeOf(tree_[i]), RangeOf(node),
                 absl::StrCat("Type '", NameOf(node.kind), "', expect 'int'."),
                 "only numbers have an order; texts are compared with eq, ne and in");
    }
    return Set(i, Kind::kBool);
  }

  absl::Status Membership(uint16_t i) {
    RETURN_IF_ERROR(CheckOperands(i));
    const uint16_t value = tree_[i].child, first = tree_[value].next;
    RETURN_IF_ERROR(ExpectValue(value, i));
    const bool single = tree_[first].next == kNoNode;
    if (single && tree_[first].kind == Kind::kCollection) {
      tree_[i].op = Op::kIn;  // "in (groups)".
    } else if (tree_[i].op == Op::kIn) {
      return Mismatch(first, i, Kind::kCollection, "put the values in parentheses");
    }
    for (uint16_t member = first; !single && member != kNoNode; member = tree_[member].next) {
      RETURN_IF_ERROR(ExpectValue(member, i));
    }
    return Set(i, Kind::kBool);
  }

  absl::Status ExpectText(uint16_t argument, uint16_t function) const {
    const Kind kind = tree_[argument].kind;
    if (kind == Kind::kString || kind == Kind::kNull) return absl::OkStatus();
    return Mismatch(argument, function, Kind::kString);
  }

  absl::Status Function(uint16_t i) {
    const Op function = tree_[i].op;
    const Signature signature = SignatureOf(function);
    size_t arguments = 0;
    bool all_absent = true;
    for (uint16_t child = tree_[i].child; child != kNoNode; child = tree_[child].next) ++arguments;
    if (arguments < signature.arguments_min || arguments > signature.arguments_max) {
      return Invalid(i, "it takes another number of arguments");
    }
    RETURN_IF_ERROR(CheckOperands(i));
    const uint16_t first = tree_[i].child;
    for (uint16_t child = first; child != kNoNode; child = tree_[child].next) {
      all_absent &= tree_[child].absent;
      if (function == Op::kLength && tree_[child].kind == Kind::kCollection) continue;
      if (function == Op::kSubstring && child != first) {
        if (tree_[child].kind != Kind::kInt || tree_[child].absent) return Mismatch(child, i, Kind::kInt);
        continue;
      }
      if (function == Op::kLength && tree_[child].kind != Kind::kString && tree_[child].kind != Kind::kNull) {
        return Invalid(i, "only a text or a collection has a length");
      }
      RETURN_IF_ERROR(ExpectText(child, i));
    }
    const bool never_null = signature.result == Kind::kBool || function == Op::kIndexOf;
    const bool absent = function == Op::kSubstring ? tree_[first].absent : all_absent;
    return Set(i, signature.result, absent && !never_null);
  }

  absl::Status Invalid(uint16_t i, absl::string_view next_step) const {
    const Node& node = tree_[i];
    return Bad(tree_, RangeOf(node), RangeOf(node),
               absl::StrCat("Invalid token '", Shown(tree_.TextOf(node)), "'."), next_step);
  }

  Tree& tree_;
};

}  // namespace

absl::Status Check(Tree* tree) {
  Checker checker(tree);
  RETURN_IF_ERROR(checker.Check(tree->root, tree->root));
  return checker.ExpectBool(tree->root, tree->root);
}

}  // namespace nonet::replica::odata
