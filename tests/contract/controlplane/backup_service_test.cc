// A backup over a loopback port, taken while changes go on.
#include <gtest/gtest.h>

#include <atomic>
#include <fstream>
#include <thread>

#include "common/base/error.h"
#include "common/rpc/channel.h"
#include "controlplane/store/memory_store.h"
#include "controlplane/store/restore.h"
#include "controlplane/store/rocksdb_store.h"
#include "nonet/backup/v1/backup.grpc.pb.h"
#include "tests/contract/controlplane/rig.h"
#include "tests/contract/controlplane/temp_dir.h"

namespace nonet::controlplane {
namespace {

using backup::v1::BackupPart;

// The bytes, when the backup is whole.
absl::StatusOr<std::string> Take(const std::string& address, BackupPart& last) {
  const auto stub = backup::v1::BackupService::NewStub(rpc::MakeChannel(address));
  grpc::ClientContext context;
  const auto stream = stub->CreateBackup(&context, {});
  std::string bytes;
  while (stream->Read(&last)) bytes += last.content();
  if (const absl::Status status = rpc::FromGrpc(stream->Finish()); !status.ok()) return status;
  return bytes;
}

TEST(BackupService, HasEverythingAcknowledgedBeforeTheCall) {
  TempDir dir;
  auto store = RocksDbStore::Open(dir.path("db"));
  ASSERT_TRUE(store.ok()) << store.status();
  ControlPlaneServer::Options options;
  options.backup_directory = dir.path("backup");
  std::string file;
  {
    Rig rig(**store, options);
    ASSERT_TRUE(rig.Create("contoso").ok());
    std::atomic<bool> stop = false;
    std::thread changes([&] {
      for (int i = 0; !stop; ++i) EXPECT_TRUE(rig.Tag("contoso", std::to_string(i)).ok());
    });
    for (int i = 0; i < 3; ++i) {
      ASSERT_TRUE(rig.Create("fabrikam" + std::to_string(i)).ok());
      BackupPart last;
      const auto bytes = Take(rig.address(), last);
      ASSERT_TRUE(bytes.ok()) << bytes.status();
      EXPECT_GE(last.summary().revision(), static_cast<uint64_t>(i + 2));
      file = *bytes;
    }
    stop = true;
    changes.join();
  }
  EXPECT_FALSE(std::filesystem::exists(dir.path("backup")));
  std::ofstream(dir.path("file"), std::ios::binary) << file;
  ASSERT_TRUE(RestoreStore(dir.path("restored"), dir.path("file"), false).ok());
  const auto restored = RocksDbStore::Open(dir.path("restored"));
  ASSERT_TRUE(restored.ok()) << restored.status();
  EXPECT_EQ((*restored)->Load()->objects.size(), 8u);  // Four resources and their keys.
}

TEST(BackupService, SaysWhyThereIsNone) {
  TempDir dir;
  MemoryStore store;
  ControlPlaneServer::Options options;
  options.backup_directory = dir.path("backup");
  Rig rig(store, options);
  BackupPart last;
  EXPECT_EQ(Take(rig.address(), last).status().code(), absl::StatusCode::kUnimplemented);
}

// A subscriber of a cluster that was restored to before what it holds.
TEST(Watch, SubscriberOfARestoredStoreStartsFromASnapshot) {
  TempDir dir;
  MemoryStore first, second;
  auto rig = std::make_unique<Rig>(first);
  ControlPlaneServer::Options options;
  options.port = rig->port();
  ASSERT_TRUE(rig->Create("contoso").ok());
  for (int i = 0; i < 5; ++i) ASSERT_TRUE(rig->Tag("contoso", std::to_string(i)).ok());
  Watcher resolver(rig->address(), watch::v1::ROLE_DNSRESOLVER, "dnsresolver", dir.path("state"));
  ASSERT_TRUE(resolver.Reaches(6));
  rig.reset();
  rig = std::make_unique<Rig>(second, options);  // Another history; its revision 7 says nothing of contoso.
  for (int i = 0; i < 7; ++i) ASSERT_TRUE(rig->Create("fabrikam" + std::to_string(i)).ok());
  ASSERT_TRUE(resolver.Eventually([](WatchClient& client, Watcher::Seen&) {
    return client.revision() == 7 && client.objects().size() == 7 &&
           !client.objects().contains("resources/contoso");
  }));
}

}  // namespace
}  // namespace nonet::controlplane
