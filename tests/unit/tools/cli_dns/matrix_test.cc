#include "tools/cli/args/matrix.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

#include "absl/strings/str_cat.h"

namespace nonet::cli {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

std::string Refusal(absl::string_view csv) {
  return std::string(ParseMatrix(csv, "m.csv").status().message());
}

TEST(Matrix, ReadsTheShapeOfTheShippedFiles) {
  const auto matrix = ParseMatrix("source,eastus,westus\neastus,,62\r\nwestus,61.6,\n\n", "m.csv");
  ASSERT_TRUE(matrix.ok()) << matrix.status();
  EXPECT_EQ(matrix->label(), "m.csv");
  EXPECT_THAT(matrix->regions(), ElementsAre("eastus", "westus"));
  EXPECT_THAT(matrix->ms(), ElementsAre(0, 62, 62, 0));
}

TEST(Matrix, LinesAndColumnsMayBeOfDifferentRegions) {
  const auto matrix = ParseMatrix("source,westus\njapaneast,100\n", "m.csv");
  ASSERT_TRUE(matrix.ok()) << matrix.status();
  EXPECT_THAT(matrix->regions(), ElementsAre("japaneast", "westus"));
  EXPECT_THAT(matrix->ms(), ElementsAre(0, 100, 0, 0));
}

TEST(Matrix, SaysWhichLineIsWrong) {
  EXPECT_THAT(Refusal(""), HasSubstr("it is empty"));
  EXPECT_THAT(Refusal("source\n"), HasSubstr("line 1: it names no region"));
  EXPECT_THAT(Refusal("source,eastsu\n"), HasSubstr("did you mean eastus"));
  EXPECT_THAT(Refusal("source,eastus,eastus\n"), HasSubstr("twice"));
  EXPECT_THAT(Refusal("source,eastus\nwestsu,1\n"), HasSubstr("line 2: there is no Azure region"));
  EXPECT_THAT(Refusal("source,eastus\nwestus,1,2\n"), HasSubstr("2 figures for 1 regions"));
  EXPECT_THAT(Refusal("source,eastus\nwestus,1\nwestus,1\n"), HasSubstr("line 3: westus has a line already"));
  for (const char* figure : {"x", "-1", "60001", "nan", "inf"}) {
    EXPECT_THAT(Refusal(absl::StrCat("source,eastus\nwestus,", figure, "\n")), HasSubstr("no round trip"))
        << figure;
  }
  EXPECT_THAT(Refusal(std::string(kMatrixBytesMax + 1, ',')), HasSubstr("bigger than 1 MiB"));
}

}  // namespace
}  // namespace nonet::cli
