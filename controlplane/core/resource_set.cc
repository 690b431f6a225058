#include "controlplane/core/resource_set.h"

#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
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

bool SameEndpoint(const Endpoint& a, const Endpoint& b) { return Serialize(a) == Serialize(b); }

}  // namespace

void ResourceSet::Restore(uint64_t revision, std::vector<Object> objects, std::vector<RequestRecord> requests,
                          Now now) {
  revision_ = revision;
  objects_.clear();
  pending_.clear();
  for (Object& object : objects) {
    const std::string key = CanonicalName(object.name());
    Arm(key, nullptr, object, now);
    objects_[key] = std::move(object);
  }
  requests_.Restore(std::move(requests));
}

absl::StatusOr<Object> ResourceSet::Apply(const Mutation& mutation, Now now, const Randoms& randoms,
                                          Effects& effects) {
  return std::visit(
      [&](const auto& request) -> absl::StatusOr<Object> {
        RETURN_IF_ERROR(ValidateRequestId(request.request_id()));
        const bool remember = !request.request_id().empty() && !request.validate_only();
        std::string digest;
        if (remember) {
          digest = RequestDigest(request.GetTypeName(), Serialize(request));
          ASSIGN_OR_RETURN(const Object* answered, requests_.Find(request.request_id(), digest, now.wall_ns));
          if (answered != nullptr) return *answered;
        }
        ASSIGN_OR_RETURN(Plan plan, Make(request, now, randoms));
        if (request.validate_only()) return plan.changed.empty() ? *plan.unchanged : plan.changed.front();
        Object answer;
        if (plan.changed.empty()) {
          answer = *plan.unchanged;
        } else {
          for (Object& object : plan.changed) Touch(object, now.wall_ns);
          Commit(plan.changed, now, effects);
          answer = plan.changed.front();
        }
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
  return it == objects_.end() ? nullptr : &it->second;
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
    replicas.push_back(&it->second);
  }
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
  if (it == objects_.end() || !HasInstance(it->second)) return;
  const Object& object = it->second;
  // A process of an earlier generation, or of an object that should not run, has nothing to say any more.
  if (StateOf(object) == PROVISIONING_STATE_DELETING || IsStopped(object) ||
      facts.generation() != GenerationOf(object) || facts.endpoint().host().empty()) {
    return;
  }
  const auto pending = pending_.find(key);
  const bool arrived = IsAwaited(StateOf(object)) && facts.serving() && pending != pending_.end() &&
                       acknowledged >= pending->second.since_revision;
  const bool moved =
      InstanceOf(object).epoch() != epoch || !SameEndpoint(InstanceOf(object).endpoint(), facts.endpoint());
  if (!arrived && !moved) return;
  std::vector<Object> changed{object};
  MutableInstanceOf(changed.front()).set_epoch(std::string(epoch));
  *MutableInstanceOf(changed.front()).mutable_endpoint() = facts.endpoint();
  if (arrived) SetState(changed.front(), PROVISIONING_STATE_SUCCEEDED);
  Commit(changed, now, effects);
}

void ResourceSet::Fail(absl::string_view name, Now now, Effects& effects) {
  const Object* object = Find(name);
  NONET_CHECK(object != nullptr);
  std::vector<Object> changed{*object};
  SetState(changed.front(), PROVISIONING_STATE_FAILED,
           errors::NoAcknowledgement(InstanceId(object->name()), options_.provisioning_timeout_ns));
  Commit(changed, now, effects);
}

void ResourceSet::Remove(absl::string_view name, Effects& effects) {
  const std::string key = CanonicalName(name);
  LogEntry entry{++revision_, {}};
  const auto remove = [&](std::map<std::string, Object>::iterator it) {
    entry.events.push_back(Deleted(it->second.name(), entry.revision));
    pending_.erase(it->first);
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
}

void ResourceSet::Commit(std::vector<Object>& changed, Now now, Effects& effects) {
  LogEntry entry{++revision_, {}};
  for (Object& object : changed) {
    SetRevision(object, revision_);
    const std::string key = CanonicalName(object.name());
    const auto before = objects_.find(key);
    Arm(key, before == objects_.end() ? nullptr : &before->second, object, now);
    objects_[key] = object;
    entry.events.push_back(object);
  }
  effects.log.push_back(std::move(entry));
}

void ResourceSet::Arm(const std::string& key, const Object* before, const Object& after, Now now) {
  if (!HasInstance(after)) return;
  const ProvisioningState state = StateOf(after);
  const bool same =
      before != nullptr && StateOf(*before) == state && GenerationOf(*before) == GenerationOf(after);
  if (same) return;
  if (state == PROVISIONING_STATE_DELETING) {
    pending_[key] = {after.revision(), now.steady_ns + options_.deletion_timeout_ns};
  } else if (state == PROVISIONING_STATE_FAILED) {
    // It may still arrive; what it must acknowledge is what it was awaited for.
    Pending& pending = pending_[key];
    pending.deadline_ns = kNever;
  } else if (IsAwaited(state)) {
    pending_[key] = {after.revision(), now.steady_ns + options_.provisioning_timeout_ns};
  } else {
    pending_.erase(key);
  }
}

bool ResourceSet::IsHostNameUsed(absl::string_view host_name) const {
  for (const auto& [key, object] : objects_) {
    if (object.has_resource() && object.resource().host_name() == host_name) return true;
    if (HasInstance(object) && InstanceOf(object).host_name() == host_name) return true;
  }
  return false;
}

absl::StatusOr<std::string> ResourceSet::UniqueHostName(absl::string_view resource_id,
                                                        absl::string_view region,
                                                        const Randoms& randoms) const {
  for (const std::string& hex : randoms.host_hexes) {
    // The digits alone must be unique too: they end the ids of the instance's connections.
    const std::string ending = absl::StrCat("-", hex, ".", options_.zone);
    bool used = false;
    for (const auto& [key, object] : objects_) {
      used |= HasInstance(object) && absl::EndsWith(InstanceOf(object).host_name(), ending);
    }
    const std::string rest = absl::StrCat("-", region, "-", hex);
    std::string label = CanonicalName(resource_id.substr(0, kDnsLabelMax - rest.size()));
    while (absl::EndsWith(label, "-")) label.pop_back();
    const std::string host_name = absl::StrCat(label, rest, ".", options_.zone);
    if (!used && !IsHostNameUsed(host_name)) return host_name;
  }
  return errors::NoUniqueHostName(resource_id);
}

}  // namespace nonet::controlplane
