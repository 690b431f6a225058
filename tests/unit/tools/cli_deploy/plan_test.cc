#include "tools/cli/deploy/plan.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/unit/tools/cli_deploy/harness.h"
#include "tools/cli/deploy/limits.h"

namespace nonet::cli::deploy {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

// A resource of the template, by type below webPubSub ("" for itself) and name; `more` begins with a comma.
std::string One(const std::string& type, const std::string& name, const std::string& more = "") {
  return absl::StrCat("{\"type\": \"Microsoft.SignalRService/webPubSub", type,
                      "\", \"apiVersion\": \"2024-03-01\", \"name\": \"", name, "\"", more, "}");
}

std::vector<std::string> OrderOf(const std::string& sections, std::map<std::string, Json> given = {}) {
  const auto planned = PlanOf(TemplateWith(sections), std::move(given));
  EXPECT_TRUE(planned.ok()) << planned.status();
  std::vector<std::string> names;
  if (!planned.ok()) return names;
  for (const size_t i : planned->plan.order) names.push_back(planned->plan.resources[i].name);
  return names;
}

absl::Status RefusalOf(const std::string& sections) { return PlanOf(TemplateWith(sections)).status(); }

TEST(Plan, ParentsComeFirstWhateverTheOrderOfWriting) {
  EXPECT_THAT(OrderOf(absl::StrCat("\"resources\": [", One("/replicas", "contoso/westus"), ",",
                                   One("/hubs", "contoso/chat"), ",", One("", "contoso"), "]")),
              ElementsAre("contoso", "contoso/westus", "contoso/chat"));
}

TEST(Plan, DependsOnTakesIdsNamesAndLoops) {
  EXPECT_THAT(
      OrderOf(absl::StrCat(
          "\"resources\": [", One("", "a", ", \"dependsOn\": [\"bbb\"]"), ",",
          One("", "bbb",
              ", \"dependsOn\": [\"[resourceId('microsoft.signalrservice/WEBPUBSUB', 'ccc')]\", \"loop\"]"),
          ",", One("", "ccc"), ",",
          One("", "[concat('l', copyIndex(1))]",
              ", \"copy\": {\"name\": \"loop\", \"count\": \"[add(1, 1)]\"}"),
          "]")),
      ElementsAre("ccc", "l1", "l2", "bbb", "a"));
}

TEST(Plan, ReferencesAreDependencies) {
  EXPECT_THAT(OrderOf(absl::StrCat(
                  "\"resources\": [",
                  One("", "aaa", ", \"tags\": {\"of\": \"[concat('x', reference('bbb').hostName)]\"}"), ",",
                  One("", "bbb"), "]")),
              ElementsAre("bbb", "aaa"));
}

TEST(Plan, ChildrenWithinTheirParentTakeItsTypeAndName) {
  const std::string child =
      "{\"type\": \"replicas\", \"apiVersion\": \"2024-03-01\", \"name\": \"westus\", \"resources\": ["
      "{\"type\": \"sharedPrivateLinkResources\", \"apiVersion\": \"2024-03-01\", \"name\": \"web\"}]}";
  const auto planned = PlanOf(TemplateWith(
      absl::StrCat("\"resources\": [", One("", "contoso", ", \"resources\": [" + child + "]"), "]")));
  ASSERT_TRUE(planned.ok()) << planned.status();
  ASSERT_EQ(planned->plan.resources.size(), 3u);
  EXPECT_EQ(planned->plan.resources[1].id,
            std::string(kGroupId) + "/providers/Microsoft.SignalRService/webPubSub/contoso/replicas/westus");
  EXPECT_EQ(planned->plan.resources[2].kind, Kind::kReplicaSharedPrivateLink);
  EXPECT_EQ(planned->plan.resources[2].name, "contoso/westus/web");
}

TEST(Plan, SymbolicNamesStandForResources) {
  const std::string symbolic = absl::StrCat(
      "\"languageVersion\": \"2.0\", \"resources\": {\"spare\": ",
      One("/replicas", "[format('{0}/{1}', 'contoso', 'westus')]", ", \"dependsOn\": [\"chat\", \"main\"]"),
      ", \"chat\": ", One("/hubs", "contoso/chat", ", \"tags\": {\"h\": \"[reference('main').hostName]\"}"),
      ", \"main\": ", One("", "contoso"), ", \"old\": ", One("", "other", ", \"existing\": true"), "}");
  EXPECT_THAT(OrderOf(symbolic), ElementsAre("contoso", "contoso/chat", "contoso/westus"));
}

TEST(Plan, AFalseConditionLeavesTheResourceAndItsChildrenOut) {
  const std::string sections =
      "\"parameters\": {\"geo\": {\"type\": \"bool\"}}, \"resources\": [" + One("", "contoso") + "," +
      One("/replicas", "contoso/westus",
          ", \"condition\": \"[parameters('geo')]\", \"resources\": [{\"type\": "
          "\"sharedPrivateLinkResources\", \"apiVersion\": \"x\", \"name\": \"web\"}]") +
      "]";
  EXPECT_THAT(OrderOf(sections, {{"geo", false}}), ElementsAre("contoso"));
  EXPECT_EQ(OrderOf(sections, {{"geo", true}}).size(), 3u);
}

TEST(Plan, CirclesAreNamed) {
  const absl::Status status = RefusalOf(
      absl::StrCat("\"resources\": [", One("", "aaa", ", \"dependsOn\": [\"bbb\"]"), ",",
                   One("", "bbb", ", \"dependsOn\": [\"bbb/chat\"]"), ",", One("/hubs", "bbb/chat"), "]"));
  EXPECT_EQ(ErrorReason(status), "TEMPLATE_CYCLE");
  EXPECT_THAT(std::string(status.message()), HasSubstr("bbb -> bbb/chat -> bbb"));
}

TEST(Plan, RefusesByPlaceAndReason) {
  const std::string sub = "\"resources\": [";
  const std::vector<std::pair<std::string, std::string>> wrong = {
      {sub + "{\"type\": \"Microsoft.Web/sites\", \"apiVersion\": \"x\", \"name\": \"n\"}]",
       "resources[0].type: there is no resource type Microsoft.Web/sites here"},
      {sub + One("/replicas", "westus") + "]", "resources[0].name: \"westus\" has to be 2 parts"},
      {sub + One("", "a/b") + "]", "has to be 1 part for"},
      {sub + One("", "[nofunction()]") + "]",
       "resources[0].name, character 2: there is no function nofunction"},
      {sub + One("", "aaa", ", \"dependsOn\": [\"aab\"]") + "]",
       "resources[0].dependsOn[0]: the template has no resource aab: did you mean aaa?"},
      {sub + One("", "aaa") + "," + One("", "AAA") + "]", "AAA is deployed twice; the other is resources[0]"},
      {sub + One("", "aaa", ", \"copy\": {\"name\": \"l\", \"count\": 801}") + "]",
       "its count is 801; it can be 0 to 800"},
      {sub + One("", "aaa", ", \"condition\": \"yes\"") + "]", "has to come to a boolean"},
      {sub + One("", "aaa", ", \"scope\": \"x\"") + "]", "\"scope\" is not supported"},
      {sub + One("", "aaa", ", \"nmae\": \"x\"") + "]",
       "resources[0].nmae: this cannot be here: did you mean name?"},
      {"\"resorces\": []", "resorces: this cannot be here: did you mean resources?"},
      {"\"functions\": [], \"resources\": []", "\"functions\" is not supported"},
      {"\"parameters\": {\"a\": {\"type\": \"text\"}}, \"resources\": []",
       "parameters.a: its type is missing or unknown"},
      {"\"outputs\": {\"a\": {\"type\": \"string\"}}, \"resources\": []", "an output needs a value"},
      {"\"resources\": 3", "resources are an array"},
  };
  for (const auto& [sections, expected] : wrong) {
    const absl::Status status = RefusalOf(sections);
    ASSERT_FALSE(status.ok()) << sections;
    EXPECT_THAT(std::string(status.message()), HasSubstr(expected)) << sections;
  }
}

TEST(Plan, CopiesOfPropertiesAreRefusedByName) {
  const auto planned =
      PlanOf(TemplateWith("\"variables\": {\"copy\": [{\"name\": \"x\"}]}, \"resources\": [" +
                          One("", "[variables('copy')]") + "]"));
  EXPECT_FALSE(planned.ok());
  Json document = {{"copy", Json::array({{{"name", "x"}}})}};
  Evaluator evaluator(document, {}, TestSurroundings());
  const absl::Status status = evaluator.Evaluate(document, Place() / "properties", {}).status();
  EXPECT_EQ(ErrorReason(status), "TEMPLATE_NOT_SUPPORTED");
  EXPECT_THAT(std::string(status.message()), HasSubstr("copy of a property"));
}

TEST(Template, ErrorsCanSayLineAndColumn) {
  const std::string text =
      TemplateWith("/* the one */ \"resources\": [\n  " + One("", "contoso") + ",\n  {\"type\": \"x\"}]");
  const absl::Status status = PlanOf(text).status();
  ASSERT_FALSE(status.ok());
  EXPECT_THAT(std::string(errors::InFile(status, "main.json", text).message()),
              ::testing::StartsWith("main.json:5:3: resources[1]: a resource needs a text for apiVersion"));
}

TEST(Template, BrokenJsonSaysLineAndColumn) {
  EXPECT_THAT(std::string(ReadTemplate("{\n  \"a\": tru\n}", "main.json").status().message()),
              HasSubstr("main.json cannot be read: line 2"));
  EXPECT_THAT(std::string(ReadTemplate(std::string(kTemplateBytesMax + 1, ' '), "big").status().message()),
              HasSubstr("the limit is"));
  std::string deep(200, '[');
  EXPECT_THAT(std::string(ReadTemplate(deep + std::string(200, ']'), "deep").status().message()),
              HasSubstr("nested deeper"));
}

}  // namespace
}  // namespace nonet::cli::deploy
