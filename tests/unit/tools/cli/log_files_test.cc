#include "tools/cli/machine/log_files.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>

namespace nonet::cli {
namespace {

using ::testing::ElementsAre;

std::vector<std::string> Processes(const std::vector<LogSource>& sources) {
  std::vector<std::string> names;
  for (const LogSource& source : sources) names.push_back(source.process);
  return names;
}

TEST(LogFiles, InstancesAreCalledAsStatusCallsThem) {
  EXPECT_THAT(Processes(NameLogs("/logs", {"controlplane", "contoso__westus", "contoso__contoso"})),
              ElementsAre("contoso", "controlplane", "westus"));
  EXPECT_THAT(Processes(NameLogs("/logs", {"contoso__westus", "fabrikam__westus"})),
              ElementsAre("contoso/westus", "fabrikam/westus"));
}

TEST(LogFiles, AnyOfItsNamesMeansIt) {
  const LogSource westus = NameLogs("/logs", {"contoso__westus"})[0];
  EXPECT_EQ(westus.path, "/logs/contoso__westus.log");
  for (const char* word : {"westus", "WestUS", "contoso/westus", "contoso__westus"}) {
    EXPECT_TRUE(IsMeantBy(westus, word)) << word;
  }
  EXPECT_FALSE(IsMeantBy(westus, "west"));
}

TEST(LogFiles, LinesWithoutATimeStayWithTheOneBefore) {
  const std::vector<LogLine> lines =
      SplitLog("p", "early\ntime=2026-01-01T00:00:01Z level=info\n  try: that\n\n");
  ASSERT_EQ(lines.size(), 3u);
  EXPECT_EQ(lines[0].time, "");
  EXPECT_EQ(lines[2].time, "2026-01-01T00:00:01Z");
  EXPECT_EQ(lines[2].text, "  try: that");
}

TEST(LogFiles, TailsAreMergedByTime) {
  const std::string dir = ::testing::TempDir() + "/nonet_logs_test";
  std::filesystem::create_directories(dir + "/logs");
  std::ofstream(dir + "/logs/a.log") << "time=1 a1\ntime=3 a3\ntime=5 a5\n";
  std::ofstream(dir + "/logs/b.log") << "time=2 b2\ntime=4 b4\n";
  std::vector<std::string> texts;
  for (const LogLine& line : MergeTails(FindLogs(dir), 2)) texts.push_back(line.text);
  EXPECT_THAT(texts, ElementsAre("time=2 b2", "time=3 a3", "time=4 b4", "time=5 a5"));
  EXPECT_TRUE(MergeTails(FindLogs(dir), 0).empty());
  std::filesystem::remove_all(dir);
  EXPECT_TRUE(FindLogs(dir).empty());
}

}  // namespace
}  // namespace nonet::cli
