// All resources, replicas and keys, and every rule about them. Pure: commands, time and random values come
// in, whole changed objects come out, all changes of one command at one new revision.
//
//   absl::StatusOr<Object> answer = set.Apply(create_replica_request, now, randoms, effects);
//   ... make `effects` durable, then reply and publish ...
//
// One owner; not thread-safe.
#pragma once

#include <cstdint>
#include <functional>
#include <limits>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <type_traits>
#include <utility>
#include <variant>
#include <vector>

#include "absl/status/statusor.h"
#include "controlplane/core/limits.h"
#include "controlplane/core/object.h"
#include "controlplane/core/operations.h"
#include "controlplane/core/request_table.h"
#include "nonet/resource/v1/child_resource_service.pb.h"
#include "nonet/resource/v1/resource_service.pb.h"

namespace nonet::controlplane {

using Mutation = std::variant<
    resource::v1::CreateResourceRequest, resource::v1::UpdateResourceRequest,
    resource::v1::DeleteResourceRequest, resource::v1::RestartResourceRequest,
    resource::v1::CreateReplicaRequest, resource::v1::UpdateReplicaRequest,
    resource::v1::DeleteReplicaRequest, resource::v1::RestartReplicaRequest,
    resource::v1::RegenerateAccessKeyRequest,
    // Children; these answer the object that holds the child.
    resource::v1::CreateOrUpdateHubRequest, resource::v1::DeleteHubRequest,
    resource::v1::CreateOrUpdateSharedPrivateLinkRequest, resource::v1::DeleteSharedPrivateLinkRequest,
    resource::v1::CreateOrUpdatePrivateEndpointConnectionRequest,
    resource::v1::DeletePrivateEndpointConnectionRequest,
    resource::v1::CreateOrUpdateCustomCertificateRequest, resource::v1::DeleteCustomCertificateRequest,
    resource::v1::CreateOrUpdateCustomDomainRequest, resource::v1::DeleteCustomDomainRequest,
    resource::v1::ApproveSharedPrivateLinkRequest, resource::v1::RejectSharedPrivateLinkRequest>;

// One of these requests, wherever it is kept.
template <typename Requests>
struct ReferenceTo;
template <typename... Requests>
struct ReferenceTo<std::variant<Requests...>> {
  using Type = std::variant<std::reference_wrapper<const Requests>...>;
};
using MutationReference = ReferenceTo<Mutation>::Type;

// Drawn by the shell for every mutation but those that need none; what is not needed is not used.
struct Randoms {
  std::string uid;                      // A UUID.
  std::vector<std::string> host_hexes;  // 8 hex digits each; the first unused one is taken.
  std::string primary_key;              // 43 characters or more each, 256 bits.
  std::string secondary_key;
  std::string salt;
};

// Whether a mutation of this kind makes nothing that is random: changes of what there is.
template <typename Request>
inline constexpr bool kNeedsNoRandoms = std::is_same_v<Request, resource::v1::UpdateResourceRequest> ||
                                        std::is_same_v<Request, resource::v1::UpdateReplicaRequest>;

// What must be durable before anybody hears of it. In the order made; the caller clears it.
struct Effects {
  std::vector<LogEntry> log;
  std::vector<RequestRecord> remembered;
  std::vector<std::string> forgotten;        // Request ids.
  std::vector<std::string> new_subscribers;  // See subscribers.h.
  OperationChanges operations;
  bool empty() const {
    return log.empty() && remembered.empty() && forgotten.empty() && new_subscribers.empty() &&
           operations.empty();
  }
};

class ResourceSet {
 public:
  struct Options {
    std::string zone = "webpubsub.azure.com";  // Without a trailing dot.
    int64_t provisioning_timeout_ns = kProvisioningTimeoutNs;
    int64_t deletion_timeout_ns = kDeletionTimeoutNs;
    size_t resources_max = kResourcesMax;
  };
  static constexpr int64_t kNever = std::numeric_limits<int64_t>::max();
  // Something is under way with an instance: it is awaited (Creating, Updating; Failed too, with no
  // deadline), it is drained, or its deletion is awaited.
  struct Pending {
    uint64_t since_revision = 0;  // What must be acknowledged.
    int64_t deadline_ns = 0;      // Steady; may be kNever.
  };

  explicit ResourceSet(Options options) : options_(std::move(options)) {}

  // What was stored. Deadlines of what is under way start anew.
  void Restore(uint64_t revision, std::vector<Object> objects, std::vector<RequestRecord> requests,
               std::vector<resource::v1::Operation> operations, Now now);

