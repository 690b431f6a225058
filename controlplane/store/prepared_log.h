// A file system for RocksDB whose write-ahead logs are written in place, over zeros that are already on the
// disk: the sync of a commit then writes the commit and nothing about the file. Appending makes the file
// longer each time, and with that every sync a transaction of the disk's own file system. Where the file
// system has direct I/O, the logs do without the page cache: nobody reads them, and each sync would have to
// find in it what was written a moment before.
//
// After a crash such a log ends with zeros, which RocksDB skips, or with parts of one record, which it takes
// for damage. So MendLogs has to run before RocksDB opens the store.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "absl/status/status.h"

namespace rocksdb {
class FileSystem;
}

namespace nonet::controlplane {

// Around `files`, for all but logs the same. Thread-safe as `files` is.
std::shared_ptr<rocksdb::FileSystem> PrepareLogs(std::shared_ptr<rocksdb::FileSystem> files);

// Cuts what a power loss left of an unacknowledged record off the newest log of the store at `path`, where
// `names` are. The caller has locked the store: what another process is writing looks torn, too. DATA_LOSS
// when a log is damaged; then nothing is changed. Another error when a log cannot be read or cut.
absl::Status MendLogs(rocksdb::FileSystem& files, const std::string& path, std::vector<std::string> names);

}  // namespace nonet::controlplane
