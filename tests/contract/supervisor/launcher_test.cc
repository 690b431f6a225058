// What every Launcher does, and then what only real processes show.
#include "tools/supervisor/server/launcher.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <unistd.h>

#include <fstream>
#include <memory>
#include <sstream>

#include "common/base/error.h"
#include "tests/contract/supervisor/loop_thread.h"
#include "tests/contract/supervisor/temp_dir.h"
#include "tools/supervisor/server/fake_launcher.h"

namespace nonet::supervisor {
namespace {

using ::testing::HasSubstr;

enum class Twin { kReal, kFake };

class LauncherContract : public ::testing::TestWithParam<Twin> {
 protected:
  LauncherContract() {
    thread_.Call([&] { launcher_ = Make(); });
  }
  ~LauncherContract() override {
    thread_.Call([&] { launcher_.reset(); });
  }

  std::unique_ptr<Launcher> Make() {
    if (GetParam() == Twin::kReal) return MakeRealLauncher(thread_.get(), proc_);
    return std::make_unique<FakeLauncher>(thread_.get());
  }
  Command Sleeper() const {
    return {.program = "/bin/sleep", .arguments = {"1000"}, .log_file = dir_.path() + "/sleep.log"};
  }
  absl::StatusOr<Identity> Launch(const Command& command) {
    return thread_.Call(
        [&] { return launcher_->Launch(command, [this](std::string how) { ends_.push_back(how); }); });
  }
  absl::Status Send(const Identity& identity, Signal signal) {
    return thread_.Call([&] { return launcher_->Send(identity, signal); });
  }
  // How the first process ended; empty when none did within the deadline.
  std::string AwaitEnd() {
    return thread_.Eventually([&] { return !ends_.empty(); }) ? thread_.Call([&] { return ends_.front(); })
                                                              : "";
  }

