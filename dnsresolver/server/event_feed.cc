#include "dnsresolver/server/event_feed.h"

#include <algorithm>
#include <utility>

#include "common/clock/clock.h"
#include "dnsresolver/core/errors.h"
#include "dnsresolver/core/limits.h"

namespace nonet::dns {

int64_t EventTimeNs(const steering::v1::SteeringEvent& event) {
  return event.time().seconds() * kNanosPerSecond + event.time().nanos();
}

void EventFeed::Add(steering::v1::SteeringEvent event) {
  const Event shared = std::make_shared<const steering::v1::SteeringEvent>(std::move(event));
  absl::MutexLock lock(&mu_);
  history_.push_back(shared);
  if (history_.size() > kEventHistoryMax) history_.pop_front();
  for (Watcher* watcher : watchers_) watcher->OnEvent(shared);
}

absl::Status EventFeed::Attach(Watcher& watcher, int64_t after_ns) {
  absl::MutexLock lock(&mu_);
  if (closed_) return errors::ShuttingDown();
  if (watchers_.size() >= kWatchersMax) return errors::TooManyWatchers();
  watchers_.push_back(&watcher);
  for (const Event& event : history_) {
    if (EventTimeNs(*event) > after_ns) watcher.OnEvent(event);
  }
  return absl::OkStatus();
}

void EventFeed::Detach(Watcher& watcher) {
  absl::MutexLock lock(&mu_);
  std::erase(watchers_, &watcher);
}

void EventFeed::Close() {
  absl::MutexLock lock(&mu_);
  closed_ = true;
  for (Watcher* watcher : std::exchange(watchers_, {})) watcher->OnClosed();
}

}  // namespace nonet::dns
