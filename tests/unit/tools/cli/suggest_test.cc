#include "tools/cli/args/suggest.h"

#include <gtest/gtest.h>

namespace nonet::cli {
namespace {

TEST(Suggest, CountsEditsAndSwapsWithoutCase) {
  EXPECT_EQ(EditDistance("replica", "replica"), 0);
  EXPECT_EQ(EditDistance("relica", "replica"), 1);
  EXPECT_EQ(EditDistance("repilca", "replica"), 1) << "a swap of neighbours is one edit";
  EXPECT_EQ(EditDistance("REPLICA", "replica"), 0);
  EXPECT_EQ(EditDistance("", "abc"), 3);
}

TEST(Suggest, GivesTheNearestAndNothingFarAway) {
  const std::vector<std::string> words = {"enable", "disable", "delete"};
  EXPECT_EQ(Nearest("enabel", words), "enable");
  EXPECT_EQ(Nearest("delte", words), "delete");
  EXPECT_EQ(Nearest("frobnicate", words), "");
  EXPECT_EQ(Nearest("", words), "");
  EXPECT_EQ(DidYouMean("delte", words), ": did you mean delete?");
  EXPECT_EQ(DidYouMean("frobnicate", words), "");
}

}  // namespace
}  // namespace nonet::cli
