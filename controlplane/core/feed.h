// What a watch stream carries, for one subscriber's scope: snapshots and changes cut into messages of at most
// kWatchResponseBytesMax (one object more where a single one is larger). Pure.
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

// At least one part; the last one is marked.
std::vector<watch::v1::WatchResponse> SnapshotFeed(const std::map<std::string, Object>& objects,
                                                   const Scope& scope, uint64_t revision);
// The changes in scope, the last message complete up to `revision`; a progress mark where there are none.
std::vector<watch::v1::WatchResponse> ChangesFeed(const std::vector<const LogEntry*>& entries,
                                                  const Scope& scope, uint64_t revision);

}  // namespace nonet::controlplane
