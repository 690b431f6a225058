// The latest changes, by revision: what a returning subscriber is caught up from. Bounded (limits.h); what
// has been compacted away can only be replaced by a snapshot. Pure; one owner.
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
  explicit ChangeLog(size_t events_max = kLogEventsMax) : events_max_(events_max) {}

  // Entries in order. `revision` is the store's: everything after the last entry up to it changed nothing.
  void Restore(uint64_t revision, std::vector<LogEntry> entries);
  void Append(LogEntry entry);
  // Everything after `revision` is still here.
  bool Reaches(uint64_t revision) const { return revision >= floor_; }
  // Entries after `revision`, in order; nullopt when some are compacted away or `revision` is in the future.
  std::optional<std::vector<const LogEntry*>> After(uint64_t revision) const;
  // Everything up to here has been compacted away.
  uint64_t floor() const { return floor_; }
  uint64_t revision() const { return revision_; }
  const std::deque<LogEntry>& entries() const { return entries_; }

 private:
  void Compact();

  const size_t events_max_;
  std::deque<LogEntry> entries_;
  size_t events_ = 0;
  uint64_t floor_ = 0;
  uint64_t revision_ = 0;
};

}  // namespace nonet::controlplane
