#include "tests/crash/disk_file_system.h"

#include <rocksdb/env.h>
#include <rocksdb/file_system.h>

#include <algorithm>
#include <cstring>
#include <utility>

namespace nonet::crash {

std::string ParentPath(const std::string& path) {
  const size_t slash = path.find_last_of('/');
  return slash == 0 || slash == std::string::npos ? "/" : path.substr(0, slash);
}

namespace {

using rocksdb::FileOptions;
using rocksdb::IODebugContext;
using rocksdb::IOOptions;
using rocksdb::IOStatus;
using rocksdb::Slice;
using InodePtr = SimulatedDisk::InodePtr;
using Verdict = SimulatedDisk::Verdict;

// RocksDB's spelling: doubled and trailing slashes are the same place.
std::string Clean(const std::string& path) {
  std::string clean;
  for (const char c : path) {
    if (c != '/' || clean.empty() || clean.back() != '/') clean.push_back(c);
  }
  if (clean.size() > 1 && clean.back() == '/') clean.pop_back();
  return clean;
}

IOStatus Dead() { return IOStatus::IOError("the power is off"); }
IOStatus Full() { return IOStatus::NoSpace("No space left on device"); }
// Of a site that was not done.
IOStatus Refusal(Verdict verdict) {
  if (verdict == Verdict::kFailNoSpace) return Full();
  return verdict == Verdict::kFailReadOnly ? IOStatus::IOError("Read-only file system") : Dead();
}
IOStatus Unaligned() { return IOStatus::InvalidArgument("direct I/O takes whole sectors"); }
IOStatus Missing(const std::string& path) { return IOStatus::PathNotFound(path); }

// The human-readable log is nobody's state.
class Mute final : public rocksdb::Logger {
 public:
  using rocksdb::Logger::Logv;
  void Logv(const char*, va_list) override {}
  size_t GetLogFileSize() const override { return 0; }
};

class Lock final : public rocksdb::FileLock {
 public:
  explicit Lock(std::string p) : path(std::move(p)) {}
  const std::string path;
};

class Reader final : public rocksdb::FSSequentialFile, public rocksdb::FSRandomAccessFile {
 public:
  Reader(SimulatedDisk& disk, uint64_t life, InodePtr inode)
      : disk_(disk), life_(life), inode_(std::move(inode)) {}

  IOStatus Read(size_t n, const IOOptions& options, Slice* result, char* scratch,
                IODebugContext* debug) override {
    const IOStatus status = Read(position_, n, options, result, scratch, debug);
    position_ += result->size();
    return status;
  }
  IOStatus Read(uint64_t offset, size_t n, const IOOptions&, Slice* result, char* scratch,
                IODebugContext*) const override {
    absl::MutexLock lock(&disk_.mu);
    *result = Slice();
    if (!disk_.IsAlive(life_)) return Dead();
    if (offset >= inode_->data.size()) return IOStatus::OK();
    const size_t bytes = std::min<size_t>(n, inode_->data.size() - offset);
    std::memcpy(scratch, inode_->data.data() + offset, bytes);
    *result = Slice(scratch, bytes);
    return IOStatus::OK();
  }
  IOStatus Skip(uint64_t n) override {
    position_ += n;
    return IOStatus::OK();
  }
  IOStatus InvalidateCache(size_t, size_t) override { return IOStatus::OK(); }

 private:
  SimulatedDisk& disk_;
  const uint64_t life_;
  const InodePtr inode_;
  uint64_t position_ = 0;
};

class Writer final : public rocksdb::FSWritableFile {
 public:
  Writer(SimulatedDisk& disk, uint64_t life, std::string path, InodePtr inode, bool direct = false)
      : disk_(disk), life_(life), path_(std::move(path)), inode_(std::move(inode)), direct_(direct) {}

