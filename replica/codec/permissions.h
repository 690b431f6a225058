// What a token's roles allow. Pure.
//
//   webpubsub.sendToGroup              publish to any group
//   webpubsub.sendToGroup.<group>      that literal group, dots included
//   webpubsub.sendToGroups.<pattern>   groups that match: ? one character but '.', * any run without '.',
//                                      ** any run; \ escapes \ * ?
// and the same for joinLeaveGroup(s). Source: Azure Web PubSub, "Client permissions".
#pragma once

#include <string>
#include <vector>

#include "absl/container/flat_hash_set.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

namespace nonet::replica {

class GroupPattern {
 public:
  // INVALID_ARGUMENT: more than five '*', a backslash before anything but \ * ?, or at the end.
  static absl::StatusOr<GroupPattern> Parse(absl::string_view pattern);
  // Case-sensitive, byte by byte ('?' takes one whole UTF-8 character).
  bool Matches(absl::string_view group) const;

 private:
  struct Token {
    enum class Kind : unsigned char { kLiteral, kOne, kRun, kDottedRun } kind;
    char literal = 0;
  };
  std::vector<Token> tokens_;
};

// What a permission allows, as REST names them.
enum class Permission : unsigned char { kSendToGroup = 1, kJoinLeaveGroup };

class Permissions {
 public:
  // Roles of other features are ignored. INVALID_ARGUMENT on a bad pattern or above kRolesMax.
  absl::Status AddRole(absl::string_view role);

  bool MayJoinLeave(absl::string_view group) const { return Allows(join_leave_, group); }
  bool MaySend(absl::string_view group) const { return Allows(send_, group); }

  // An empty group means every group. False above kGrantedGroupsMax.
  bool Grant(Permission permission, absl::string_view group);
  // Takes back the literal group; without one everything that the permission allowed, patterns too.
  void Revoke(Permission permission, absl::string_view group);
  // Whether the group, or every group, is allowed.
  bool Has(Permission permission, absl::string_view group) const;

 private:
  struct Grants {
    bool all = false;
    absl::flat_hash_set<std::string> groups;
    std::vector<GroupPattern> patterns;
  };
  static bool Allows(const Grants& grants, absl::string_view group);
  static absl::Status AddTo(Grants& grants, absl::string_view rest);
  Grants& Of(Permission permission) { return permission == Permission::kSendToGroup ? send_ : join_leave_; }

  Grants join_leave_;
  Grants send_;
  size_t roles_ = 0;
};

}  // namespace nonet::replica
