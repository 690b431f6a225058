#include "tools/cli/deploy/parameters.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/unit/tools/cli_deploy/harness.h"

namespace nonet::cli::deploy {
namespace {

using ::testing::HasSubstr;

const Json kDeclared = {{"name", {{"type", "string"}, {"minLength", 3}, {"maxLength", 5}}},
                        {"units", {{"type", "int"}, {"minValue", 1}, {"maxValue", 10}}},
                        {"enabled", {{"type", "bool"}}},
                        {"sku", {{"type", "String"}, {"allowedValues", {"Premium_P1", "Premium_P2"}}}},
                        {"regions", {{"type", "array"}, {"maxLength", 2}}},
                        {"tags", {{"type", "object"}}},
                        {"secret", {{"type", "secureString"}, {"allowedValues", {"s3cret"}}}},
                        {"maybe", {{"type", "string"}, {"nullable", true}}}};

absl::Status CheckOne(const std::string& name, const Json& value) {
  return CheckParameter(name, kDeclared[name], value);
}

TEST(Parameters, WordsAreReadAsTheTypeSays) {
  GivenParameters given;
  given.words = {{"name", "42"},
                 {"UNITS", "42"},
                 {"enabled", "True"},
                 {"regions", "[\"westus\"]"},
                 {"tags", "{\"a\": 1}"}};
  const auto values = ReadGiven(kDeclared, given);
  ASSERT_TRUE(values.ok()) << values.status();
  EXPECT_EQ(values->at("name"), "42");
  EXPECT_EQ(values->at("units"), 42);
  EXPECT_EQ(values->at("enabled"), true);
  EXPECT_EQ(values->at("regions"), Json::array({"westus"}));
  EXPECT_EQ(values->at("tags"), (Json{{"a", 1}}));
}

TEST(Parameters, WordsThatDoNotFitAreRefused) {
  const std::vector<std::pair<std::string, std::string>> wrong = {
      {"units", "many"}, {"enabled", "perhaps"}, {"regions", "westus"}, {"nam", "x"}};
  for (const auto& [name, words] : wrong) {
    GivenParameters given;
    given.words = {{name, words}};
    EXPECT_EQ(ErrorReason(ReadGiven(kDeclared, given).status()), "PARAMETER_INVALID") << name;
  }
  GivenParameters misspelt;
  misspelt.words = {{"nam", "x"}};
  EXPECT_THAT(std::string(ReadGiven(kDeclared, misspelt).status().message()),
              HasSubstr("did you mean name?"));
}

TEST(Parameters, AFileMayBeWholeOrOnlyItsParameters) {
  GivenParameters given;
  ASSERT_TRUE(AddParameterFile(R"({"$schema": "x", "contentVersion": "1.0.0.0",
                                   "parameters": {"name": {"value": "abc"}, "units": {"value": 2}}})",
                               "main.parameters.json", given)
                  .ok());
  ASSERT_TRUE(AddParameterFile(R"({"units": {"value": 3}} // later files win)", "more.json", given).ok());
  const auto values = ReadGiven(kDeclared, given);
  ASSERT_TRUE(values.ok()) << values.status();
  EXPECT_EQ(values->at("name"), "abc");
  EXPECT_EQ(values->at("units"), 3);
}

TEST(Parameters, AFileSaysWhatIsWrongWithIt) {
  GivenParameters given;
  EXPECT_THAT(std::string(AddParameterFile("{\n  \"a\" 1}", "p.json", given).message()),
              HasSubstr("p.json cannot be read: line 2, column 7"));
  EXPECT_THAT(std::string(AddParameterFile("{\"parameters\": {\"a\": 1}}", "p.json", given).message()),
              HasSubstr("no \"value\""));
  EXPECT_THAT(std::string(AddParameterFile("{\"a\": {\"reference\": {}}}", "p.json", given).message()),
              HasSubstr("key vault"));
  EXPECT_THAT(std::string(AddParameterFile("[1]", "p.json", given).message()), HasSubstr("not an object"));
}

TEST(Parameters, DeclarationsAreKept) {
  EXPECT_TRUE(CheckOne("name", "abc").ok());
  EXPECT_THAT(std::string(CheckOne("name", "ab").message()), HasSubstr("its length is 2, below 3"));
  EXPECT_THAT(std::string(CheckOne("name", "abcdef").message()), HasSubstr("above 5"));
  EXPECT_THAT(std::string(CheckOne("name", 3).message()), HasSubstr("of type string, not number"));
  EXPECT_TRUE(CheckOne("units", 10).ok());
  EXPECT_THAT(std::string(CheckOne("units", 11).message()), HasSubstr("it is 11, above 10"));
  EXPECT_THAT(std::string(CheckOne("units", 0).message()), HasSubstr("below 1"));
  EXPECT_TRUE(CheckOne("sku", "Premium_P2").ok());
  EXPECT_EQ(GetErrorDetails(CheckOne("sku", "Free_F1")).next_step, "one of Premium_P1, Premium_P2");
  EXPECT_FALSE(CheckOne("regions", Json::array({1, 2, 3})).ok());
  EXPECT_TRUE(CheckOne("maybe", nullptr).ok());
  EXPECT_FALSE(CheckOne("name", nullptr).ok());
}

TEST(Parameters, SecretsAreNotShownInErrors) {
  EXPECT_TRUE(IsSecure(kDeclared["secret"]));
  EXPECT_FALSE(IsSecure(kDeclared["name"]));
  const absl::Status status = CheckOne("secret", "hunter2");
  ASSERT_FALSE(status.ok());
  EXPECT_THAT(std::string(status.message()), ::testing::Not(HasSubstr("hunter2")));
}

}  // namespace
}  // namespace nonet::cli::deploy
