#include "controlplane/core/feed.h"

#include <utility>

#include "controlplane/core/limits.h"

namespace nonet::controlplane {
namespace {

using watch::v1::WatchResponse;

// Fills messages up to the bound.
class Cutter {
 public:
  Cutter(WatchResponse::Kind kind) : kind_(kind) {}

  // `complete` is what has been sent in full before this object.
  void Add(const Object& object, uint64_t complete) {
    const size_t bytes = object.ByteSizeLong();
    if (!open_ || bytes_ + bytes > kWatchResponseBytesMax) Begin(complete);
    *parts_.back().add_events() = object;
    bytes_ += bytes;
  }
  void Begin(uint64_t complete) {
    if (open_) parts_.back().set_revision(complete);
    parts_.emplace_back().set_kind(kind_);
    bytes_ = 0;
    open_ = true;
  }
  bool empty() const { return parts_.empty(); }
  WatchResponse& back() { return parts_.back(); }
  std::vector<WatchResponse> Take() { return std::move(parts_); }

 private:
  const WatchResponse::Kind kind_;
  std::vector<WatchResponse> parts_;
  size_t bytes_ = 0;
  bool open_ = false;
};

}  // namespace

std::vector<WatchResponse> SnapshotFeed(const std::map<std::string, Object>& objects, const Scope& scope,
                                        uint64_t revision) {
  Cutter cutter(WatchResponse::KIND_SNAPSHOT);
  for (const auto& [key, object] : objects) {
    if (InScope(scope.role, scope.subscriber, object.name())) cutter.Add(object, revision);
  }
  if (cutter.empty()) cutter.Begin(revision);
  cutter.back().set_revision(revision);
  cutter.back().set_last(true);
  return cutter.Take();
}

std::vector<WatchResponse> ChangesFeed(const std::vector<const LogEntry*>& entries, const Scope& scope,
                                       uint64_t revision) {
  Cutter cutter(WatchResponse::KIND_CHANGES);
  uint64_t complete = 0;
  for (const LogEntry* entry : entries) {
    for (const Object& event : entry->events) {
      if (InScope(scope.role, scope.subscriber, event.name())) cutter.Add(event, complete);
    }
    complete = entry->revision;
  }
  if (cutter.empty()) {
    std::vector<WatchResponse> progress(1);
    progress[0].set_kind(WatchResponse::KIND_PROGRESS);
    progress[0].set_revision(revision);
    return progress;
  }
  cutter.back().set_revision(revision);  // Nothing in scope follows, so the mark rides along.
  return cutter.Take();
}

}  // namespace nonet::controlplane
