// What can exist by itself.
#include "controlplane/core/validate.h"

#include <gtest/gtest.h>

#include "common/base/error.h"
#include "controlplane/core/limits.h"

namespace nonet::controlplane {
namespace {

using namespace resource::v1;

std::string SkuReason(const std::string& name, uint32_t capacity) {
  Sku sku;
  sku.set_name(name);
  sku.set_capacity(capacity);
  return ErrorReason(NormalizeSku(sku));
}

TEST(Sku, HasTheCapacitiesOfItsList) {
  for (const uint32_t n : {1, 10, 20, 100}) {
    EXPECT_EQ(SkuReason("Standard_S1", n), "") << n;
    EXPECT_EQ(SkuReason("Premium_P1", n), "") << n;
  }
  for (const uint32_t n : {11, 19, 25, 101, 110})
    EXPECT_EQ(SkuReason("Premium_P1", n), "INVALID_CAPACITY") << n;
  for (const uint32_t n : {100, 200, 1000}) EXPECT_EQ(SkuReason("Premium_P2", n), "") << n;
  for (const uint32_t n : {1, 99, 150, 1100}) EXPECT_EQ(SkuReason("Premium_P2", n), "INVALID_CAPACITY") << n;
  EXPECT_EQ(SkuReason("Free_F1", 1), "");
  EXPECT_EQ(SkuReason("Free_F1", 2), "INVALID_CAPACITY");
  EXPECT_EQ(SkuReason("premium_p1", 1), "UNKNOWN_SKU");
}

TEST(Id, HasThreeToSixtyThreeCharactersAndALetterFirst) {
  for (const char* id : {"abc", "Contoso", "a-1", "contoso-westus"}) {
    EXPECT_TRUE(ValidateId("resource", id).ok()) << id;
  }
  for (const char* id : {"ab", "1abc", "abc-", "a_b", "a.b", "-abc", "a/b"}) {
    EXPECT_EQ(ErrorReason(ValidateId("resource", id)), "INVALID_NAME") << id;
  }
  EXPECT_TRUE(ValidateId("resource", std::string(63, 'a')).ok());
  EXPECT_FALSE(ValidateId("resource", std::string(64, 'a')).ok());
  EXPECT_EQ(ErrorReason(ValidateId("resource", "")), "MISSING_FIELD");
}

Resource Valid() {
  Resource resource;
  resource.set_location("eastus");
  return resource;
}

TEST(Hubs, AreCheckedByNamePolicyAndInterval) {
  const auto reason = [](const std::string& hub, const std::string& policy, uint32_t interval) {
    Resource resource = Valid();
    HubSettings& settings = *resource.add_hubs();
    settings.set_hub(hub);
    settings.set_anonymous_connect_policy(policy);
    settings.set_websocket_keep_alive_interval_s(interval);
    return ErrorReason(NormalizeResource(resource));
  };
  EXPECT_EQ(reason("chat", "", 0), "");
  EXPECT_EQ(reason("c_`,.[]9", "allow", 120), "");
  EXPECT_EQ(reason(std::string(128, 'h'), "deny", 1), "");
  EXPECT_EQ(reason(std::string(129, 'h'), "deny", 1), "INVALID_HUB");
  EXPECT_EQ(reason("9chat", "", 0), "INVALID_HUB");
  EXPECT_EQ(reason("", "", 0), "INVALID_HUB");
  EXPECT_EQ(reason("chat room", "", 0), "INVALID_HUB");
  EXPECT_EQ(reason("chat", "maybe", 0), "INVALID_HUB");
  EXPECT_EQ(reason("chat", "", 121), "INVALID_HUB");
}

TEST(Hubs, AreComparedWithoutCaseAndBounded) {
  Resource twice = Valid();
  twice.add_hubs()->set_hub("chat");
  twice.add_hubs()->set_hub("CHAT");
  EXPECT_EQ(ErrorReason(NormalizeResource(twice)), "INVALID_HUB");
  Resource many = Valid();
  for (size_t i = 0; i < kHubsMax; ++i) many.add_hubs()->set_hub("h" + std::to_string(i));
  EXPECT_TRUE(NormalizeResource(many).ok());
  many.add_hubs()->set_hub("onemore");
  EXPECT_EQ(ErrorReason(NormalizeResource(many)), "HUB_LIMIT");
}

TEST(Tags, AreBounded) {
  Resource resource = Valid();
  for (size_t i = 0; i < kTagsMax; ++i) (*resource.mutable_tags())["t" + std::to_string(i)] = "v";
  EXPECT_TRUE(NormalizeResource(resource).ok());
  (*resource.mutable_tags())["onemore"] = "v";
  EXPECT_EQ(ErrorReason(NormalizeResource(resource)), "INVALID_TAGS");
  resource = Valid();
  (*resource.mutable_tags())["t"] = std::string(kTagValueMax + 1, 'v');
  EXPECT_EQ(ErrorReason(NormalizeResource(resource)), "INVALID_TAGS");
}

TEST(Group, AndSubscriptionHaveTheirForms) {
  EXPECT_TRUE(ValidateResourceGroup("my-rg_(1).x").ok());
  EXPECT_TRUE(ValidateResourceGroup(std::string(90, 'g')).ok());
  EXPECT_FALSE(ValidateResourceGroup(std::string(91, 'g')).ok());
  EXPECT_FALSE(ValidateResourceGroup("ends.").ok());
  EXPECT_FALSE(ValidateResourceGroup("a b").ok());
  Resource resource = Valid();
  resource.set_subscription("12345");
  EXPECT_EQ(ErrorReason(NormalizeResource(resource)), "INVALID_SUBSCRIPTION");
}

TEST(RequestId, IsPrintableAndShort) {
  EXPECT_TRUE(ValidateRequestId("").ok());
  EXPECT_TRUE(ValidateRequestId("4f3b0d3e-61f2-4b57-8f2f-0d4f6a0a3c11").ok());
  EXPECT_FALSE(ValidateRequestId("two words").ok());
  EXPECT_FALSE(ValidateRequestId(std::string(kRequestIdMax + 1, 'x')).ok());
}

}  // namespace
}  // namespace nonet::controlplane
