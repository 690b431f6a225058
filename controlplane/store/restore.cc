#include "controlplane/store/restore.h"

#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>

#include <cerrno>
#include <filesystem>
#include <memory>
#include <utility>

#include "absl/strings/str_cat.h"
#include "common/base/error.h"
#include "common/base/status_macros.h"
#include "controlplane/core/errors.h"
#include "controlplane/store/backup_file.h"
#include "controlplane/store/rocksdb_store.h"

namespace nonet::controlplane {
namespace {

using backup::v1::BackupManifest;

// Whether the present store may go. Holds it open, and so locked, in `held`.
absl::Status CheckPresent(const std::string& path, const std::string& file, const BackupManifest& manifest,
                          bool force, std::unique_ptr<RocksDbStore>& held) {
  auto store = RocksDbStore::Open(path);
  if (!store.ok()) {
    const bool damaged = absl::IsDataLoss(store.status());
    return damaged && force ? absl::OkStatus() : store.status();
  }
  held = *std::move(store);
  if (force) return absl::OkStatus();
  ASSIGN_OR_RETURN(const StoredState state, held->Load());
  if (state.revision == 0) return absl::OkStatus();  // There is nothing in it.
  if (state.cluster != manifest.cluster()) return errors::BackupOfAnotherCluster(file, path);
  if (state.revision > manifest.revision()) {
    return errors::BackupOlder(file, manifest.revision(), state.revision);
  }
  return absl::OkStatus();
}

// Opens what was unpacked as the control plane will, and gives it its new history.
absl::Status Prepare(const std::string& path, const std::string& file, const BackupManifest& manifest) {
  ASSIGN_OR_RETURN(const auto store, RocksDbStore::Open(path));
  ASSIGN_OR_RETURN(const StoredState state, store->Load());
  if (state.revision != manifest.revision() || state.cluster != manifest.cluster()) {
    return errors::BackupDamaged(file, "its content is not what its manifest says");
  }
  return store->BeginHistory();
}

absl::Status Swap(const std::string& from, const std::string& to) {
  std::error_code error;
  const bool present = std::filesystem::exists(to, error);
  if (renameat2(AT_FDCWD, from.c_str(), AT_FDCWD, to.c_str(), present ? RENAME_EXCHANGE : 0) != 0) {
    return absl::ErrnoToStatus(errno, absl::StrCat("cannot put ", from, " in the place of ", to));
  }
  const std::string parent = std::filesystem::path(to).parent_path().string();
  const int fd = open(parent.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  const bool synced = fd >= 0 && fsync(fd) == 0;
  if (fd >= 0) close(fd);
  return synced ? absl::OkStatus() : absl::ErrnoToStatus(errno, absl::StrCat("cannot sync ", parent));
}

}  // namespace

absl::StatusOr<BackupManifest> RestoreStore(const std::string& path, const std::string& file, bool force) {
  ASSIGN_OR_RETURN(const BackupManifest manifest, ReadBackupManifest(file));
  std::unique_ptr<RocksDbStore> present;
  std::error_code error;
  if (std::filesystem::exists(path, error)) {
    RETURN_IF_ERROR(CheckPresent(path, file, manifest, force, present));
  }
  const std::string beside = path + ".restoring";
  std::filesystem::remove_all(beside, error);  // Of a restoration that was cut off.
  absl::Status status = UnpackBackup(file, beside).status();
  if (status.ok()) status = Prepare(beside, file, manifest);
  if (status.ok()) {
    present.reset();
    status = Swap(beside, path);
  }
  std::filesystem::remove_all(beside, error);  // What was unpacked, or what it replaced.
  RETURN_IF_ERROR(status);
  return manifest;
}

}  // namespace nonet::controlplane