  using rocksdb::FSWritableFile::Append;
  IOStatus Append(const Slice& data, const IOOptions&, IODebugContext*) override {
    absl::MutexLock lock(&disk_.mu);
    if (!Aligned(data, inode_->data.size())) return Unaligned();
    size_t part = data.size();
    const Verdict verdict = disk_.Site(life_, "append", path_, true, data.size(), &part);
    if (verdict == Verdict::kFail) return Dead();
    inode_->data.append(data.data(), part);
    return verdict == Verdict::kDo ? IOStatus::OK() : Refusal(verdict);
  }
  using rocksdb::FSWritableFile::PositionedAppend;
  IOStatus PositionedAppend(const Slice& data, uint64_t offset, const IOOptions&, IODebugContext*) override {
    absl::MutexLock lock(&disk_.mu);
    if (!Aligned(data, offset)) return Unaligned();
    size_t part = data.size();
    const Verdict verdict = disk_.Site(life_, "overwrite", path_, true, data.size(), &part);
    if (verdict == Verdict::kFail) return Dead();
    inode_->Overwrite(offset, {data.data(), part});
    return verdict == Verdict::kDo ? IOStatus::OK() : Refusal(verdict);
  }
  bool use_direct_io() const override { return direct_; }
  size_t GetRequiredBufferAlignment() const override { return kSectorBytes; }
  IOStatus Truncate(uint64_t size, const IOOptions&, IODebugContext*) override {
    absl::MutexLock lock(&disk_.mu);
    if (!disk_.IsAlive(life_)) return Dead();
    if (size < inode_->data.size()) inode_->Truncate(size);
    return IOStatus::OK();
  }
  IOStatus Sync(const IOOptions&, IODebugContext*) override {
    absl::MutexLock lock(&disk_.mu);
    size_t part = 0;
    const Verdict verdict = disk_.Site(life_, "sync", path_, true, 0, &part);
    if (verdict != Verdict::kDo) return Refusal(verdict);
    inode_->Sync();
    return IOStatus::OK();
  }
  IOStatus Fsync(const IOOptions& options, IODebugContext* debug) override { return Sync(options, debug); }
  IOStatus RangeSync(uint64_t, uint64_t, const IOOptions&, IODebugContext*) override {
    return IOStatus::OK();  // Starts the writing, promises nothing.
  }
  IOStatus Flush(const IOOptions&, IODebugContext*) override { return IOStatus::OK(); }
  IOStatus Close(const IOOptions&, IODebugContext*) override { return IOStatus::OK(); }
  uint64_t GetFileSize(const IOOptions&, IODebugContext*) override {
    absl::MutexLock lock(&disk_.mu);
    return inode_->data.size();
  }

 private:
  SimulatedDisk& disk_;
  const uint64_t life_;
  bool Aligned(const Slice& data, size_t at) const {
    return !direct_ || (data.size() % kSectorBytes == 0 && at % kSectorBytes == 0);
  }

  const std::string path_;
  const InodePtr inode_;
  const bool direct_;  // Without a page cache between.
};

class Directory final : public rocksdb::FSDirectory {
 public:
  Directory(SimulatedDisk& disk, uint64_t life, std::string path)
      : disk_(disk), life_(life), path_(std::move(path)) {}
  IOStatus Fsync(const IOOptions&, IODebugContext*) override {
    absl::MutexLock lock(&disk_.mu);
    size_t part = 0;
    const Verdict verdict = disk_.Site(life_, "sync directory", path_, true, 0, &part);
    if (verdict != Verdict::kDo) return Refusal(verdict);
    disk_.SyncDirectory(path_);
    return IOStatus::OK();
  }
  IOStatus Close(const IOOptions&, IODebugContext*) override { return IOStatus::OK(); }

 private:
  SimulatedDisk& disk_;
  const uint64_t life_;
  const std::string path_;
};

class DiskFileSystem final : public rocksdb::FileSystemWrapper {
 public:
  DiskFileSystem(SimulatedDisk& disk, uint64_t life)
      : FileSystemWrapper(rocksdb::FileSystem::Default()), disk_(disk), life_(life) {}
  const char* Name() const override { return "SimulatedDisk"; }

  // ---- Files ----
  IOStatus NewSequentialFile(const std::string& f, const FileOptions&,
                             std::unique_ptr<rocksdb::FSSequentialFile>* result, IODebugContext*) override {
    absl::MutexLock lock(&disk_.mu);
    return OpenReader(Clean(f), result);
  }
  IOStatus NewRandomAccessFile(const std::string& f, const FileOptions&,
                               std::unique_ptr<rocksdb::FSRandomAccessFile>* result,
                               IODebugContext*) override {
    absl::MutexLock lock(&disk_.mu);
    return OpenReader(Clean(f), result);
  }
  IOStatus NewWritableFile(const std::string& f, const FileOptions& options,
                           std::unique_ptr<rocksdb::FSWritableFile>* result, IODebugContext*) override {
    absl::MutexLock lock(&disk_.mu);
    const std::string path = Clean(f);
    if (!disk_.directories.contains(ParentPath(path))) return Missing(path);
    if (const IOStatus status = Change("create", path, true); !status.ok()) return status;
    const auto inode = std::make_shared<SimulatedDisk::Inode>();
    disk_.Name({{path, inode}});
    *result = std::make_unique<Writer>(disk_, life_, path, inode, options.use_direct_writes);
    return IOStatus::OK();
  }
  IOStatus ReopenWritableFile(const std::string& f, const FileOptions&,
                              std::unique_ptr<rocksdb::FSWritableFile>* result, IODebugContext*) override {
    absl::MutexLock lock(&disk_.mu);
    const std::string path = Clean(f);
    if (!disk_.IsAlive(life_)) return Dead();
    const auto it = disk_.names.find(path);
    if (it == disk_.names.end()) return Missing(path);
    *result = std::make_unique<Writer>(disk_, life_, path, it->second);
    return IOStatus::OK();
  }
  IOStatus ReuseWritableFile(const std::string&, const std::string&, const FileOptions&,
                             std::unique_ptr<rocksdb::FSWritableFile>*, IODebugContext*) override {
    return IOStatus::NotSupported("files are not recycled");
  }

