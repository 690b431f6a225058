#include "controlplane/core/feed.h"

#include <utility>

#include "controlplane/core/limits.h"

namespace nonet::controlplane {
namespace {

using watch::v1::WatchResponse;

// Fills parts up to the bound.
class Cutter {
 public:
  explicit Cutter(WatchResponse::Kind kind) : kind_(kind) {}

  // `complete` is what has been sent in full before this object.
  void Add(const SharedObject& object, uint64_t complete) {
    const size_t bytes = object->ByteSizeLong();
    if (parts_.empty() || parts_.back().bytes + bytes > kWatchResponseBytesMax) Begin(complete);
    parts_.back().events.push_back(object);
    parts_.back().bytes += bytes;
  }
  void Begin(uint64_t complete) {
    if (!parts_.empty()) parts_.back().revision = complete;
    parts_.push_back({.kind = kind_});
  }
  bool empty() const { return parts_.empty(); }
  FeedPart& back() { return parts_.back(); }
  std::vector<FeedPart> Take() { return std::move(parts_); }

 private:
  const WatchResponse::Kind kind_;
  std::vector<FeedPart> parts_;
};

}  // namespace

WatchResponse ToResponse(const FeedPart& part) {
  WatchResponse response;
  response.set_kind(part.kind);
  response.mutable_events()->Reserve(static_cast<int>(part.events.size()));
  for (const SharedObject& event : part.events) *response.add_events() = *event;
  response.set_revision(part.revision);
  response.set_last(part.last);
  response.set_history(part.history);
  return response;
}

std::vector<FeedPart> SnapshotFeed(const std::map<std::string, SharedObject>& objects, const Scope& scope,
                                   uint64_t revision) {
  Cutter cutter(WatchResponse::KIND_SNAPSHOT);
  for (const auto& [key, object] : objects) {
    if (InScope(scope.role, scope.subscriber, object->name())) cutter.Add(object, revision);
  }
  if (cutter.empty()) cutter.Begin(revision);
  cutter.back().revision = revision;
  cutter.back().last = true;
  return cutter.Take();
}

std::vector<FeedPart> ChangesFeed(const std::vector<const LogEntry*>& entries, const Scope& scope,
                                  uint64_t revision) {
  Cutter cutter(WatchResponse::KIND_CHANGES);
  uint64_t complete = 0;
  for (const LogEntry* entry : entries) {
    for (const SharedObject& event : entry->events) {
      if (InScope(scope.role, scope.subscriber, event->name())) cutter.Add(event, complete);
    }
    complete = entry->revision;
  }
  if (cutter.empty()) return {{.kind = WatchResponse::KIND_PROGRESS, .revision = revision}};
  cutter.back().revision = revision;  // Nothing in scope follows, so the mark rides along.
  return cutter.Take();
}

}  // namespace nonet::controlplane
