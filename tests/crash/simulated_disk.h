// A disk in memory that can lose power or run full, as a file system for RocksDB. It keeps apart what a
// process has written and what would still be there after a power loss: bytes count once their file is
// synced, names (created, renamed, deleted, linked files; new directories) once their directory is.
//
//   SimulatedDisk disk;
//   disk.FailAt(17, Fault::kPowerLoss);
//   auto store = RocksDbStore::Open("/db", {.file_system = disk.Mount()});   // ... fails at the 17th write
//   store = {}; disk.Restart(Survival::kTorn, seed);
//   store = RocksDbStore::Open("/db", {.file_system = disk.Mount()});        // What a real machine would
//   find.
//
// Every write, sync, rename, creation, deletion is a site, numbered from 1 since the last Restart or Heal.
// Thread-safe.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/strings/string_view.h"
#include "absl/synchronization/mutex.h"
#include "common/base/random.h"

namespace rocksdb {
class FileSystem;
}

namespace nonet::crash {

inline constexpr size_t kSectorBytes = 512;  // Written whole or not at all.

enum class Fault {
  kNone,
  kPowerLoss,  // The site's write happens in part or not at all; nothing after it does.
  kNoSpace,    // The site and everything after it that needs space fails, until Heal.
  kReadOnly,   // The site and everything after it fails, until Heal.
};

// What a power loss leaves of what was not synced.
enum class Survival {
  kNothing,
  kTorn,  // Of each file a part of random length, of sectors written in place any; of the changed names the
          // first few.
  kEverything,  // It had all arrived by chance.
};

class SimulatedDisk {
 public:
  SimulatedDisk() = default;

  // For one process, until it loses power.
  std::shared_ptr<rocksdb::FileSystem> Mount();

  void FailAt(uint64_t site, Fault fault);
  // How many sites were passed, and what the failed one was ("append /db/000004.log"); empty when none
  // failed.
  uint64_t sites() const;
  std::string failed() const;
  // The power is off or goes off now; comes back with what survives. Mounts from before answer errors for
  // ever.
  void Restart(Survival survival, uint64_t seed);
  // There is space again, and writing is allowed.
  void Heal();

  // Paths of the files there are. Changes one bit; false where the file has no such byte.
  std::vector<std::string> Files() const;
  bool FlipBit(const std::string& path, uint64_t bit);
  uint64_t SizeOf(const std::string& path) const;
  std::string Read(const std::string& path) const;  // Empty where there is none.
  // Zeros where the file has `sector`.
  void LoseSector(const std::string& path, uint64_t sector);

  // ---- For the file system; `life` is its mount's. ----
  struct Inode {
    std::string data;
    size_t synced = 0;  // Bytes of it, but for those that were overwritten since.
    // What stood in each sector that was, by its number.
    std::map<size_t, std::string> overwritten;
    bool in_place = false;  // It has been overwritten at all.

    void Overwrite(size_t offset, absl::string_view bytes);
    void Truncate(size_t size);  // For good at once.
    void Sync();
  };
  using InodePtr = std::shared_ptr<Inode>;  // Shared by names and open files, as on a real disk.
  enum class Verdict { kDo, kDoInPart, kFail, kFailNoSpace, kFailReadOnly };

  // Takes a site. kDoInPart: keep `*part` of 0..`size` bytes, then fail.
  Verdict Site(uint64_t life, const char* what, const std::string& path, bool needs_space, size_t size,
               size_t* part) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mu);
  bool IsAlive(uint64_t life) const ABSL_EXCLUSIVE_LOCKS_REQUIRED(mu) { return life == life_ && !off_; }
  // Changes names at once for who looks, after SyncDirectory also for good. Null removes.
  void Name(const std::vector<std::pair<std::string, InodePtr>>& changes) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mu);
  void MakeDirectory(const std::string& path) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mu);
  void SyncDirectory(const std::string& path) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mu);

  mutable absl::Mutex mu;
  std::map<std::string, InodePtr> names ABSL_GUARDED_BY(mu);
  std::set<std::string> directories ABSL_GUARDED_BY(mu) = {"/"};
  std::set<std::string> locked ABSL_GUARDED_BY(mu);

 private:
  struct NameChange {
    std::vector<std::pair<std::string, InodePtr>> files;
    std::string directory;  // Made, where not empty.
  };
  void Keep(const NameChange& change) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mu);

  std::map<std::string, InodePtr> durable_names_ ABSL_GUARDED_BY(mu);
  std::set<std::string> durable_directories_ ABSL_GUARDED_BY(mu) = {"/"};
  // By directory: what was not synced yet, oldest first.
  std::map<std::string, std::vector<NameChange>> unsynced_ ABSL_GUARDED_BY(mu);
  Random random_ ABSL_GUARDED_BY(mu){1};
  uint64_t life_ ABSL_GUARDED_BY(mu) = 1;
  bool off_ ABSL_GUARDED_BY(mu) = false;
  bool full_ ABSL_GUARDED_BY(mu) = false;
  bool read_only_ ABSL_GUARDED_BY(mu) = false;
  uint64_t sites_ ABSL_GUARDED_BY(mu) = 0;
  uint64_t fail_at_ ABSL_GUARDED_BY(mu) = 0;
  Fault fault_ ABSL_GUARDED_BY(mu) = Fault::kNone;
  std::string failed_ ABSL_GUARDED_BY(mu);
};

}  // namespace nonet::crash