  // ---- Names ----
  IOStatus NewDirectory(const std::string& f, const IOOptions&, std::unique_ptr<rocksdb::FSDirectory>* result,
                        IODebugContext*) override {
    absl::MutexLock lock(&disk_.mu);
    if (!disk_.IsAlive(life_)) return Dead();
    if (!disk_.directories.contains(Clean(f))) return Missing(f);
    *result = std::make_unique<Directory>(disk_, life_, Clean(f));
    return IOStatus::OK();
  }
  IOStatus CreateDir(const std::string& f, const IOOptions&, IODebugContext*) override {
    absl::MutexLock lock(&disk_.mu);
    return Create(Clean(f));
  }
  IOStatus CreateDirIfMissing(const std::string& f, const IOOptions&, IODebugContext*) override {
    absl::MutexLock lock(&disk_.mu);
    if (disk_.directories.contains(Clean(f))) return disk_.IsAlive(life_) ? IOStatus::OK() : Dead();
    return Create(Clean(f));
  }
  IOStatus DeleteDir(const std::string&, const IOOptions&, IODebugContext*) override {
    return IOStatus::NotSupported("directories stay");
  }
  IOStatus DeleteFile(const std::string& f, const IOOptions&, IODebugContext*) override {
    absl::MutexLock lock(&disk_.mu);
    const std::string path = Clean(f);
    if (!disk_.names.contains(path)) return Missing(path);
    if (const IOStatus status = Change("delete", path, false); !status.ok()) return status;
    disk_.Name({{path, nullptr}});
    return IOStatus::OK();
  }
  IOStatus RenameFile(const std::string& from, const std::string& to, const IOOptions&,
                      IODebugContext*) override {
    absl::MutexLock lock(&disk_.mu);
    const auto it = disk_.names.find(Clean(from));
    if (it == disk_.names.end()) return Missing(from);
    const InodePtr inode = it->second;
    if (const IOStatus status = Change("rename", Clean(to), true); !status.ok()) return status;
    disk_.Name({{Clean(to), inode}, {Clean(from), nullptr}});
    return IOStatus::OK();
  }
  IOStatus LinkFile(const std::string& from, const std::string& to, const IOOptions&,
                    IODebugContext*) override {
    absl::MutexLock lock(&disk_.mu);
    const auto it = disk_.names.find(Clean(from));
    if (it == disk_.names.end()) return Missing(from);
    const InodePtr inode = it->second;
    if (const IOStatus status = Change("link", Clean(to), true); !status.ok()) return status;
    disk_.Name({{Clean(to), inode}});
    return IOStatus::OK();
  }
  IOStatus Truncate(const std::string& f, size_t size, const IOOptions&, IODebugContext*) override {
    absl::MutexLock lock(&disk_.mu);
    const auto it = disk_.names.find(Clean(f));
    if (it == disk_.names.end()) return Missing(f);
    if (const IOStatus status = Change("truncate", Clean(f), false); !status.ok()) return status;
    it->second->Truncate(size);
    return IOStatus::OK();
  }

