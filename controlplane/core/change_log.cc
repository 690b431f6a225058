#include "controlplane/core/change_log.h"

#include <algorithm>
#include <utility>

#include "common/base/check.h"

namespace nonet::controlplane {

void ChangeLog::Restore(uint64_t revision, std::vector<LogEntry> entries) {
  entries_.clear();
  sizes_.clear();
  events_ = 0;
  bytes_ = 0;
  floor_ = entries.empty() ? revision : entries.front().revision - 1;
  revision_ = revision;
  for (LogEntry& entry : entries) Push(std::move(entry));
}

void ChangeLog::Append(LogEntry entry) {
  NONET_CHECK(entry.revision > revision_);
  revision_ = entry.revision;
  Push(std::move(entry));
  Compact();
}

void ChangeLog::Push(LogEntry entry) {
  size_t bytes = 0;
  for (const SharedObject& event : entry.events) bytes += event->ByteSizeLong();
  events_ += entry.events.size();
  bytes_ += bytes;
  sizes_.push_back(bytes);
  entries_.push_back(std::move(entry));
}

void ChangeLog::Compact() {
  const auto too_old = [&](const LogEntry& entry) {
    return entries_.back().wall_ns - entry.wall_ns > limits_.age_max_ns;
  };
  size_t events_kept = limits_.events_max;
  size_t bytes_kept = limits_.bytes_max;
  if (events_ > events_kept || bytes_ > bytes_kept) {
    events_kept -= events_kept / kTrimmedShare;
    bytes_kept -= bytes_kept / kTrimmedShare;
  }
  while (entries_.size() > 1 && (events_ > events_kept || bytes_ > bytes_kept || too_old(entries_.front()))) {
    events_ -= entries_.front().events.size();
    bytes_ -= sizes_.front();
    floor_ = entries_.front().revision;
    entries_.pop_front();
    sizes_.pop_front();
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
