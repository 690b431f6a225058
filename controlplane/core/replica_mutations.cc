// What each change of a replica would do; see resource_set.h.
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "common/base/names.h"
#include "common/base/status_macros.h"
#include "controlplane/core/errors.h"
#include "controlplane/core/field_mask.h"
#include "controlplane/core/resource_set.h"
#include "controlplane/core/update_steps.h"
#include "controlplane/core/validate.h"

namespace nonet::controlplane {

using namespace resource::v1;  // The whole file is about these.

absl::Status ResourceSet::CheckLocationFree(const Resource& parent, absl::string_view location) const {
  const std::string parent_id = InstanceId(parent.name());
  if (parent.location() == location) return errors::LocationTaken(location, parent_id, parent_id);
  for (const Object* other : ListReplicas(parent.name())) {
    if (other->replica().location() != location) continue;
    const std::string holder = InstanceId(other->name());
    if (StateOf(*other) == PROVISIONING_STATE_DELETING) return errors::BeingDeleted(holder);
    return errors::LocationTaken(location, parent_id, holder);
  }
  return absl::OkStatus();
}

absl::StatusOr<ResourceSet::Plan> ResourceSet::Make(const CreateReplicaRequest& request, Now now,
                                                    const Randoms& randoms) const {
  RETURN_IF_ERROR(ValidateId("replica", request.replica_id()));
  if (!request.has_replica()) return errors::MissingField("replica");
  ASSIGN_OR_RETURN(const Object* parent, GetResource(request.parent(), request.resource_group()));
  const std::string parent_id = InstanceId(parent->name());
  const std::string name = ReplicaName(parent_id, request.replica_id());
  if (absl::EqualsIgnoreCase(request.replica_id(), parent_id))
    return errors::ReplicaNamedAsPrimary(parent_id);
  const Replica& given = request.replica();
  if (!given.name().empty() && CanonicalName(given.name()) != CanonicalName(name)) {
    return errors::InvalidName("replica.name", given.name(), name);
  }
  // Intent is taken over, facts are not.
  Replica replica;
  replica.set_name(name);
  replica.set_location(given.location());
  *replica.mutable_sku() = given.sku();
  *replica.mutable_tags() = given.tags();
  if (given.has_region_endpoint_enabled()) {
    replica.set_region_endpoint_enabled(given.region_endpoint_enabled());
  }
  if (given.has_resource_stopped()) replica.set_resource_stopped(given.resource_stopped());
  RETURN_IF_ERROR(NormalizeReplica(replica));

  if (StateOf(*parent) == PROVISIONING_STATE_DELETING) return errors::BeingDeleted(parent_id);
  if (const Object* existing = Find(name)) {
    if (StateOf(*existing) == PROVISIONING_STATE_DELETING) return errors::BeingDeleted(request.replica_id());
    return errors::ReplicaExists(parent_id, InstanceId(existing->name()));
  }
  if (!IsPremium(parent->resource().sku())) {
    return errors::PremiumRequired(parent_id, parent->resource().sku().name());
  }
  const auto siblings = ListReplicas(parent->name());
  if (siblings.size() >= kReplicasMax) {
    return errors::ReplicaLimit(parent_id, InstanceId(siblings.back()->name()));
  }
  RETURN_IF_ERROR(CheckLocationFree(parent->resource(), replica.location()));
  ASSIGN_OR_RETURN(*replica.mutable_instance()->mutable_host_name(),
                   UniqueHostName(parent_id, replica.location(), randoms));
  // A stopped instance is not awaited.
  replica.set_provisioning_state(replica.resource_stopped() ? PROVISIONING_STATE_SUCCEEDED
                                                            : PROVISIONING_STATE_CREATING);
  replica.set_uid(randoms.uid);
  replica.set_restart_generation(1);
  SetTime(*replica.mutable_create_time(), now.wall_ns);
  SetTime(*replica.mutable_update_time(), now.wall_ns);

  Plan plan;
  if (replica.region_endpoint_enabled()) RETURN_IF_ERROR(CheckLinks(replica, request.force(), plan));
  plan.changed.resize(1);
  plan.changed[0].set_name(name);
  *plan.changed[0].mutable_replica() = std::move(replica);
  return plan;
}

absl::StatusOr<ResourceSet::Plan> ResourceSet::Make(const UpdateReplicaRequest& request, Now,
                                                    const Randoms&) const {
  if (!request.has_replica()) return errors::MissingField("replica");
  ASSIGN_OR_RETURN(const Object* object, GetReplica(request.replica().name(), request.resource_group()));
  const std::string id = InstanceId(object->name());
  if (StateOf(*object) == PROVISIONING_STATE_DELETING) return errors::BeingDeleted(id);
  if (IsDraining(*object)) return CheckNothingUnderWay(*object);
  RETURN_IF_ERROR(CheckEtag(id, request.replica().etag(), object->revision()));
  ASSIGN_OR_RETURN(Replica next, ApplyMask(object->replica(), request.replica(), request.update_mask()));
  RETURN_IF_ERROR(NormalizeReplica(next));
  if (Same(next, object->replica())) return Plan{{}, object};
  StartOrStop(object->replica(), next);
  Plan plan;
  if (next.region_endpoint_enabled() && !object->replica().region_endpoint_enabled()) {
    RETURN_IF_ERROR(CheckLinks(next, request.force(), plan));
  }
  plan.changed.emplace_back().set_name(object->name());
  *plan.changed.front().mutable_replica() = std::move(next);
  return plan;
}

absl::StatusOr<ResourceSet::Plan> ResourceSet::Make(const DeleteReplicaRequest& request, Now now,
                                                    const Randoms&) const {
  ASSIGN_OR_RETURN(const Object* object, GetReplica(request.name(), request.resource_group()));
  const auto parsed = ParseName(object->name());
  RETURN_IF_ERROR(CheckEtag(parsed->replica_id, request.etag(), object->revision()));
  if (StateOf(*object) == PROVISIONING_STATE_DELETING) return Plan{{}, object};
  int64_t drain_ns = 0;
  if (request.has_drain()) {
    drain_ns = request.drain().seconds() * kNanosPerSecond + request.drain().nanos();
    if (request.drain().seconds() < 0 || request.drain().nanos() < 0 ||
        request.drain().seconds() > kDrainMaxNs / kNanosPerSecond || drain_ns > kDrainMaxNs) {
      return errors::InvalidDrain();
    }
    if (drain_ns == 0) drain_ns = kDrainDefaultNs;
  }
  const Object* parent = Find(ResourceName(parsed->resource_id));
  auto others = StayingReplicas(parent->name());
  std::erase(others, object);
  if (!parent->resource().region_endpoint_enabled() && others.empty()) {
    return errors::LastReplicaOfDisabledPrimary(parsed->resource_id, parsed->replica_id);
  }
  // One that is stopped has nobody to wait for.
  const bool drain = request.has_drain() && !IsStopped(*object);
  if (drain && IsDraining(*object)) return Plan{{}, object};
  if (drain) RETURN_IF_ERROR(CheckNothingUnderWay(*object));
  Plan plan;
  plan.changed.push_back(*object);
  Replica& replica = *plan.changed.front().mutable_replica();
  replica.clear_drain();
  if (drain) {
    replica.set_region_endpoint_enabled(false);
    SetTime(*replica.mutable_drain()->mutable_deadline(), now.wall_ns + drain_ns);
    replica.mutable_drain()->set_revision(revision_ + 1);  // The one that this makes.
  }
  SetState(plan.changed.front(), drain ? PROVISIONING_STATE_UPDATING : PROVISIONING_STATE_DELETING);
  return plan;
}

absl::StatusOr<ResourceSet::Plan> ResourceSet::Make(const RestartReplicaRequest& request, Now,
                                                    const Randoms&) const {
  ASSIGN_OR_RETURN(const Object* object, GetReplica(request.name(), request.resource_group()));
  const auto parsed = ParseName(object->name());
  if (StateOf(*object) == PROVISIONING_STATE_DELETING) return errors::BeingDeleted(parsed->replica_id);
  if (IsStopped(*object)) return errors::InstanceStopped(parsed->resource_id, parsed->replica_id);
  RETURN_IF_ERROR(CheckNothingUnderWay(*object));
  Plan plan;
  plan.changed.push_back(*object);
  BeginNewLife(*plan.changed.front().mutable_replica());
  return plan;
}

}  // namespace nonet::controlplane