  // ---- Looks ----
  IOStatus FileExists(const std::string& f, const IOOptions&, IODebugContext*) override {
    absl::MutexLock lock(&disk_.mu);
    if (!disk_.IsAlive(life_)) return Dead();
    const bool there = disk_.names.contains(Clean(f)) || disk_.directories.contains(Clean(f));
    return there ? IOStatus::OK() : IOStatus::NotFound(f);
  }
  IOStatus GetChildren(const std::string& f, const IOOptions&, std::vector<std::string>* result,
                       IODebugContext*) override {
    absl::MutexLock lock(&disk_.mu);
    result->clear();
    if (!disk_.IsAlive(life_)) return Dead();
    const std::string parent = Clean(f);
    if (!disk_.directories.contains(parent)) return Missing(f);
    const auto add = [&](const std::string& path) {
      if (path != "/" && ParentPath(path) == parent) result->push_back(path.substr(path.rfind('/') + 1));
    };
    for (const auto& [path, inode] : disk_.names) add(path);
    for (const std::string& path : disk_.directories) add(path);
    return IOStatus::OK();
  }
  IOStatus GetChildrenFileAttributes(const std::string& f, const IOOptions& options,
                                     std::vector<rocksdb::FileAttributes>* result,
                                     IODebugContext* debug) override {
    std::vector<std::string> children;
    if (const IOStatus status = GetChildren(f, options, &children, debug); !status.ok()) return status;
    result->clear();
    for (const std::string& name : children) {
      result->push_back({name, disk_.SizeOf(Clean(f + "/" + name))});
    }
    return IOStatus::OK();
  }
  IOStatus GetFileSize(const std::string& f, const IOOptions&, uint64_t* size, IODebugContext*) override {
    absl::MutexLock lock(&disk_.mu);
    if (!disk_.IsAlive(life_)) return Dead();
    const auto it = disk_.names.find(Clean(f));
    if (it == disk_.names.end()) return Missing(f);
    *size = it->second->data.size();
    return IOStatus::OK();
  }
  IOStatus GetFileModificationTime(const std::string&, const IOOptions&, uint64_t* time,
                                   IODebugContext*) override {
    *time = 0;
    return IOStatus::OK();
  }
  IOStatus GetAbsolutePath(const std::string& f, const IOOptions&, std::string* result,
                           IODebugContext*) override {
    *result = f;
    return IOStatus::OK();
  }
  IOStatus IsDirectory(const std::string& f, const IOOptions&, bool* is, IODebugContext*) override {
    absl::MutexLock lock(&disk_.mu);
    *is = disk_.directories.contains(Clean(f));
    return IOStatus::OK();
  }
  IOStatus GetFreeSpace(const std::string&, const IOOptions&, uint64_t* bytes, IODebugContext*) override {
    *bytes = 1ull << 40;
    return IOStatus::OK();
  }

  // ---- The rest ----
  IOStatus LockFile(const std::string& f, const IOOptions&, rocksdb::FileLock** lock_out,
                    IODebugContext*) override {
    absl::MutexLock lock(&disk_.mu);
    if (!disk_.IsAlive(life_)) return Dead();
    if (!disk_.locked.insert(Clean(f)).second) return IOStatus::IOError("lock " + f, "LOCK is held");
    *lock_out = new Lock(Clean(f));
    return IOStatus::OK();
  }
  IOStatus UnlockFile(rocksdb::FileLock* given, const IOOptions&, IODebugContext*) override {
    absl::MutexLock lock(&disk_.mu);
    const std::unique_ptr<Lock> owned(static_cast<Lock*>(given));
    if (disk_.IsAlive(life_)) disk_.locked.erase(owned->path);
    return IOStatus::OK();
  }
  IOStatus NewLogger(const std::string&, const IOOptions&, std::shared_ptr<rocksdb::Logger>* result,
                     IODebugContext*) override {
    *result = std::make_shared<Mute>();
    return IOStatus::OK();
  }

 private:
  template <class File>
  IOStatus OpenReader(const std::string& path, std::unique_ptr<File>* result)
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(disk_.mu) {
    if (!disk_.IsAlive(life_)) return Dead();
    const auto it = disk_.names.find(path);
    if (it == disk_.names.end()) return Missing(path);
    *result = std::make_unique<Reader>(disk_, life_, it->second);
    return IOStatus::OK();
  }
  // A change of names is one site: it happens, or it does not.
  IOStatus Change(const char* what, const std::string& path, bool needs_space)
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(disk_.mu) {
    size_t part = 0;
    const Verdict verdict = disk_.Site(life_, what, path, needs_space, 0, &part);
    return verdict == Verdict::kDo ? IOStatus::OK() : Refusal(verdict);
  }
  IOStatus Create(const std::string& path) ABSL_EXCLUSIVE_LOCKS_REQUIRED(disk_.mu) {
    if (disk_.directories.contains(path)) return IOStatus::IOError(path, "exists");
    if (!disk_.directories.contains(ParentPath(path))) return Missing(path);
    if (const IOStatus status = Change("make directory", path, true); !status.ok()) return status;
    disk_.MakeDirectory(path);
    return IOStatus::OK();
  }

  SimulatedDisk& disk_;
  const uint64_t life_;
};

}  // namespace

std::shared_ptr<rocksdb::FileSystem> MakeDiskFileSystem(SimulatedDisk& disk, uint64_t life) {
  return std::make_shared<DiskFileSystem>(disk, life);
}

}  // namespace nonet::crash
