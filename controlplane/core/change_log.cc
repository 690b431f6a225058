#include "controlplane/core/change_log.h"

#include <algorithm>
#include <utility>

#include "common/base/check.h"

namespace nonet::controlplane {

void ChangeLog::Restore(uint64_t revision, std::vector<LogEntry> entries) {
  entries_.clear();
  events_ = 0;
  floor_ = entries.empty() ? revision : entries.front().revision - 1;
  revision_ = revision;
  for (LogEntry& entry : entries) {
    events_ += entry.events.size();
    entries_.push_back(std::move(entry));
  }
  Compact();
}

void ChangeLog::Append(LogEntry entry) {
  NONET_CHECK(entry.revision > revision_);
  revision_ = entry.revision;
  events_ += entry.events.size();
  entries_.push_back(std::move(entry));
  Compact();
}

void ChangeLog::Compact() {
  while (events_ > events_max_ && entries_.size() > 1) {
    events_ -= entries_.front().events.size();
    floor_ = entries_.front().revision;
    entries_.pop_front();
  }
}

std::optional<std::vector<const LogEntry*>> ChangeLog::After(uint64_t revision) const {
  if (!Reaches(revision) || revision > revision_) return std::nullopt;
  const auto first = std::upper_bound(entries_.begin(), entries_.end(), revision,
                                      [](uint64_t r, const LogEntry& entry) { return r < entry.revision; });
  std::vector<const LogEntry*> after;
  for (auto it = first; it != entries_.end(); ++it) after.push_back(&*it);
  return after;
}

}  // namespace nonet::controlplane
