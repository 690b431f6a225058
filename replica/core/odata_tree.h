// A filter as a tree in one flat array: 16 bytes a node, so that a filter that waits in a peer's log takes
// little more than its text. Plain values; pure.
//
//   for (uint16_t child = tree[i].child; child != kNoNode; child = tree[child].next) ...
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"

namespace nonet::replica::odata {

// What a part of a filter is worth. kNull as a type is that of the constant null alone.
enum class Kind : uint8_t { kNull, kBool, kInt, kString, kCollection };

enum class Op : uint8_t {
  // Constants.
  kNull,
  kTrue,
  kFalse,
  kInt,
  kText,
  // Fields.
  kUserId,
  kConnectionId,
  kGroups,
  kUnknownField,
  // Functions.
  kContains,
  kStartsWith,
  kEndsWith,
  kToLower,
  kToUpper,
  kTrim,
  kSubstring,
  kConcat,
  kIndexOf,
  kLength,
  kUnknownFunction,
  // Operators. A chain of `and` or of `or` is one node.
  kNot,
  kAnd,
  kOr,
  kEq,
  kNe,
  kGt,
  kGe,
  kLt,
  kLe,
  kIn,      // value, collection.
  kInList,  // value, members.
};

inline constexpr uint16_t kNoNode = UINT16_MAX;

struct Node {
  Op op = Op::kNull;
  Kind kind = Kind::kNull;  // Set by Check.
  bool absent = false;      // Set by Check: null for a connection without a user.
  uint16_t begin = 0;       // Its text, in bytes; parentheses around it are not of it.
  uint16_t end = 0;
  uint16_t child = kNoNode;  // The first one.
  uint16_t next = kNoNode;   // The next one of the same parent.
  int32_t number = 0;        // kInt: the value. kText: its place in `unescaped`, or -1: as it is written.
};

struct Tree {
  std::string text;
  std::vector<Node> nodes;
  std::vector<std::string> unescaped;  // The constants with a doubled quote.
  uint16_t root = kNoNode;

  const Node& operator[](uint16_t node) const { return nodes[node]; }
  Node& operator[](uint16_t node) { return nodes[node]; }
  absl::string_view Slice(uint16_t begin, uint16_t end) const {
    return absl::string_view(text).substr(begin, end - begin);
  }
  absl::string_view TextOf(const Node& node) const { return Slice(node.begin, node.end); }
};

// As errors quote it: at most kFilterPartShownMax bytes, whole characters, then "...".
std::string Shown(absl::string_view text);

// errors::FilterInvalid for a part of the text: `part` is quoted as what is wrong, `at` says where. Both are
// byte ranges.
struct Range {
  uint16_t begin = 0;
  uint16_t end = 0;
};
absl::Status Bad(const Tree& tree, Range part, Range at, absl::string_view why,
                 absl::string_view next_step = "");

}  // namespace nonet::replica::odata
