#include "controlplane/codec/arm_path.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "common/base/error.h"
#include "controlplane/codec/api_version.h"

namespace nonet::controlplane::arm {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

constexpr char kGroup[] =
    "/subscriptions/00000000-0000-0000-0000-000000000000/resourceGroups/nonet/providers/"
    "Microsoft.SignalRService";

std::string Type(const std::string& path) {
  const auto parsed = ParseArmPath(path);
  return parsed.ok() ? parsed->type : ErrorReason(parsed.status());
}

TEST(ArmPath, ReadsAResourceInAnyCase) {
  const auto path = ParseArmPath(
      "/SUBSCRIPTIONS/00000000-0000-0000-0000-000000000000/resourcegroups/My.Group/PROVIDERS/"
      "microsoft.signalrservice/WebPubSub/Contoso/");
  ASSERT_TRUE(path.ok()) << path.status();
  EXPECT_EQ(path->subscription, "00000000-0000-0000-0000-000000000000");
  EXPECT_EQ(path->group, "My.Group");
  EXPECT_EQ(path->type, "webPubSub");
  EXPECT_THAT(path->names, ElementsAre("Contoso"));
  EXPECT_TRUE(path->is_object);
}

TEST(ArmPath, KnowsChildrenListsAndActions) {
  const std::string contoso = std::string(kGroup) + "/webPubSub/contoso";
  EXPECT_EQ(Type(std::string(kGroup) + "/webPubSub"), "webPubSub");
  EXPECT_EQ(Type(contoso + "/replicas"), "webPubSub/replicas");
  EXPECT_EQ(Type(contoso + "/REPLICAS/westus/sharedprivatelinkresources/web"),
            "webPubSub/replicas/sharedPrivateLinkResources");
  EXPECT_EQ(Type(contoso + "/listkeys"), "webPubSub/listKeys");
  EXPECT_EQ(Type(contoso + "/replicas/westus/restart"), "webPubSub/replicas/restart");
  const auto list = ParseArmPath(contoso + "/hubs");
  EXPECT_FALSE(list->is_object);
  EXPECT_THAT(list->names, ElementsAre("contoso"));
}

TEST(ArmPath, ReadsWhatIsOutsideOfGroups) {
  EXPECT_EQ(Type("/providers/Microsoft.SignalRService/operations"), "operations");
  const std::string subscription = "/subscriptions/s/providers/Microsoft.SignalRService";
  EXPECT_EQ(Type(subscription + "/webPubSub"), "webPubSub") << "the list of a subscription";
  EXPECT_EQ(Type(subscription + "/locations/eastus/usages"), "usages");
  const auto status = ParseArmPath(subscription + "/locations/East%20US/operationStatuses/12");
  ASSERT_TRUE(status.ok());
  EXPECT_EQ(status->location, "East US");
  EXPECT_THAT(status->names, ElementsAre("12"));
}

TEST(ArmPath, DecodesNames) {
  const auto path = ParseArmPath(std::string(kGroup) + "/webPubSub/contoso/hubs/a%2Fb%20c");
  ASSERT_TRUE(path.ok());
  EXPECT_EQ(path->child(), "a/b c") << "split first, decoded after";
}

TEST(ArmPath, EverythingElseIsNotFound) {
  const std::string contoso = std::string(kGroup) + "/webPubSub/contoso";
  for (const std::string& path :
       {std::string("/"), std::string(""), std::string("x"), std::string("/subscriptions"),
        std::string("/subscriptions/s/providers/Microsoft.SignalRService/webPubSub/contoso"),
        std::string("/subscriptions/s/resourceGroups/g/providers/Microsoft.Web/webPubSub/contoso"),
        std::string(kGroup) + "/signalR/contoso", contoso + "/replicas/westus/hubs", contoso + "/restart/now",
        contoso + "/hubs//", contoso + "/%zz", contoso + "/" + std::string(5000, 'a')}) {
    EXPECT_EQ(Type(path), "NO_SUCH_PATH") << path.substr(0, 200);
  }
}

TEST(ArmPath, WritesIdsInOneSpelling) {
  EXPECT_EQ(
      ChildArmId(ResourceArmId("s", "nonet", "contoso"), "hubs", "chat"),
      "/subscriptions/s/resourceGroups/nonet/providers/Microsoft.SignalRService/WebPubSub/contoso/hubs/chat");
}

TEST(ApiVersion, AcceptsWhatAzureDocumentsInAnyCase) {
  EXPECT_TRUE(CheckApiVersion("2024-03-01", "webPubSub").ok());
  EXPECT_TRUE(CheckApiVersion("2025-01-01-PREVIEW", "webPubSub/replicas").ok());
  EXPECT_TRUE(CheckApiVersion("2021-10-01", "webPubSub").ok());
}

TEST(ApiVersion, RefusesAVersionThatIsOlderThanTheType) {
  const absl::Status status = CheckApiVersion("2021-10-01", "webPubSub/replicas");
  EXPECT_EQ(ErrorReason(status), "UNKNOWN_API_VERSION");
  EXPECT_THAT(GetErrorDetails(status).next_step, HasSubstr("2023-03-01-preview"));
  EXPECT_THAT(GetErrorDetails(status).next_step, testing::Not(HasSubstr("2021-10-01")));
}

TEST(ApiVersion, MissingAndUnknownAreDifferentErrorsAndBothListWhatThereIs) {
  const absl::Status missing = CheckApiVersion("", "webPubSub");
  const absl::Status unknown = CheckApiVersion("2020-01-01", "webPubSub");
  EXPECT_EQ(ErrorReason(missing), "MISSING_API_VERSION");
  EXPECT_EQ(ErrorReason(unknown), "UNKNOWN_API_VERSION");
  for (const absl::Status& status : {missing, unknown}) {
    EXPECT_THAT(GetErrorDetails(status).next_step, HasSubstr("2024-03-01"));
  }
}

}  // namespace
}  // namespace nonet::controlplane::arm
