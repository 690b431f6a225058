#include "controlplane/store/rocksdb_store.h"

#include <rocksdb/db.h>
#include <rocksdb/options.h>
#include <rocksdb/table.h>
#include <rocksdb/write_batch.h>

#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/string_view.h"
#include "common/base/status_macros.h"
#include "controlplane/core/errors.h"
#include "controlplane/store/key_layout.h"

namespace nonet::controlplane {
namespace {

absl::string_view View(const rocksdb::Slice& slice) { return {slice.data(), slice.size()}; }
rocksdb::Slice Slice(const std::string& bytes) { return {bytes.data(), bytes.size()}; }

absl::Status Convert(const rocksdb::Status& status, const std::string& path) {
  if (status.ok()) return absl::OkStatus();
  const std::string why = status.ToString();
  if (absl::StrContains(why, "lock ") && absl::StrContains(why, "LOCK")) return errors::StoreInUse(path);
  if (status.IsCorruption()) return errors::StoreCorrupt(path, why);
  if (absl::StrContains(why, "Permission denied") || absl::StrContains(why, "Read-only file system") ||
      absl::StrContains(why, "Not a directory")) {
    return errors::StoreUnwritable(path, why);
  }
  return errors::StoreFailed(path, why);
}

rocksdb::Options MakeOptions() {
  rocksdb::Options options;
  options.create_if_missing = true;
  // A torn last record was never acknowledged and is dropped; damage before it is an error, never skipped.
  options.wal_recovery_mode = rocksdb::WALRecoveryMode::kTolerateCorruptedTailRecords;
  options.paranoid_checks = true;
  // The state is a few megabytes at most; small buffers keep the process small.
  options.write_buffer_size = 4 << 20;
  options.max_write_buffer_number = 2;
  options.max_open_files = 64;
  options.max_background_jobs = 2;
  options.keep_log_file_num = 2;
  options.max_log_file_size = 1 << 20;
  options.stats_dump_period_sec = 0;
  options.stats_persist_period_sec = 0;
  rocksdb::BlockBasedTableOptions table;
  table.block_cache = rocksdb::NewLRUCache(4 << 20);
  options.table_factory.reset(rocksdb::NewBlockBasedTableFactory(table));
  return options;
}

rocksdb::WriteOptions Synced() {
  rocksdb::WriteOptions options;
  options.sync = true;
  return options;
}

}  // namespace

struct RocksDbStore::Impl {
  std::string path;
  std::unique_ptr<rocksdb::DB> db;
};

RocksDbStore::RocksDbStore(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
RocksDbStore::~RocksDbStore() = default;

absl::StatusOr<std::unique_ptr<RocksDbStore>> RocksDbStore::Open(const std::string& path) {
  rocksdb::DB* db = nullptr;
  RETURN_IF_ERROR(Convert(rocksdb::DB::Open(MakeOptions(), path, &db), path));
  auto impl = std::make_unique<Impl>();
  impl->path = path;
  impl->db.reset(db);
  std::string value;
  const rocksdb::Status found = db->Get(rocksdb::ReadOptions(), Slice(layout::SchemaKey()), &value);
  if (found.IsNotFound()) {
    const std::string version = layout::SchemaValue(layout::kSchemaVersion);
    RETURN_IF_ERROR(Convert(db->Put(Synced(), Slice(layout::SchemaKey()), Slice(version)), path));
  } else {
    RETURN_IF_ERROR(Convert(found, path));
    const auto version = layout::ParseSchema(value);
    if (!version) return errors::StoreCorrupt(path, "the schema version cannot be read");
    if (*version > layout::kSchemaVersion) return errors::StoreTooNew(path, *version, layout::kSchemaVersion);
  }
  return std::unique_ptr<RocksDbStore>(new RocksDbStore(std::move(impl)));
}

absl::StatusOr<StoredState> RocksDbStore::Load() {
  layout::Reader reader;
  const std::unique_ptr<rocksdb::Iterator> it(impl_->db->NewIterator(rocksdb::ReadOptions()));
  for (it->SeekToFirst(); it->Valid(); it->Next()) {
    if (const auto why = reader.Add(View(it->key()), View(it->value()))) {
      return errors::StoreCorrupt(impl_->path, *why);
    }
  }
  RETURN_IF_ERROR(Convert(it->status(), impl_->path));
  if (const auto why = reader.Finish()) return errors::StoreCorrupt(impl_->path, *why);
  return reader.Take();
}

absl::Status RocksDbStore::Commit(const StoreBatch& batch) {
  rocksdb::WriteBatch writes;
  for (const layout::Write& write : layout::Writes(batch)) {
    const rocksdb::Status status =
        write.value ? writes.Put(Slice(write.key), Slice(*write.value)) : writes.Delete(Slice(write.key));
    RETURN_IF_ERROR(Convert(status, impl_->path));
  }
  return Convert(impl_->db->Write(Synced(), &writes), impl_->path);
}

absl::Status RocksDbStore::SetSchemaForTest(uint64_t version) {
  const std::string value = layout::SchemaValue(version);
  return Convert(impl_->db->Put(Synced(), Slice(layout::SchemaKey()), Slice(value)), impl_->path);
}

}  // namespace nonet::controlplane
