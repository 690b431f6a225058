// What every Store promises, held by both twins; and what only RocksDB can get wrong.
#include <gtest/gtest.h>
#include <rocksdb/file_system.h>
#include <unistd.h>

#include <fstream>
#include <functional>

#include "common/base/error.h"
#include "controlplane/store/key_layout.h"
#include "controlplane/store/memory_store.h"
#include "controlplane/store/rocksdb_store.h"
#include "tests/contract/controlplane/temp_dir.h"

namespace nonet::controlplane {
namespace {

Object ResourceAt(const std::string& name, uint64_t revision, const std::string& group = "nonet") {
  Object object;
  object.set_name(name);
  object.mutable_resource()->set_name(name);
  object.mutable_resource()->set_resource_group(group);
  SetRevision(object, revision);
  return object;
}

StoreBatch Batch(uint64_t revision, std::vector<Object> events) {
  StoreBatch batch;
  batch.revision = revision;
  LogEntry& entry = batch.log.emplace_back();
  entry.revision = revision;
  for (Object& event : events) entry.events.push_back(std::make_shared<const Object>(std::move(event)));
  return batch;
}

// A twin, and how its process ends and starts again.
struct Twin {
  const char* name;
  std::function<std::unique_ptr<Store>(const TempDir&)> open;
  bool survives;  // A new instance on the same place finds what was committed.
};

class StoreContract : public testing::TestWithParam<Twin> {
 protected:
  void SetUp() override { store_ = GetParam().open(dir_); }
  StoredState Load() {
    auto state = store_->Load();
    EXPECT_TRUE(state.ok()) << state.status();
    return state.ok() ? *std::move(state) : StoredState();
  }
  void Reopen() {
    if (!GetParam().survives) return;
    store_.reset();
    store_ = GetParam().open(dir_);
  }
  TempDir dir_;
  std::unique_ptr<Store> store_;
};

TEST_P(StoreContract, StartsEmpty) {
  const StoredState state = Load();
  EXPECT_EQ(state.revision, 0u);
  EXPECT_TRUE(state.objects.empty());
  EXPECT_TRUE(state.log.empty());
  EXPECT_EQ(state.cluster.size(), 16u);
  EXPECT_EQ(state.history.size(), 16u);
}

TEST_P(StoreContract, LoadsAllThatWasCommitted) {
  StoreBatch batch = Batch(1, {ResourceAt("resources/Contoso", 1), ResourceAt("resources/fabrikam", 1)});
  batch.remembered.push_back({"id-1", std::string(16, 'd'), 42, ResourceAt("resources/Contoso", 1)});
  batch.new_subscribers.push_back("supervisor");
  ASSERT_TRUE(store_->Commit(batch).ok());
  ASSERT_TRUE(store_->Commit(Batch(2, {ResourceAt("resources/contoso", 2, "other")})).ok());
  Reopen();
  const StoredState state = Load();
  EXPECT_EQ(state.revision, 2u);
  ASSERT_EQ(state.objects.size(), 2u);
  EXPECT_EQ(state.objects[0].resource().resource_group(), "other");
  ASSERT_EQ(state.log.size(), 2u);
  EXPECT_EQ(state.log[0].events.size(), 2u);
  EXPECT_EQ(state.log[1].revision, 2u);
  ASSERT_EQ(state.requests.size(), 1u);
  EXPECT_EQ(state.requests[0].request_id, "id-1");
  EXPECT_EQ(state.requests[0].digest, std::string(16, 'd'));
  EXPECT_EQ(state.requests[0].wall_ns, 42);
  EXPECT_EQ(state.requests[0].answer.name(), "resources/Contoso");
  EXPECT_EQ(state.subscribers, std::vector<std::string>{"supervisor"});
}

TEST_P(StoreContract, DeletesObjectsRequestsAndOldLogEntries) {
  StoreBatch first = Batch(1, {ResourceAt("resources/a", 1)});
  first.remembered.push_back({"id-1", std::string(16, 'd'), 1, {}});
  ASSERT_TRUE(store_->Commit(first).ok());
  StoreBatch second = Batch(2, {Deleted("resources/a", 2)});
  second.forgotten.push_back("id-1");
  second.log_floor = 1;
  ASSERT_TRUE(store_->Commit(second).ok());
  Reopen();
  const StoredState state = Load();
  EXPECT_TRUE(state.objects.empty());
  EXPECT_TRUE(state.requests.empty());
  ASSERT_EQ(state.log.size(), 1u);
  EXPECT_EQ(state.log[0].revision, 2u);
  EXPECT_TRUE(state.log[0].events[0]->deleted());
}

TEST_P(StoreContract, DeletesRangesOfRevisions) {
  for (uint64_t r = 1; r <= 300; ++r) {
    StoreBatch batch = Batch(r, {ResourceAt("resources/a", r)});
    resource::v1::Operation operation;
    operation.set_revision(r);
    batch.operations.put[r] = std::make_shared<const resource::v1::Operation>(operation);
    ASSERT_TRUE(store_->Commit(batch).ok());
  }
  StoreBatch last = Batch(301, {ResourceAt("resources/a", 301)});
  last.log_floor = 270;
  last.operations.forgotten = {{1, 99}, {101, 101}, {103, 299}};
  ASSERT_TRUE(store_->Commit(last).ok());
  Reopen();
  const StoredState state = Load();
  ASSERT_EQ(state.log.size(), 31u);
  EXPECT_EQ(state.log.front().revision, 271u);
  EXPECT_EQ(state.log.back().revision, 301u);
  std::vector<uint64_t> kept;
  for (const resource::v1::Operation& operation : state.operations) kept.push_back(operation.revision());
  EXPECT_EQ(kept, (std::vector<uint64_t>{100, 102, 300}));
}

TEST_P(StoreContract, ManyCommandsAreOneBatch) {
  StoreBatch batch;
  for (uint64_t r = 1; r <= 500; ++r) {
    const Object object = ResourceAt("resources/r" + std::to_string(r % 50), r);
    batch.log.push_back({r, {std::make_shared<const Object>(object)}});
  }
  batch.revision = 500;
  ASSERT_TRUE(store_->Commit(batch).ok());
  Reopen();
  const StoredState state = Load();
  EXPECT_EQ(state.revision, 500u);
  EXPECT_EQ(state.objects.size(), 50u);
  EXPECT_EQ(state.log.size(), 500u);
}

TEST_P(StoreContract, KeepsAnAnswerWithoutARevision) {
  ASSERT_TRUE(store_->Commit(Batch(1, {ResourceAt("resources/a", 1)})).ok());
  StoreBatch batch;  // A repeatable request that changed nothing.
  batch.revision = 1;
  batch.remembered.push_back({"id-1", std::string(16, 'd'), 1, {}});
  ASSERT_TRUE(store_->Commit(batch).ok());
  Reopen();
  EXPECT_EQ(Load().requests.size(), 1u);
  EXPECT_EQ(Load().revision, 1u);
}

INSTANTIATE_TEST_SUITE_P(
    Twins, StoreContract,
    testing::Values(Twin{"Memory", [](const TempDir&) { return std::make_unique<MemoryStore>(); }, false},
                    Twin{"RocksDb",
                         [](const TempDir& dir) {
                           auto store = RocksDbStore::Open(dir.path("db"));
                           EXPECT_TRUE(store.ok()) << store.status();
                           return *std::move(store);
                         },
                         true}),
    [](const auto& twin) { return std::string(twin.param.name); });

std::string OpenError(const std::string& path) {
  const auto store = RocksDbStore::Open(path);
  return store.ok() ? "" : ErrorReason(store.status());
}

TEST(RocksDbStore, RefusesADirectoryThatIsInUse) {
  TempDir dir;
  const auto first = RocksDbStore::Open(dir.path("db"));
  ASSERT_TRUE(first.ok());
  EXPECT_EQ(OpenError(dir.path("db")), "STORE_IN_USE");
}

TEST(RocksDbStore, RefusesANewerSchema) {
  TempDir dir;
  ASSERT_TRUE((*RocksDbStore::Open(dir.path("db")))
                  ->PutForTest(layout::SchemaKey(), layout::SchemaValue(layout::kSchemaVersion + 1))
                  .ok());
  EXPECT_EQ(OpenError(dir.path("db")), "STORE_TOO_NEW");
  const auto store = RocksDbStore::Open(dir.path("db"));
  EXPECT_EQ(store.status().code(), absl::StatusCode::kFailedPrecondition);
}

TEST(RocksDbStore, RefusesWhatIsNoDirectory) {
  TempDir dir;
  std::ofstream(dir.path("file")) << "x";
  EXPECT_EQ(OpenError(dir.path("file/db")), "STORE_UNWRITABLE");
}

// A directory as schema 1 left it: no name, and no time before a log entry.
void WriteSchemaOne(const std::string& path) {
  const auto store = RocksDbStore::Open(path);
  ASSERT_TRUE(store.ok()) << store.status();
  watch::v1::WatchResponse entry;
  entry.set_kind(watch::v1::WatchResponse::KIND_CHANGES);
  entry.set_revision(1);
  *entry.add_events() = ResourceAt("resources/a", 1);
  const std::string one = layout::SchemaValue(1);  // A number, as revisions are.
  ASSERT_TRUE((*store)->PutForTest("o/resources/a", Serialize(ResourceAt("resources/a", 1))).ok());
  ASSERT_TRUE((*store)->PutForTest("l/" + one, Serialize(entry)).ok());
  ASSERT_TRUE((*store)->PutForTest("m/revision", one).ok());
  ASSERT_TRUE((*store)->PutForTest("m/cluster", "").ok());
  ASSERT_TRUE((*store)->PutForTest("m/history", "").ok());
  ASSERT_TRUE((*store)->PutForTest(layout::SchemaKey(), one).ok());
}

TEST(RocksDbStore, MigratesAnOlderSchemaOnce) {
  TempDir dir;
  WriteSchemaOne(dir.path("db"));
  std::string history;
  for (int open = 0; open < 2; ++open) {
    const auto store = RocksDbStore::Open(dir.path("db"));
    ASSERT_TRUE(store.ok()) << store.status();
    const auto state = (*store)->Load();
    ASSERT_TRUE(state.ok()) << state.status();
    EXPECT_EQ(state->revision, 1u);
    ASSERT_EQ(state->objects.size(), 1u);
    ASSERT_EQ(state->log.size(), 1u);
    EXPECT_EQ(state->cluster.size(), 16u);
    if (open == 0) history = state->history;
    EXPECT_EQ(state->history, history);
  }
}

TEST(RocksDbStore, CheckpointIsTheStoreAsOfThen) {
  TempDir dir;
  const auto store = RocksDbStore::Open(dir.path("db"));
  ASSERT_TRUE((*store)->Commit(Batch(1, {ResourceAt("resources/a", 1)})).ok());
  ASSERT_TRUE((*store)->Checkpoint(dir.path("copy")).ok());
  ASSERT_TRUE((*store)->Commit(Batch(2, {ResourceAt("resources/b", 2)})).ok());
  const auto copy = RocksDbStore::Open(dir.path("copy"));
  ASSERT_TRUE(copy.ok()) << copy.status();
  const auto state = (*copy)->Load();
  EXPECT_EQ(state->revision, 1u);
  EXPECT_EQ(state->cluster, (*store)->Load()->cluster);
  ASSERT_TRUE((*copy)->BeginHistory().ok());
  EXPECT_NE((*copy)->Load()->history, state->history);
  EXPECT_EQ((*copy)->Load()->cluster, state->cluster);
  EXPECT_FALSE((*store)->Checkpoint(dir.path("copy")).ok());  // It is there already.
}

// Overwrites the middle of every file whose name ends so.
void Damage(const std::string& path, const std::string& ending) {
  bool found = false;
  for (const auto& entry : std::filesystem::directory_iterator(path)) {
    const std::string name = entry.path().filename();
    if (name.size() < ending.size() || name.substr(name.size() - ending.size()) != ending) continue;
    if (entry.file_size() < 64) continue;
    std::fstream file(entry.path(), std::ios::in | std::ios::out | std::ios::binary);
    file.seekp(static_cast<std::streamoff>(entry.file_size() / 2));
    file << "damage";
    found = true;
  }
  EXPECT_TRUE(found);
}

TEST(RocksDbStore, RefusesADamagedLogInsteadOfForgettingItsRest) {
  TempDir dir;
  {
    const auto store = RocksDbStore::Open(dir.path("db"));
    for (uint64_t r = 1; r <= 50; ++r) {
      ASSERT_TRUE((*store)->Commit(Batch(r, {ResourceAt("resources/a", r)})).ok());
    }
  }
  Damage(dir.path("db"), ".log");
  EXPECT_EQ(OpenError(dir.path("db")), "STORE_CORRUPT");
}

TEST(RocksDbStore, DropsATornLastRecordOnly) {
  TempDir dir;
  {
    const auto store = RocksDbStore::Open(dir.path("db"));
    for (uint64_t r = 1; r <= 5; ++r) {
      ASSERT_TRUE((*store)->Commit(Batch(r, {ResourceAt("resources/a", r)})).ok());
    }
  }
  for (const auto& entry : std::filesystem::directory_iterator(dir.path("db"))) {
    if (entry.path().extension() == ".log") std::filesystem::resize_file(entry.path(), entry.file_size() - 3);
  }
  const auto store = RocksDbStore::Open(dir.path("db"));
  ASSERT_TRUE(store.ok()) << store.status();
  EXPECT_EQ((*store)->Load()->revision, 4u);
}

// Some file systems do all I/O through the page cache.
class NoDirectIo final : public rocksdb::FileSystemWrapper {
 public:
  NoDirectIo() : FileSystemWrapper(rocksdb::FileSystem::Default()) {}
  const char* Name() const override { return "NoDirectIo"; }
  rocksdb::IOStatus NewWritableFile(const std::string& path, const rocksdb::FileOptions& options,
                                    std::unique_ptr<rocksdb::FSWritableFile>* result,
                                    rocksdb::IODebugContext* debug) override {
    if (options.use_direct_writes) {
      ++refused;
      return rocksdb::IOStatus::IOError("Invalid argument");
    }
    return target()->NewWritableFile(path, options, result, debug);
  }

