#include "tools/cli/machine/processes.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <sys/wait.h>

#include <filesystem>
#include <fstream>

#include "common/clock/clock.h"
#include "tools/cli/machine/launch.h"

namespace nonet::cli {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

// A /proc with the processes that a test puts there.
class FakeProc : public ::testing::Test {
 protected:
  FakeProc() : root_(::testing::TempDir() + "/nonet_proc_test") {
    std::filesystem::create_directories(root_);
  }
  ~FakeProc() override { std::filesystem::remove_all(root_); }
  void Add(const std::string& pid, const std::vector<std::string>& arguments) {
    std::filesystem::create_directories(root_ + "/" + pid);
    std::ofstream out(root_ + "/" + pid + "/cmdline", std::ios::binary);
    for (const std::string& argument : arguments)
      out.write(argument.c_str(), static_cast<std::streamsize>(argument.size() + 1));
  }
  const std::string root_;
};

TEST_F(FakeProc, FindsDaemonsByProgramAndDir) {
  Add("20", {"/opt/bin/nonet-replica", "--dir=/state/a", "--name=resources/contoso"});
  Add("10", {"nonet-supervisor", "--dir", "/state/a"});
  Add("30", {"/opt/bin/nonet-controlplane", "-dir=/state/a/"});
  EXPECT_THAT(FindProcesses(root_, "/state/a"),
              ElementsAre(FoundProcess{10, "nonet-supervisor"}, FoundProcess{20, "nonet-replica"},
                          FoundProcess{30, "nonet-controlplane"}));
}

TEST_F(FakeProc, LeavesEverybodyElseAlone) {
  Add("10", {"nonet-replica", "--dir=/state/ab"});
  Add("11", {"nonet-replica", "--ready_file=/state/a", "--name=--dir"});
  Add("12", {"nonet-replica"});
  Add("13", {"/usr/bin/vim", "--dir=/state/a"});
  Add("14", {"nonet", "down", "--dir=/state/a"});
  Add("15", {"nonet-replica", "--dir"});
  Add("16", {});  // A zombie or a kernel thread.
  Add("self", {"nonet-replica", "--dir=/state/a"});
  EXPECT_THAT(FindProcesses(root_, "/state/a"), IsEmpty());
  EXPECT_THAT(FindProcesses(root_ + "/nowhere", "/state/a"), IsEmpty());
}

TEST(Processes, EndsWhatRunsAndKillsWhatDoesNotListen) {
  const auto polite = LaunchDetached("/bin/sleep", {"600"}, "/dev/null");
  const auto deaf = LaunchDetached("/bin/sh", {"-c", "trap '' TERM; exec sleep 600"}, "/dev/null");
  ASSERT_TRUE(polite.ok() && deaf.ok());
  const std::vector<FoundProcess> processes = {{*polite, "sleep"}, {*deaf, "sh"}};
  EXPECT_FALSE(AwaitEnd(processes, 0));
  EndProcesses({{*polite, "sleep"}}, 5 * kNanosPerSecond);
  EXPECT_TRUE(AwaitEnd({{*polite, "sleep"}}, 0));
  EndProcesses({{*deaf, "sh"}}, 100 * kNanosPerMilli);
  EXPECT_TRUE(AwaitEnd(processes, 0));
  int status = 0;
  waitpid(*deaf, &status, 0);
  waitpid(*polite, nullptr, 0);
}

TEST(Processes, APausedOneEndsToo) {
  const auto paused = LaunchDetached("/bin/sleep", {"600"}, "/dev/null");
  ASSERT_TRUE(paused.ok());
  kill(*paused, SIGSTOP);
  EndProcesses({{*paused, "sleep"}}, 5 * kNanosPerSecond);
  int status = 0;
  waitpid(*paused, &status, 0);
  EXPECT_TRUE(WIFSIGNALED(status));
  EXPECT_EQ(WTERMSIG(status), SIGTERM) << "it had the chance to stop cleanly";
}

TEST(Launch, SaysWhatCannotBeStarted) {
  const auto nothing = LaunchDetached("/nowhere/nonet-supervisor", {}, "/dev/null");
  ASSERT_FALSE(nothing.ok());
  EXPECT_NE(nothing.status().message().find("/nowhere/nonet-supervisor"), absl::string_view::npos);
}

}  // namespace
}  // namespace nonet::cli
