#include "controlplane/store/prepared_log.h"

#include <rocksdb/file_system.h>

#include <algorithm>
#include <cstdlib>
#include <cstring>
#include <memory>
#include <utility>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "common/base/check.h"
#include "common/base/status_macros.h"
#include "controlplane/core/errors.h"
#include "controlplane/store/log_tail.h"

namespace nonet::controlplane {
namespace {

using rocksdb::FileOptions;
using rocksdb::IODebugContext;
using rocksdb::IOOptions;
using rocksdb::IOStatus;
using rocksdb::Slice;

// Prepared at a time. The sync after it writes as many zeros.
constexpr size_t kPreparedBytes = 256 * 1024;
// There are always as many zeros behind the last record: that is how a log is told which was not closed.
constexpr size_t kZerosMin = 16;

constexpr size_t kPageBytes = 4096;         // No disk asks for buffers that are aligned to more.
constexpr size_t kBlocksBytes = 64 * 1024;  // Written at a time.

struct Free {
  void operator()(char* memory) const { std::free(memory); }
};
using Pages = std::unique_ptr<char, Free>;

Pages ZeroedPages(size_t bytes) {
  Pages pages(static_cast<char*>(std::aligned_alloc(kPageBytes, bytes)));
  NONET_CHECK(pages != nullptr);
  std::memset(pages.get(), 0, bytes);
  return pages;
}

bool IsLog(const std::string& path) { return absl::EndsWith(path, ".log"); }

// One writer, as every FSWritableFile. After an error it refuses everything but being closed.
class PreparedLog final : public rocksdb::FSWritableFileOwnerWrapper {
 public:
  explicit PreparedLog(std::unique_ptr<rocksdb::FSWritableFile> file)
      : FSWritableFileOwnerWrapper(std::move(file)),
        block_bytes_(target()->use_direct_io() ? target()->GetRequiredBufferAlignment() : 1) {
    NONET_CHECK(kPageBytes % block_bytes_ == 0);
  }

  IOStatus Append(const Slice& data, const IOOptions& options, IODebugContext* debug) override {
    if (failed_) return IOStatus::IOError("an earlier write to this log failed");
    failed_ = true;
    while (prepared_ < written_ + data.size() + kZerosMin) {
      static const char* const zeros = ZeroedPages(kPreparedBytes).release();
      IOStatus status = target()->Append(Slice(zeros, kPreparedBytes), options, debug);
      if (!status.ok()) return status;
      prepared_ += kPreparedBytes;
    }
    for (Slice rest = data; !rest.empty();) {
      const size_t bytes = std::min(rest.size(), kBlocksBytes - begun_);
      if (IOStatus status = Write(Slice(rest.data(), bytes), options, debug); !status.ok()) return status;
      rest.remove_prefix(bytes);
    }
    failed_ = false;
    return IOStatus::OK();
  }
  IOStatus Append(const Slice& data, const IOOptions& options, const rocksdb::DataVerificationInfo&,
                  IODebugContext* debug) override {
    return Append(data, options, debug);
  }
  IOStatus PositionedAppend(const Slice&, uint64_t, const IOOptions&, IODebugContext*) override {
    return IOStatus::NotSupported("a log is only appended to");
  }
  IOStatus PositionedAppend(const Slice&, uint64_t, const IOOptions&, const rocksdb::DataVerificationInfo&,
                            IODebugContext*) override {
    return IOStatus::NotSupported("a log is only appended to");
  }
  IOStatus Truncate(uint64_t, const IOOptions&, IODebugContext*) override {
    return IOStatus::NotSupported("a log is only appended to");
  }
  IOStatus Close(const IOOptions& options, IODebugContext* debug) override {
    IOStatus status;
    if (!failed_ && prepared_ > written_) status = target()->Truncate(written_, options, debug);
    const IOStatus closed = target()->Close(options, debug);
    return status.ok() ? closed : status;
  }
  uint64_t GetFileSize(const IOOptions&, IODebugContext*) override { return written_; }
  // RocksDB hands over what it has, and leaves blocks to this.
  bool use_direct_io() const override { return false; }
  size_t GetRequiredBufferAlignment() const override { return kPageBytes; }
  void PrepareWrite(size_t, size_t, const IOOptions&, IODebugContext*) override {}
  IOStatus Allocate(uint64_t, uint64_t, const IOOptions&, IODebugContext*) override { return IOStatus::OK(); }

 private:
  // Whole blocks: the one begun again, `data`, and zeros, which is what follows. A sector is written whole or
  // not at all, so what stood in the first one stays whatever happens.
  IOStatus Write(const Slice& data, const IOOptions& options, IODebugContext* debug) {
    char* const blocks = blocks_.get();
    const size_t end = begun_ + data.size();
    const size_t whole = (end + block_bytes_ - 1) / block_bytes_ * block_bytes_;
    std::memcpy(blocks + begun_, data.data(), data.size());
    std::memset(blocks + end, 0, whole - end);
    IOStatus status = target()->PositionedAppend(Slice(blocks, whole), written_ - begun_, options, debug);
    if (!status.ok()) return status;
    written_ += data.size();
    begun_ = end % block_bytes_;
    std::memmove(blocks, blocks + end - begun_, begun_);
    return IOStatus::OK();
  }

