// What WatchEvents tells: the last events, and whoever follows them.
//
//   hub.Publish(event);
//
// Thread-safe: the loop publishes, gRPC threads subscribe.
#pragma once

#include <cstdint>
#include <deque>
#include <set>

#include "absl/status/status.h"
#include "absl/synchronization/mutex.h"
#include "nonet/supervisor/v1/supervisor.pb.h"

namespace nonet::supervisor {

class EventSubscriber {
 public:
  virtual ~EventSubscriber() = default;
  // Called with the hub's lock held: only enqueue. The order is that of the events.
  virtual void OnEvent(const v1::ProcessEvent& event) = 0;
  // No event follows. Called with the hub's lock held.
  virtual void OnClose(const absl::Status& why) = 0;
};

class EventHub {
 public:
  void Publish(v1::ProcessEvent event) ABSL_LOCKS_EXCLUDED(mu_);
  // First the history after that wall time, then what happens. RESOURCE_EXHAUSTED above kEventSubscribersMax.
  absl::Status Subscribe(EventSubscriber* subscriber, int64_t after_wall_ns) ABSL_LOCKS_EXCLUDED(mu_);
  // No call follows its return.
  void Unsubscribe(EventSubscriber* subscriber) ABSL_LOCKS_EXCLUDED(mu_);
  // Ends every subscription, those to come too.
  void Close() ABSL_LOCKS_EXCLUDED(mu_);

 private:
  absl::Mutex mu_;
  std::deque<v1::ProcessEvent> history_ ABSL_GUARDED_BY(mu_);
  std::set<EventSubscriber*> subscribers_ ABSL_GUARDED_BY(mu_);
  bool closed_ ABSL_GUARDED_BY(mu_) = false;
};

}  // namespace nonet::supervisor
