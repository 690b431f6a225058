// The resolver's and the supervisor's events, merged into one bounded queue in the order of arrival. Streams
// reconnect by themselves, so a reader sees a process die and come back.
//
//   EventPump pump(cluster, after_ns);
//   while (auto event = pump.Next(timeout_ns)) ...
#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <memory>
#include <optional>

#include "absl/base/thread_annotations.h"
#include "absl/synchronization/mutex.h"
#include "tools/cli/commands/cluster.h"
#include "tools/cli/render/events.h"

namespace nonet::cli {

class EventPump {
 public:
  // Waiting events; beyond it the oldest leave, and `dropped` says how many.
  static constexpr size_t kEventsMax = 10'000;

  // `after_ns`: Unix time, 0 for the whole history. The cluster outlives the pump.
  EventPump(const Cluster& cluster, int64_t after_ns);
  ~EventPump();

  // nullopt when none came in time, or after Stop.
  std::optional<EventView> Next(int64_t timeout_ns) ABSL_LOCKS_EXCLUDED(mu_);
  // Ends the wait of Next for good. Thread-safe.
  void Stop() ABSL_LOCKS_EXCLUDED(mu_);
  bool stopped() const ABSL_LOCKS_EXCLUDED(mu_);
  size_t dropped() const ABSL_LOCKS_EXCLUDED(mu_);

 private:
  void Add(EventView event) ABSL_LOCKS_EXCLUDED(mu_);
  bool Ready() const ABSL_EXCLUSIVE_LOCKS_REQUIRED(mu_) { return stopped_ || !events_.empty(); }

  mutable absl::Mutex mu_;
  std::deque<EventView> events_ ABSL_GUARDED_BY(mu_);
  size_t dropped_ ABSL_GUARDED_BY(mu_) = 0;
  bool stopped_ ABSL_GUARDED_BY(mu_) = false;
  std::unique_ptr<EventStream> steering_;  // Last: their threads call Add.
  std::unique_ptr<EventStream> supervisor_;
};

}  // namespace nonet::cli
