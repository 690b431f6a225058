#include "tools/supervisor/server/event_hub.h"

#include <utility>

#include "common/clock/clock.h"
#include "tools/supervisor/core/errors.h"
#include "tools/supervisor/core/limits.h"

namespace nonet::supervisor {

void EventHub::Publish(v1::ProcessEvent event) {
  absl::MutexLock lock(&mu_);
  for (EventSubscriber* subscriber : subscribers_) subscriber->OnEvent(event);
  history_.push_back(std::move(event));
  if (history_.size() > kEventHistoryMax) history_.pop_front();
}

absl::Status EventHub::Subscribe(EventSubscriber* subscriber, int64_t after_wall_ns) {
  absl::MutexLock lock(&mu_);
  if (closed_) return ShuttingDown();
  if (subscribers_.size() >= kEventSubscribersMax) return TooManyCallers("WatchEvents", kEventSubscribersMax);
  for (const v1::ProcessEvent& event : history_) {
    const int64_t at = event.time().seconds() * kNanosPerSecond + event.time().nanos();
    if (at > after_wall_ns) subscriber->OnEvent(event);
  }
  subscribers_.insert(subscriber);
  return absl::OkStatus();
}

void EventHub::Unsubscribe(EventSubscriber* subscriber) {
  absl::MutexLock lock(&mu_);
  subscribers_.erase(subscriber);
}

void EventHub::Close() {
  absl::MutexLock lock(&mu_);
  closed_ = true;
  for (EventSubscriber* subscriber : subscribers_) subscriber->OnClose(ShuttingDown());
  subscribers_.clear();
}

}  // namespace nonet::supervisor
