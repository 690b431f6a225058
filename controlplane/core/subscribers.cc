#include "controlplane/core/subscribers.h"

#include <algorithm>
#include <utility>

#include "common/base/names.h"
#include "controlplane/core/errors.h"
#include "controlplane/core/limits.h"

namespace nonet::controlplane {
namespace {

constexpr absl::string_view kResolver = "dnsresolver";
constexpr absl::string_view kSupervisor = "supervisor";

absl::Status CheckOpen(const watch::v1::Open& open) {
  const auto parsed = ParseName(open.subscriber());
  switch (open.role()) {
    case watch::v1::ROLE_DNSRESOLVER:
      if (open.subscriber() == kResolver) return absl::OkStatus();
      return errors::InvalidSubscriber(open.subscriber(), "in this role it must be \"dnsresolver\"");
    case watch::v1::ROLE_SUPERVISOR:
      if (open.subscriber() == kSupervisor) return absl::OkStatus();
      return errors::InvalidSubscriber(open.subscriber(), "in this role it must be \"supervisor\"");
    case watch::v1::ROLE_INSTANCE:
      if (parsed && parsed->kind != ParsedName::Kind::kKeys) return absl::OkStatus();
      return errors::InvalidSubscriber(open.subscriber(),
                                       "in this role it must be the name of a resource or replica");
    default:
      return errors::InvalidSubscriber(open.subscriber(), "a role is required");
  }
}

}  // namespace

absl::Status SubscriberTable::Open(const watch::v1::Open& open) {
  if (absl::Status status = CheckOpen(open); !status.ok()) return status;
  const std::string key = CanonicalName(open.subscriber());
  if (subscribers_.size() >= kSubscribersMax && !subscribers_.contains(key)) return errors::SubscriberLimit();
  Subscriber& subscriber = subscribers_[key];
  subscriber.scope = {open.role(), open.subscriber()};
  subscriber.connected = true;
  if (subscriber.epoch == open.epoch() && !open.epoch().empty()) return absl::OkStatus();
  // A new life: nothing that the last one said counts.
  subscriber.epoch = open.epoch();
  subscriber.acknowledged = 0;
  subscriber.refusals.clear();
  subscriber.instance.reset();
  subscriber.running.reset();
  return absl::OkStatus();
}

void SubscriberTable::Expect(watch::v1::Role role, absl::string_view name, int64_t now_ns) {
  Subscriber& subscriber = subscribers_[CanonicalName(name)];
  subscriber.scope = {role, std::string(name)};
  subscriber.seen_ns = now_ns;
}

void SubscriberTable::Acknowledge(absl::string_view name, const watch::v1::Ack& ack, uint64_t current) {
  const auto it = subscribers_.find(CanonicalName(name));
  if (it == subscribers_.end() || ack.revision() > current) return;
  it->second.acknowledged = ack.revision();
  it->second.refusals.clear();
  for (const watch::v1::Refusal& refusal : ack.refusals()) {
    if (it->second.refusals.size() >= kRefusalsMax) break;
    it->second.refusals[refusal.name()] = refusal;
  }
}

void SubscriberTable::Report(absl::string_view name, const watch::v1::Facts& facts) {
  const auto it = subscribers_.find(CanonicalName(name));
  if (it == subscribers_.end()) return;
  if (facts.has_instance()) it->second.instance = facts.instance();
  if (facts.has_supervisor()) {
    std::set<std::string> running;
    for (const std::string& object : facts.supervisor().running()) running.insert(CanonicalName(object));
    it->second.running = std::move(running);
  }
}

void SubscriberTable::Close(absl::string_view name, int64_t now_ns) {
  const auto it = subscribers_.find(CanonicalName(name));
  if (it == subscribers_.end()) return;
  it->second.connected = false;
  it->second.seen_ns = now_ns;
}

void SubscriberTable::ForgetInstance(absl::string_view name) {
  const auto it = subscribers_.find(CanonicalName(name));
  if (it != subscribers_.end() && !it->second.connected) subscribers_.erase(it);
}

const Subscriber* SubscriberTable::Find(absl::string_view name) const {
  const auto it = subscribers_.find(CanonicalName(name));
  return it == subscribers_.end() ? nullptr : &it->second;
}

bool SubscriberTable::IsAwaited(const Subscriber& subscriber, int64_t now_ns, int64_t grace_ns,
                                bool should_run) const {
  const bool instance = subscriber.scope.role == watch::v1::ROLE_INSTANCE;
  if (instance && !should_run) return false;
  if (subscriber.connected) return true;
  const Subscriber* supervisor = Find(kSupervisor);
  const bool restarter = supervisor != nullptr && supervisor->connected;
  if (!restarter) grace_ns = std::min(grace_ns, kReconnectGraceNs);
  if (now_ns - subscriber.seen_ns > grace_ns) return false;
  if (!instance) return true;
  const bool known_down = restarter && supervisor->running &&
                          !supervisor->running->contains(CanonicalName(subscriber.scope.subscriber));
  return !known_down;
}

size_t SubscriberTable::connected() const {
  size_t count = 0;
  for (const auto& [name, subscriber] : subscribers_) count += subscriber.connected;
  return count;
}

size_t SubscriberTable::refusals() const {
  size_t count = 0;
  for (const auto& [name, subscriber] : subscribers_) count += subscriber.refusals.size();
  return count;
}

}  // namespace nonet::controlplane
