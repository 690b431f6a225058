// Random commands against a naive second opinion: what exists, and which answers are allowed.
// A failure prints the seed; replay it with NONET_SEED=<n>.
#include <gtest/gtest.h>

#include <cstdlib>
#include <memory>
#include <set>

#include "absl/strings/str_cat.h"
#include "common/base/random.h"
#include "tests/unit/controlplane/naive_model.h"
#include "tests/unit/controlplane/plane.h"

namespace nonet::controlplane {
namespace {

class Walk {
 public:
  explicit Walk(uint64_t seed) : random_(seed) {}

  void Step() {
    if (random_.Below(100) == 0) plane_ = std::make_unique<Plane>(plane_->Restarted());
    const RandomCommand command = Draw(random_);
    const uint64_t revision = plane_->core.revision();
    const std::string expected = command.expect(model_);
    ASSERT_EQ(Reason(plane_->Do(command.request)), expected);
    if (!expected.empty()) {
      ASSERT_EQ(plane_->core.revision(), revision) << "a refusal changes nothing";
    }
    ASSERT_EQ(Differs(model_, plane_->core), "");
    std::set<std::string> hosts;
    for (const auto& [name, object] : plane_->core.resources().objects()) {
      ASSERT_LE(object->revision(), plane_->core.revision());
      if (HasInstance(*object)) {
        ASSERT_TRUE(hosts.insert(InstanceOf(*object).host_name()).second);
      }
    }
  }

 private:
  Random random_;
  NaiveModel model_;
  std::unique_ptr<Plane> plane_ = std::make_unique<Plane>();
};

uint64_t FirstSeed() {
  const char* given = std::getenv("NONET_SEED");
  return given == nullptr ? 1 : std::strtoull(given, nullptr, 10);
}

TEST(Model, AgreesWithTheNaiveOneOnRandomCommands) {
  const uint64_t first = FirstSeed();
  const uint64_t last = std::getenv("NONET_SEED") == nullptr ? first + 49 : first;
  for (uint64_t seed = first; seed <= last; ++seed) {
    SCOPED_TRACE(absl::StrCat("NONET_SEED=", seed));
    Walk walk(seed);
    for (int i = 0; i < 300; ++i) {
      walk.Step();
      if (HasFatalFailure()) return;
    }
  }
}

}  // namespace
}  // namespace nonet::controlplane
