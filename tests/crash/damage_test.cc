// Bits that turn over on the disk: the store says so and changes nothing, or was not touched by it.
#include <gtest/gtest.h>
#include <rocksdb/file_system.h>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "common/base/error.h"
#include "common/base/random.h"
#include "tests/crash/workload.h"

namespace nonet::crash {
namespace {

// A store after the workload and a clean end.
struct Written {
  SimulatedDisk disk;
  Witness witness;

  Written() {
    std::unique_ptr<Node> node;
    for (const Step& step : Workload()) {
      if (!node || step.reopen) {
        node.reset();
        auto opened = Node::Open(disk, {}, witness);
        EXPECT_TRUE(opened.ok()) << opened.status();
        node = *std::move(opened);
      }
      if (!step.reopen) {
        EXPECT_TRUE(node->Turn(step.turn).ok());
      }
    }
  }
  std::vector<std::string> FilesLike(absl::string_view part) const {
    std::vector<std::string> found;
    for (const std::string& path : disk.Files()) {
      if (absl::StrContains(path, part) && disk.SizeOf(path) > 0) found.push_back(path);
    }
    return found;
  }
};

// Flips one bit of each file of a kind; answers how often that was told.
int Flip(absl::string_view part, int times, uint64_t bytes_kept_at_end) {
  Random random(7);
  int told = 0;
  for (int i = 0; i < times; ++i) {
    Written store;
    const std::vector<std::string> files = store.FilesLike(part);
    EXPECT_FALSE(files.empty()) << part;
    if (files.empty()) return 0;
    const std::string path = files[random.Below(files.size())];
    const uint64_t bytes = store.disk.SizeOf(path);
    if (bytes <= bytes_kept_at_end) continue;
    const uint64_t bit = random.Below(8 * (bytes - bytes_kept_at_end));
    EXPECT_TRUE(store.disk.FlipBit(path, bit));
    const std::string where = absl::StrCat("bit ", bit, " of ", path, " (", bytes, " bytes)");
    const auto node = Node::Open(store.disk, {}, store.witness);
    if (node.ok()) {
      EXPECT_EQ(absl::StrJoin(store.witness.Check(**node), "; "), "") << where;
      continue;
    }
    ++told;
    const std::string reason = ErrorReason(node.status());
    EXPECT_TRUE(reason == "STORE_CORRUPT" || reason == "STORE_FAILED") << node.status() << where;
    EXPECT_TRUE(store.disk.FlipBit(path, bit)) << where;  // Still there, and whole once it is repaired.
    const auto repaired = Node::Open(store.disk, {}, store.witness);
    EXPECT_TRUE(repaired.ok()) << repaired.status() << " after " << where;
    if (repaired.ok()) {
      EXPECT_EQ(absl::StrJoin(store.witness.Check(**repaired), "; "), "") << where;
    }
  }
  return told;
}

TEST(Damage, OfATableIsTold) { EXPECT_GT(Flip(".sst", 12, 0), 0); }

TEST(Damage, OfTheManifestIsTold) { EXPECT_GT(Flip("MANIFEST", 12, 0), 0); }

// But for the last record: there a damaged length looks like a write that power cut off.
TEST(Damage, OfTheLogIsTold) { EXPECT_GT(Flip(".log", 12, 4096), 0); }

TEST(Damage, WithoutItsCurrentManifestNothingIsStartedAnew) {
  Written store;
  {
    const auto files = store.disk.Mount();
    ASSERT_TRUE(files->DeleteFile("/db/CURRENT", {}, nullptr).ok());
  }
  const auto node = Node::Open(store.disk, {}, store.witness);
  EXPECT_EQ(ErrorReason(node.status()), "STORE_CORRUPT") << node.status();
  EXPECT_FALSE(store.FilesLike(".sst").empty());
}

}  // namespace
}  // namespace nonet::crash
