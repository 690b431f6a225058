// The Store in a RocksDB directory. One process at a time; every commit is one WriteBatch, written ahead and
// synced (fdatasync) before it returns.
//
//   ASSIGN_OR_RETURN(std::unique_ptr<Store> store, RocksDbStore::Open(dir + "/controlplane/db"));
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>

#include "controlplane/store/store.h"

namespace rocksdb {
class FileSystem;
}

namespace nonet::controlplane {

class RocksDbStore final : public Store {
 public:
  // What tests turn.
  struct Options {
    std::shared_ptr<rocksdb::FileSystem> file_system;  // The machine's where null. RocksDB shares it.
    bool sync = true;                                  // False breaks every promise.
    size_t write_buffer_bytes = 16 << 20;
  };
  // Creates the directory where there is none, and moves a store of an older schema to this one. Errors:
  // FAILED_PRECONDITION when another process has it open or a newer version of Nonet wrote it;
  // PERMISSION_DENIED when it cannot be written; RESOURCE_EXHAUSTED when the disk is full; DATA_LOSS when it
  // is damaged.
  static absl::StatusOr<std::unique_ptr<RocksDbStore>> Open(const std::string& path) {
    return Open(path, Options());
  }
  static absl::StatusOr<std::unique_ptr<RocksDbStore>> Open(const std::string& path, Options options);
  ~RocksDbStore() override;

  absl::StatusOr<StoredState> Load() override;
  absl::Status Commit(const StoreBatch& batch) override;
  // On the same disk: mostly hard links, so that it takes milliseconds.
  absl::Status Checkpoint(const std::string& path) override;
  // From now on its revisions count in a new history: a restored store's first act.
  absl::Status BeginHistory();
  // Writes a pair past every rule, for tests of what follows.
  absl::Status PutForTest(const std::string& key, const std::string& value);

 private:
  struct Impl;
  explicit RocksDbStore(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace nonet::controlplane
