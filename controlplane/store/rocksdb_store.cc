#include "controlplane/store/rocksdb_store.h"

#include <rocksdb/db.h>
#include <rocksdb/env.h>
#include <rocksdb/file_system.h>
#include <rocksdb/memtablerep.h>
#include <rocksdb/options.h>
#include <rocksdb/table.h>
#include <rocksdb/utilities/checkpoint.h>
#include <rocksdb/write_batch.h>

#include <memory>
#include <utility>
#include <vector>

#include "absl/algorithm/container.h"
#include "absl/strings/match.h"
#include "absl/strings/string_view.h"
#include "common/base/status_macros.h"
#include "common/real/entropy.h"
#include "controlplane/core/errors.h"
#include "controlplane/store/key_layout.h"
#include "controlplane/store/prepared_log.h"

namespace nonet::controlplane {
namespace {

absl::string_view View(const rocksdb::Slice& slice) { return {slice.data(), slice.size()}; }
rocksdb::Slice Slice(const std::string& bytes) { return {bytes.data(), bytes.size()}; }

absl::Status Convert(const rocksdb::Status& status, const std::string& path) {
  if (status.ok()) return absl::OkStatus();
  const std::string why = status.ToString();
  if (absl::StrContains(why, "lock ") && absl::StrContains(why, "LOCK")) return errors::StoreInUse(path);
  if (status.IsCorruption()) return errors::StoreCorrupt(path, why);
  if (status.IsNoSpace()) return errors::StoreFull(path, why);
  if (absl::StrContains(why, "Permission denied") || absl::StrContains(why, "Read-only file system") ||
      absl::StrContains(why, "Not a directory")) {
    return errors::StoreUnwritable(path, why);
  }
  return errors::StoreFailed(path, why);
}

rocksdb::Options MakeOptions(size_t write_buffer_bytes) {
  rocksdb::Options options;
  options.create_if_missing = true;
  // A torn last record was never acknowledged and is dropped; damage before it is an error, never skipped.
  // What RocksDB cannot tell apart has been seen to by MendLogs.
  options.wal_recovery_mode = rocksdb::WALRecoveryMode::kTolerateCorruptedTailRecords;
  options.paranoid_checks = true;
  // Small buffers keep the process small; while one is flushed, the log has to share the disk with it.
  options.write_buffer_size = write_buffer_bytes;
  options.max_write_buffer_number = 2;
  // Nothing is read between opening and the next opening, so what is written need not be kept sorted.
  options.memtable_factory = std::make_shared<rocksdb::VectorRepFactory>();
  options.allow_concurrent_memtable_write = false;
  options.compression =
      rocksdb::kNoCompression;  // Some hundred megabytes at most, and nobody waits for the disk.
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

absl::Status Put(rocksdb::WriteBatch& batch, const std::vector<layout::Write>& writes,
                 const std::string& path) {
  for (const layout::Write& write : writes) {
    rocksdb::Status status;
    if (write.value) {
      status = batch.Put(Slice(write.key), Slice(*write.value));
    } else if (write.end.empty()) {
      status = batch.Delete(Slice(write.key));
    } else {
      status = batch.DeleteRange(Slice(write.key), Slice(write.end));
    }
    RETURN_IF_ERROR(Convert(status, path));
  }
  return absl::OkStatus();
}

// RocksDB would take a store whose CURRENT is missing for a new one, and delete the rest.
absl::Status CheckNotBeheaded(const std::vector<std::string>& names, const std::string& path) {
  if (absl::c_linear_search(names, "CURRENT")) return absl::OkStatus();
  for (const std::string& name : names) {
    if (absl::EndsWith(name, ".sst") || absl::EndsWith(name, ".log")) {
      return errors::StoreCorrupt(path, "it has tables or logs but no file CURRENT");
    }
  }
  return absl::OkStatus();
}

// What has to be seen to before RocksDB opens the store.
absl::Status CheckBeforeOpening(rocksdb::FileSystem& files, const std::string& path) {
  std::vector<std::string> names;
  if (!files.GetChildren(path, {}, &names, nullptr).ok()) return absl::OkStatus();  // There is none yet.
  RETURN_IF_ERROR(CheckNotBeheaded(names, path));
  if (!absl::c_linear_search(names, "CURRENT")) return absl::OkStatus();
  rocksdb::FileLock* lock = nullptr;  // The one that RocksDB takes.
  RETURN_IF_ERROR(Convert(files.LockFile(path + "/LOCK", {}, &lock, nullptr), path));
  absl::Status mended = MendLogs(files, path, std::move(names));
  mended.Update(Convert(files.UnlockFile(lock, {}, nullptr), path));
  return mended;
}

std::string ParentOf(const std::string& path) {
  const size_t slash = path.find_last_of('/');
  if (slash == std::string::npos) return ".";
  return slash == 0 ? "/" : path.substr(0, slash);
}

}  // namespace

struct RocksDbStore::Impl {
  absl::Status Write(rocksdb::WriteBatch& batch) {
    rocksdb::WriteOptions options;
    options.sync = sync;
    return Convert(db->Write(options, &batch), path);
  }

