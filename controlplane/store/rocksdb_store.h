// The Store in a RocksDB directory. One process at a time; every commit is one WriteBatch, written ahead and
// synced (fdatasync) before it returns.
//
//   ASSIGN_OR_RETURN(std::unique_ptr<Store> store, RocksDbStore::Open(dir + "/controlplane/db"));
#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include "controlplane/store/store.h"

namespace nonet::controlplane {

class RocksDbStore final : public Store {
 public:
  // Creates the directory where there is none. FAILED_PRECONDITION when another process has it open or a
  // newer version of Nonet wrote it; PERMISSION_DENIED when it cannot be written; DATA_LOSS when it is
  // damaged.
  static absl::StatusOr<std::unique_ptr<RocksDbStore>> Open(const std::string& path);
  ~RocksDbStore() override;

  absl::StatusOr<StoredState> Load() override;
  absl::Status Commit(const StoreBatch& batch) override;
  // Overwrites the schema version, for tests of what follows.
  absl::Status SetSchemaForTest(uint64_t version);

 private:
  struct Impl;
  explicit RocksDbStore(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace nonet::controlplane
