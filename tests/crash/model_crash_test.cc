// Random commands against the naive model, in turns of several, over a disk that loses power now and then:
// what the model says was acknowledged is what there is. A failure prints the seed; replay it with
// NONET_SEED=<n>.
#include <gtest/gtest.h>

#include <cstdlib>
#include <variant>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "common/base/error.h"
#include "tests/crash/node.h"
#include "tests/unit/controlplane/naive_model.h"

namespace nonet::crash {
namespace {

using controlplane::Differs;
using controlplane::Draw;
using controlplane::NaiveModel;
using controlplane::RandomCommand;

bool IsDeletion(const Mutation& request) {
  return std::holds_alternative<resource::v1::DeleteResourceRequest>(request) ||
         std::holds_alternative<resource::v1::DeleteReplicaRequest>(request);
}

class Walk {
 public:
  explicit Walk(uint64_t seed) : random_(seed) { options_.store.write_buffer_bytes = 64 << 10; }

  void Step() {
    if (!node_ || random_.Below(12) == 0) Open();
    std::vector<Mutation> turn;
    std::vector<std::string> expected;
    NaiveModel next = model_;
    for (uint64_t n = random_.Below(4) + 1; n > 0; --n) {
      const std::string id = random_.Below(2) == 0 ? absl::StrCat("r", ++ids_) : "";
      const RandomCommand command = Draw(random_, id);
      turn.push_back(command.request);
      expected.push_back(command.expect(next));
      if (IsDeletion(command.request)) break;  // It is gone at the end of the turn.
    }
    if (random_.Below(4) == 0) disk_.FailAt(disk_.sites() + 1 + random_.Below(6), Fault::kPowerLoss);
    const Image before = node_->Look();
    const auto answers = node_->Turn(turn);
    if (answers.ok()) {
      for (size_t i = 0; i < turn.size(); ++i) {
        ASSERT_EQ(ErrorReason((*answers)[i].status()), expected[i]);
      }
      model_ = next;
    } else {
      ++crashes;
      Open();
      // All of the turn is there, or nothing.
      if (!(node_->Look() == before)) model_ = next;
    }
    ASSERT_EQ(Differs(model_, node_->core()), "");
  }

  int crashes = 0;

 private:
  // A new start: after a clean end, or after as many power losses as it takes.
  void Open() {
    while (true) {
      node_.reset();
      if (!disk_.failed().empty()) {
        disk_.Restart(static_cast<Survival>(random_.Below(3)), random_.Next());
      }
      auto node = Node::Open(disk_, options_, witness_);
      if (!node.ok()) {
        ASSERT_NE(disk_.failed(), "") << node.status();
        continue;
      }
      node_ = *std::move(node);
      const std::string problems = absl::StrJoin(witness_.Check(*node_), "; ");
      if (!disk_.failed().empty()) continue;  // It went out during the check.
      ASSERT_EQ(problems, "");
      return;
    }
  }

  Random random_;
  SimulatedDisk disk_;
  Witness witness_;
  Node::Options options_;
  std::unique_ptr<Node> node_;
  NaiveModel model_;
  int ids_ = 0;
};

TEST(ModelOverCrashes, AgreesWithTheNaiveOne) {
  const char* given = std::getenv("NONET_SEED");
  const uint64_t first = given == nullptr ? 1 : std::strtoull(given, nullptr, 10);
  int crashes = 0;
  for (uint64_t seed = first; seed <= (given == nullptr ? first + 11 : first); ++seed) {
    SCOPED_TRACE(absl::StrCat("NONET_SEED=", seed));
    Walk walk(seed);
    for (int i = 0; i < 60; ++i) {
      walk.Step();
      if (testing::Test::HasFatalFailure()) return;
    }
    crashes += walk.crashes;
  }
  if (given == nullptr) {
    EXPECT_GT(crashes, 5);
  }
}

}  // namespace
}  // namespace nonet::crash
