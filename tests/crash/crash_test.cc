// Power is lost, or space runs out, at every single write of a workload; then the promises are checked.
// NONET_SEED=<n> takes another seed for what survives.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdlib>

#include "absl/strings/match.h"
#include "absl/strings/str_join.h"
#include "common/base/error.h"
#include "tests/crash/simulated_disk.h"
#include "tests/crash/workload.h"

namespace nonet::crash {
namespace {

constexpr Survival kSurvivals[] = {Survival::kNothing, Survival::kTorn, Survival::kEverything};

uint64_t Seed() {
  const char* given = std::getenv("NONET_SEED");
  return given == nullptr ? 1 : std::strtoull(given, nullptr, 10);
}

// One life of the disk: the workload with one fault in it.
class Life {
 public:
  explicit Life(bool sync = true) {
    options_.store.sync = sync;
    options_.store.write_buffer_bytes = 64 << 10;
  }

  // Answers whether the fault was reached. What is found broken is in problems().
  bool CrashAt(uint64_t site, Fault fault, Survival survival) {
    disk_.FailAt(site, fault);
    const std::vector<Step> steps = Workload();
    size_t next = 0;
    absl::Status status = Work(steps, next);
    if (disk_.failed().empty()) {
      if (!status.ok()) Problem(status, "without a fault");
      return false;
    }
    failed_ = disk_.failed();
    refusal_ = status;
    node_.reset();
    if (fault == Fault::kPowerLoss) {
      disk_.Restart(survival, Seed() * 1'000'003 + site);
    } else {
      disk_.Heal();
    }
    if (!Reopen("after the fault")) return true;
    status = Work(steps, next);  // The turn under way goes on, or once more.
    if (!status.ok()) Problem(status, "going on");
    node_.reset();
    Reopen("at the end");
    return true;
  }
  const std::vector<std::string>& problems() const { return problems_; }
  const std::string& failed() const { return failed_; }
  // How the fault was told; OK where nobody needed to know.
  const absl::Status& refusal() const { return refusal_; }

 private:
  absl::Status Work(const std::vector<Step>& steps, size_t& next) {
    for (; next < steps.size(); ++next) {
      if (!node_ || steps[next].reopen) {
        node_.reset();
        auto node = Node::Open(disk_, options_, witness_);
        if (!node.ok()) return node.status();
        node_ = *std::move(node);
      }
      if (steps[next].reopen) continue;
      const auto answers = node_->Turn(steps[next].turn);
      if (!answers.ok()) return answers.status();
    }
    return absl::OkStatus();
  }
  bool Reopen(const char* when) {
    auto node = Node::Open(disk_, options_, witness_);
    if (!node.ok()) {
      Problem(node.status(), when);
      return false;
    }
    node_ = *std::move(node);
    for (const std::string& problem : witness_.Check(*node_)) {
      problems_.push_back(absl::StrCat(when, ": ", problem));
    }
    return problems_.empty();
  }
  void Problem(const absl::Status& status, const char* when) {
    problems_.push_back(absl::StrCat(when, ": ", status.ToString()));
  }

  SimulatedDisk disk_;
  Witness witness_;
  Node::Options options_;
  std::unique_ptr<Node> node_;
  std::vector<std::string> problems_;
  std::string failed_;
  absl::Status refusal_;
};

TEST(PowerLoss, AtAnyWriteLosesNothingAcknowledged) {
  std::map<std::string, int> kinds;
  uint64_t site = 1;
  for (;; ++site) {
    bool reached = false;
    for (const Survival survival : kSurvivals) {
      Life run;
      reached = run.CrashAt(site, Fault::kPowerLoss, survival);
      ASSERT_EQ(absl::StrJoin(run.problems(), "; "), "")
          << "site " << site << " (" << run.failed() << "), survival " << static_cast<int>(survival)
          << ", NONET_SEED=" << Seed();
      if (!reached) break;
      ++kinds[run.failed().substr(0, run.failed().rfind(' '))];
    }
    if (!reached) break;
  }
  RecordProperty("sites", static_cast<int>(site - 1));
  EXPECT_GT(site, 100u);
  for (const char* kind : {"append", "overwrite", "sync", "sync directory", "create", "rename", "delete"}) {
    EXPECT_GT(kinds[kind], 0) << kind;
  }
}

// The test of the test: were writes not synced, it would be seen.
TEST(PowerLoss, IsSeenToLoseChangesWhenWritesAreNotSynced) {
  int losses = 0;
  for (uint64_t site = 20; site < 80; site += 3) {
    Life run(false);
    if (run.CrashAt(site, Fault::kPowerLoss, Survival::kNothing)) losses += !run.problems().empty();
  }
  EXPECT_GT(losses, 10);
}

TEST(FullDisk, AtAnyWriteIsToldAndLosesNothing) {
  int told = 0;
  for (uint64_t site = 1;; ++site) {
    Life run;
    const bool reached = run.CrashAt(site, Fault::kNoSpace, Survival::kEverything);
    ASSERT_EQ(absl::StrJoin(run.problems(), "; "), "") << "site " << site << " (" << run.failed() << ")";
    if (!reached) break;
    if (run.refusal().ok()) continue;  // It hit the background, which tries again.
    ++told;
    EXPECT_EQ(ErrorReason(run.refusal()), "STORE_FULL") << run.refusal() << " at " << run.failed();
  }
  EXPECT_GT(told, 50);
}

TEST(ReadOnlyDisk, IsToldAndLosesNothing) {
  for (const uint64_t site : {1, 30, 60, 90}) {
    Life run;
    ASSERT_TRUE(run.CrashAt(site, Fault::kReadOnly, Survival::kEverything));
    EXPECT_EQ(absl::StrJoin(run.problems(), "; "), "") << "site " << site << " (" << run.failed() << ")";
    EXPECT_EQ(ErrorReason(run.refusal()), "STORE_UNWRITABLE") << run.refusal();
  }
}

}  // namespace
}  // namespace nonet::crash
