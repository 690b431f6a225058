#include "replica/codec/permissions.h"

#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"
#include "common/base/error.h"
#include "common/base/status_macros.h"
#include "replica/codec/limits.h"

namespace nonet::replica {
namespace {

absl::Status BadPattern(absl::string_view pattern, absl::string_view why) {
  return MakeError(absl::StatusCode::kInvalidArgument, "ROLE_PATTERN_INVALID",
                   absl::StrCat("role pattern \"", pattern, "\" is invalid: ", why),
                   {.next_step = "use ?, *, ** (at most five *) and \\ only before \\ * ?"});
}

bool IsContinuationByte(char c) { return (static_cast<unsigned char>(c) & 0xC0) == 0x80; }

}  // namespace

absl::StatusOr<GroupPattern> GroupPattern::Parse(absl::string_view pattern) {
  GroupPattern out;
  size_t stars = 0;
  for (size_t i = 0; i < pattern.size(); ++i) {
    const char c = pattern[i];
    if (c == '\\') {
      if (i + 1 == pattern.size()) return BadPattern(pattern, "it ends in a single backslash");
      const char next = pattern[++i];
      if (next != '\\' && next != '*' && next != '?') {
        return BadPattern(pattern, absl::StrCat("\\", std::string(1, next), " is no escape"));
      }
      out.tokens_.push_back({Token::Kind::kLiteral, next});
    } else if (c == '?') {
      out.tokens_.push_back({Token::Kind::kOne});
    } else if (c == '*') {
      const bool two = i + 1 < pattern.size() && pattern[i + 1] == '*';
      stars += two ? 2 : 1;
      if (stars > kPatternStarsMax) return BadPattern(pattern, "it has more than five *");
      if (two) ++i;
      out.tokens_.push_back({two ? Token::Kind::kDottedRun : Token::Kind::kRun});
    } else {
      out.tokens_.push_back({Token::Kind::kLiteral, c});
    }
  }
  return out;
}

// Greedy with two places to go back to: the last run, which stops at a dot, and the last dotted run. Going
// back to an earlier one never helps: it could only start the rest of the pattern later.
bool GroupPattern::Matches(absl::string_view group) const {
  constexpr size_t kNone = static_cast<size_t>(-1);
  size_t token = 0, at = 0;
  size_t run = kNone, run_at = 0;
  size_t dotted = kNone, dotted_at = 0;
  while (true) {
    if (token < tokens_.size()) {
      const Token& t = tokens_[token];
      if (t.kind == Token::Kind::kRun) {
        run = token++;
        run_at = at;
        continue;
      }
      if (t.kind == Token::Kind::kDottedRun) {
        dotted = token++;
        dotted_at = at;
        run = kNone;
        continue;
      }
      if (at < group.size()) {
        if (t.kind == Token::Kind::kLiteral && group[at] == t.literal) {
          ++token;
          ++at;
          continue;
        }
        if (t.kind == Token::Kind::kOne && group[at] != '.') {
          ++token;
          ++at;
          while (at < group.size() && IsContinuationByte(group[at])) ++at;
          continue;
        }
      }
    } else if (at == group.size()) {
      return true;
    }
    if (run != kNone && run_at < group.size() && group[run_at] != '.') {
      at = ++run_at;
      token = run + 1;
    } else if (dotted != kNone && dotted_at < group.size()) {
      at = ++dotted_at;
      token = dotted + 1;
      run = kNone;
    } else {
      return false;
    }
  }
}

absl::Status Permissions::AddRole(absl::string_view role) {
  if (++roles_ > kRolesMax) {
    return MakeError(absl::StatusCode::kInvalidArgument, "TOO_MANY_ROLES",
                     absl::StrCat("a token may carry at most ", kRolesMax, " roles"),
                     {.next_step = "use a pattern role such as webpubsub.sendToGroups.<pattern>"});
  }
  if (!absl::ConsumePrefix(&role, "webpubsub.")) return absl::OkStatus();
  if (absl::ConsumePrefix(&role, "joinLeaveGroup")) return AddTo(join_leave_, role);
  if (absl::ConsumePrefix(&role, "sendToGroup")) return AddTo(send_, role);
  return absl::OkStatus();
}

absl::Status Permissions::AddTo(Grants& grants, absl::string_view rest) {
  if (rest.empty()) {
    grants.all = true;
  } else if (absl::ConsumePrefix(&rest, "s.")) {
    ASSIGN_OR_RETURN(GroupPattern pattern, GroupPattern::Parse(rest));
    grants.patterns.push_back(std::move(pattern));
  } else if (absl::ConsumePrefix(&rest, ".") && !rest.empty()) {
    grants.groups.emplace(rest);
  }
  return absl::OkStatus();
}

bool Permissions::Allows(const Grants& grants, absl::string_view group) {
  if (grants.all || grants.groups.contains(group)) return true;
  for (const GroupPattern& pattern : grants.patterns) {
    if (pattern.Matches(group)) return true;
  }
  return false;
}

bool Permissions::Grant(Permission permission, absl::string_view group) {
  Grants& grants = Of(permission);
  if (group.empty()) {
    grants.all = true;
  } else if (!grants.groups.contains(group)) {
    if (grants.groups.size() >= kGrantedGroupsMax) return false;
    grants.groups.emplace(group);
  }
  return true;
}

void Permissions::Revoke(Permission permission, absl::string_view group) {
  Grants& grants = Of(permission);
  if (group.empty()) {
    grants = Grants();
  } else {
    grants.groups.erase(group);
  }
}

bool Permissions::Has(Permission permission, absl::string_view group) const {
  const Grants& grants = permission == Permission::kSendToGroup ? send_ : join_leave_;
  return group.empty() ? grants.all : Allows(grants, group);
}

}  // namespace nonet::replica
