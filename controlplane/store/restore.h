// Puts a backup in the place of a store: all or nothing, also when power is lost half-way.
//
//   RETURN_IF_ERROR(RestoreStore(dir + "/controlplane/db", "contoso.backup", /*force=*/false).status());
#pragma once

#include <string>

#include "absl/status/statusor.h"
#include "nonet/backup/v1/backup.pb.h"

namespace nonet::controlplane {

// Blocks. FAILED_PRECONDITION when a process has the store open, always; without `force` also when the store
// is another cluster's or has changes that the backup has not. DATA_LOSS when the backup is damaged, or the
// present store is and `force` is not given. What is restored keeps its cluster and begins a new history, so
// that every subscriber starts from a snapshot.
absl::StatusOr<backup::v1::BackupManifest> RestoreStore(const std::string& path, const std::string& file,
                                                        bool force);

}  // namespace nonet::controlplane