  int refused = 0;
};

TEST(RocksDbStore, WritesItsLogWithAndWithoutDirectIo) {
  for (const bool direct : {true, false}) {
    TempDir dir;
    const auto without = std::make_shared<NoDirectIo>();
    RocksDbStore::Options options;
    if (!direct) options.file_system = without;
    // From less than a sector to more than is prepared at a time.
    const std::vector<size_t> sizes = {1, 100, 511, 512, 513, 4'096, 65'536, 70'000, 300'000, 3};
    {
      const auto store = RocksDbStore::Open(dir.path("db"), options);
      ASSERT_TRUE(store.ok()) << store.status();
      for (uint64_t r = 1; r <= sizes.size(); ++r) {
        Object object = ResourceAt("resources/a", r);
        (*object.mutable_resource()->mutable_tags())["t"] = std::string(sizes[r - 1], 'x');
        ASSERT_TRUE((*store)->Commit(Batch(r, {object})).ok());
      }
    }
    EXPECT_EQ(without->refused > 0, !direct);
    const auto store = RocksDbStore::Open(dir.path("db"), options);
    ASSERT_TRUE(store.ok()) << store.status();
    const auto state = (*store)->Load();
    ASSERT_TRUE(state.ok()) << state.status();
    ASSERT_EQ(state->log.size(), sizes.size());
    for (size_t i = 0; i < sizes.size(); ++i) {
      EXPECT_EQ(state->log[i].events[0]->resource().tags().at("t"), std::string(sizes[i], 'x'));
    }
  }
}

TEST(RocksDbStore, RefusesADirectoryWithoutWritePermission) {
  if (geteuid() == 0) GTEST_SKIP() << "permissions do not bind root";
  TempDir dir;
  ASSERT_TRUE(RocksDbStore::Open(dir.path("db")).ok());
  std::filesystem::permissions(dir.path("db"),
                               std::filesystem::perms::owner_read | std::filesystem::perms::owner_exec);
  EXPECT_EQ(OpenError(dir.path("db")), "STORE_UNWRITABLE");
  std::filesystem::permissions(dir.path("db"), std::filesystem::perms::owner_all);
}

}  // namespace
}  // namespace nonet::controlplane
