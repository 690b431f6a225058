// What a hub remembers of its last look-up may not outlive a change.
#include <gtest/gtest.h>

#include <string>
#include <utility>
#include <vector>

#include "replica/core/hub.h"

namespace nonet::replica {
namespace {

TEST(LastAudience, FollowsEveryChangeOfTheGroup) {
  OwnInterest interest;
  HubTable hubs(interest);
  const auto count = [&hubs] {
    std::vector<Connection*> out;
    hubs.Select("chat", Target::kGroup, "g", {}, nullptr, &out);
    return out.size();
  };
  const auto add = [&hubs](ConnectionKey key) -> Connection& {
    ConnectionSpec spec;
    spec.key = key;
    spec.hub = "chat";
    spec.id = std::to_string(key);
    uint64_t change = 0;
    return hubs.Add(std::move(spec), &change);
  };
  EXPECT_EQ(count(), 0u);  // No hub yet.
  Connection& a = add(1);
  EXPECT_EQ(count(), 0u);  // A hub without the group.
  hubs.Join(a, "g");
  EXPECT_EQ(count(), 1u);
  hubs.Join(add(2), "g");
  EXPECT_EQ(count(), 2u);
  hubs.Leave(a, "g");
  EXPECT_EQ(count(), 1u);
  hubs.Remove(2);
  EXPECT_EQ(count(), 0u);
  hubs.Join(a, "g");
  EXPECT_EQ(count(), 1u);
}

TEST(LastAudience, FollowsWhatPeersWant) {
  PeerInterest interest;
  EXPECT_EQ(interest.Wanting("chat", Target::kGroup, "g"), 0u);
  interest.Apply(0, {"chat", Target::kGroup, "g", true});
  EXPECT_EQ(interest.Wanting("chat", Target::kGroup, "g"), 1u);
  interest.Apply(1, {"chat", Target::kGroup, "g", true});
  EXPECT_EQ(interest.Wanting("chat", Target::kGroup, "g"), 3u);
  interest.Clear(0);
  EXPECT_EQ(interest.Wanting("chat", Target::kGroup, "g"), 2u);
}

}  // namespace
}  // namespace nonet::replica
