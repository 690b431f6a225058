// What a watch stream carries, for one subscriber's scope: snapshots and changes cut into parts, one message
// each, of at most kWatchResponseBytesMax (more where a single object is larger). A part shares its objects
// with the model; its message is made when it is its turn to be written, so that a snapshot on its way costs
// a pointer an object. Pure.
//
//   for (const FeedPart& part : SnapshotFeed(objects, scope, revision)) stream.Write(ToResponse(part));
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "absl/strings/string_view.h"
#include "controlplane/core/object.h"
#include "nonet/watch/v1/watch.pb.h"

namespace nonet::controlplane {

struct Scope {
  watch::v1::Role role = watch::v1::ROLE_UNSPECIFIED;
  std::string subscriber;
};

// The fields of a WatchResponse.
struct FeedPart {
  watch::v1::WatchResponse::Kind kind = watch::v1::WatchResponse::KIND_UNSPECIFIED;
  std::vector<SharedObject> events = {};
  uint64_t revision = 0;
  bool last = false;
  std::string history = {};
  size_t bytes = 0;  // Of the events, serialised.
};
watch::v1::WatchResponse ToResponse(const FeedPart& part);

// At least one part; the last one is marked.
std::vector<FeedPart> SnapshotFeed(const std::map<std::string, SharedObject>& objects, const Scope& scope,
                                   uint64_t revision);
// The changes in scope, the last part complete up to `revision`; a progress mark where there are none.
std::vector<FeedPart> ChangesFeed(const std::vector<const LogEntry*>& entries, const Scope& scope,
                                  uint64_t revision);

}  // namespace nonet::controlplane
