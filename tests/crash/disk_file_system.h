// The door of a SimulatedDisk that RocksDB uses. Thread-safe.
#pragma once

#include <memory>
#include <string>

#include "tests/crash/simulated_disk.h"

namespace nonet::crash {

// "/a/b" -> "/a"; "/a" -> "/".
std::string ParentPath(const std::string& path);

// `disk` outlives it.
std::shared_ptr<rocksdb::FileSystem> MakeDiskFileSystem(SimulatedDisk& disk, uint64_t life);

}  // namespace nonet::crash