  // The object as stored, or, with validate_only, as it would be stored. Errors: errors.h.
  absl::StatusOr<Object> Apply(MutationReference mutation, Now now, const Randoms& randoms, Effects& effects);

  // ---- Reads ----
  uint64_t revision() const { return revision_; }
  // By canonical name: a resource sorts before its keys and its replicas.
  const std::map<std::string, SharedObject>& objects() const { return objects_; }
  const Object* Find(absl::string_view name) const;
  // NOT_FOUND, also when a group is given and it is another one.
  absl::StatusOr<const Object*> GetResource(absl::string_view name, absl::string_view group) const;
  absl::StatusOr<const Object*> GetReplica(absl::string_view name, absl::string_view group) const;
  absl::StatusOr<const Object*> GetKeys(absl::string_view name, absl::string_view group) const;
  std::vector<const Object*> ListReplicas(absl::string_view resource_name) const;
  const OperationTable& operations() const { return operations_; }
  // How many resources there are.
  size_t resources() const { return resources_; }
  // Whether a resource or an instance has this host name.
  bool IsHostNameUsed(absl::string_view host_name) const;
  const std::string& zone() const { return options_.zone; }

  // ---- Lifecycle ----
  // What an instance says of itself, with what it has acknowledged. Records where it listens; ends Creating,
  // Updating and Failed when it serves at the wanted generation and has acknowledged what it is awaited for.
  void Report(absl::string_view name, absl::string_view epoch, const watch::v1::InstanceFacts& facts,
              uint64_t acknowledged, Now now, Effects& effects);
  // By canonical name.
  const std::map<std::string, Pending>& pending() const { return pending_; }
  // The first deadline of anything pending that is still to come; kNever when there is none.
  int64_t NextDeadline(Now now) const {
    const auto it = due_.lower_bound({now.steady_ns + 1, std::string()});
    return it == due_.end() ? kNever : it->first;
  }
  // What Settle has to look at: everything drained or being deleted, and of what is awaited and late the
  // first `late_max`.
  std::vector<std::string> Unsettled(Now now, size_t late_max) const;
  // Creating or Updating took too long.
  void Fail(absl::string_view name, Now now, Effects& effects);
  // A drained replica goes on to Deleting.
  void EndDrain(absl::string_view name, Now now, Effects& effects);
  // Takes a Deleting object away; with a resource, all that is below it.
  void Remove(absl::string_view name, Now now, Effects& effects);

 private:
  // What a mutation would do. `changed` holds new versions without revision, and Commit takes them; the
  // answer is its first, or, where nothing changes, `unchanged`.
  struct Plan {
    std::vector<Object> changed;
    const Object* unchanged = nullptr;
    std::string child = {};                            // "hubs/chat", where it is about one.
    std::vector<resource::v1::Warning> warnings = {};  // What the caller should know.
  };

  absl::StatusOr<Plan> Make(const resource::v1::CreateResourceRequest& request, Now now,
                            const Randoms& r) const;
  absl::StatusOr<Plan> Make(const resource::v1::UpdateResourceRequest& request, Now now,
                            const Randoms& r) const;
  absl::StatusOr<Plan> Make(const resource::v1::DeleteResourceRequest& request, Now now,
                            const Randoms& r) const;
  absl::StatusOr<Plan> Make(const resource::v1::RestartResourceRequest& request, Now now,
                            const Randoms& r) const;
  absl::StatusOr<Plan> Make(const resource::v1::CreateReplicaRequest& request, Now now,
                            const Randoms& r) const;
  absl::StatusOr<Plan> Make(const resource::v1::UpdateReplicaRequest& request, Now now,
                            const Randoms& r) const;
  absl::StatusOr<Plan> Make(const resource::v1::DeleteReplicaRequest& request, Now now,
                            const Randoms& r) const;
  absl::StatusOr<Plan> Make(const resource::v1::RestartReplicaRequest& request, Now now,
                            const Randoms& r) const;
  absl::StatusOr<Plan> Make(const resource::v1::RegenerateAccessKeyRequest& request, Now now,
                            const Randoms& r) const;

