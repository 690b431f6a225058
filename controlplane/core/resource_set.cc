#include "controlplane/core/resource_set.h"

#include <algorithm>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"
#include "common/base/check.h"
#include "common/base/names.h"
#include "common/base/status_macros.h"
#include "controlplane/core/errors.h"
#include "controlplane/core/validate.h"

namespace nonet::controlplane {
namespace {

using namespace resource::v1;  // The whole file is about these.

bool IsAwaited(ProvisioningState state) {
  return state == PROVISIONING_STATE_CREATING || state == PROVISIONING_STATE_UPDATING ||
         state == PROVISIONING_STATE_FAILED;
}

void Touch(Object& object, int64_t wall_ns) {
  if (object.has_resource()) SetTime(*object.mutable_resource()->mutable_update_time(), wall_ns);
  if (object.has_replica()) SetTime(*object.mutable_replica()->mutable_update_time(), wall_ns);
}

// "nonet.resource.v1.CreateReplicaRequest" -> "CreateReplica".
std::string VerbOf(absl::string_view request) {
  request.remove_prefix(request.rfind('.') + 1);
  return std::string(absl::StripSuffix(request, "Request"));
}

// The digits that end the first label of an instance's host name.
std::string HexOf(absl::string_view host_name) {
  const absl::string_view label = host_name.substr(0, host_name.find('.'));
  return std::string(label.substr(label.rfind('-') + 1));
}

}  // namespace

void ResourceSet::Restore(uint64_t revision, std::vector<Object> objects, std::vector<RequestRecord> requests,
                          std::vector<Operation> operations, Now now) {
  revision_ = revision;
  objects_.clear();
  pending_.clear();
  due_.clear();
  leaving_.clear();
  host_names_.clear();
  host_hexes_.clear();
  resources_ = 0;
  for (Object& object : objects) {
    const std::string key = CanonicalName(object.name());
    Arm(key, nullptr, object, now);
    Index(object, true);
    objects_[key] = std::make_shared<const Object>(std::move(object));
  }
  requests_.Restore(std::move(requests));
  operations_.Restore(std::move(operations));
}

absl::StatusOr<Object> ResourceSet::Apply(MutationReference mutation, Now now, const Randoms& randoms,
                                          Effects& effects) {
  return std::visit(
      [&](const auto reference) -> absl::StatusOr<Object> {
        const auto& request = reference.get();
        RETURN_IF_ERROR(ValidateRequestId(request.request_id()));
        const bool remember = !request.request_id().empty() && !request.validate_only();
        std::string digest;
        if (remember) {
          digest = RequestDigest(request.GetTypeName(), Serialize(request));
          ASSIGN_OR_RETURN(const Object* answered, requests_.Find(request.request_id(), digest, now.wall_ns));
          if (answered != nullptr) return *answered;
        }
        ASSIGN_OR_RETURN(Plan plan, Make(request, now, randoms));
        Object answer;
        if (plan.changed.empty()) {
          answer = *plan.unchanged;
          SetAnswer(answer, "", plan.warnings);
        } else if (request.validate_only()) {
          answer = plan.changed.front();
          SetAnswer(answer, "", plan.warnings);
        } else {
          const Object* before = Find(plan.changed.front().name());
          const bool was_under_way = before != nullptr && !IsFinal(StateOf(*before));
          for (Object& object : plan.changed) Touch(object, now.wall_ns);
          const auto& changed = Commit(std::move(plan.changed), now, effects);
          BeginOperation(VerbOf(request.GetTypeName()), plan, changed, was_under_way, now, effects);
          answer = *changed.front();
          SetAnswer(answer, OperationName(revision_), plan.warnings);
        }
        if (request.validate_only()) return answer;
        if (remember) {
          const RequestRecord record{request.request_id(), digest, now.wall_ns, answer};
          requests_.Remember(record, effects.forgotten);
          effects.remembered.push_back(record);
        }
        return answer;
      },
      mutation);
}

const Object* ResourceSet::Find(absl::string_view name) const {
  const auto it = objects_.find(CanonicalName(name));
  return it == objects_.end() ? nullptr : it->second.get();
}

absl::StatusOr<const Object*> ResourceSet::GetResource(absl::string_view name,
                                                       absl::string_view group) const {
  const auto parsed = ParseName(name);
  if (!parsed || parsed->kind != ParsedName::Kind::kResource) {
    return errors::InvalidName("name", name, "resources/{resource}");
  }
  const Object* object = Find(name);
  if (object == nullptr) return errors::ResourceNotFound(parsed->resource_id);
  if (!group.empty() && !absl::EqualsIgnoreCase(group, object->resource().resource_group())) {
    return errors::ResourceNotInGroup(parsed->resource_id, group);
  }
  return object;
}

absl::StatusOr<const Object*> ResourceSet::GetReplica(absl::string_view name, absl::string_view group) const {
  const auto parsed = ParseName(name);
  if (!parsed || parsed->kind != ParsedName::Kind::kReplica) {
    return errors::InvalidName("name", name, "resources/{resource}/replicas/{replica}");
  }
  ASSIGN_OR_RETURN(const Object* parent, GetResource(ResourceName(parsed->resource_id), group));
  const Object* object = Find(name);
  if (object == nullptr) {
    return errors::ReplicaNotFound(InstanceId(parent->name()), parsed->replica_id);
  }
  return object;
}

absl::StatusOr<const Object*> ResourceSet::GetKeys(absl::string_view name, absl::string_view group) const {
  const auto parsed = ParseName(name);
  if (!parsed || parsed->kind != ParsedName::Kind::kKeys) {
    return errors::InvalidName("name", name, "resources/{resource}/keys");
  }
  RETURN_IF_ERROR(GetResource(ResourceName(parsed->resource_id), group).status());
  const Object* object = Find(name);
  NONET_CHECK(object != nullptr);  // Made and removed together with the resource.
  return object;
}

std::vector<const Object*> ResourceSet::ListReplicas(absl::string_view resource_name) const {
  const std::string prefix = absl::StrCat(CanonicalName(resource_name), "/replicas/");
  std::vector<const Object*> replicas;
  for (auto it = objects_.lower_bound(prefix); it != objects_.end(); ++it) {
    if (!absl::StartsWith(it->first, prefix)) break;
    replicas.push_back(it->second.get());
  }
  return replicas;
}

std::vector<const Object*> ResourceSet::StayingReplicas(absl::string_view resource_name) const {
  std::vector<const Object*> replicas = LivingReplicas(resource_name);
  std::erase_if(replicas, [](const Object* r) { return IsDraining(*r); });
  return replicas;
}

std::vector<const Object*> ResourceSet::LivingReplicas(absl::string_view resource_name) const {
  std::vector<const Object*> replicas = ListReplicas(resource_name);
  std::erase_if(replicas, [](const Object* r) { return StateOf(*r) == PROVISIONING_STATE_DELETING; });
  return replicas;
}

void ResourceSet::Report(absl::string_view name, absl::string_view epoch,
                         const watch::v1::InstanceFacts& facts, uint64_t acknowledged, Now now,
                         Effects& effects) {
  const std::string key = CanonicalName(name);
  const auto it = objects_.find(key);
  if (it == objects_.end() || !HasInstance(*it->second)) return;
  const Object& object = *it->second;
  // A process of an earlier generation, or of an object that should not run, has nothing to say any more.
  if (StateOf(object) == PROVISIONING_STATE_DELETING || IsStopped(object) ||
      facts.generation() != GenerationOf(object) || facts.endpoint().host().empty()) {
    return;
  }
  const auto pending = pending_.find(key);
  const bool arrived = IsAwaited(StateOf(object)) && !IsDraining(object) && facts.serving() &&
                       pending != pending_.end() && acknowledged >= pending->second.since_revision;
  const bool moved =
      InstanceOf(object).epoch() != epoch || !Same(InstanceOf(object).endpoint(), facts.endpoint());
  if (!arrived && !moved) return;
  std::vector<Object> changed{object};
  MutableInstanceOf(changed.front()).set_epoch(std::string(epoch));
  *MutableInstanceOf(changed.front()).mutable_endpoint() = facts.endpoint();
  if (arrived) {
    SetState(changed.front(), PROVISIONING_STATE_SUCCEEDED);
    operations_.Finish(name, OPERATION_STATE_SUCCEEDED, "", "", now.wall_ns, effects.operations);
  }
  Commit(std::move(changed), now, effects);
}

void ResourceSet::Fail(absl::string_view name, Now now, Effects& effects) {
  const Object* object = Find(name);
  NONET_CHECK(object != nullptr);
  const std::string why =
      errors::NoAcknowledgement(InstanceId(object->name()), options_.provisioning_timeout_ns);
  operations_.Finish(name, OPERATION_STATE_FAILED, "PROVISIONING_FAILED", why, now.wall_ns,
                     effects.operations);
  std::vector<Object> changed{*object};
  SetState(changed.front(), PROVISIONING_STATE_FAILED, why);
  Commit(std::move(changed), now, effects);
}

void ResourceSet::EndDrain(absl::string_view name, Now now, Effects& effects) {
  const Object* object = Find(name);
  NONET_CHECK(object != nullptr && IsDraining(*object));
  std::vector<Object> changed{*object};
  changed.front().mutable_replica()->clear_drain();
  SetState(changed.front(), PROVISIONING_STATE_DELETING);
  Touch(changed.front(), now.wall_ns);
  Commit(std::move(changed), now, effects);
}

void ResourceSet::Remove(absl::string_view name, Now now, Effects& effects) {
  const std::string key = CanonicalName(name);
  LogEntry entry{++revision_, {}};
  const auto remove = [&](std::map<std::string, SharedObject>::iterator it) {
    entry.events.push_back(std::make_shared<const Object>(Deleted(it->second->name(), entry.revision)));
    ErasePending(it->first);
    Index(*it->second, false);
    return objects_.erase(it);
  };
  const auto top = objects_.find(key);
  NONET_CHECK(top != objects_.end());
  const std::string below = absl::StrCat(key, "/");
  for (auto it = objects_.lower_bound(below); it != objects_.end() && absl::StartsWith(it->first, below);) {
    it = remove(it);
  }
  remove(top);
  effects.log.push_back(std::move(entry));
  operations_.Finish(key, OPERATION_STATE_SUCCEEDED, "", "", now.wall_ns, effects.operations);
}

const std::vector<SharedObject>& ResourceSet::Commit(std::vector<Object> changed, Now now, Effects& effects) {
  LogEntry& entry = effects.log.emplace_back();
  entry.revision = ++revision_;
  for (Object& object : changed) {
    ClearAnswer(object);
    SetRevision(object, revision_);
    const std::string key = CanonicalName(object.name());
    SharedObject& kept = objects_[key];
    Arm(key, kept.get(), object, now);
    if (kept == nullptr) Index(object, true);
    kept = std::make_shared<const Object>(std::move(object));
    entry.events.push_back(kept);
  }
  return entry.events;
}

void ResourceSet::BeginOperation(absl::string_view verb, const Plan& plan,
                                 const std::vector<SharedObject>& changed, bool was_under_way, Now now,
                                 Effects& effects) {
  const Object& target = *changed.front();
  Operation operation;
  operation.set_name(OperationName(revision_));
  operation.set_target(target.name());
  operation.set_child(plan.child);
  operation.set_verb(std::string(verb));
  operation.set_revision(revision_);
  for (const Warning& warning : plan.warnings) *operation.add_warnings() = warning;
  // What is under way now and was not before, or is the deletion that overtook it, is this one's doing.
  const ProvisioningState state = StateOf(target);
  const bool runs =
      !IsFinal(state) && (!was_under_way || state == PROVISIONING_STATE_DELETING || IsDraining(target));
  operation.set_state(runs ? OPERATION_STATE_RUNNING : OPERATION_STATE_SUCCEEDED);
  if (IsDraining(target)) operation.set_progress("draining");
  // Whatever ran on an object that is in a final state now, or is being deleted, has been overtaken.
  for (const SharedObject& object : changed) {
    if (!IsFinal(StateOf(*object)) && StateOf(*object) != PROVISIONING_STATE_DELETING) continue;
    operations_.Finish(object->name(), OPERATION_STATE_CANCELED, "OVERTAKEN",
                       errors::Overtaken(operation.name()), now.wall_ns, effects.operations);
  }
  operations_.Begin(std::move(operation), now.wall_ns, effects.operations);
}

void ResourceSet::Arm(const std::string& key, const Object* before, const Object& after, Now now) {
  if (!HasInstance(after)) return;
  const ProvisioningState state = StateOf(after);
  const bool same = before != nullptr && StateOf(*before) == state &&
                    GenerationOf(*before) == GenerationOf(after) && IsDraining(*before) == IsDraining(after);
  if (same) return;
  if (IsDraining(after)) {
    const auto& deadline = after.replica().drain().deadline();
    const int64_t left = deadline.seconds() * kNanosPerSecond + deadline.nanos() - now.wall_ns;
    SetPending(key, {after.revision(), now.steady_ns + std::clamp<int64_t>(left, 0, kDrainMaxNs)});
    leaving_.insert(key);
  } else if (state == PROVISIONING_STATE_DELETING) {
    SetPending(key, {after.revision(), now.steady_ns + options_.deletion_timeout_ns});
    leaving_.insert(key);
  } else if (state == PROVISIONING_STATE_FAILED) {
    // It may still arrive; what it must acknowledge is what it was awaited for.
    SetPending(key, {pending_[key].since_revision, kNever});
  } else if (IsAwaited(state)) {
    SetPending(key, {after.revision(), now.steady_ns + options_.provisioning_timeout_ns});
  } else {
    ErasePending(key);
  }
}

void ResourceSet::SetPending(const std::string& key, Pending pending) {
  ErasePending(key);
  if (pending.deadline_ns != kNever) due_.emplace(pending.deadline_ns, key);
  pending_[key] = pending;
}

void ResourceSet::ErasePending(const std::string& key) {
  const auto it = pending_.find(key);
  if (it == pending_.end()) return;
  due_.erase({it->second.deadline_ns, key});
  leaving_.erase(key);
  pending_.erase(it);
}

std::vector<std::string> ResourceSet::Unsettled(Now now, size_t late_max) const {
  std::set<std::string> keys = leaving_;
  for (auto it = due_.begin(); it != due_.end() && it->first <= now.steady_ns && late_max > 0; ++it) {
    late_max -= keys.insert(it->second).second;
  }
  return {keys.begin(), keys.end()};
}

void ResourceSet::Index(const Object& object, bool present) {
  if (object.has_resource()) present ? ++resources_ : --resources_;
  const auto set = [&](std::set<std::string>& names, std::string name) {
    if (present) {
      names.insert(std::move(name));
    } else {
      names.erase(name);
    }
  };
  if (object.has_resource()) set(host_names_, object.resource().host_name());
  if (!HasInstance(object)) return;
  set(host_names_, InstanceOf(object).host_name());
  set(host_hexes_, HexOf(InstanceOf(object).host_name()));
}

bool ResourceSet::IsHostNameUsed(absl::string_view host_name) const {
  return host_names_.contains(std::string(host_name));
}

absl::StatusOr<std::string> ResourceSet::UniqueHostName(absl::string_view resource_id,
                                                        absl::string_view region,
                                                        const Randoms& randoms) const {
  for (const std::string& hex : randoms.host_hexes) {
    // The digits alone must be unique too: they end the ids of the instance's connections.
    const bool used = host_hexes_.contains(hex);
    const std::string rest = absl::StrCat("-", region, "-", hex);
    std::string label = CanonicalName(resource_id.substr(0, kDnsLabelMax - rest.size()));
    while (absl::EndsWith(label, "-")) label.pop_back();
    const std::string host_name = absl::StrCat(label, rest, ".", options_.zone);
    if (!used && !IsHostNameUsed(host_name)) return host_name;
  }
  return errors::NoUniqueHostName(resource_id);
}

}  // namespace nonet::controlplane
