// The latest changes, by revision: what a returning subscriber is caught up from. Bounded in events, bytes
// and age; what has been compacted away can only be replaced by a snapshot. Pure; one owner.
#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <optional>
#include <vector>

#include "controlplane/core/limits.h"
#include "controlplane/core/object.h"

namespace nonet::controlplane {

class ChangeLog {
 public:
  struct Limits {
    size_t events_max = kLogEventsMax;
    size_t bytes_max = kLogBytesMax;
    int64_t age_max_ns = kLogAgeMaxNs;
  };

  explicit ChangeLog(size_t events_max = kLogEventsMax) : ChangeLog(Limits{.events_max = events_max}) {}
  explicit ChangeLog(Limits limits) : limits_(limits) {}

  // Entries in order. `revision` is the store's: everything after the last entry up to it changed nothing.
  // Compacts nothing, so that the store and this agree about the floor until the next Append.
  void Restore(uint64_t revision, std::vector<LogEntry> entries);
  // Compacts by the new entry's time. The newest entry always stays.
  void Append(LogEntry entry);
  // Everything after `revision` is still here.
  bool Reaches(uint64_t revision) const { return revision >= floor_; }
  // Entries after `revision`, in order; nullopt when some are compacted away or `revision` is in the future.
  std::optional<std::vector<const LogEntry*>> After(uint64_t revision) const;
  // Everything up to here has been compacted away.
  uint64_t floor() const { return floor_; }
  uint64_t revision() const { return revision_; }
  const std::deque<LogEntry>& entries() const { return entries_; }
  size_t bytes() const { return bytes_; }

 private:
  void Push(LogEntry entry);
  void Compact();

  const Limits limits_;
  std::deque<LogEntry> entries_;
  std::deque<size_t> sizes_;  // Serialised bytes of each entry.
  size_t events_ = 0;
  size_t bytes_ = 0;
  uint64_t floor_ = 0;
  uint64_t revision_ = 0;
};

}  // namespace nonet::controlplane
