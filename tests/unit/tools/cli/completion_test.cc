#include "tools/cli/render/completion.h"

#include <gtest/gtest.h>

namespace nonet::cli {
namespace {

const SurfaceWords kSurface = {
    {"", {"status", "replica"}}, {"status", {"--dir"}}, {"replica", {"add"}}, {"replica add", {"--sku"}}};

TEST(Completion, OffersEachLevelItsWords) {
  const std::string script = BashCompletion(kSurface);
  EXPECT_NE(script.find("\"\") options=\"status replica\" ;;"), std::string::npos) << script;
  EXPECT_NE(script.find("\"replica add\") options=\"--sku\" ;;"), std::string::npos) << script;
  EXPECT_NE(script.find("complete -F _nonet nonet"), std::string::npos);
}

TEST(Completion, KnowsWhichLiveNamesFollow) {
  const std::string script = BashCompletion(kSurface);
  for (const char* line : {"--hub-name) kind=hub ;;", "--link-name) kind=link ;;",
                           "\"operation show\"|\"operation wait\") kind=operation ;;",
                           "--key-type) words=\"primary secondary salt\" ;;"}) {
    EXPECT_NE(script.find(line), std::string::npos) << line;
  }
}

TEST(Completion, ZshRunsTheSameScript) {
  const std::string script = ZshCompletion(kSurface);
  EXPECT_EQ(script.find("autoload -Uz bashcompinit"), 0u);
  EXPECT_NE(script.find(BashCompletion(kSurface)), std::string::npos);
}

}  // namespace
}  // namespace nonet::cli
