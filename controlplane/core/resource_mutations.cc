// What each change of a resource or its keys would do; see resource_set.h.
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "common/base/names.h"
#include "common/base/status_macros.h"
#include "controlplane/core/child_kinds.h"
#include "controlplane/core/errors.h"
#include "controlplane/core/field_mask.h"
#include "controlplane/core/resource_set.h"
#include "controlplane/core/update_steps.h"
#include "controlplane/core/validate.h"
#include "controlplane/core/validate_profile.h"

namespace nonet::controlplane {

using namespace resource::v1;  // The whole file is about these.

namespace {

// The children are set by their own calls.
absl::Status RefuseChildren(const Resource& given) {
  if (!given.shared_private_links().empty()) {
    return errors::ChildField("shared_private_links", "CreateOrUpdateSharedPrivateLink");
  }
  if (!given.private_endpoint_connections().empty()) {
    return errors::ChildField("private_endpoint_connections", "CreateOrUpdatePrivateEndpointConnection");
  }
  if (!given.custom_certificates().empty()) {
    return errors::ChildField("custom_certificates", "CreateOrUpdateCustomCertificate");
  }
  if (!given.custom_domains().empty()) {
    return errors::ChildField("custom_domains", "CreateOrUpdateCustomDomain");
  }
  return absl::OkStatus();
}

// A hub that is what it was keeps its etag; what the caller sent as one means nothing.
void KeepHubEtags(const Resource& stored, Resource& next) {
  for (HubSettings& hub : *next.mutable_hubs()) {
    hub.clear_etag();
    hub.clear_operation();
    const HubSettings* before = FindChild<HubSettings>(stored, hub.hub());
    if (before != nullptr && SameChild(*before, hub)) hub.set_etag(before->etag());
  }
}

}  // namespace

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
  resource.set_kind(given.kind());
  RETURN_IF_ERROR(RefuseChildren(given));
  TakeInherited(given, resource);
  KeepHubEtags(Resource(), resource);
  resource.set_uid(randoms.uid);
  RETURN_IF_ERROR(NormalizeResource(resource));

  if (const Object* existing = Find(name)) {
    if (StateOf(*existing) == PROVISIONING_STATE_DELETING) return errors::BeingDeleted(id);
    return errors::ResourceExists(InstanceId(existing->name()));
  }
  if (!resource.region_endpoint_enabled()) return errors::ReplicaRequiredToDisable(id);
  RETURN_IF_ERROR(CheckProfileTargets(Resource(), resource));
  RETURN_IF_ERROR(CheckPremiumSettings(resource));
  if (resources_ >= options_.resources_max) return errors::ResourceLimit(options_.resources_max);
  resource.set_host_name(absl::StrCat(absl::AsciiStrToLower(id), ".", options_.zone));
  if (IsHostNameUsed(resource.host_name())) return errors::HostNameTaken(resource.host_name());
  ASSIGN_OR_RETURN(*resource.mutable_instance()->mutable_host_name(),
                   UniqueHostName(id, resource.location(), randoms));
  // A stopped instance is not awaited.
  resource.set_provisioning_state(resource.resource_stopped() ? PROVISIONING_STATE_SUCCEEDED
                                                              : PROVISIONING_STATE_CREATING);
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
  keys.set_salt(randoms.salt);
  return plan;
}

absl::Status ResourceSet::CheckResourceUpdate(const Resource& next) const {
  const std::string id = InstanceId(next.name());
  if (!IsPremium(next.sku())) {
    const auto all = ListReplicas(next.name());
    if (!all.empty()) return errors::PremiumNeededByReplicas(id, InstanceId(all.front()->name()));
  }
  if (!next.region_endpoint_enabled() && StayingReplicas(next.name()).empty()) {
    return errors::ReplicaRequiredToDisable(id);
  }
  return CheckPremiumSettings(next);
}

// A profile that names an instance which is not there is a slip of the pen, but only when it is set: a
// replica may be deleted later, and is then skipped.
absl::Status ResourceSet::CheckProfileTargets(const Resource& stored, const Resource& next) const {
  if (!next.has_traffic_profile()) return absl::OkStatus();
  if (Same(stored.traffic_profile(), next.traffic_profile())) return absl::OkStatus();
  std::vector<std::string> ids = {InstanceId(next.name())};
  for (const Object* replica : LivingReplicas(next.name())) ids.push_back(InstanceId(replica->name()));
  return ValidateProfileTargets(next.traffic_profile(), ids);
}

absl::Status ResourceSet::CheckNothingUnderWay(const Object& object) const {
  if (IsDraining(object)) {
    const auto parsed = ParseName(object.name());
    return errors::BeingDrained(parsed->resource_id, parsed->replica_id);
  }
  const Operation* running = operations_.Running(object.name());
  if (running == nullptr) return absl::OkStatus();
  return errors::OperationInProgress(InstanceId(object.name()), running->name(), running->verb());
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
  KeepHubEtags(object->resource(), next);
  RETURN_IF_ERROR(CheckResourceUpdate(next));
  RETURN_IF_ERROR(CheckProfileTargets(object->resource(), next));
  if (Same(next, object->resource())) return Plan{{}, object};
  StartOrStop(object->resource(), next);
  Plan plan;
  plan.changed.emplace_back().set_name(object->name());
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
  for (Object& changed : plan.changed) {
    SetState(changed, PROVISIONING_STATE_DELETING);
    if (changed.has_replica()) changed.mutable_replica()->clear_drain();
  }
  return plan;
}

absl::StatusOr<ResourceSet::Plan> ResourceSet::Make(const RestartResourceRequest& request, Now,
                                                    const Randoms&) const {
  ASSIGN_OR_RETURN(const Object* object, GetResource(request.name(), request.resource_group()));
  const std::string id = InstanceId(object->name());
  if (StateOf(*object) == PROVISIONING_STATE_DELETING) return errors::BeingDeleted(id);
  if (IsStopped(*object)) return errors::InstanceStopped(id, "");
  RETURN_IF_ERROR(CheckNothingUnderWay(*object));
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
    case KEY_TYPE_SALT:
      keys.set_salt(randoms.salt);
      break;
    default:
      return errors::InvalidKeyType();
  }
  return plan;
}

}  // namespace nonet::controlplane
