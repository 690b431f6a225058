// The last kEventHistoryMax steering events, and who watches for more.
//
//   feed.Add(event);
//   absl::Status watching = feed.Attach(watcher, after_ns);
#pragma once

#include <cstdint>
#include <deque>
#include <memory>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/status/status.h"
#include "absl/synchronization/mutex.h"
#include "nonet/steering/v1/steering.pb.h"

namespace nonet::dns {

class EventFeed {  // Thread-safe.
 public:
  using Event = std::shared_ptr<const steering::v1::SteeringEvent>;  // Shared by history and watchers.

  class Watcher {
   public:
    virtual ~Watcher() = default;
    // Called in the order of events, with the feed's lock held: must not call the feed.
    virtual void OnEvent(Event event) = 0;
    virtual void OnClosed() = 0;
  };

  void Add(steering::v1::SteeringEvent event) ABSL_LOCKS_EXCLUDED(mu_);
  // First the history later than `after_ns` (Unix time), then every event to come, without a gap or a double.
  // RESOURCE_EXHAUSTED when there are kWatchersMax, UNAVAILABLE after Close.
  absl::Status Attach(Watcher& watcher, int64_t after_ns) ABSL_LOCKS_EXCLUDED(mu_);
  // No call to the watcher follows. No effect when it is not attached.
  void Detach(Watcher& watcher) ABSL_LOCKS_EXCLUDED(mu_);
  // Detaches everybody, for good.
  void Close() ABSL_LOCKS_EXCLUDED(mu_);

 private:
  absl::Mutex mu_;
  std::deque<Event> history_ ABSL_GUARDED_BY(mu_);
  std::vector<Watcher*> watchers_ ABSL_GUARDED_BY(mu_);
  bool closed_ ABSL_GUARDED_BY(mu_) = false;
};

// Unix time in nanoseconds.
int64_t EventTimeNs(const steering::v1::SteeringEvent& event);

}  // namespace nonet::dns
