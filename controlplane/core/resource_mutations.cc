// What each change of a resource or its keys would do; see resource_set.h.
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "common/base/names.h"
#include "common/base/status_macros.h"
#include "controlplane/core/errors.h"
#include "controlplane/core/field_mask.h"
#include "controlplane/core/resource_set.h"
#include "controlplane/core/update_steps.h"
#include "controlplane/core/validate.h"
#include "controlplane/core/validate_profile.h"

namespace nonet::controlplane {

using namespace resource::v1;  // The whole file is about these.

absl::StatusOr<ResourceSet::Plan> ResourceSet::Make(const CreateResourceRequest& request, Now now,
                                                    const Randoms& randoms) const {
  RETURN_IF_ERROR(ValidateId("resource", request.resource_id()));
  const std::string& id = request.resource_id();
  const std::string name = ResourceName(id);
  if (!request.has_resource()) return errors::MissingField("resource");
  if (!request.resource().name().empty() && request.resource().name() != name) {
    return errors::InvalidName("resource.name", request.resource().name(), name);
  }
  // Intent is taken over, facts are not.
  const Resource& given = request.resource();
  Resource resource;
  resource.set_name(name);
  resource.set_resource_group(given.resource_group());
  resource.set_subscription(given.subscription());
  resource.set_location(given.location());
  *resource.mutable_sku() = given.sku();
  *resource.mutable_tags() = given.tags();
  if (given.has_region_endpoint_enabled()) {
    resource.set_region_endpoint_enabled(given.region_endpoint_enabled());
  }
  if (given.has_resource_stopped()) resource.set_resource_stopped(given.resource_stopped());
  resource.set_disable_local_auth(given.disable_local_auth());
  *resource.mutable_hubs() = given.hubs();
  if (given.has_traffic_profile()) *resource.mutable_traffic_profile() = given.traffic_profile();
  RETURN_IF_ERROR(NormalizeResource(resource));

  if (const Object* existing = Find(name)) {
    if (StateOf(*existing) == PROVISIONING_STATE_DELETING) return errors::BeingDeleted(id);
    return errors::ResourceExists(InstanceId(existing->name()));
  }
  if (!resource.region_endpoint_enabled()) return errors::ReplicaRequiredToDisable(id);
  RETURN_IF_ERROR(CheckProfileTargets(Resource(), resource));
  size_t resources = 0;
  for (const auto& [key, object] : objects_) resources += object.has_resource();
  if (resources >= kResourcesMax) return errors::ResourceLimit();
  resource.set_host_name(absl::StrCat(absl::AsciiStrToLower(id), ".", options_.zone));
  if (IsHostNameUsed(resource.host_name())) return errors::HostNameTaken(resource.host_name());
  ASSIGN_OR_RETURN(*resource.mutable_instance()->mutable_host_name(),
                   UniqueHostName(id, resource.location(), randoms));
  // A stopped instance is not awaited.
  resource.set_provisioning_state(resource.resource_stopped() ? PROVISIONING_STATE_SUCCEEDED
                                                              : PROVISIONING_STATE_CREATING);
  resource.set_uid(randoms.uid);
  resource.set_restart_generation(1);
  SetTime(*resource.mutable_create_time(), now.wall_ns);
  SetTime(*resource.mutable_update_time(), now.wall_ns);

  Plan plan;
  plan.changed.resize(2);
  plan.changed[0].set_name(name);
  *plan.changed[0].mutable_resource() = std::move(resource);
  plan.changed[1].set_name(KeysName(id));
  AccessKeys& keys = *plan.changed[1].mutable_access_keys();
  keys.set_name(KeysName(id));
  keys.set_primary_key(randoms.primary_key);
  keys.set_secondary_key(randoms.secondary_key);
  return plan;
}

absl::Status ResourceSet::CheckResourceUpdate(const Resource& next) const {
  const std::string id = InstanceId(next.name());
  if (!IsPremium(next.sku())) {
    const auto all = ListReplicas(next.name());
    if (!all.empty()) return errors::PremiumNeededByReplicas(id, InstanceId(all.front()->name()));
  }
  if (!next.region_endpoint_enabled() && LivingReplicas(next.name()).empty()) {
    return errors::ReplicaRequiredToDisable(id);
  }
  return absl::OkStatus();
}

// A profile that names an instance which is not there is a slip of the pen, but only when it is set: a
// replica may be deleted later, and is then skipped.
absl::Status ResourceSet::CheckProfileTargets(const Resource& stored, const Resource& next) const {
  if (Serialize(stored.traffic_profile()) == Serialize(next.traffic_profile())) return absl::OkStatus();
  std::vector<std::string> ids = {InstanceId(next.name())};
  for (const Object* replica : LivingReplicas(next.name())) ids.push_back(InstanceId(replica->name()));
  return ValidateProfileTargets(next.traffic_profile(), ids);
}

absl::StatusOr<ResourceSet::Plan> ResourceSet::Make(const UpdateResourceRequest& request, Now,
                                                    const Randoms&) const {
  if (!request.has_resource()) return errors::MissingField("resource");
  ASSIGN_OR_RETURN(const Object* object, GetResource(request.resource().name(), request.resource_group()));
  const std::string id = InstanceId(object->name());
  if (StateOf(*object) == PROVISIONING_STATE_DELETING) return errors::BeingDeleted(id);
  RETURN_IF_ERROR(CheckEtag(id, request.resource().etag(), object->revision()));
  ASSIGN_OR_RETURN(Resource next, ApplyMask(object->resource(), request.resource(), request.update_mask()));
  RETURN_IF_ERROR(NormalizeResource(next));
  RETURN_IF_ERROR(CheckResourceUpdate(next));
  RETURN_IF_ERROR(CheckProfileTargets(object->resource(), next));
  if (Serialize(next) == Serialize(object->resource())) return Plan{{}, object};
  StartOrStop(object->resource(), next);
  Plan plan;
  plan.changed.push_back(*object);
  *plan.changed.front().mutable_resource() = std::move(next);
  return plan;
}

absl::StatusOr<ResourceSet::Plan> ResourceSet::Make(const DeleteResourceRequest& request, Now,
                                                    const Randoms&) const {
  ASSIGN_OR_RETURN(const Object* object, GetResource(request.name(), request.resource_group()));
  RETURN_IF_ERROR(CheckEtag(InstanceId(object->name()), request.etag(), object->revision()));
  if (StateOf(*object) == PROVISIONING_STATE_DELETING) return Plan{{}, object};
  Plan plan;
  plan.changed.push_back(*object);
  for (const Object* replica : LivingReplicas(object->name())) plan.changed.push_back(*replica);
  for (Object& changed : plan.changed) SetState(changed, PROVISIONING_STATE_DELETING);
  return plan;
}

absl::StatusOr<ResourceSet::Plan> ResourceSet::Make(const RestartResourceRequest& request, Now,
                                                    const Randoms&) const {
  ASSIGN_OR_RETURN(const Object* object, GetResource(request.name(), request.resource_group()));
  const std::string id = InstanceId(object->name());
  if (StateOf(*object) == PROVISIONING_STATE_DELETING) return errors::BeingDeleted(id);
  if (IsStopped(*object)) return errors::InstanceStopped(id, "");
  Plan plan;
  plan.changed.push_back(*object);
  BeginNewLife(*plan.changed.front().mutable_resource());
  return plan;
}

absl::StatusOr<ResourceSet::Plan> ResourceSet::Make(const RegenerateAccessKeyRequest& request, Now,
                                                    const Randoms& randoms) const {
  ASSIGN_OR_RETURN(const Object* object, GetKeys(request.name(), request.resource_group()));
  const auto parsed = ParseName(object->name());
  const Object* parent = Find(ResourceName(parsed->resource_id));
  if (StateOf(*parent) == PROVISIONING_STATE_DELETING) return errors::BeingDeleted(parsed->resource_id);
  Plan plan;
  plan.changed.push_back(*object);
  AccessKeys& keys = *plan.changed.front().mutable_access_keys();
  switch (request.key_type()) {
    case KEY_TYPE_PRIMARY:
      keys.set_primary_key(randoms.primary_key);
      break;
    case KEY_TYPE_SECONDARY:
      keys.set_secondary_key(randoms.secondary_key);
      break;
    default:
      return errors::InvalidKeyType();
  }
  return plan;
}

}  // namespace nonet::controlplane
