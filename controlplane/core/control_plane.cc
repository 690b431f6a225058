#include "controlplane/core/control_plane.h"

#include <algorithm>
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "common/base/names.h"
#include "common/base/status_macros.h"
#include "controlplane/core/capacity.h"
#include "controlplane/core/effective.h"
#include "controlplane/core/errors.h"
#include "controlplane/core/limits.h"

namespace nonet::controlplane {
namespace {

using namespace resource::v1;  // The whole file is about these.

bool IsDeleting(const Object& object) { return StateOf(object) == PROVISIONING_STATE_DELETING; }

watch::v1::Role RoleOf(absl::string_view subscriber) {
  return subscriber == "supervisor" ? watch::v1::ROLE_SUPERVISOR : watch::v1::ROLE_DNSRESOLVER;
}

}  // namespace

void ControlPlane::Restore(StoredState state, Now now) {
  cluster_ = state.cluster;
  history_ = state.history;
  for (const std::string& name : state.subscribers) {
    known_subscribers_.insert(name);
    subscribers_.Expect(RoleOf(name), name, now.steady_ns);
  }
  for (const Object& object : state.objects) {
    NoteChange(object.name(), object.revision());
    if (HasInstance(object) && !InstanceOf(object).epoch().empty()) {
      subscribers_.Expect(watch::v1::ROLE_INSTANCE, object.name(), now.steady_ns);
    }
  }
  resources_.Restore(state.revision, std::move(state.objects), std::move(state.requests),
                     std::move(state.operations), now);
  for (LogEntry& entry : state.log) {
    Note(entry);
    for (SharedObject& event : entry.events) ShareWithModel(event);
  }
  log_.Restore(state.revision, std::move(state.log));
}

void ControlPlane::ShareWithModel(SharedObject& event) const {
  const auto it = resources_.objects().find(CanonicalName(event->name()));
  if (it != resources_.objects().end() && it->second->revision() == event->revision()) event = it->second;
}

absl::Status ControlPlane::Open(const watch::v1::Open& open, Effects& effects) {
  if (open.role() == watch::v1::ROLE_INSTANCE) {
    const auto parsed = ParseName(open.subscriber());
    if (parsed && resources_.Find(open.subscriber()) == nullptr) {
      return parsed->kind == ParsedName::Kind::kReplica
                 ? errors::ReplicaNotFound(parsed->resource_id, parsed->replica_id)
                 : errors::ResourceNotFound(parsed->resource_id);
    }
  }
  RETURN_IF_ERROR(subscribers_.Open(open));
  if (open.role() != watch::v1::ROLE_INSTANCE && known_subscribers_.insert(open.subscriber()).second) {
    effects.new_subscribers.push_back(open.subscriber());
  }
  return absl::OkStatus();
}

void ControlPlane::Acknowledge(absl::string_view subscriber, const watch::v1::Ack& ack, Now now,
                               Effects& effects) {
  subscribers_.Acknowledge(subscriber, ack, revision());
  const Subscriber* known = subscribers_.Find(subscriber);
  if (known == nullptr || !known->instance) return;
  resources_.Report(subscriber, known->epoch, *known->instance, known->acknowledged, now, effects);
}

void ControlPlane::Report(absl::string_view subscriber, const watch::v1::Facts& facts, Now now,
                          Effects& effects) {
  subscribers_.Report(subscriber, facts);
  const Subscriber* known = subscribers_.Find(subscriber);
  if (known == nullptr || !facts.has_instance()) return;
  resources_.Report(subscriber, known->epoch, facts.instance(), known->acknowledged, now, effects);
}

void ControlPlane::Close(absl::string_view subscriber, Now now) {
  subscribers_.Close(subscriber, now.steady_ns);
  if (ParseName(subscriber) && resources_.Find(subscriber) == nullptr) {
    subscribers_.ForgetInstance(subscriber);
  }
}

bool ControlPlane::ShouldRun(const Subscriber& subscriber) const {
  const Object* object = resources_.Find(subscriber.scope.subscriber);
  return object != nullptr && HasInstance(*object) && !IsDeleting(*object) && !IsStopped(*object);
}

bool ControlPlane::IsDeletionAcknowledged(const Object& object, uint64_t since, Now now) const {
  for (const auto& [key, subscriber] : subscribers_.all()) {
    if (InScope(subscriber.scope.role, subscriber.scope.subscriber, object.name()) &&
        subscribers_.IsAwaited(subscriber, now.steady_ns, kReconnectGraceNs, ShouldRun(subscriber)) &&
        subscriber.acknowledged < since) {
      return false;
    }
  }
  return true;
}

bool ControlPlane::IsDrained(const Object& object) const {
  const Subscriber* supervisor = subscribers_.Find("supervisor");
  if (supervisor != nullptr && supervisor->connected && supervisor->running &&
      !supervisor->running->contains(CanonicalName(object.name()))) {
    return true;  // Nothing runs that could have clients.
  }
  const Subscriber* instance = subscribers_.Find(object.name());
  return instance != nullptr && instance->connected && instance->instance &&
         instance->instance->connections() == 0 &&
         instance->acknowledged >= object.replica().drain().revision();
}

void ControlPlane::Settle(Now now, Effects& effects) {
  const size_t logged_before = effects.log.size();
  unsettled_ = false;
  for (const std::string& key : resources_.Unsettled(now, kSettledMax + 1)) {
    if (effects.log.size() - logged_before >= kSettledMax) {
      unsettled_ = true;
      return;
    }
    const auto entry = resources_.pending().find(key);
    if (entry == resources_.pending().end()) continue;  // Went away with its resource.
    const Object* object = resources_.Find(key);
    const bool late = now.steady_ns >= entry->second.deadline_ns;
    if (IsDraining(*object)) {
      if (!late && !IsDrained(*object)) continue;
      resources_.EndDrain(key, now, effects);
      object = resources_.Find(key);
    } else if (!IsDeleting(*object)) {
      if (late) resources_.Fail(key, now, effects);
      continue;
    }
    // The replicas of a resource that is being deleted go together with it.
    const auto parsed = ParseName(object->name());
    if (object->has_replica() && IsDeleting(*resources_.Find(ResourceName(parsed->resource_id)))) continue;
    const ResourceSet::Pending& pending = resources_.pending().at(key);
    if (now.steady_ns < pending.deadline_ns &&
        !IsDeletionAcknowledged(*object, pending.since_revision, now)) {
      continue;
    }
    std::vector<std::string> gone{key};
    for (const Object* replica : resources_.ListReplicas(key)) gone.push_back(replica->name());
    resources_.Remove(key, now, effects);
    for (const std::string& name : gone) subscribers_.ForgetInstance(name);
  }
}

std::optional<int64_t> ControlPlane::NextDeadline(Now now) const {
  if (unsettled_) return now.steady_ns;
  std::optional<int64_t> next;
  const auto consider = [&](int64_t deadline_ns) {
    if (deadline_ns == ResourceSet::kNever) return;
    if (deadline_ns > now.steady_ns && (!next || deadline_ns < *next)) next = deadline_ns;
  };
  consider(resources_.NextDeadline(now));
  // One more nanosecond: at the grace's very end a lost subscriber still counts.
  for (const auto& [key, subscriber] : subscribers_.all()) {
    if (subscriber.connected) continue;
    consider(subscriber.seen_ns + kReconnectGraceNs + 1);
    consider(subscriber.seen_ns + kConvergenceGraceNs + 1);
  }
  return next;
}

StoreBatch ControlPlane::Seal(Effects effects, Now now) {
  StoreBatch batch;
  batch.log_floor_before = log_.floor();
  batch.log = std::move(effects.log);
  for (LogEntry& entry : batch.log) {
    entry.wall_ns = now.wall_ns;
    Note(entry);
    log_.Append(entry);
  }
  batch.revision = revision();
  batch.log_floor = log_.floor();
  batch.remembered = std::move(effects.remembered);
  batch.forgotten = std::move(effects.forgotten);
  batch.new_subscribers = std::move(effects.new_subscribers);
  batch.operations = std::move(effects.operations);
  return batch;
}

void ControlPlane::NoteChange(const std::string& name, uint64_t revision) {
  const auto raise = [&](uint64_t& value) { value = std::max(value, revision); };
  raise(last_change_[ResourceOf(name)]);
  raise(last_change_of_all_);
  if (InScope(watch::v1::ROLE_DNSRESOLVER, "", name)) raise(last_change_without_keys_);
}

void ControlPlane::Note(const LogEntry& entry) {
  for (const SharedObject& event : entry.events) NoteChange(event->name(), entry.revision);
  // Names of resources that are gone are kept as long as there are not too many of them.
  if (last_change_.size() > 2 * kResourcesMax) {
    std::erase_if(last_change_, [&](const auto& item) {
      return resources_.Find(ResourceName(item.first)) == nullptr && item.second <= log_.floor();
    });
  }
}

uint64_t ControlPlane::LastChange(const Scope& scope) const {
  if (scope.role == watch::v1::ROLE_SUPERVISOR) return last_change_of_all_;
  if (scope.role == watch::v1::ROLE_DNSRESOLVER) return last_change_without_keys_;
  const auto it = last_change_.find(ResourceOf(scope.subscriber));
  return it == last_change_.end() ? 0 : it->second;
}

absl::StatusOr<EffectiveConfiguration> ControlPlane::Effective(absl::string_view name) const {
  const auto parsed = ParseName(name);
  if (parsed && parsed->kind == ParsedName::Kind::kReplica) {
    ASSIGN_OR_RETURN(const Object* replica, resources_.GetReplica(name, ""));
    ASSIGN_OR_RETURN(const Object* primary, resources_.GetResource(ResourceName(parsed->resource_id), ""));
    return EffectiveOf(primary->resource(), &replica->replica());
  }
  ASSIGN_OR_RETURN(const Object* primary, resources_.GetResource(name, ""));
  return EffectiveOf(primary->resource(), nullptr);
}

absl::StatusOr<Operation> ControlPlane::GetOperation(absl::string_view name) const {
  ASSIGN_OR_RETURN(const Operation* stored, resources_.operations().Get(name));
  Operation operation = *stored;
  const Subscriber* instance = subscribers_.Find(operation.target());
  if (operation.progress() == "draining" && instance != nullptr && instance->instance) {
    operation.set_progress(absl::StrCat("draining: ", instance->instance->connections(), " connections"));
  }
  return operation;
}

absl::StatusOr<CapacityReport> ControlPlane::Capacity(absl::string_view name, absl::string_view group) const {
  ASSIGN_OR_RETURN(const Object* primary, resources_.GetResource(name, group));
  std::vector<InstanceLoad> loads;
  const auto add = [&](const Object& object, const auto& message) {
    InstanceLoad& load = loads.emplace_back();
    load.instance = object.name();
    load.location = message.location();
    load.capacity = ConnectionCapacity(message.sku());
    load.in_rotation = message.region_endpoint_enabled() && !message.resource_stopped() &&
                       message.provisioning_state() == PROVISIONING_STATE_SUCCEEDED;
    const Subscriber* instance = subscribers_.Find(object.name());
    if (instance == nullptr || !instance->instance) return;
    load.reported = instance->connected;
    if (ShouldRun(*instance)) load.connections = instance->instance->connections();
  };
  add(*primary, primary->resource());
  for (const Object* replica : resources_.ListReplicas(primary->name())) add(*replica, replica->replica());
  return CapacityOf(loads);
}

ListSubscribersResponse ControlPlane::ListSubscribers() const {
  ListSubscribersResponse response;
  response.set_revision(revision());
  for (const auto& [key, subscriber] : subscribers_.all()) {
    ListSubscribersResponse::Subscriber& row = *response.add_subscribers();
    row.set_subscriber(subscriber.scope.subscriber);
    row.set_connected(subscriber.connected);
    row.set_acknowledged_revision(subscriber.acknowledged);
    for (const auto& [name, refusal] : subscriber.refusals) {
      (*row.mutable_refusals())[name] = refusal.error().message();
    }
    if (subscriber.instance) row.set_connections(subscriber.instance->connections());
    row.set_converged(subscriber.acknowledged >= LastChange(subscriber.scope));
  }
  return response;
}

std::vector<FeedPart> ControlPlane::InitialFeed(const Scope& scope, uint64_t resume_revision,
                                                absl::string_view history) const {
  std::vector<FeedPart> feed;
  if (resume_revision != 0 && (history.empty() || history == history_)) {
    if (const auto entries = log_.After(resume_revision)) feed = ChangesFeed(*entries, scope, revision());
  }
  if (feed.empty()) feed = SnapshotFeed(resources_.objects(), scope, revision());
  feed.front().history = history_;
  return feed;
}

ControlPlane::Convergence ControlPlane::CheckConvergence(absl::string_view name, uint64_t at_least,
                                                         Now now) const {
  Convergence result;
  result.status = absl::UnavailableError("not yet");
  if (absl::StartsWith(name, "operations/")) {
    const auto operation = resources_.operations().Get(name);
    if (!operation.ok()) {
      result.status = operation.status();
      return result;
    }
    if ((*operation)->state() == OPERATION_STATE_RUNNING) {
      result.state = absl::StrCat((*operation)->verb(), " is under way");
      return result;
    }
    if ((*operation)->state() != OPERATION_STATE_SUCCEEDED) {
      result.status = errors::OperationFailed(name, (*operation)->error().message());
      return result;
    }
    return CheckConvergence((*operation)->target(), std::max(at_least, (*operation)->revision()), now);
  }
  if (!ParseName(name)) {
    result.status = errors::InvalidName("name", name, "resources/{resource}[/replicas/{replica}]");
    return result;
  }
  const Object* object = resources_.Find(name);
  const auto last = last_change_.find(ResourceOf(name));
  const uint64_t changed = object != nullptr            ? object->revision()
                           : last == last_change_.end() ? 0
                                                        : last->second;
  result.target = std::max(at_least, changed);
  result.response.set_exists(object != nullptr);
  result.response.set_revision(result.target);
  if (object != nullptr && !IsFinal(StateOf(*object)))
    result.state = std::string(StateName(StateOf(*object)));
  if (object != nullptr && StateOf(*object) == PROVISIONING_STATE_FAILED) {
    result.status = errors::ProvisioningFailed(
        InstanceId(name), object->has_resource() ? object->resource().provisioning_error()
                                                 : object->replica().provisioning_error());
    return result;
  }
  for (const auto& [key, subscriber] : subscribers_.all()) {
    if (!InScope(subscriber.scope.role, subscriber.scope.subscriber, name) ||
        !subscribers_.IsAwaited(subscriber, now.steady_ns, kConvergenceGraceNs, ShouldRun(subscriber))) {
      continue;
    }
    if (subscriber.scope.role == watch::v1::ROLE_DNSRESOLVER) result.response.set_dnsresolver_seen(true);
    if (subscriber.scope.role == watch::v1::ROLE_SUPERVISOR) result.response.set_supervisor_seen(true);
    const auto refusal = subscriber.refusals.find(object != nullptr ? object->name() : std::string(name));
    if (object != nullptr && refusal != subscriber.refusals.end() &&
        refusal->second.revision() == object->revision()) {
      result.status = errors::Refused(InstanceId(name), InstanceId(subscriber.scope.subscriber),
                                      refusal->second.error().message());
      return result;
    }
    if (subscriber.acknowledged < result.target) {
      result.missing.push_back(InstanceId(subscriber.scope.subscriber));
    }
  }
  if (result.state.empty() && result.missing.empty() && result.target <= revision()) {
    result.status = absl::OkStatus();
  }
  return result;
}

}  // namespace nonet::controlplane
