// Where a log of RocksDB's ends, judged on logs that RocksDB wrote.
#include "controlplane/store/log_tail.h"

#include <gtest/gtest.h>
#include <rocksdb/file_system.h>

#include <algorithm>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "common/base/error.h"
#include "common/base/random.h"
#include "controlplane/store/rocksdb_store.h"
#include "tests/crash/simulated_disk.h"

namespace nonet::crash {
namespace {

using controlplane::FindLogTail;
using controlplane::LogTail;
using controlplane::RocksDbStore;

// The log of a store, as it is while the store is open, and where each of its records ends.
struct Log {
  std::string path;
  std::string bytes;
  std::vector<size_t> ends;

  size_t last_begin() const { return ends[ends.size() - 2]; }
  size_t end() const { return ends.back(); }
};

std::string NewestLog(const SimulatedDisk& disk) {
  std::string newest;
  for (const std::string& path : disk.Files()) {
    if (absl::EndsWith(path, ".log")) newest = std::max(newest, path);
  }
  return newest;
}

// Records of some bytes to some blocks.
Log WriteLog(SimulatedDisk& disk, uint64_t seed) {
  Random random(seed);
  auto store = RocksDbStore::Open("/db", {.file_system = disk.Mount()});
  EXPECT_TRUE(store.ok()) << store.status();
  Log log{NewestLog(disk), "", {}};
  for (int i = 0; i < 40; ++i) {
    const size_t bytes = random.Below(5) == 0 ? random.Below(100'000) : 1 + random.Below(1'500);
    const std::string value(bytes, static_cast<char>('a' + i % 26));
    EXPECT_TRUE((*store)->PutForTest(absl::StrCat("k", i), value).ok());
    log.bytes = disk.Read(log.path);
    log.ends.push_back(FindLogTail(log.bytes).end);
  }
  disk.Restart(Survival::kEverything, seed);  // It is not closed.
  return log;
}

TEST(LogTail, IsCleanWhileTheLogIsWholeHoweverFarItIsPrepared) {
  SimulatedDisk disk;
  const Log log = WriteLog(disk, 1);
  EXPECT_TRUE(std::is_sorted(log.ends.begin(), log.ends.end()));
  EXPECT_EQ(std::adjacent_find(log.ends.begin(), log.ends.end()), log.ends.end());
  EXPECT_GT(log.bytes.size(), log.end() + 7);
  for (const size_t size : {log.bytes.size(), log.end() + 100, log.end() + 1, log.end()}) {
    const LogTail tail = FindLogTail(log.bytes.substr(0, size));
    EXPECT_EQ(tail.kind, LogTail::Kind::kClean);
    EXPECT_EQ(tail.end, log.end());
  }
  EXPECT_EQ(FindLogTail("").kind, LogTail::Kind::kClean);
  EXPECT_EQ(FindLogTail(std::string(100'000, '\0')).end, 0u);
}

TEST(LogTail, IsTornWhereSectorsOfTheLastRecordAreMissing) {
  int torn = 0;
  for (uint64_t seed = 1; seed <= 30; ++seed) {
    SimulatedDisk disk;
    const Log log = WriteLog(disk, seed);
    Random random(seed);
    for (int i = 0; i < 50; ++i) {
      std::string bytes = log.bytes;
      for (size_t at = log.last_begin(); at < log.end(); at = at / 512 * 512 + 512) {
        const size_t sector = std::min(at / 512 * 512 + 512, log.end()) - at;
        if (random.Below(2) == 0) bytes.replace(at, sector, sector, '\0');
      }
      if (bytes == log.bytes) continue;
      const LogTail tail = FindLogTail(bytes);
      EXPECT_NE(tail.kind, LogTail::Kind::kDamaged) << "seed " << seed;
      EXPECT_EQ(tail.end, log.last_begin()) << "seed " << seed;
      torn += tail.kind == LogTail::Kind::kTorn;
      const LogTail cut =
          FindLogTail(log.bytes.substr(0, log.end() - 1 - random.Below(log.end() - log.last_begin())));
      EXPECT_NE(cut.kind, LogTail::Kind::kDamaged) << "seed " << seed;
      EXPECT_EQ(cut.end, log.last_begin()) << "seed " << seed;
    }
  }
  EXPECT_GT(torn, 300);
}

TEST(LogTail, IsDamageWhereAnotherRecordFollows) {
  int told = 0;
  for (uint64_t seed = 1; seed <= 10; ++seed) {
    SimulatedDisk disk;
    const Log log = WriteLog(disk, seed);
    Random random(seed);
    for (int i = 0; i < 40; ++i) {
      std::string bytes = log.bytes;
      const size_t at = random.Below(log.last_begin());
      if (i % 2 == 0) {
        bytes[at] = static_cast<char>(bytes[at] ^ (1 << random.Below(8)));
      } else {
        bytes.replace(at / 512 * 512, 512, 512, '\0');
      }
      const LogTail tail = FindLogTail(bytes);
      if (tail.end == log.end()) continue;  // The few bytes at a block's end that nothing uses.
      EXPECT_EQ(tail.kind, LogTail::Kind::kDamaged) << "seed " << seed << ", byte " << at;
      EXPECT_LE(tail.broken, at) << "seed " << seed;
      ++told;
    }
  }
  EXPECT_GT(told, 350);
}

TEST(LogTail, IsDamageInTheLastRecordOfALogThatWasClosed) {
  SimulatedDisk disk;
  const Log log = WriteLog(disk, 3);
  std::string bytes = log.bytes.substr(0, log.end());
  bytes[log.end() - 1] = static_cast<char>(bytes[log.end() - 1] ^ 1);
  EXPECT_EQ(FindLogTail(bytes).kind, LogTail::Kind::kDamaged);
  EXPECT_EQ(FindLogTail(bytes + std::string(16, '\0')).kind, LogTail::Kind::kTorn);
}

// RocksDB alone takes zeros for the end of a block, and goes on with the next one.
TEST(Damage, ALostSectorOfTheLogIsTold) {
  SimulatedDisk disk;
  const Log log = WriteLog(disk, 5);
  const uint64_t sector = log.ends[log.ends.size() / 2] / 512;
  disk.LoseSector(log.path, sector);
  const auto store = RocksDbStore::Open("/db", {.file_system = disk.Mount()});
  EXPECT_EQ(ErrorReason(store.status()), "STORE_CORRUPT") << store.status();
  EXPECT_TRUE(absl::StrContains(store.status().message(), "is damaged at byte")) << store.status();
  EXPECT_EQ(disk.Read(log.path).size(), log.bytes.size());
}

}  // namespace
}  // namespace nonet::crash
