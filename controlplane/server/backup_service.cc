#include "controlplane/server/backup_service.h"

#include <grpcpp/grpcpp.h>

#include <atomic>
#include <filesystem>
#include <utility>

#include "common/process/log.h"
#include "common/rpc/status.h"
#include "controlplane/core/errors.h"
#include "controlplane/store/backup_file.h"
#include "controlplane/store/key_layout.h"
#include "nonet/backup/v1/backup.grpc.pb.h"

namespace nonet::controlplane {
namespace {

using backup::v1::BackupPart;

// Begun on the loop thread, continued on gRPC's, one reaction at a time; deletes itself.
class BackupReactor final : public grpc::ServerWriteReactor<BackupPart> {
 public:
  BackupReactor(std::string directory, std::atomic<bool>& running)
      : directory_(std::move(directory)), running_(running) {}

  void Fail(const absl::Status& status) { Finish(rpc::ToGrpc(status)); }

  // On the loop thread, while nothing is being committed.
  void Begin(Store& store, const ControlPlane& plane, Now now) {
    std::error_code error;
    std::filesystem::remove_all(directory_, error);
    if (const absl::Status status = store.Checkpoint(directory_); !status.ok()) return Fail(status);
    backup::v1::BackupManifest manifest;
    manifest.set_schema_version(layout::kSchemaVersion);
    manifest.set_cluster(plane.cluster());
    manifest.set_revision(plane.revision());
    SetTime(*manifest.mutable_create_time(), now.wall_ns);
    auto reader = BackupReader::Open(directory_, std::move(manifest));
    if (!reader.ok()) return Fail(reader.status());
    reader_ = *std::move(reader);
    WriteNext();
  }

 private:
  void WriteNext() {
    if (reader_->done()) {
      log::Info("backup taken", {{"revision", reader_->manifest().revision()}});
      return Fail(absl::OkStatus());
    }
    absl::StatusOr<std::string> bytes = reader_->Next();
    if (!bytes.ok()) return Fail(bytes.status());
    part_.set_content(*std::move(bytes));
    if (reader_->done()) *part_.mutable_summary() = reader_->manifest();
    StartWrite(&part_);
  }
  void OnWriteDone(bool ok) override {
    if (!ok) return Fail(absl::CancelledError("the reader has gone"));
    WriteNext();
  }
  void OnDone() override {
    reader_.reset();
    std::error_code error;
    std::filesystem::remove_all(directory_, error);
    running_ = false;
    delete this;
  }

  const std::string directory_;
  std::atomic<bool>& running_;
  std::unique_ptr<BackupReader> reader_;
  BackupPart part_;
};

// Tells why at once.
class RefusedReactor final : public grpc::ServerWriteReactor<BackupPart> {
 public:
  explicit RefusedReactor(const absl::Status& status) { Finish(rpc::ToGrpc(status)); }

 private:
  void OnDone() override { delete this; }
};

class BackupServiceImpl final : public backup::v1::BackupService::CallbackService {
 public:
  BackupServiceImpl(Engine& engine, Store& store, std::string directory)
      : engine_(engine), store_(store), directory_(std::move(directory)) {}

  grpc::ServerWriteReactor<BackupPart>* CreateBackup(grpc::CallbackServerContext*,
                                                     const backup::v1::CreateBackupRequest*) override {
    if (running_.exchange(true)) return new RefusedReactor(errors::BackupRunning());
    auto* const reactor = new BackupReactor(directory_, running_);
    const absl::Status taken = engine_.Submit([this, reactor](Engine::Turn& turn) {
      turn.Then([this, reactor](const absl::Status& committed) {
        if (!committed.ok()) return reactor->Fail(committed);
        reactor->Begin(store_, engine_.plane(), engine_.now());
      });
    });
    if (!taken.ok()) reactor->Fail(taken);
    return reactor;
  }

 private:
  Engine& engine_;
  Store& store_;
  const std::string directory_;
  std::atomic<bool> running_ = false;  // One at a time.
};

}  // namespace

std::unique_ptr<grpc::Service> MakeBackupService(Engine& engine, Store& store, std::string directory) {
  return std::make_unique<BackupServiceImpl>(engine, store, std::move(directory));
}

}  // namespace nonet::controlplane
