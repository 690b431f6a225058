// A naive second opinion on the model: what exists, and which answers are allowed, written down as plainly as
// possible; and random commands to ask both.
//
//   NaiveModel model;
//   const RandomCommand command = Draw(random);
//   const std::string reason = command.expect(model);   // "" for success; the model follows.
#pragma once

#include <functional>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "absl/strings/match.h"
#include "common/base/names.h"
#include "common/base/random.h"
#include "controlplane/core/control_plane.h"

namespace nonet::controlplane {

// What the rules say, written down a second time as plainly as possible.
struct NaiveReplica {
  std::string location;
  bool enabled = true;
};
struct NaiveResource {
  std::string location;
  std::string sku;
  bool enabled = true;
  std::map<std::string, NaiveReplica> replicas;
};

class NaiveModel {
 public:
  // Each answers the expected reason, "" for success, and applies it.
  std::string Create(const std::string& id, const std::string& region, const std::string& sku) {
    if (resources_.contains(id)) return "RESOURCE_EXISTS";
    resources_[id] = {region, sku, true, {}};
    return "";
  }
  std::string Delete(const std::string& id) { return resources_.erase(id) == 1 ? "" : "RESOURCE_NOT_FOUND"; }
  std::string AddReplica(const std::string& id, const std::string& region) {
    const auto it = resources_.find(id);
    if (it == resources_.end()) return "RESOURCE_NOT_FOUND";
    NaiveResource& resource = it->second;
    if (resource.replicas.contains(region)) return "REPLICA_EXISTS";
    if (!absl::StartsWith(resource.sku, "Premium")) return "PREMIUM_REQUIRED";
    if (resource.replicas.size() == 8) return "REPLICA_LIMIT";
    if (resource.location == region) return "LOCATION_TAKEN";
    resource.replicas[region] = {region, true};
    return "";
  }
  std::string DeleteReplica(const std::string& id, const std::string& region) {
    const auto it = resources_.find(id);
    if (it == resources_.end()) return "RESOURCE_NOT_FOUND";
    if (!it->second.replicas.contains(region)) return "REPLICA_NOT_FOUND";
    if (!it->second.enabled && it->second.replicas.size() == 1) return "REPLICA_REQUIRED";
    it->second.replicas.erase(region);
    return "";
  }
  std::string EnablePrimary(const std::string& id, bool enabled) {
    const auto it = resources_.find(id);
    if (it == resources_.end()) return "RESOURCE_NOT_FOUND";
    if (!enabled && it->second.replicas.empty()) return "REPLICA_REQUIRED";
    it->second.enabled = enabled;
    return "";
  }
  std::string SetSku(const std::string& id, const std::string& sku) {
    const auto it = resources_.find(id);
    if (it == resources_.end()) return "RESOURCE_NOT_FOUND";
    if (!absl::StartsWith(sku, "Premium") && !it->second.replicas.empty()) return "PREMIUM_REQUIRED";
    it->second.sku = sku;
    return "";
  }
  const std::map<std::string, NaiveResource>& resources() const { return resources_; }

 private:
  std::map<std::string, NaiveResource> resources_;
};

// What the control plane is asked, and what the model says to it.
struct RandomCommand {
  Mutation request;
  std::function<std::string(NaiveModel&)> expect;  // The expected reason, "" for success; applies it.
};

// `request_id` may be empty.
inline RandomCommand Draw(Random& random, const std::string& request_id = "") {
  const auto pick = [&](const std::vector<std::string>& choices) {
    return choices[random.Below(choices.size())];
  };
  const std::string id = pick({"contoso", "fabrikam", "adatum"});
  const std::string region = pick({"eastus", "westus", "westeurope", "northeurope", "uksouth", "japaneast",
                                   "centralus", "brazilsouth", "eastasia", "southindia", "westus3"});
  switch (random.Below(12)) {
    case 0: {
      resource::v1::CreateResourceRequest request;
      const std::string sku = pick({"Premium_P1", "Premium_P1", "Standard_S1"});
      request.set_resource_id(id);
      request.set_request_id(request_id);
      request.mutable_resource()->set_location(region);
      request.mutable_resource()->mutable_sku()->set_name(sku);
      return {request, [=](NaiveModel& model) { return model.Create(id, region, sku); }};
    }
    case 1: {
      resource::v1::DeleteResourceRequest request;
      // Mostly of one that is not there, or nothing ever grows.
      const std::string which = random.Below(4) == 0 ? id : "nobody";
      request.set_name(ResourceName(which));
      request.set_request_id(request_id);
      return {request, [=](NaiveModel& model) { return model.Delete(which); }};
    }
    case 2: {
      resource::v1::DeleteReplicaRequest request;
      request.set_name(ReplicaName(id, region));
      request.set_request_id(request_id);
      return {request, [=](NaiveModel& model) { return model.DeleteReplica(id, region); }};
    }
    case 3: {
      resource::v1::UpdateResourceRequest request;
      const bool enabled = random.Below(2) == 0;
      request.mutable_resource()->set_name(ResourceName(id));
      request.mutable_resource()->set_region_endpoint_enabled(enabled);
      request.mutable_update_mask()->add_paths("region_endpoint_enabled");
      request.set_request_id(request_id);
      return {request, [=](NaiveModel& model) { return model.EnablePrimary(id, enabled); }};
    }
    case 4: {
      resource::v1::UpdateResourceRequest request;
      const std::string sku = pick({"Premium_P1", "Standard_S1"});
      request.mutable_resource()->set_name(ResourceName(id));
      request.mutable_resource()->mutable_sku()->set_name(sku);
      request.mutable_update_mask()->add_paths("sku");
      request.set_request_id(request_id);
      return {request, [=](NaiveModel& model) { return model.SetSku(id, sku); }};
    }
    default: {
      resource::v1::CreateReplicaRequest request;
      request.set_parent(ResourceName(id));
      request.set_replica_id(region);
      request.mutable_replica()->set_location(region);
      request.set_request_id(request_id);
      return {request, [=](NaiveModel& model) { return model.AddReplica(id, region); }};
    }
  }
}

// Where the two differ, in words; empty where they do not.
inline std::string Differs(const NaiveModel& model, const ControlPlane& plane) {
  std::map<std::string, const Object*> extra;
  for (const auto& [key, object] : plane.resources().objects()) extra[object->name()] = object.get();
  const auto take = [&](const std::string& name) -> const Object* {
    const auto it = extra.find(name);
    if (it == extra.end()) return nullptr;
    const Object* object = it->second;
    extra.erase(it);
    return object;
  };
  for (const auto& [id, resource] : model.resources()) {
    const Object* object = take(ResourceName(id));
    if (object == nullptr || take(KeysName(id)) == nullptr) return id + " or its keys are missing";
    if (object->resource().region_endpoint_enabled() != resource.enabled) return id + " is enabled wrongly";
    if (object->resource().sku().name() != resource.sku) return id + " has another SKU";
    for (const auto& [region, replica] : resource.replicas) {
      if (take(ReplicaName(id, region)) == nullptr) return ReplicaName(id, region) + " is missing";
    }
  }
  return extra.empty() ? "" : extra.begin()->first + " should not be there";
}

}  // namespace nonet::controlplane
