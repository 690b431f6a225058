// A backup: a checkpoint of the store, packed into one file. docs/key-layout.md describes its bytes.
//
//   ASSIGN_OR_RETURN(auto reader, BackupReader::Open(checkpoint_directory, manifest));
//   while (!reader->done()) { ASSIGN_OR_RETURN(std::string bytes, reader->Next()); send(bytes); }
//
//   ASSIGN_OR_RETURN(BackupManifest manifest, UnpackBackup("contoso.backup", directory));
#pragma once

#include <cstddef>
#include <memory>
#include <string>

#include "absl/status/statusor.h"
#include "nonet/backup/v1/backup.pb.h"

namespace nonet::controlplane {

inline constexpr size_t kBackupPartBytes = 256 * 1024;          // One Next.
inline constexpr size_t kBackupManifestBytesMax = 1024 * 1024;  // More is no manifest of ours.

class BackupReader {  // One owner; not thread-safe.
 public:
  // `manifest` says everything but the files, which are found here.
  static absl::StatusOr<std::unique_ptr<BackupReader>> Open(const std::string& directory,
                                                            backup::v1::BackupManifest manifest);
  virtual ~BackupReader() = default;
  // The next bytes of the backup file, at most kBackupPartBytes and some.
  virtual absl::StatusOr<std::string> Next() = 0;
  virtual bool done() const = 0;
  virtual const backup::v1::BackupManifest& manifest() const = 0;
};

// Only the manifest; the rest of the file is not looked at.
absl::StatusOr<backup::v1::BackupManifest> ReadBackupManifest(const std::string& file);
// Checks the whole file and writes what is in it into `directory`, which is made and must not exist; all of
// it is on stable storage when this returns OK. After an error `directory` may hold a part.
absl::StatusOr<backup::v1::BackupManifest> UnpackBackup(const std::string& file,
                                                        const std::string& directory);

}  // namespace nonet::controlplane
