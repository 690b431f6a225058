#include "tools/cli/render/format.h"

#include <gtest/gtest.h>
#include <yaml-cpp/yaml.h>

namespace nonet::cli {
namespace {

View Sample() {
  return {.document = {{"name", "westus"}, {"stopped", "false"}, {"units", 2}, {"tags", Json::object()}},
          .table = {.columns = {"NAME", "UNITS"},
                    .rows = {{Cell("westus", Tone::kGood), Cell("2")}},
                    .when_empty = ""},
          .text = "",
          .names = {"westus"}};
}

TEST(Format, TableIsAlignedAndPlainWithoutColour) {
  EXPECT_EQ(Render(Sample(), Format::kTable, {}), "NAME    UNITS\nwestus  2\n");
  EXPECT_NE(Render(Sample(), Format::kTable, {.colour = true}).find("\x1b[32mwestus\x1b[0m"),
            std::string::npos);
}

TEST(Format, NameIsOneALine) { EXPECT_EQ(Render(Sample(), Format::kName, {}), "westus\n"); }

TEST(Format, JsonKeepsTheOrderOfFields) {
  EXPECT_EQ(Render(Sample(), Format::kJson, {}),
            "{\n  \"name\": \"westus\",\n  \"stopped\": \"false\",\n  \"units\": 2,\n  \"tags\": {}\n}\n");
}

TEST(Format, JsonSurvivesBytesThatAreNotUtf8) {
  EXPECT_NE(Render({.document = {{"tag", "\xff"}}, .table = {}, .text = "", .names = {}}, Format::kJson, {})
                .find("tag"),
            std::string::npos);
}

TEST(Format, YamlQuotesStringsThatLookLikeSomethingElse) {
  const std::string text = Render(Sample(), Format::kYaml, {});
  EXPECT_NE(text.find("stopped: \"false\""), std::string::npos) << text;
  EXPECT_NE(text.find("units: 2"), std::string::npos) << text;
  const YAML::Node node = YAML::Load(text);
  EXPECT_EQ(node["name"].as<std::string>(), "westus");
  EXPECT_TRUE(node["tags"].IsMap());
}

TEST(Format, YamlRoundTripsAwkwardStrings) {
  for (const char* value :
       {"",           "null",       "~",  "1e3", "0x10", "yes", "- a", "a: b", "# c", "'",     "\"",
        "line\nline", "2026-11-21", "*a", "&a",  "!x",   "{",   "[",   "@",    "%",   " lead", "trail "}) {
    const YAML::Node node = YAML::Load(ToYaml({{"v", value}}));
    EXPECT_EQ(node["v"].as<std::string>(), value);
  }
}

TEST(Format, ControlCharactersNeverReachTheScreen) {
  const View view{.document = {},
                  .table = {.columns = {"NAME"}, .rows = {{Cell("a\x1b[2Jb\nc")}}, .when_empty = ""},
                  .text = "",
                  .names = {}};
  EXPECT_EQ(Render(view, Format::kTable, {}), "NAME\na?[2Jb?c\n");
}

TEST(Format, EmptyTableSaysWhatItIsToldTo) {
  EXPECT_EQ(Render({.document = Json::array(),
                    .table = {.columns = {"A"}, .rows = {}, .when_empty = "none\n"},
                    .text = "",
                    .names = {}},
                   Format::kTable, {}),
            "none\n");
}

TEST(Format, KnowsItsFourWords) {
  EXPECT_EQ(ParseFormat("yaml"), Format::kYaml);
  EXPECT_EQ(ParseFormat("xml"), std::nullopt);
}

}  // namespace
}  // namespace nonet::cli
