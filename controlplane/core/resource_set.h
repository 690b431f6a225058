// All resources, replicas and keys, and every rule about them. Pure: commands, time and random values come
// in, whole changed objects come out, all changes of one command at one new revision.
//
//   absl::StatusOr<Object> answer = set.Apply(create_replica_request, now, randoms, effects);
//   ... make `effects` durable, then reply and publish ...
//
// One owner; not thread-safe.
#pragma once

#include <cstdint>
#include <limits>
#include <map>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "absl/status/statusor.h"
#include "controlplane/core/limits.h"
#include "controlplane/core/object.h"
#include "controlplane/core/request_table.h"
#include "nonet/resource/v1/resource_service.pb.h"

namespace nonet::controlplane {

using Mutation = std::variant<resource::v1::CreateResourceRequest, resource::v1::UpdateResourceRequest,
                              resource::v1::DeleteResourceRequest, resource::v1::RestartResourceRequest,
                              resource::v1::CreateReplicaRequest, resource::v1::UpdateReplicaRequest,
                              resource::v1::DeleteReplicaRequest, resource::v1::RestartReplicaRequest,
                              resource::v1::RegenerateAccessKeyRequest>;

// Drawn by the shell for every mutation; what is not needed is not used.
struct Randoms {
  std::string uid;                      // A UUID.
  std::vector<std::string> host_hexes;  // 8 hex digits each; the first unused one is taken.
  std::string primary_key;              // 43 characters or more each, 256 bits.
  std::string secondary_key;
};

// What must be durable before anybody hears of it. In the order made; the caller clears it.
struct Effects {
  std::vector<LogEntry> log;
  std::vector<RequestRecord> remembered;
  std::vector<std::string> forgotten;        // Request ids.
  std::vector<std::string> new_subscribers;  // See subscribers.h.
  bool empty() const {
    return log.empty() && remembered.empty() && forgotten.empty() && new_subscribers.empty();
  }
};

class ResourceSet {
 public:
  struct Options {
    std::string zone = "webpubsub.azure.com";  // Without a trailing dot.
    int64_t provisioning_timeout_ns = kProvisioningTimeoutNs;
    int64_t deletion_timeout_ns = kDeletionTimeoutNs;
  };
  static constexpr int64_t kNever = std::numeric_limits<int64_t>::max();
  // Something is under way with an instance: it is awaited (Creating, Updating; Failed too, with no
  // deadline), or its deletion is.
  struct Pending {
    uint64_t since_revision = 0;  // What must be acknowledged.
    int64_t deadline_ns = 0;      // Steady; may be kNever.
  };

  explicit ResourceSet(Options options) : options_(std::move(options)) {}

  // What was stored. Deadlines of what is under way start anew.
  void Restore(uint64_t revision, std::vector<Object> objects, std::vector<RequestRecord> requests, Now now);

  // The object as stored, or, with validate_only, as it would be stored. Errors: errors.h.
  absl::StatusOr<Object> Apply(const Mutation& mutation, Now now, const Randoms& randoms, Effects& effects);

  // ---- Reads ----
  uint64_t revision() const { return revision_; }
  // By canonical name: a resource sorts before its keys and its replicas.
  const std::map<std::string, Object>& objects() const { return objects_; }
  const Object* Find(absl::string_view name) const;
  // NOT_FOUND, also when a group is given and it is another one.
  absl::StatusOr<const Object*> GetResource(absl::string_view name, absl::string_view group) const;
  absl::StatusOr<const Object*> GetReplica(absl::string_view name, absl::string_view group) const;
  absl::StatusOr<const Object*> GetKeys(absl::string_view name, absl::string_view group) const;
  std::vector<const Object*> ListReplicas(absl::string_view resource_name) const;

  // ---- Lifecycle ----
  // What an instance says of itself, with what it has acknowledged. Records where it listens; ends Creating,
  // Updating and Failed when it serves at the wanted generation and has acknowledged what it is awaited for.
  void Report(absl::string_view name, absl::string_view epoch, const watch::v1::InstanceFacts& facts,
              uint64_t acknowledged, Now now, Effects& effects);
  // By canonical name.
  const std::map<std::string, Pending>& pending() const { return pending_; }
  // Creating or Updating took too long.
  void Fail(absl::string_view name, Now now, Effects& effects);
  // Takes a Deleting object away; with a resource, all that is below it.
  void Remove(absl::string_view name, Effects& effects);

 private:
  // What a mutation would do. `changed` holds new versions without revision; the answer is its first, or,
  // where nothing changes, `unchanged`.
  struct Plan {
    std::vector<Object> changed;
    const Object* unchanged = nullptr;
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

  absl::Status CheckResourceUpdate(const resource::v1::Resource& next) const;
  absl::Status CheckProfileTargets(const resource::v1::Resource& stored,
                                   const resource::v1::Resource& next) const;
  absl::Status CheckLocationFree(const resource::v1::Resource& parent, absl::string_view location) const;
  // Replicas that are not being deleted.
  std::vector<const Object*> LivingReplicas(absl::string_view resource_name) const;
  // "contoso-eastus-1a2b3c4d.webpubsub.azure.com", used by nobody.
  absl::StatusOr<std::string> UniqueHostName(absl::string_view resource_id, absl::string_view region,
                                             const Randoms& randoms) const;
  bool IsHostNameUsed(absl::string_view host_name) const;

  // Gives the objects the next revision, keeps them, arms their deadlines, and logs them.
  void Commit(std::vector<Object>& changed, Now now, Effects& effects);
  void Arm(const std::string& key, const Object* before, const Object& after, Now now);

  const Options options_;
  uint64_t revision_ = 0;
  std::map<std::string, Object> objects_;
  std::map<std::string, Pending> pending_;
  RequestTable requests_;
};

}  // namespace nonet::controlplane
