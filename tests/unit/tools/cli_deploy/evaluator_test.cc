#include "tools/cli/deploy/evaluator.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/unit/tools/cli_deploy/harness.h"
#include "tools/cli/deploy/limits.h"

namespace nonet::cli::deploy {
namespace {

using ::testing::HasSubstr;

TEST(Functions, GiveWhatAzureDocuments) {
  const std::vector<std::pair<std::string, Json>> cases = {
      {"[concat('a', 1, 'b')]", "a1b"},
      {"[concat(createArray(1), createArray(2))]", Json::array({1, 2})},
      {"[format('{0}-{1}-{0}', 'x', 2)]", "x-2-x"},
      {"[format('{{0}} {0}', true())]", "{0} True"},
      {"[toLower('East US')]", "east us"},
      {"[toUpper('ab')]", "AB"},
      {"[replace('East US', ' ', '')]", "EastUS"},
      {"[trim('  x ')]", "x"},
      {"[substring('contoso', 1, 3)]", "ont"},
      {"[substring('contoso', 4)]", "oso"},
      {"[split('a,b', ',')]", Json::array({"a", "b"})},
      {"[join(createArray('a', 'b'), '/')]", "a/b"},
      {"[startsWith('Contoso', 'con')]", true},
      {"[endsWith('Contoso', 'SO')]", true},
      {"[indexOf('contoso', 'O')]", 1},
      {"[indexOf('contoso', 'x')]", -1},
      {"[padLeft(7, 3, '0')]", "007"},
      {"[string(true())]", "True"},
      {"[string(createObject('a', 1))]", "{\"a\":1}"},
      {"[base64('abc')]", "YWJj"},
      {"[length('abc')]", 3},
      {"[length(range(5, 4))]", 4},
      {"[last(range(5, 4))]", 8},
      {"[empty('')]", true},
      {"[empty(null())]", true},
      {"[contains(createArray('a'), 'a')]", true},
      {"[contains(createObject('Key', 1), 'key')]", true},
      {"[contains('abc', 'bc')]", true},
      {"[first('abc')]", "a"},
      {"[take('abc', 2)]", "ab"},
      {"[skip(createArray(1, 2, 3), 2)]", Json::array({3})},
      {"[union(createArray(1), createArray(1, 2))]", Json::array({1, 2})},
      {"[union(createObject('a', createObject('x', 1)), createObject('a', createObject('y', 2)))]",
       Json{{"a", {{"x", 1}, {"y", 2}}}}},
      {"[tryGet(createObject('a', createArray(5)), 'a', 0)]", 5},
      {"[tryGet(createObject('a', 1), 'b', 'c')]", Json()},
      {"[add(2, 3)]", 5},
      {"[div(7, 2)]", 3},
      {"[mod(-7, 3)]", -1},
      {"[min(createArray(3, 1, 2))]", 1},
      {"[max(3, 9)]", 9},
      {"[equals('a', 'a')]", true},
      {"[less(1, 2)]", true},
      {"[greaterOrEquals('b', 'a')]", true},
      {"[int('42')]", 42},
      {"[bool('True')]", true},
      {"[json('{\"a\": [1]}').a[0]]", 1},
      {"[not(false())]", true},
      {"[coalesce(null(), 'x')]", "x"},
      {"[if(equals(1, 1), 'yes', div(1, 0))]", "yes"},
      {"[or(true(), equals(div(1, 0), 1))]", true},
      {"[and(false(), equals(div(1, 0), 1))]", false},
      {"[createObject('a', 1)['A']]", 1},
  };
  for (const auto& [expression, expected] : cases) {
    const auto value = EvaluateAlone(expression);
    ASSERT_TRUE(value.ok()) << expression << ": " << value.status();
    EXPECT_EQ(*value, expected) << expression;
  }
}

TEST(Functions, RefuseWhatHasNoAnswerAndSayWhereAndWhy) {
  const std::vector<std::pair<std::string, std::string>> cases = {
      {"[concat()]", "here, character 2: concat takes at least 1 arguments, not 0"},
      {"[concat('a', createArray())]", "argument 2 of concat"},
      {"[concat('x', toLower(1))]", "here, character 14: argument 1 of toLower has to be a text, not number"},
      {"[format('{1}', 'x')]", "{1} has no argument"},
      {"[format('{0:N2}', 1)]", "{0:N2} is not {0}, {1}"},
      {"[format('{0', 1)]", "a single {"},
      {"[div(1, 0)]", "has no result"},
      {"[mul(9223372036854775807, 2)]", "has no result"},
      {"[substring('abc', 2, 2)]", "outside 0 to 1"},
      {"[createArray(1)[1]]", "there is no item 1 in an array of 1"},
      {"[createObject('name', 1).nam]", "did you mean name?"},
      {"[range(0, 100000)]", "outside 0 to 10000"},
      {"[json('{')]", "this is not JSON"},
      {"[toLowr('A')]", "there is no function toLowr: did you mean toLower?"},
      {"[newGuid()]", "there is no function newGuid"},
      {"[reference('/subscriptions/x')]", "reference() cannot be used here"},
      {"[copyIndex()]", "outside of a copy loop"},
      {"[if(1, 2, 3)]", "argument 1 of if has to be a boolean, not number"},
  };
  for (const auto& [expression, expected] : cases) {
    const auto value = EvaluateAlone(expression);
    ASSERT_FALSE(value.ok()) << expression;
    EXPECT_THAT(std::string(value.status().message()), HasSubstr(expected)) << expression;
  }
}

TEST(Functions, UnknownOnesListWhatThereIs) {
  const absl::Status status = EvaluateAlone("[pickZones('a')]").status();
  EXPECT_EQ(ErrorReason(status), "TEMPLATE_FUNCTION");
  EXPECT_THAT(GetErrorDetails(status).next_step, HasSubstr("one of add, and, array,"));
  EXPECT_THAT(GetErrorDetails(status).next_step, HasSubstr("resourceId"));
}

TEST(Functions, UniqueStringDependsOnItsArgumentsOnly) {
  const auto one = EvaluateAlone("[uniqueString('a', 'b')]");
  ASSERT_TRUE(one.ok());
  EXPECT_EQ(one->get<std::string>().size(), 13u);
  EXPECT_EQ(*EvaluateAlone("[uniqueString('a', 'b')]"), *one);
  EXPECT_NE(*EvaluateAlone("[uniqueString('ab')]"), *one);
  EXPECT_NE(*EvaluateAlone("[uniqueString('a', 'c')]"), *one);
}

TEST(Evaluator, TellsTheSurroundings) {
  EXPECT_EQ(*EvaluateAlone("[resourceGroup().id]"), kGroupId);
  EXPECT_EQ(*EvaluateAlone("[resourceGroup().location]"), "eastus");
  EXPECT_EQ(*EvaluateAlone("[subscription().subscriptionId]"), "sub");
  EXPECT_EQ(*EvaluateAlone("[deployment().name]"), "main");
  EXPECT_EQ(
      *EvaluateAlone("[resourceId('Microsoft.SignalRService/webPubSub/replicas', 'contoso', 'westus')]"),
      std::string(kGroupId) + "/providers/Microsoft.SignalRService/webPubSub/contoso/replicas/westus");
  EXPECT_EQ(*EvaluateAlone("[resourceId('other', 'Microsoft.SignalRService/webPubSub', 'c')]"),
            "/subscriptions/sub/resourceGroups/other/providers/Microsoft.SignalRService/webPubSub/c");
  EXPECT_THAT(std::string(EvaluateAlone("[resourceId('A.B/c/d', 'x')]").status().message()),
              HasSubstr("takes 2 names, not 1"));
}

TEST(Evaluator, AGroupWithoutALocationSaysHowToGiveOne) {
  const Json document = Json::object();
  Evaluator evaluator(document, {}, {.subscription = "s", .group = "empty", .location = {}, .name = "m"});
  const absl::Status status = evaluator.Evaluate("[resourceGroup().location]", Place() / "x", {}).status();
  EXPECT_THAT(std::string(status.message()), HasSubstr("resource group empty has no location"));
  EXPECT_EQ(GetErrorDetails(status).next_step, "--location eastus");
}

TEST(Evaluator, ParametersAndVariablesAreFoundWithoutCaseAndEvaluatedWhenUsed) {
  const Json document = {
      {"parameters",
       {{"prefix", {{"type", "string"}}},
        {"name", {{"type", "string"}, {"defaultValue", "[concat(parameters('PREFIX'), '-x')]"}}}}},
      {"variables", {{"full", {{"text", "[parameters('name')]"}}}, {"unused", "[nonsense(]"}}}};
  EXPECT_EQ(*EvaluateIn(document, "[variables('Full').text]", {{"prefix", "p"}}), "p-x");
  EXPECT_THAT(std::string(EvaluateIn(document, "[parameters('name')]").status().message()),
              HasSubstr("parameter prefix: it has no default and was not given"));
  EXPECT_THAT(std::string(EvaluateIn(document, "[variables('ful')]").status().message()),
              HasSubstr("did you mean full?"));
}

TEST(Evaluator, CirclesOfVariablesAreNamed) {
  const Json document = {
      {"variables",
       {{"a", "[variables('b')]"}, {"b", {{"x", "[variables('c')]"}}}, {"c", "[variables('a')]"}}}};
  const absl::Status status = EvaluateIn(document, "[variables('b')]").status();
  EXPECT_EQ(ErrorReason(status), "TEMPLATE_CYCLE");
  EXPECT_THAT(std::string(status.message()),
              HasSubstr("variable b -> variable c -> variable a -> variable b"));
}

TEST(Evaluator, ValuesThatGrowWithoutEndAreStopped) {
  Json document = {{"variables", {{"v0", "0123456789"}}}};
  for (int i = 1; i <= 40; ++i) {
    const std::string before = absl::StrCat("variables('v", i - 1, "')");
    document["variables"][absl::StrCat("v", i)] = absl::StrCat("[concat(", before, ", ", before, ")]");
  }
  EXPECT_THAT(std::string(EvaluateIn(document, "[variables('v40')]").status().message()),
              HasSubstr("grows beyond"));
  for (int i = 1; i <= 40; ++i) {
    const std::string before = absl::StrCat("variables('v", i - 1, "')");
    document["variables"][absl::StrCat("v", i)] = absl::StrCat("[createArray(", before, ", ", before, ")]");
  }
  EXPECT_THAT(std::string(EvaluateIn(document, "[variables('v40')]").status().message()),
              HasSubstr("grows beyond"));
}

TEST(Evaluator, LongChainsOfVariablesAreStopped) {
  Json document = {{"variables", {{"v0", "x"}}}};
  for (int i = 1; i <= 200; ++i) {
    document["variables"][absl::StrCat("v", i)] = absl::StrCat("[variables('v", i - 1, "')]");
  }
  EXPECT_TRUE(EvaluateIn(document, absl::StrCat("[variables('v", kVariableDepthMax - 1, "')]")).ok());
  EXPECT_THAT(std::string(EvaluateIn(document, "[variables('v200')]").status().message()),
              HasSubstr("variables use each other"));
}

TEST(Evaluator, ReferenceGivesPropertiesAndFullTheWhole) {
  FakeLive live;
  const std::string id = std::string(kGroupId) + "/providers/Microsoft.SignalRService/webPubSub/contoso";
  live.objects[IdKey(id)] = {{"name", "contoso"}, {"properties", {{"hostName", "h"}}}};
  const EvaluationContext context{.live = &live};
  const std::string about = "resourceId('Microsoft.SignalRService/WebPubSub', 'Contoso')";
  EXPECT_EQ(*EvaluateIn(Json::object(), "[reference(" + about + ").hostName]", {}, context), "h");
  EXPECT_EQ(*EvaluateIn(Json::object(), "[reference(" + about + ", '2024-03-01', 'full').name]", {}, context),
            "contoso");
  EXPECT_EQ(*EvaluateIn(Json::object(), "[listKeys(" + about + ", '2024-03-01').primaryKey]", {}, context),
            "k1");
}

TEST(Evaluator, WhatIsNotDeployedYetMayStayAsItIsWritten) {
  FakeLive live;
  const std::string text = "[reference(resourceId('Microsoft.SignalRService/webPubSub', 'new')).hostName]";
  EXPECT_EQ(*EvaluateIn(Json::object(), text, {}, {.live = &live, .keep_unresolved = true}), text);
  EXPECT_TRUE(errors::IsNotDeployedYet(EvaluateIn(Json::object(), text, {}, {.live = &live}).status()));
}

TEST(Evaluator, OnlyTextsThatAreExpressionsChange) {
  const Json document = Json::object();
  Evaluator evaluator(document, {}, TestSurroundings());
  const Json raw = {{"a", "[[literal]"},
                    {"b", "[open"},
                    {"c", {1, true, nullptr, "[toLower('X')]"}},
                    {"[concat('k', 1)]", 2}};
  const Json expected = {{"a", "[literal]"}, {"b", "[open"}, {"c", {1, true, nullptr, "x"}}, {"k1", 2}};
  const auto value = evaluator.Evaluate(raw, Place(), {});
  ASSERT_TRUE(value.ok()) << value.status();
  EXPECT_EQ(*value, expected);
}

}  // namespace
}  // namespace nonet::cli::deploy
