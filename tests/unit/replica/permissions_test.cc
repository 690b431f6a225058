#include "replica/codec/permissions.h"

#include <gtest/gtest.h>

#include <string>

#include "absl/strings/str_cat.h"
#include "common/base/random.h"
#include "replica/codec/names.h"

namespace nonet::replica {
namespace {

bool Matches(absl::string_view pattern, absl::string_view group) {
  const auto parsed = GroupPattern::Parse(pattern);
  EXPECT_TRUE(parsed.ok()) << parsed.status();
  return parsed->Matches(group);
}

TEST(GroupPattern, FollowsTheDocumentedWildcards) {
  EXPECT_TRUE(Matches("room.?", "room.a"));
  EXPECT_TRUE(Matches("room.?", "room.é"));
  EXPECT_FALSE(Matches("room.?", "room.ab"));
  EXPECT_FALSE(Matches("room?a", "room.a"));
  EXPECT_TRUE(Matches("room.*", "room.abc"));
  EXPECT_TRUE(Matches("room.*", "room."));
  EXPECT_FALSE(Matches("room.*", "room.a.b"));
  EXPECT_TRUE(Matches("room.**", "room.a.b"));
  EXPECT_TRUE(Matches("**.end", "a.b.end"));
  EXPECT_TRUE(Matches("a*b*c", "aXbYbZc"));
  EXPECT_FALSE(Matches("a*b*c", "aX.bYc"));
  EXPECT_TRUE(Matches("**x*y", "a.x.x1y"));
  EXPECT_TRUE(Matches("a\\*b", "a*b"));
  EXPECT_FALSE(Matches("a\\*b", "aXb"));
  EXPECT_FALSE(Matches("Room", "room"));
  EXPECT_TRUE(Matches("*", ""));
}

TEST(GroupPattern, RefusesBadPatterns) {
  EXPECT_FALSE(GroupPattern::Parse("a\\").ok());
  EXPECT_FALSE(GroupPattern::Parse("a\\n").ok());
  EXPECT_TRUE(GroupPattern::Parse("*a*b*c*d*").ok());
  EXPECT_FALSE(GroupPattern::Parse("*a*b*c*d*e*").ok());
  EXPECT_FALSE(GroupPattern::Parse("**a**b**").ok());
}

// The definition, without any cleverness.
bool Slow(absl::string_view p, absl::string_view g) {
  if (p.empty()) return g.empty();
  if (p.substr(0, 2) == "**") return Slow(p.substr(2), g) || (!g.empty() && Slow(p, g.substr(1)));
  if (p[0] == '*') return Slow(p.substr(1), g) || (!g.empty() && g[0] != '.' && Slow(p, g.substr(1)));
  if (g.empty()) return false;
  if (p[0] == '?') return g[0] != '.' && Slow(p.substr(1), g.substr(1));
  return p[0] == g[0] && Slow(p.substr(1), g.substr(1));
}

TEST(GroupPattern, AgreesWithTheDefinition) {
  int matched = 0;
  for (uint64_t seed = 0; seed < 20'000; ++seed) {
    Random random(seed);
    std::string pattern, group;
    for (uint64_t i = random.Below(8); i > 0; --i) pattern.push_back("ab.*?*"[random.Below(6)]);
    for (uint64_t i = random.Below(10); i > 0; --i) group.push_back("ab."[random.Below(3)]);
    const auto parsed = GroupPattern::Parse(pattern);
    if (!parsed.ok()) continue;
    const bool expected = Slow(pattern, group);
    EXPECT_EQ(parsed->Matches(group), expected) << pattern << " on " << group;
    matched += expected;
  }
  EXPECT_GT(matched, 1'000);
}

TEST(Permissions, GrantByRole) {
  Permissions p;
  ASSERT_TRUE(p.AddRole("webpubsub.joinLeaveGroup.a.b").ok());
  ASSERT_TRUE(p.AddRole("webpubsub.sendToGroups.room.*").ok());
  ASSERT_TRUE(p.AddRole("other.role").ok());
  EXPECT_TRUE(p.MayJoinLeave("a.b"));
  EXPECT_FALSE(p.MayJoinLeave("a"));
  EXPECT_FALSE(p.MaySend("a.b"));
  EXPECT_TRUE(p.MaySend("room.1"));
  EXPECT_FALSE(p.MayJoinLeave("room.1"));
  ASSERT_TRUE(p.AddRole("webpubsub.sendToGroup").ok());
  EXPECT_TRUE(p.MaySend("anything"));
  EXPECT_FALSE(p.AddRole("webpubsub.joinLeaveGroups.x\\").ok());
}

TEST(Permissions, LimitTheRoles) {
  Permissions p;
  for (int i = 0; i < 1024; ++i) ASSERT_TRUE(p.AddRole(absl::StrCat("r", i)).ok());
  EXPECT_FALSE(p.AddRole("one more").ok());
}

TEST(Names, FollowTheRules) {
  EXPECT_TRUE(IsValidHub("chat_1`,.[]"));
  EXPECT_FALSE(IsValidHub("1chat"));
  EXPECT_FALSE(IsValidHub("ch-at"));
  EXPECT_FALSE(IsValidHub(""));
  EXPECT_TRUE(IsValidHub(std::string(128, 'h')));
  EXPECT_FALSE(IsValidHub(std::string(129, 'h')));
  EXPECT_EQ(CanonicalHub("ChAt"), "chat");
  EXPECT_TRUE(IsValidGroup(" a "));
  EXPECT_FALSE(IsValidGroup(" \t"));
  std::string wide;
  for (int i = 0; i < 1024; ++i) wide += "é";
  EXPECT_TRUE(IsValidGroup(wide));
  EXPECT_FALSE(IsValidGroup(wide + "é"));
  EXPECT_EQ(InstanceTag("abc.1a2b3c4d"), "1a2b3c4d");
  EXPECT_EQ(InstanceTag("abc.1A2B3C4D"), "");
  EXPECT_EQ(InstanceTag("abc1a2b3c4d"), "");
  EXPECT_EQ(InstanceTag("1a2b3c4d"), "");
}

}  // namespace
}  // namespace nonet::replica
