// `nonet deploy` over fakes: what is asked of the control plane, in which order, and what is said.
#include "tools/cli/commands/deploy.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <sstream>

#include "common/base/error.h"
#include "tests/unit/tools/cli/fake_child_client.h"
#include "tests/unit/tools/cli/fake_control_client.h"
#include "tools/cli/errors.h"

namespace nonet::cli {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

constexpr char kTemplate[] = R"({
  "$schema": "https://schema.management.azure.com/schemas/2019-04-01/deploymentTemplate.json#",
  "contentVersion": "1.0.0.0",
  "parameters": {"name": {"type": "string"}, "secret": {"type": "securestring", "defaultValue": "hush"}},
  "resources": [
    {"type": "Microsoft.SignalRService/webPubSub/hubs", "apiVersion": "2024-03-01",
     "name": "[concat(parameters('name'), '/chat')]", "properties": {"anonymousConnectPolicy": "allow"}},
    {"type": "Microsoft.SignalRService/webPubSub", "apiVersion": "2024-03-01", "name": "[parameters('name')]",
     "location": "eastus", "sku": {"name": "Premium_P1", "capacity": "[add(1, 1)]"}, "tags": {"key": "[parameters('secret')]"}, "properties": {}}
  ],
  "outputs": {"name": {"type": "string", "value": "[reference(parameters('name'), '2024-03-01', 'Full').name]"},
              "hidden": {"type": "securestring", "value": "[parameters('secret')]"}}
})";

class Deploy : public ::testing::Test {
 protected:
  Deploy() : directory_(::testing::TempDir() + "/nonet_deploy_" + std::to_string(::getpid())) {
    std::filesystem::create_directories(directory_);
    options_.file = Write("main.json", kTemplate);
    options_.parameters = {"name=contoso"};
  }
  ~Deploy() override { std::filesystem::remove_all(directory_); }
  std::string Write(const std::string& name, const std::string& text) {
    const std::string path = directory_ + "/" + name;
    std::ofstream(path) << text;
    return path;
  }
  absl::Status Run(Format format = Format::kTable) {
    const Context context{
        .dir = "/d", .format = format, .out = out_, .err = err_, .out_style = {}, .err_style = {}};
    return RunDeploy(context, control_, children_, options_);
  }

  const std::string directory_;
  DeployOptions options_;
  FakeControlClient control_;
  FakeChildClient children_;
  std::ostringstream out_, err_;
};

TEST_F(Deploy, ParentsFirstEachWaitedForThenOutputs) {
  ASSERT_TRUE(Run(Format::kJson).ok());
  EXPECT_TRUE(control_.resources.count("resources/contoso"));
  EXPECT_EQ(control_.resources["resources/contoso"].sku().capacity(), 2u) << "an expression's number";
  EXPECT_TRUE(children_.hubs.count("resources/contoso/chat"));
  EXPECT_THAT(control_.waits, ElementsAre("resources/contoso@5", "resources/contoso@60"));
  const Json shown = Json::parse(out_.str());
  EXPECT_EQ(shown["properties"]["outputs"]["name"]["value"], "contoso");
  EXPECT_FALSE(shown["properties"]["outputs"]["hidden"].contains("value"));
  EXPECT_EQ(shown["properties"]["outputResources"].size(), 2u);
}

TEST_F(Deploy, WhatIfShowsAndChangesNothing) {
  options_.what_if = true;
  ASSERT_TRUE(Run().ok());
  EXPECT_THAT(control_.resources, IsEmpty());
  EXPECT_THAT(children_.hubs, IsEmpty());
  EXPECT_THAT(control_.waits, IsEmpty());
  EXPECT_THAT(out_.str(), HasSubstr("+ create  contoso  (webPubSub)"));
  EXPECT_THAT(out_.str(), HasSubstr("+ create  contoso/chat  (webPubSub/hubs)"));
  EXPECT_THAT(out_.str(), HasSubstr("2 to create, 0 to modify, 0 without change, 0 ignored"));
  EXPECT_THAT(out_.str(), ::testing::Not(HasSubstr("hush"))) << "a secure parameter's value is not shown";
}

TEST_F(Deploy, AFailureSaysHowFarItCame) {
  children_.put_status = MakeError(absl::StatusCode::kFailedPrecondition, "STRANGE", "no hubs today");
  const absl::Status status = Run();
  EXPECT_EQ(ErrorReason(status), "STRANGE");
  EXPECT_EQ(ExitCode(status), 64 + 9);
  EXPECT_THAT(std::string(status.message()), HasSubstr("main.json:6:5: contoso/chat: no hubs today"));
  EXPECT_EQ(err_.str(), "deployed: contoso\nfailed: contoso/chat\nnot tried: nothing\n");
}

TEST_F(Deploy, AnErrorThatCanBeSeenBeforehandChangesNothing) {
  std::string text = kTemplate;
  text.replace(text.find("\"allow\""), 7, "3");
  options_.file = Write("bad.json", text);
  const absl::Status status = Run();
  ASSERT_FALSE(status.ok());
  EXPECT_THAT(std::string(status.message()), HasSubstr("anonymousConnectPolicy"));
  EXPECT_THAT(control_.resources, IsEmpty());
  EXPECT_THAT(err_.str(), IsEmpty());
}

TEST_F(Deploy, AReplicaThatCannotBeIsRefusedBeforeItsPrimaryIsMade) {
  std::string text = kTemplate;
  const std::string hub = "webPubSub/hubs\"";
  text.replace(text.find(hub), hub.size(), "webPubSub/replicas\", \"location\": \"westu\"");
  text.replace(text.find("{\"anonymousConnectPolicy\": \"allow\"}"), 35, "{}");
  options_.file = Write("replica.json", text);
  const absl::Status status = Run();
  EXPECT_EQ(ErrorReason(status), "UNKNOWN_REGION") << status;
  EXPECT_THAT(std::string(status.message()), HasSubstr("contoso/chat: "));
  EXPECT_THAT(control_.resources, IsEmpty());
}

TEST_F(Deploy, UnknownApiVersionsAreRefused) {
  std::string text = kTemplate;
  text.replace(text.find("2024-03-01"), 10, "1999-01-01");
  options_.file = Write("old.json", text);
  EXPECT_THAT(std::string(Run().message()), HasSubstr("1999-01-01"));
}

TEST_F(Deploy, ParameterFilesAndWordsAreReadInOrder) {
  options_.parameters = {Write("p.json", R"({"parameters": {"name": {"value": "first"}}})"), "name=second"};
  ASSERT_TRUE(Run().ok());
  EXPECT_TRUE(control_.resources.count("resources/second"));
  options_.parameters = {"name=fourth", "@" + Write("q.json", R"({"name": {"value": "third"}})")};
  ASSERT_TRUE(Run().ok());
  EXPECT_TRUE(control_.resources.count("resources/third"));
  options_.parameters = {R"({"name": {"value": "a=fifth"}})", "NAME=fifth"};
  ASSERT_TRUE(Run().ok());
  EXPECT_TRUE(control_.resources.count("resources/fifth"));
}

TEST_F(Deploy, AMissingFileSaysWhich) {
  options_.file = directory_ + "/none.json";
  const absl::Status status = Run();
  EXPECT_EQ(ErrorReason(status), "CANNOT_READ");
  EXPECT_THAT(std::string(status.message()), HasSubstr("none.json"));
}

}  // namespace
}  // namespace nonet::cli
