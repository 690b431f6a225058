#include "tools/cli/deploy/expression.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <random>

#include "tests/unit/tools/cli_deploy/harness.h"
#include "tools/cli/deploy/limits.h"

namespace nonet::cli::deploy {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;

std::string CharacterOf(const absl::Status& status) { return GetErrorDetails(status).metadata["character"]; }

TEST(Expression, BracketsMakeOneAndTwoBracketsDoNot) {
  EXPECT_TRUE(IsExpression("[true()]"));
  EXPECT_FALSE(IsExpression("[[true()]"));
  EXPECT_FALSE(IsExpression("[open"));
  EXPECT_FALSE(IsExpression("plain"));
  EXPECT_FALSE(IsExpression("["));
  EXPECT_EQ(Unescape("[[true()]"), "[true()]");
}

TEST(Expression, ReadsCallsMembersIndicesAndLiterals) {
  const auto read = ParseExpression("[ concat ( 'it''s' , variables('a').b[ -1 ] ) ]");
  ASSERT_TRUE(read.ok()) << read.status();
  EXPECT_EQ(read->text, "concat");
  ASSERT_EQ(read->parts.size(), 2u);
  EXPECT_EQ(read->parts[0].text, "it's");
  const Expression& index = read->parts[1];
  EXPECT_EQ(index.kind, Expression::Kind::kIndex);
  EXPECT_EQ(index.parts[0].kind, Expression::Kind::kMember);
  EXPECT_EQ(index.parts[0].text, "b");
  EXPECT_EQ(index.parts[1].number, -1);
}

TEST(Expression, ErrorsSayTheCharacter) {
  const std::vector<std::pair<std::string, std::string>> wrong = {
      {"[]", "2"},       {"[concat('a' 'b')]", "13"}, {"[concat('a']", "12"}, {"[concat('a]", "9"},
      {"[name]", "6"},   {"[a() b()]", "6"},          {"[a().]", "6"},        {"[1.5]", "2"},
      {"[a()[1)]", "7"}, {"[ns.call()]", "2"},        {"[a().?b]", "6"},      {"[99999999999999999999]", "2"},
  };
  for (const auto& [text, character] : wrong) {
    const absl::Status status = ParseExpression(text).status();
    EXPECT_EQ(ErrorReason(status), "TEMPLATE_EXPRESSION") << text;
    EXPECT_EQ(CharacterOf(status), character) << text << ": " << status;
  }
}

TEST(Expression, DepthAndSizeAreBounded) {
  const auto nested = [](int depth) {
    std::string text = "[";
    for (int i = 0; i < depth; ++i) text += "f(";
    text += "1";
    return text + std::string(static_cast<size_t>(depth), ')') + "]";
  };
  EXPECT_TRUE(ParseExpression(nested(kExpressionDepthMax)).ok());
  EXPECT_THAT(std::string(ParseExpression(nested(kExpressionDepthMax + 1)).status().message()),
              HasSubstr("nested deeper"));
  std::string members = "[f()";
  for (int i = 0; i <= kExpressionDepthMax; ++i) members += ".a";
  EXPECT_THAT(std::string(ParseExpression(members + "]").status().message()), HasSubstr("accesses"));
  EXPECT_TRUE(ParseExpression("['" + std::string(kExpressionBytesMax - 4, 'x') + "']").ok());
  EXPECT_THAT(
      std::string(
          ParseExpression("['" + std::string(kExpressionBytesMax - 3, 'x') + "']").status().message()),
      HasSubstr("the limit is"));
}

// Whatever the bytes, an answer comes: a tree or an error that says where.
TEST(Expression, AnyBytesGiveATreeOrAnErrorWithAPlace) {
  std::mt19937 random(7);
  const std::string pieces[] = {"concat", "(",    ")",  "[", "]",      "'",         "''",
                                ".",      ",",    " ",  "-", "1",      "a",         "variables('v')",
                                "{0}",    "\xff", "\n", "?", "format", "range(0,3)"};
  int trees = 0;
  for (int round = 0; round < 20'000; ++round) {
    std::string text = "[";
    for (int i = std::uniform_int_distribution<int>(0, 12)(random); i > 0; --i) {
      text += pieces[std::uniform_int_distribution<size_t>(0, std::size(pieces) - 1)(random)];
    }
    text += "]";
    if (!IsExpression(text)) continue;
    const auto read = ParseExpression(text);
    if (read.ok()) {
      ++trees;
      continue;
    }
    int character = 0;
    ASSERT_TRUE(absl::SimpleAtoi(CharacterOf(read.status()), &character)) << text;
    ASSERT_THAT(character, AllOf(::testing::Ge(1), ::testing::Le(static_cast<int>(text.size())))) << text;
  }
  EXPECT_GT(trees, 100) << "the pieces make no expressions any more";
}

// The same with evaluation: bounded work whatever is combined.
TEST(Expression, AnyExpressionEvaluatesOrSaysWhatIsWrong) {
  const Json document = {{"variables",
                          {{"v", Json::array({1, "two", {{"k", "w"}}})},
                           {"twice", "[concat(variables('big'), variables('big'))]"},
                           {"big", "[padLeft('', 1000)]"}}}};
  std::mt19937 random(11);
  const auto pick = [&](const std::vector<std::string>& from) {
    return from[std::uniform_int_distribution<size_t>(0, from.size() - 1)(random)];
  };
  std::vector<std::string> functions = {"if", "and", "variables", "resourceId", "reference", "copyIndex"};
  for (const char* name :
       {"concat", "format", "length", "first", "substring", "union", "take", "json", "range"}) {
    functions.push_back(name);
  }
  const auto make = [&](const auto& self, int depth) -> std::string {
    if (depth == 0) return pick({"'text'", "3", "true()", "variables('v')", "variables('twice')", "'v'"});
    std::string text = pick(functions) + "(";
    for (int i = std::uniform_int_distribution<int>(0, 3)(random); i >= 0; --i) {
      text += self(self, depth - 1) + (i > 0 ? ", " : "");
    }
    return text + ")" + pick({"", "", "[0]", ".k", "['k']"});
  };
  int values = 0;
  for (int round = 0; round < 5'000; ++round) {
    const std::string text = "[" + make(make, std::uniform_int_distribution<int>(0, 3)(random)) + "]";
    const auto value = EvaluateIn(document, text);
    if (value.ok()) {
      ++values;
    } else {
      ASSERT_THAT(std::string(value.status().message()), HasSubstr("here")) << text;
    }
  }
  EXPECT_GT(values, 100);
}

}  // namespace
}  // namespace nonet::cli::deploy
