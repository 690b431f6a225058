// The history on disk: every table that was in force, in files of bounded size, the oldest deleted first.
// Each file begins with everything there is, so none needs the one before. Nothing is synced: what the kernel
// had not written is lost with the machine's power, never with the process.
//
//   HistoryStore history(directory + "/history");
//   history.Add({.wall_ns = now, .cause = "health", .verdicts = ...});    // Owner's thread.
//   absl::StatusOr<PastTableState> past = history.At(unix_ns);             // Any thread; reads one file.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/status/statusor.h"
#include "absl/synchronization/mutex.h"
#include "dnsresolver/core/history.h"
#include "dnsresolver/core/limits.h"

namespace nonet::dns {

struct HistoryBounds {
  size_t file_bytes_max = kHistoryFileBytesMax;  // A file that has reached it is the last to be added to.
  size_t bytes_max = kHistoryBytesMax;
  size_t files_max = kHistoryFilesMax;
  size_t state_bytes_max = kHistoryStateBytesMax;
};

struct PastTableState {
  HistoryState state;
  int64_t until_ns = 0;  // When the next table took effect; 0: none did, or that is no longer known.
};

struct TableList {
  struct Entry {
    uint64_t number = 0;
    int64_t time_ns = 0;
    uint64_t revision = 0;
    std::string cause;
    uint32_t ttl_s = 0;
    HistoryChanges changes;
  };
  std::vector<Entry> entries;  // Oldest first.
  bool truncated = false;      // Older ones are in the range.
};

class HistoryStore {  // Add and number: one thread. The rest: thread-safe.
 public:
  struct Addition {
    int64_t wall_ns = 0;
    uint64_t revision = 0;
    std::string cause;
    uint32_t ttl_s = 0;
    std::vector<std::pair<std::string, std::string>> objects;  // Name, serialised; changed or new.
    std::vector<std::string> removed;
    struct Verdict {
      std::string name, status, detail;  // No status: the endpoint is gone.
    };
    std::vector<Verdict> verdicts;
    bool whole = false;  // `objects` and `verdicts` are all there are.
  };

  // Nothing is kept when `directory` is empty. Missing directories are made; what cannot be read is passed
  // over, with a warning.
  explicit HistoryStore(std::string directory, HistoryBounds bounds = {});
  ~HistoryStore();

  // The number of the newest table, over all lives; 0: none yet.
  uint64_t number() const { return state_.number; }
  // Gives the next number, and writes. A disk that refuses costs the history, never the answers.
  uint64_t Add(const Addition& addition) ABSL_LOCKS_EXCLUDED(mu_);

  // The table in force then. NOT_FOUND says how far back the history goes.
  absl::StatusOr<PastTableState> At(int64_t wall_ns) const ABSL_LOCKS_EXCLUDED(mu_);
  absl::StatusOr<PastTableState> Number(uint64_t number) const ABSL_LOCKS_EXCLUDED(mu_);
  // The newest `limit` tables later than `after_ns`.
  TableList List(int64_t after_ns, size_t limit) const ABSL_LOCKS_EXCLUDED(mu_);

 private:
  struct File {
    std::string path;
    uint64_t number = 0;  // Of its first table.
    int64_t time_ns = 0;
    size_t bytes = 0;
  };

  void Recover();
  void Write(const HistoryRecord& record) ABSL_LOCKS_EXCLUDED(mu_);
  bool OpenFile(const HistoryRecord& first) ABSL_LOCKS_EXCLUDED(mu_);
  void Close();
  void DeleteOldest() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mu_);
  void Warn(absl::string_view what, absl::string_view path);
  std::vector<File> files() const ABSL_LOCKS_EXCLUDED(mu_);
  template <typename Stop>
  absl::StatusOr<PastTableState> Replay(size_t index, const std::vector<File>& all, Stop stop) const;

  const std::string directory_;
  const HistoryBounds bounds_;
  HistoryState state_;      // As of the newest table.
  int fd_ = -1;             // Of the newest file; -1: the next record starts one.
  size_t whole_bytes_ = 0;  // Of the newest file's first record.
  bool warned_ = false;
  mutable absl::Mutex mu_;
  std::vector<File> files_ ABSL_GUARDED_BY(mu_);  // Oldest first.
};

}  // namespace nonet::dns
