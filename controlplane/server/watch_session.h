// One watch stream as the hub sees it: a bounded queue of messages on their way, and an end.
#pragma once

#include <string>

#include "absl/status/status.h"
#include "controlplane/core/feed.h"

namespace nonet::controlplane {

class WatchSession {  // Thread-safe.
 public:
  virtual ~WatchSession() = default;
  // Queues; false when more than the bound is waiting, and then nothing was queued. The message is made when
  // it is its turn.
  virtual bool Send(FeedPart part) = 0;
  // Drops what is queued and ends the stream with this status. The first call counts.
  virtual void End(const absl::Status& status) = 0;
  // Tears the stream down, even if the peer does not read.
  virtual void Cancel() = 0;
  // Ready for the next message of the peer.
  virtual void ReadNext() = 0;
};

}  // namespace nonet::controlplane