  rocksdb::FileSystem& Files() const { return *env->GetFileSystem(); }

  // RocksDB syncs what is in the directory, not the entry of the directory itself.
  absl::Status SyncParent() {
    std::unique_ptr<rocksdb::FSDirectory> parent;
    RETURN_IF_ERROR(Convert(Files().NewDirectory(ParentOf(path), {}, &parent, nullptr), path));
    return Convert(parent->Fsync({}, nullptr), path);
  }

  absl::Status CheckSchema() {
    std::string value;
    const rocksdb::Status found = db->Get(rocksdb::ReadOptions(), Slice(layout::SchemaKey()), &value);
    if (found.IsNotFound()) return Create();
    RETURN_IF_ERROR(Convert(found, path));
    const auto schema = layout::ParseSchema(value);
    if (!schema) return errors::StoreCorrupt(path, "the schema version cannot be read");
    if (*schema > layout::kSchemaVersion) return errors::StoreTooNew(path, *schema, layout::kSchemaVersion);
    return *schema < layout::kSchemaVersion ? Migrate(*schema) : absl::OkStatus();
  }

  absl::Status Create() {
    std::vector<layout::Write> writes = layout::Writes(layout::Identity{RandomHex(8), RandomHex(8)});
    writes.push_back({layout::SchemaKey(), layout::SchemaValue(layout::kSchemaVersion)});
    rocksdb::WriteBatch batch;
    RETURN_IF_ERROR(Put(batch, writes, path));
    return Write(batch);
  }

  absl::Status Migrate(uint64_t schema) {
    layout::Migration migration(schema, {RandomHex(8), RandomHex(8)});
    const std::unique_ptr<rocksdb::Iterator> it(db->NewIterator(rocksdb::ReadOptions()));
    for (it->SeekToFirst(); it->Valid(); it->Next()) migration.Add(View(it->key()), View(it->value()));
    RETURN_IF_ERROR(Convert(it->status(), path));
    std::vector<layout::Write> writes = migration.Take();
    writes.push_back({layout::SchemaKey(), layout::SchemaValue(layout::kSchemaVersion)});
    rocksdb::WriteBatch batch;
    RETURN_IF_ERROR(Put(batch, writes, path));
    return Write(batch);
  }

  std::string path;
  bool sync = true;
  std::unique_ptr<rocksdb::Env> env;
  std::unique_ptr<rocksdb::DB> db;
};

RocksDbStore::RocksDbStore(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
RocksDbStore::~RocksDbStore() = default;

absl::StatusOr<std::unique_ptr<RocksDbStore>> RocksDbStore::Open(const std::string& path, Options given) {
  auto impl = std::make_unique<Impl>();
  impl->path = path;
  impl->sync = given.sync;
  rocksdb::Options options = MakeOptions(given.write_buffer_bytes);
  const auto files = given.file_system ? given.file_system : rocksdb::FileSystem::Default();
  impl->env = rocksdb::NewCompositeEnv(PrepareLogs(files));
  options.env = impl->env.get();
  RETURN_IF_ERROR(CheckBeforeOpening(impl->Files(), path));
  rocksdb::DB* db = nullptr;
  RETURN_IF_ERROR(Convert(rocksdb::DB::Open(options, path, &db), path));
  impl->db.reset(db);
  if (given.sync) RETURN_IF_ERROR(impl->SyncParent());
  RETURN_IF_ERROR(impl->CheckSchema());
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
  RETURN_IF_ERROR(Put(writes, layout::Writes(batch), impl_->path));
  return impl_->Write(writes);
}

absl::Status RocksDbStore::Checkpoint(const std::string& path) {
  rocksdb::Checkpoint* checkpoint = nullptr;
  RETURN_IF_ERROR(Convert(rocksdb::Checkpoint::Create(impl_->db.get(), &checkpoint), impl_->path));
  const std::unique_ptr<rocksdb::Checkpoint> owned(checkpoint);
  return Convert(owned->CreateCheckpoint(path), path);
}

absl::Status RocksDbStore::BeginHistory() {
  const std::vector<layout::Write> writes = layout::Writes(layout::Identity{"", RandomHex(8)});
  rocksdb::WriteBatch batch;
  RETURN_IF_ERROR(Put(batch, {writes.back()}, impl_->path));
  return impl_->Write(batch);
}

absl::Status RocksDbStore::PutForTest(const std::string& key, const std::string& value) {
  rocksdb::WriteBatch batch;
  RETURN_IF_ERROR(Put(batch, {{key, value}}, impl_->path));
  return impl_->Write(batch);
}

}  // namespace nonet::controlplane
