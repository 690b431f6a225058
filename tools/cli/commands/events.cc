#include "tools/cli/commands/events.h"

#include <utility>

#include "absl/time/time.h"

namespace nonet::cli {

EventPump::EventPump(const Cluster& cluster, int64_t after_ns) {
  steering_ = cluster.steering->Watch(
      after_ns, [this](const steering::v1::SteeringEvent& event) { Add(FromSteering(event)); });
  supervisor_ = cluster.supervisor->Watch(
      after_ns, [this](const supervisor::v1::ProcessEvent& event) { Add(FromProcess(event)); });
}

EventPump::~EventPump() = default;

std::optional<EventView> EventPump::Next(int64_t timeout_ns) {
  absl::MutexLock lock(&mu_);
  mu_.AwaitWithTimeout(absl::Condition(this, &EventPump::Ready), absl::Nanoseconds(timeout_ns));
  if (stopped_ || events_.empty()) return std::nullopt;
  EventView event = std::move(events_.front());
  events_.pop_front();
  return event;
}

void EventPump::Stop() {
  absl::MutexLock lock(&mu_);
  stopped_ = true;
}

bool EventPump::stopped() const {
  absl::MutexLock lock(&mu_);
  return stopped_;
}

size_t EventPump::dropped() const {
  absl::MutexLock lock(&mu_);
  return dropped_;
}

void EventPump::Add(EventView event) {
  absl::MutexLock lock(&mu_);
  if (events_.size() == kEventsMax) {
    events_.pop_front();
    ++dropped_;
  }
  events_.push_back(std::move(event));
}

}  // namespace nonet::cli