  const size_t block_bytes_;  // 1 where the page cache is between.
  const Pages blocks_ = ZeroedPages(kBlocksBytes);
  size_t begun_ = 0;  // Bytes of the log's last block; `blocks_` begins with them.
  uint64_t written_ = 0;
  uint64_t prepared_ = 0;
  bool failed_ = false;
};

class PreparedLogs final : public rocksdb::FileSystemWrapper {
 public:
  using FileSystemWrapper::FileSystemWrapper;
  const char* Name() const override { return "PreparedLogs"; }

  IOStatus NewWritableFile(const std::string& path, const FileOptions& options,
                           std::unique_ptr<rocksdb::FSWritableFile>* result, IODebugContext* debug) override {
    if (!IsLog(path)) return target()->NewWritableFile(path, options, result, debug);
    FileOptions direct = options;
    direct.use_direct_writes = true;
    direct.use_mmap_writes = false;
    IOStatus status = target()->NewWritableFile(path, direct, result, debug);
    // Some have none, as a tmpfs; or for blocks that are larger than ours.
    if (!status.ok() || kPageBytes % (*result)->GetRequiredBufferAlignment() != 0)
      status = target()->NewWritableFile(path, options, result, debug);
    if (status.ok()) *result = std::make_unique<PreparedLog>(std::move(*result));
    return status;
  }
};

absl::Status Failed(const std::string& path, const std::string& what, const IOStatus& status) {
  return errors::StoreFailed(path, absl::StrCat(what, ": ", status.ToString()));
}

absl::StatusOr<std::string> ReadAll(rocksdb::FileSystem& files, const std::string& path,
                                    const std::string& name) {
  const std::string file = absl::StrCat(path, "/", name);
  uint64_t size = 0;
  if (const IOStatus status = files.GetFileSize(file, {}, &size, nullptr); !status.ok())
    return Failed(path, file, status);
  std::unique_ptr<rocksdb::FSSequentialFile> reader;
  if (const IOStatus status = files.NewSequentialFile(file, {}, &reader, nullptr); !status.ok())
    return Failed(path, file, status);
  std::string bytes(size, '\0');
  size_t done = 0;
  while (done < bytes.size()) {
    Slice piece;
    const IOStatus status = reader->Read(bytes.size() - done, {}, &piece, bytes.data() + done, nullptr);
    if (!status.ok()) return Failed(path, file, status);
    if (piece.empty()) break;
    if (piece.data() != bytes.data() + done) std::copy_n(piece.data(), piece.size(), bytes.data() + done);
    done += piece.size();
  }
  bytes.resize(done);
  return bytes;
}

// For good: with a newer log there, this one has to be whole.
IOStatus Cut(rocksdb::FileSystem& files, const std::string& file, uint64_t end) {
  std::unique_ptr<rocksdb::FSWritableFile> writer;
  IOStatus status = files.ReopenWritableFile(file, {}, &writer, nullptr);
  if (status.ok()) status = writer->Truncate(end, {}, nullptr);
  if (status.ok()) status = writer->Fsync({}, nullptr);
  if (status.ok()) status = writer->Close({}, nullptr);
  return status;
}

}  // namespace

std::shared_ptr<rocksdb::FileSystem> PrepareLogs(std::shared_ptr<rocksdb::FileSystem> files) {
  return std::make_shared<PreparedLogs>(std::move(files));
}

absl::Status MendLogs(rocksdb::FileSystem& files, const std::string& path, std::vector<std::string> names) {
  std::erase_if(names, [](const std::string& name) { return !IsLog(name); });
  std::sort(names.begin(), names.end(), [](const std::string& a, const std::string& b) {
    return a.size() != b.size() ? a.size() > b.size() : a > b;  // By number, the newest first.
  });
  bool newest = true;  // Nothing was ever written after this log.
  for (const std::string& name : names) {
    ASSIGN_OR_RETURN(const std::string log, ReadAll(files, path, name));
    const LogTail tail = FindLogTail(log);
    if (tail.kind == LogTail::Kind::kDamaged || (tail.kind == LogTail::Kind::kTorn && !newest)) {
      return errors::StoreCorrupt(path, absl::StrCat("the log ", name, " is damaged at byte ", tail.broken));
    }
    if (tail.kind == LogTail::Kind::kTorn) {
      if (const IOStatus status = Cut(files, absl::StrCat(path, "/", name), tail.end); !status.ok())
        return Failed(path, name, status);
    }
    newest = newest && tail.end == 0;
  }
  return absl::OkStatus();
}

}  // namespace nonet::controlplane
