// Backups as files: what is packed comes back, and nothing else does.
#include <gtest/gtest.h>

#include <fstream>
#include <iterator>

#include "common/base/error.h"
#include "controlplane/store/backup_file.h"
#include "controlplane/store/restore.h"
#include "controlplane/store/rocksdb_store.h"
#include "tests/contract/controlplane/temp_dir.h"

namespace nonet::controlplane {
namespace {

// Revisions up to `to`, each a new version of resources/a.
void Grow(const std::string& path, uint64_t to) {
  const auto store = RocksDbStore::Open(path);
  ASSERT_TRUE(store.ok()) << store.status();
  for (uint64_t revision = (*store)->Load()->revision + 1; revision <= to; ++revision) {
    Object object;
    object.set_name("resources/a");
    object.mutable_resource()->set_name("resources/a");
    SetRevision(object, revision);
    StoreBatch batch;
    batch.revision = revision;
    batch.log.push_back({revision, {std::make_shared<const Object>(object)}});
    ASSERT_TRUE((*store)->Commit(batch).ok());
  }
}

StoredState Load(const std::string& path) {
  const auto store = RocksDbStore::Open(path);
  EXPECT_TRUE(store.ok()) << store.status();
  return *(*store)->Load();
}

std::string Read(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}
void Write(const std::string& path, const std::string& bytes) {
  std::ofstream(path, std::ios::binary) << bytes;
}

// What the service does: a checkpoint, then its bytes.
void Backup(const TempDir& dir, const std::string& path, const std::string& file) {
  const auto store = RocksDbStore::Open(path);
  ASSERT_TRUE((*store)->Checkpoint(dir.path("checkpoint")).ok());
  backup::v1::BackupManifest manifest;
  manifest.set_cluster((*store)->Load()->cluster);
  manifest.set_revision((*store)->Load()->revision);
  auto reader = BackupReader::Open(dir.path("checkpoint"), manifest);
  ASSERT_TRUE(reader.ok()) << reader.status();
  std::string bytes;
  while (!(*reader)->done()) bytes += *(*reader)->Next();
  Write(file, bytes);
  std::filesystem::remove_all(dir.path("checkpoint"));
}

std::string RestoreError(const std::string& path, const std::string& file, bool force = false) {
  return ErrorReason(RestoreStore(path, file, force).status());
}

class BackupTest : public testing::Test {
 protected:
  BackupTest() {
    Grow(db, 5);
    Backup(dir, db, file);
  }
  TempDir dir;
  const std::string db = dir.path("db");
  const std::string file = dir.path("backup");
};

TEST_F(BackupTest, ComesBackInAnEmptyPlaceWithANewHistory) {
  const auto manifest = RestoreStore(dir.path("other"), file, false);
  ASSERT_TRUE(manifest.ok()) << manifest.status();
  EXPECT_EQ(manifest->revision(), 5u);
  const StoredState before = Load(db);
  const StoredState after = Load(dir.path("other"));
  EXPECT_EQ(after.revision, 5u);
  ASSERT_EQ(after.objects.size(), 1u);
  EXPECT_EQ(after.objects[0].revision(), 5u);
  EXPECT_EQ(after.log.size(), 5u);
  EXPECT_EQ(after.cluster, before.cluster);
  EXPECT_NE(after.history, before.history);
  EXPECT_FALSE(std::filesystem::exists(dir.path("other.restoring")));
}

TEST_F(BackupTest, IsRefusedOverNewerChangesUnlessForced) {
  Grow(db, 6);
  EXPECT_EQ(RestoreError(db, file), "BACKUP_OLDER");
  EXPECT_EQ(Load(db).revision, 6u);
  EXPECT_EQ(RestoreError(db, file, true), "");
  EXPECT_EQ(Load(db).revision, 5u);
}

TEST_F(BackupTest, IsRefusedOverAnotherClusterUnlessForced) {
  Grow(dir.path("other"), 2);
  EXPECT_EQ(RestoreError(dir.path("other"), file), "BACKUP_OF_ANOTHER_CLUSTER");
  EXPECT_EQ(Load(dir.path("other")).revision, 2u);
  EXPECT_EQ(RestoreError(dir.path("other"), file, true), "");
  EXPECT_EQ(Load(dir.path("other")).cluster, Load(db).cluster);
}

TEST_F(BackupTest, IsRefusedWhileTheStoreIsOpenEvenForced) {
  const auto open = RocksDbStore::Open(db);
  EXPECT_EQ(RestoreError(db, file), "STORE_IN_USE");
  EXPECT_EQ(RestoreError(db, file, true), "STORE_IN_USE");
}

TEST_F(BackupTest, IsRefusedWhenAnyOfItIsDamagedOrMissing) {
  const std::string whole = Read(file);
  for (const size_t at : {size_t{0}, size_t{20}, whole.size() / 2, whole.size() - 1}) {
    std::string bytes = whole;
    bytes[at] = static_cast<char>(bytes[at] ^ 1);
    Write(file, bytes);
    EXPECT_EQ(RestoreError(db, file), "BACKUP_DAMAGED") << at;
  }
  for (const size_t size : {size_t{0}, size_t{10}, size_t{30}, whole.size() / 2, whole.size() - 1}) {
    Write(file, whole.substr(0, size));
    EXPECT_EQ(RestoreError(db, file), "BACKUP_DAMAGED") << size;
  }
  Write(file, whole + "x");
  EXPECT_EQ(RestoreError(db, file), "BACKUP_DAMAGED");
  EXPECT_EQ(Load(db).revision, 5u);
}

TEST_F(BackupTest, OfAnEarlierRestorationThatWasCutOffIsNoHindrance) {
  std::filesystem::create_directories(db + ".restoring/left");
  EXPECT_EQ(RestoreError(db, file), "");
  EXPECT_FALSE(std::filesystem::exists(db + ".restoring"));
}

TEST_F(BackupTest, ReplacesADamagedStoreOnlyWhenForced) {
  std::filesystem::remove(db + "/CURRENT");
  EXPECT_EQ(RestoreError(db, file), "STORE_CORRUPT");
  EXPECT_EQ(RestoreError(db, file, true), "");
  EXPECT_EQ(Load(db).revision, 5u);
}

}  // namespace
}  // namespace nonet::controlplane
