// The saver on a simulated clock: how often it writes, and that the newest state always gets there.
#include "common/watch/state_saver.h"

#include <gtest/gtest.h>

#include <filesystem>
#include <optional>
#include <string>

#include "absl/strings/str_cat.h"
#include "common/clock/simulated_clock.h"
#include "common/process/files.h"
#include "common/real/entropy.h"
#include "tests/contract/common/loop_thread.h"

namespace nonet {
namespace {

class StateSaverTest : public testing::Test {
 protected:
  StateSaverTest() : directory_(testing::TempDir() + "saver-" + RandomHex(8)) {
    std::filesystem::create_directories(directory_);
    loop_.Call([&] {
      saver_.emplace(loop_.get(), path(), [this]() -> std::optional<std::string> {
        ++encoded_;
        if (held_) return std::nullopt;
        return absl::StrCat("state ", state_);
      });
    });
  }
  ~StateSaverTest() override {
    loop_.Call([&] { saver_.reset(); });
    std::filesystem::remove_all(directory_);
  }

  std::string path() const { return directory_ + "/state"; }
  void Change(int times = 1) {
    loop_.Call([&] {
      for (int i = 0; i < times; ++i) {
        ++state_;
        saver_->Changed();
      }
    });
  }
  bool FileBecomes(const std::string& content) {
    return loop_.Eventually([&] { return ReadFile(path()).value_or("") == content; });
  }
  // And the loop has heard of it: only then can another one start.
  bool AllWritesEnd() {
    return loop_.Eventually([&] { return saver_->writes_ended() == saver_->writes_started(); });
  }
  void Advance(int64_t ns) {
    clock_.AdvanceNs(ns);
    loop_.Call([] {});
  }
  uint64_t writes() {
    return loop_.Call([&] { return saver_->writes_started(); });
  }

  const std::string directory_;
  SimulatedClock clock_;
  LoopThread loop_{clock_};
  int state_ = 0;
  int encoded_ = 0;
  bool held_ = false;
  std::optional<StateSaver> saver_;
};

TEST_F(StateSaverTest, WritesTheFirstChangeAtOnce) {
  Change();
  EXPECT_TRUE(FileBecomes("state 1"));
}

TEST_F(StateSaverTest, WritesOnceForAllChangesWithinTheInterval) {
  Change();
  ASSERT_TRUE(FileBecomes("state 1"));
  Change(500);
  EXPECT_EQ(writes(), 1u);
  Advance(kSaveFirstNs - 1);
  EXPECT_EQ(writes(), 1u);
  Advance(1);
  EXPECT_TRUE(FileBecomes("state 501"));
  EXPECT_EQ(writes(), 2u);
  EXPECT_EQ(encoded_, 2);
}

TEST_F(StateSaverTest, WritesMoreSeldomWhileChangesKeepComing) {
  int change = 0;
  const auto written_after = [&] {  // Of a change right after a write: how long it waits for the next one.
    Change();
    ++change;
    const uint64_t before = writes();
    for (int64_t waited = 0;; waited += kNanosPerMilli) {
      if (writes() > before) {
        EXPECT_TRUE(FileBecomes(absl::StrCat("state ", change)));
        EXPECT_TRUE(AllWritesEnd());
        return waited;
      }
      Advance(kNanosPerMilli);
    }
  };
  Change();
  ++change;
  ASSERT_TRUE(FileBecomes("state 1"));
  ASSERT_TRUE(AllWritesEnd());
  EXPECT_EQ(written_after(), kSaveFirstNs);
  EXPECT_EQ(written_after(), 2 * kSaveFirstNs);
  EXPECT_EQ(written_after(), 4 * kSaveFirstNs);
  EXPECT_EQ(written_after(), 8 * kSaveFirstNs);
  EXPECT_EQ(written_after(), kSaveEveryNs);
  EXPECT_EQ(written_after(), kSaveEveryNs);
  Advance(kSaveQuietNs + 1);
  Change();
  ++change;
  EXPECT_TRUE(FileBecomes(absl::StrCat("state ", change)));
  EXPECT_TRUE(AllWritesEnd());
  EXPECT_EQ(written_after(), kSaveFirstNs);
}

TEST_F(StateSaverTest, WritesNothingWhenNothingChanged) {
  Change();
  ASSERT_TRUE(FileBecomes("state 1"));
  Advance(10 * kSaveEveryNs);
  Advance(10 * kSaveEveryNs);
  EXPECT_EQ(writes(), 1u);
}

TEST_F(StateSaverTest, EndsWithTheNewestStateOnDisk) {
  Change(3);
  Change(4);
  loop_.Call([&] { saver_.reset(); });
  EXPECT_EQ(ReadFile(path()).value_or(""), "state 7");
}

TEST_F(StateSaverTest, WaitsForAStateThatCanBeSaid) {
  held_ = true;
  Change();
  Advance(kSaveEveryNs);
  EXPECT_EQ(writes(), 0u);
  held_ = false;
  Change();
  EXPECT_TRUE(FileBecomes("state 2"));
}

TEST_F(StateSaverTest, TriesAgainAfterAFailedWrite) {
  std::filesystem::create_directories(path() + "/in the way");  // A rename over a full directory fails.
  Change();
  ASSERT_TRUE(loop_.Eventually([&] { return saver_->writes_started() == 1; }));
  std::filesystem::remove_all(path());
  // Whether the first write lost the race against the removal or not, the state gets there.
  EXPECT_TRUE(loop_.Eventually([&] {
    clock_.AdvanceNs(kSaveRetryNs);
    return ReadFile(path()).value_or("") == "state 1";
  }));
}

}  // namespace
}  // namespace nonet
