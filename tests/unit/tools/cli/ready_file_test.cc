#include "tools/cli/machine/ready_file.h"

#include <gtest/gtest.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>

#include "common/clock/clock.h"
#include "tools/cli/machine/launch.h"

namespace nonet::cli {
namespace {

constexpr int64_t kLong = 20 * kNanosPerSecond;

class ReadyFileTest : public ::testing::Test {
 protected:
  ReadyFileTest() : dir_(::testing::TempDir() + "/nonet_ready_test"), path_(dir_ + "/supervisor.json") {
    std::filesystem::remove_all(dir_);
    std::filesystem::create_directories(dir_);
  }
  ~ReadyFileTest() override { std::filesystem::remove_all(dir_); }
  const std::string dir_;
  const std::string path_;
};

TEST_F(ReadyFileTest, IsParsed) {
  const auto content = ParseReadyFile(R"({"pid": 42, "addresses": {"grpc": "127.0.0.1:7810", "odd": 7}})");
  ASSERT_TRUE(content.has_value());
  EXPECT_EQ(content->pid, 42);
  EXPECT_EQ(content->addresses.at("grpc"), "127.0.0.1:7810");
  EXPECT_FALSE(content->addresses.contains("odd"));
  for (const char* text : {"", "{", "[]", "{}", R"({"pid": "42"})"})
    EXPECT_FALSE(ParseReadyFile(text).has_value());
}

TEST_F(ReadyFileTest, IsNoticedWhenItAppears) {
  // The process writes its own file, as a daemon does: beside, then renamed.
  const auto pid = LaunchDetached(
      "/bin/sh",
      {"-c", "echo '{\"pid\": '$$'}' > " + dir_ + "/t && mv " + dir_ + "/t " + path_ + "; exec sleep 600"},
      "/dev/null");
  ASSERT_TRUE(pid.ok());
  EXPECT_EQ(AwaitReadyFile(path_, *pid, kLong), ReadyResult::kReady);
  kill(*pid, SIGKILL);
  waitpid(*pid, nullptr, 0);
}

TEST_F(ReadyFileTest, AnEarlierProcesssFileIsNotMistaken) {
  std::ofstream(path_) << R"({"pid": 1})";
  const auto pid = LaunchDetached("/bin/sleep", {"600"}, "/dev/null");
  ASSERT_TRUE(pid.ok());
  EXPECT_EQ(AwaitReadyFile(path_, *pid, 50 * kNanosPerMilli), ReadyResult::kTimedOut);
  kill(*pid, SIGKILL);
  EXPECT_EQ(AwaitReadyFile(path_, *pid, kLong), ReadyResult::kExited);
  waitpid(*pid, nullptr, 0);
}

}  // namespace
}  // namespace nonet::cli