  absl::StatusOr<Plan> Make(const resource::v1::CreateOrUpdateHubRequest& request, Now now,
                            const Randoms& r) const;
  absl::StatusOr<Plan> Make(const resource::v1::DeleteHubRequest& request, Now now, const Randoms& r) const;
  absl::StatusOr<Plan> Make(const resource::v1::CreateOrUpdateSharedPrivateLinkRequest& request, Now now,
                            const Randoms& r) const;
  absl::StatusOr<Plan> Make(const resource::v1::DeleteSharedPrivateLinkRequest& request, Now now,
                            const Randoms& r) const;
  absl::StatusOr<Plan> Make(const resource::v1::CreateOrUpdatePrivateEndpointConnectionRequest& request,
                            Now now, const Randoms& r) const;
  absl::StatusOr<Plan> Make(const resource::v1::DeletePrivateEndpointConnectionRequest& request, Now now,
                            const Randoms& r) const;
  absl::StatusOr<Plan> Make(const resource::v1::CreateOrUpdateCustomCertificateRequest& request, Now now,
                            const Randoms& r) const;
  absl::StatusOr<Plan> Make(const resource::v1::DeleteCustomCertificateRequest& request, Now now,
                            const Randoms& r) const;
  absl::StatusOr<Plan> Make(const resource::v1::CreateOrUpdateCustomDomainRequest& request, Now now,
                            const Randoms& r) const;
  absl::StatusOr<Plan> Make(const resource::v1::DeleteCustomDomainRequest& request, Now now,
                            const Randoms& r) const;
  absl::StatusOr<Plan> Make(const resource::v1::ApproveSharedPrivateLinkRequest& request, Now now,
                            const Randoms& r) const;
  absl::StatusOr<Plan> Make(const resource::v1::RejectSharedPrivateLinkRequest& request, Now now,
                            const Randoms& r) const;

  // Of children; child_mutations.cc.
  absl::StatusOr<const Object*> HolderOfChildren(absl::string_view parent, absl::string_view group,
                                                 absl::string_view collection) const;
  template <typename Child, typename Request>
  absl::StatusOr<Plan> Put(const Request& request, const Randoms& randoms) const;
  template <typename Child, typename Request>
  absl::StatusOr<Plan> Erase(const Request& request) const;
  template <typename Request>
  absl::StatusOr<Plan> Decide(const Request& request, Now now, absl::string_view status) const;
  absl::StatusOr<Plan> AskAgain(const resource::v1::CreateOrUpdateSharedPrivateLinkRequest& request,
                                Now now) const;
  void WarnOfEnabledReplicas(const resource::v1::Resource& primary,
                             const resource::v1::SharedPrivateLink& link, Plan& plan) const;

  // ABORTED while something else is under way with the instance.
  absl::Status CheckNothingUnderWay(const Object& object) const;
  // FAILED_PRECONDITION when the replica would be enabled with a link that it may not use; a warning instead
  // where forced.
  absl::Status CheckLinks(const resource::v1::Replica& replica, bool force, Plan& plan) const;
  absl::Status CheckResourceUpdate(const resource::v1::Resource& next) const;
  absl::Status CheckProfileTargets(const resource::v1::Resource& stored,
                                   const resource::v1::Resource& next) const;
  absl::Status CheckLocationFree(const resource::v1::Resource& parent, absl::string_view location) const;
  // Replicas that are not being deleted, nor drained in order to be.
  std::vector<const Object*> StayingReplicas(absl::string_view resource_name) const;
  // Replicas that are not being deleted.
  std::vector<const Object*> LivingReplicas(absl::string_view resource_name) const;
  // "contoso-eastus-1a2b3c4d.webpubsub.azure.com", used by nobody.
  absl::StatusOr<std::string> UniqueHostName(absl::string_view resource_id, absl::string_view region,
                                             const Randoms& randoms) const;

  // Gives the objects the next revision, keeps them, arms their deadlines, and logs them. Answers them as
  // kept, until the next change.
  const std::vector<SharedObject>& Commit(std::vector<Object> changed, Now now, Effects& effects);
  void Arm(const std::string& key, const Object* before, const Object& after, Now now);
  void SetPending(const std::string& key, Pending pending);
  void ErasePending(const std::string& key);
  // Keeps host names and counts in step with the objects.
  void Index(const Object& object, bool present);
  // Opens the operation of a change that was just committed.
  void BeginOperation(absl::string_view verb, const Plan& plan, const std::vector<SharedObject>& changed,
                      bool was_under_way, Now now, Effects& effects);

  const Options options_;
  uint64_t revision_ = 0;
  std::map<std::string, SharedObject> objects_;
  std::map<std::string, Pending> pending_;
  std::set<std::pair<int64_t, std::string>> due_;  // Of pending_: deadline and key, but for kNever.
  std::set<std::string> leaving_;                  // Of pending_: drained or being deleted.
  std::set<std::string> host_names_;
  std::set<std::string> host_hexes_;
  size_t resources_ = 0;
  RequestTable requests_;
  OperationTable operations_;
};

}  // namespace nonet::controlplane
