#include "tools/cli/deploy/diff.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tools/cli/deploy/limits.h"

namespace nonet::cli::deploy {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

std::vector<std::string> Paths(const Json& before, const Json& after) {
  std::vector<std::string> paths;
  for (const Difference& difference : Compare(before, after)) {
    paths.push_back((difference.added ? "+" : difference.removed ? "-" : "~") + difference.path);
  }
  return paths;
}

TEST(Compare, NamesEachPropertyThatDiffers) {
  const Json before = {
      {"sku", {{"capacity", 1}}}, {"tags", {{"a", "1"}, {"gone", "x"}}}, {"list", {1, 2, 3}}, {"same", true}};
  const Json after = {
      {"sku", {{"capacity", 2}}}, {"tags", {{"a", "1"}, {"new", "y"}}}, {"list", {1, 9}}, {"same", true}};
  EXPECT_THAT(Paths(before, after),
              ElementsAre("~sku.capacity", "+tags.new", "-tags.gone", "~list[1]", "-list[2]"));
  const auto differences = Compare(before, after);
  EXPECT_EQ(differences[0].before, 1);
  EXPECT_EQ(differences[0].after, 2);
}

TEST(Compare, TheSameHasNoDifferences) {
  const Json a = {{"x", 1}, {"y", {1, {{"z", nullptr}}}}};
  EXPECT_THAT(Paths(a, a), IsEmpty());
  EXPECT_THAT(Paths({{"a", 1}, {"b", 2}}, {{"b", 2}, {"a", 1}}), IsEmpty()) << "order means nothing";
}

TEST(Compare, NothingSaidAndEmptyAreTheSame) {
  EXPECT_THAT(
      Paths({{"a", 1}}, {{"a", 1}, {"tags", Json::object()}, {"list", Json::array()}, {"n", nullptr}}),
      IsEmpty());
  EXPECT_THAT(Paths({{"a", 1}, {"tags", Json::object()}}, {{"a", 1}}), IsEmpty());
}

TEST(Compare, ShowsNoMoreThanTheLimit) {
  Json before = Json::object(), after = Json::object();
  for (size_t i = 0; i < kDifferencesShownMax + 5; ++i) after[std::to_string(i)] = i;
  EXPECT_EQ(Compare(before, after).size(), kDifferencesShownMax);
}

TEST(WithoutSecrets, StarsWhatContainsOne) {
  const Json value = {{"a", "x-s3cret-y"}, {"b", {"plain", "s3cret"}}, {"c", 3}};
  const Json shown = {{"a", "*******"}, {"b", {"plain", "*******"}}, {"c", 3}};
  EXPECT_EQ(WithoutSecrets(value, {"s3cret"}), shown);
  EXPECT_EQ(WithoutSecrets(value, {}), value);
}

TEST(WithoutFacts, KeepsWhatIsSet) {
  const Json document = {{"id", "/x"},
                         {"etag", "3"},
                         {"sku", {{"name", "P"}}},
                         {"properties", {{"hostName", "h"}, {"disableLocalAuth", true}}}};
  EXPECT_EQ(WithoutFacts(document),
            (Json{{"sku", {{"name", "P"}}}, {"properties", {{"disableLocalAuth", true}}}}));
}

}  // namespace
}  // namespace nonet::cli::deploy