  TempDir dir_;
  RealProcReader proc_;
  std::vector<std::string> ends_;  // The loop thread's.
  LoopThread thread_;
  std::unique_ptr<Launcher> launcher_;
};

TEST_P(LauncherContract, TellsThatAProcessWasTerminated) {
  const absl::StatusOr<Identity> identity = Launch(Sleeper());
  ASSERT_TRUE(identity.ok());
  EXPECT_GT(identity->pid, 1);
  EXPECT_GT(identity->start_time, 0u);
  EXPECT_TRUE(Send(*identity, Signal::kTerminate).ok());
  EXPECT_EQ(AwaitEnd(), "killed by signal 15");
}

TEST_P(LauncherContract, TellsTheExitCode) {
  ASSERT_TRUE(Launch({.program = "/bin/false", .log_file = dir_.path() + "/log"}).ok());
  EXPECT_EQ(AwaitEnd(), "exited with code 1");
}

TEST_P(LauncherContract, AMissingProgramIsNotFound) {
  const absl::Status status =
      Launch({.program = "/missing/program", .log_file = dir_.path() + "/log"}).status();
  EXPECT_EQ(status.code(), absl::StatusCode::kNotFound);
  EXPECT_EQ(ErrorReason(status), "PROGRAM_MISSING");
}

TEST_P(LauncherContract, AFrozenProcessEndsOnceItIsContinued) {
  const Identity identity = *Launch(Sleeper());
  EXPECT_TRUE(Send(identity, Signal::kStop).ok());
  EXPECT_TRUE(Send(identity, Signal::kTerminate).ok());
  EXPECT_TRUE(Send(identity, Signal::kContinue).ok());
  EXPECT_EQ(AwaitEnd(), "killed by signal 15");
}

TEST_P(LauncherContract, AFrozenProcessCanBeKilled) {
  const Identity identity = *Launch(Sleeper());
  EXPECT_TRUE(Send(identity, Signal::kStop).ok());
  EXPECT_TRUE(Send(identity, Signal::kKill).ok());
  EXPECT_EQ(AwaitEnd(), "killed by signal 9");
}

TEST_P(LauncherContract, AnEndedProcessTakesNoSignal) {
  const Identity identity = *Launch(Sleeper());
  ASSERT_TRUE(Send(identity, Signal::kKill).ok());
  ASSERT_EQ(AwaitEnd(), "killed by signal 9");
  EXPECT_EQ(Send(identity, Signal::kKill).code(), absl::StatusCode::kNotFound);
}

TEST_P(LauncherContract, AnotherStartTimeIsAnotherProcess) {
  const Identity identity = *Launch(Sleeper());
  Identity other = identity;
  ++other.start_time;
  EXPECT_EQ(Send(other, Signal::kKill).code(), absl::StatusCode::kNotFound);
  EXPECT_EQ(thread_.Call([&] { return launcher_->Adopt(other, [](std::string) {}); }).code(),
            absl::StatusCode::kNotFound);
  EXPECT_TRUE(Send(identity, Signal::kKill).ok());
  EXPECT_EQ(AwaitEnd(), "killed by signal 9");
}

INSTANTIATE_TEST_SUITE_P(Twins, LauncherContract, ::testing::Values(Twin::kReal, Twin::kFake),
                         [](const auto& info) { return info.param == Twin::kReal ? "Real" : "Fake"; });

class RealLauncherTest : public ::testing::Test {
 protected:
  TempDir dir_;
  RealProcReader proc_;
  LoopThread thread_;
};

TEST_F(RealLauncherTest, ProcessesOutliveTheirLauncherAndTheNextOneAdoptsThem) {
  Identity identity;
  thread_.Call([&] {
    const auto first = MakeRealLauncher(thread_.get(), proc_);
    identity =
        *first->Launch({.program = "/bin/sleep", .arguments = {"1000"}, .log_file = dir_.path() + "/log"},
                       [](std::string) {});
  });
  ASSERT_TRUE(proc_.Stat(identity.pid).ok());
  std::string ended;
  std::unique_ptr<Launcher> second;
  thread_.Call([&] {
    second = MakeRealLauncher(thread_.get(), proc_);
    EXPECT_TRUE(second->Adopt(identity, [&](std::string how) { ended = how; }).ok());
    EXPECT_TRUE(second->Send(identity, Signal::kTerminate).ok());
  });
  EXPECT_TRUE(thread_.Eventually([&] { return !ended.empty(); }));
  thread_.Call([&] { second.reset(); });
}

TEST_F(RealLauncherTest, AReusedPidIsNotAdoptedAndNeverSignalled) {
  FakeProcReader fake;
  // This very process stands for a stranger that got the pid.
  fake.processes[getpid()] = {.stat = {.start_time = 42}};
  thread_.Call([&] {
    const auto launcher = MakeRealLauncher(thread_.get(), fake);
    const Identity written_down{.pid = getpid(), .start_time = 41};
    EXPECT_EQ(launcher->Adopt(written_down, [](std::string) {}).code(), absl::StatusCode::kNotFound);
    EXPECT_EQ(launcher->Send(written_down, Signal::kKill).code(), absl::StatusCode::kNotFound);
  });
}

TEST_F(RealLauncherTest, AZombieIsNotAdopted) {
  FakeProcReader fake;
  fake.processes[getpid()] = {.stat = {.start_time = 42, .ended = true}};
  thread_.Call([&] {
    const auto launcher = MakeRealLauncher(thread_.get(), fake);
    EXPECT_EQ(launcher->Adopt({.pid = getpid(), .start_time = 42}, [](std::string) {}).code(),
              absl::StatusCode::kNotFound);
  });
}

TEST_F(RealLauncherTest, ChildrenGetASessionOfTheirOwnALogAndNoDescriptorOfOurs) {
  const std::string log = dir_.path() + "/log";
  { std::ofstream(log) << "before\n"; }
  bool ended = false;
  std::unique_ptr<Launcher> launcher;
  thread_.Call([&] {
    launcher = MakeRealLauncher(thread_.get(), proc_);
    // Field 6 of stat is the session; the last command lists open descriptors (one is that of the list).
    EXPECT_TRUE(launcher
                    ->Launch({.program = "/bin/sh",
                              .arguments = {"-c",
                                            "echo out; echo err >&2; "
                                            "read -r a b c d e session rest < /proc/$$/stat; "
                                            "[ $session = $$ ] && echo own session; "
                                            "for fd in /proc/$$/fd/*; do echo fd ${fd##*/}; done"},
                              .log_file = log},
                             [&](std::string) { ended = true; })
                    .ok());
  });
  ASSERT_TRUE(thread_.Eventually([&] { return ended; }));
  std::ostringstream text;
  text << std::ifstream(log).rdbuf();
  EXPECT_THAT(text.str(), ::testing::StartsWith("before\nout\nerr\nown session\nfd 0\nfd 1\n"));
  // Nothing above standard error but what the shell itself has open meanwhile (10 and up, or the directory).
  EXPECT_THAT(text.str(), ::testing::Not(HasSubstr("fd 4\n")));
  thread_.Call([&] { launcher.reset(); });
}

TEST(ProcStat, ReadsStartTimeBehindACommandWithSpacesAndParentheses) {
  const absl::StatusOr<ProcStat> stat = ParseProcStat(
      "4242 (a) b (c) S 1 4242 4242 0 -1 4194560 100 0 0 0 1 2 0 0 20 0 1 0 987654 1000 200 "
      "18446744073709551615");
  ASSERT_TRUE(stat.ok());
  EXPECT_EQ(stat->start_time, 987654u);
  EXPECT_FALSE(stat->ended);
  EXPECT_TRUE(ParseProcStat("1 (x) Z 1 1 1 0 -1 0 0 0 0 0 0 0 0 0 0 0 1 0 7 0 0")->ended);
}

TEST(ProcStat, RefusesWhatIsNoStatLine) {
  EXPECT_FALSE(ParseProcStat("").ok());
  EXPECT_FALSE(ParseProcStat("1 (x) S 1").ok());
}

}  // namespace
}  // namespace nonet::supervisor
