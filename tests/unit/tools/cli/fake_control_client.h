// A control plane for tests of commands: keeps objects in maps, notes every request, fails on demand.
#pragma once

#include <map>
#include <mutex>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "common/base/names.h"
#include "tools/cli/client/control_client.h"

namespace nonet::cli {

class FakeControlClient final : public ControlClient {
 public:
  std::map<std::string, Resource> resources;
  std::map<std::string, Replica> replicas;
  std::vector<std::string> waits;        // "name@revision"
  std::vector<std::string> request_ids;  // Of mutations.
  resource::v1::UpdateReplicaRequest last_update;
  absl::Status wait_status;
  absl::Status create_status_after_first;  // Of replicas.
  bool resolver_seen = true;
  resource::v1::CapacityReport capacity;
  std::vector<resource::v1::Operation> operations;

  void AddResource(const std::string& id) {
    Resource& resource = resources[ResourceName(id)];
    resource.set_name(ResourceName(id));
    resource.set_etag("1");
  }

  absl::StatusOr<Resource> Create(const resource::v1::CreateResourceRequest& r, CallPolicy) override {
    Note(r.request_id());
    Resource resource = r.resource();
    resource.set_name(ResourceName(r.resource_id()));
    resource.set_etag("5");
    if (!r.validate_only()) resources[resource.name()] = resource;
    return resource;
  }
  absl::StatusOr<Resource> Get(const resource::v1::GetResourceRequest& r, CallPolicy) override {
    const auto found = resources.find(r.name());
    if (found == resources.end()) return absl::NotFoundError(r.name());
    return found->second;
  }
  absl::StatusOr<resource::v1::ListResourcesResponse> List(const resource::v1::ListResourcesRequest&,
                                                           CallPolicy) override {
    resource::v1::ListResourcesResponse response;
    for (const auto& [name, resource] : resources) *response.add_resources() = resource;
    return response;
  }
  absl::StatusOr<Resource> Update(const resource::v1::UpdateResourceRequest& r, CallPolicy) override {
    Note(r.request_id());
    return r.resource();
  }
  absl::StatusOr<Resource> Delete(const resource::v1::DeleteResourceRequest& r, CallPolicy) override {
    Note(r.request_id());
    return resources[r.name()];
  }
  absl::StatusOr<Resource> Restart(const resource::v1::RestartResourceRequest& r, CallPolicy) override {
    Note(r.request_id());
    return resources[r.name()];
  }
  absl::StatusOr<Replica> Create(const resource::v1::CreateReplicaRequest& r, CallPolicy) override {
    if (!replicas.empty() && !create_status_after_first.ok()) return create_status_after_first;
    Note(r.request_id());
    Replica replica = r.replica();
    replica.set_name(ReplicaName(InstanceId(r.parent()), r.replica_id()));
    replica.set_etag(absl::StrCat(10 + replicas.size()));
    if (!r.validate_only()) replicas[replica.name()] = replica;
    return replica;
  }
  absl::StatusOr<Replica> Get(const resource::v1::GetReplicaRequest& r, CallPolicy) override {
    const auto found = replicas.find(r.name());
    if (found == replicas.end()) return absl::NotFoundError(r.name());
    return found->second;
  }
  absl::StatusOr<resource::v1::ListReplicasResponse> List(const resource::v1::ListReplicasRequest&,
                                                          CallPolicy) override {
    resource::v1::ListReplicasResponse response;
    for (const auto& [name, replica] : replicas) *response.add_replicas() = replica;
    return response;
  }
  absl::StatusOr<Replica> Update(const resource::v1::UpdateReplicaRequest& r, CallPolicy) override {
    Note(r.request_id());
    last_update = r;
    Replica replica = r.replica();
    replica.set_etag("20");
    replicas[replica.name()] = replica;
    return replica;
  }
  absl::StatusOr<Replica> Delete(const resource::v1::DeleteReplicaRequest& r, CallPolicy) override {
    Note(r.request_id());
    Replica replica = replicas[r.name()];
    replicas.erase(r.name());
    replica.set_etag("30");
    return replica;
  }
  absl::StatusOr<Replica> Restart(const resource::v1::RestartReplicaRequest& r, CallPolicy) override {
    Note(r.request_id());
    return replicas[r.name()];
  }
  absl::StatusOr<AccessKeys> Get(const resource::v1::GetAccessKeysRequest& r, CallPolicy) override {
    AccessKeys keys;
    keys.set_name(r.name());
    return keys;
  }
  absl::StatusOr<AccessKeys> Regenerate(const resource::v1::RegenerateAccessKeyRequest& r,
                                        CallPolicy) override {
    Note(r.request_id());
    AccessKeys keys;
    keys.set_name(r.name());
    keys.set_etag("40");
    return keys;
  }
  absl::StatusOr<resource::v1::EffectiveConfiguration> Effective(
      const resource::v1::GetEffectiveConfigurationRequest&, CallPolicy) override {
    return resource::v1::EffectiveConfiguration();
  }
  absl::StatusOr<resource::v1::WaitForConvergenceResponse> Wait(
      const resource::v1::WaitForConvergenceRequest& r, CallPolicy) override {
    const std::lock_guard lock(mu_);  // The only call that commands make from several threads.
    waits.push_back(absl::StrCat(r.name(), "@", r.revision()));
    if (!wait_status.ok()) return wait_status;
    resource::v1::WaitForConvergenceResponse response;
    response.set_dnsresolver_seen(resolver_seen);
    return response;
  }
  absl::StatusOr<resource::v1::ListSubscribersResponse> Subscribers(CallPolicy) override {
    resource::v1::ListSubscribersResponse response;
    response.add_subscribers()->set_subscriber("resources/contoso/replicas/slow");
    return response;
  }
  absl::StatusOr<resource::v1::CapacityReport> Capacity(const resource::v1::GetCapacityReportRequest&,
                                                        CallPolicy) override {
    return capacity;
  }
  absl::StatusOr<resource::v1::Operation> Get(const resource::v1::GetOperationRequest& r,
                                              CallPolicy) override {
    for (const resource::v1::Operation& operation : operations) {
      if (operation.name() == r.name()) return operation;
    }
    return absl::NotFoundError(r.name());
  }
  // Two a page.
  absl::StatusOr<resource::v1::ListOperationsResponse> List(const resource::v1::ListOperationsRequest& r,
                                                            CallPolicy) override {
    resource::v1::ListOperationsResponse response;
    size_t at = r.page_token().empty() ? 0 : std::stoul(r.page_token());
    for (int i = 0; i < 2 && at < operations.size(); ++i) *response.add_operations() = operations[at++];
    if (at < operations.size()) response.set_next_page_token(absl::StrCat(at));
    return response;
  }

 private:
  void Note(const std::string& id) { request_ids.push_back(id); }
  std::mutex mu_;
};

}  // namespace nonet::cli
