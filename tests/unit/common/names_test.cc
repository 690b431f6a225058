#include "common/base/names.h"

#include <gtest/gtest.h>

namespace nonet {
namespace {

TEST(Names, AreBuiltAndParsedBack) {
  const auto resource = ParseName(ResourceName("contoso"));
  ASSERT_TRUE(resource.has_value());
  EXPECT_EQ(resource->kind, ParsedName::Kind::kResource);
  EXPECT_EQ(resource->resource_id, "contoso");

  const auto replica = ParseName(ReplicaName("contoso", "westus"));
  ASSERT_TRUE(replica.has_value());
  EXPECT_EQ(replica->kind, ParsedName::Kind::kReplica);
  EXPECT_EQ(replica->resource_id, "contoso");
  EXPECT_EQ(replica->replica_id, "westus");

  const auto keys = ParseName(KeysName("contoso"));
  ASSERT_TRUE(keys.has_value());
  EXPECT_EQ(keys->kind, ParsedName::Kind::kKeys);
}

TEST(Names, OfNoKnownFormAreRefused) {
  for (const char* name :
       {"", "resources", "resources/", "resource/contoso", "/resources/contoso", "resources/contoso/",
        "resources/contoso/replicas", "resources/contoso/replicas/", "resources/contoso/key",
        "resources/contoso/replicas/westus/x", "resources//replicas/westus", "resources/contoso/keys/1"}) {
    EXPECT_FALSE(ParseName(name).has_value()) << name;
  }
}

TEST(Names, CallAnInstanceByItsReplicaOrItsResource) {
  EXPECT_EQ(InstanceId("resources/contoso/replicas/westus"), "westus");
  EXPECT_EQ(InstanceId("resources/contoso"), "contoso");
  EXPECT_EQ(InstanceId("odd"), "odd");
}

TEST(Names, FollowTheRuleOfArm) {
  for (const char* id : {"abc", "a-1", "A1b", "contoso-eu-1"}) EXPECT_TRUE(IsValidId(id)) << id;
  for (const char* id : {"", "a", "ab", "1abc", "-abc", "abc-", "a_b", "a.b", "a b", "caf\xc3\xa9"}) {
    EXPECT_FALSE(IsValidId(id)) << id;
  }
  EXPECT_TRUE(IsValidId(std::string(63, 'a')));
  EXPECT_FALSE(IsValidId(std::string(64, 'a')));
}

}  // namespace
}  // namespace nonet
