// Takes a backup of the control plane. Blocks.
#pragma once

#include <functional>
#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "nonet/backup/v1/backup.pb.h"

namespace nonet::cli {

// Gives the backup's bytes to `sink` in order and says what they are; after an error they are worth nothing.
// `token` (none when empty) is the cluster's bearer token.
absl::StatusOr<backup::v1::BackupManifest> TakeBackup(
    const std::string& address, const std::string& token,
    const std::function<absl::Status(absl::string_view)>& sink);

}  // namespace nonet::cli
