// A control plane in virtual time, with the requests that tests make again and again.
//
//   Plane plane;
//   plane.CreateContoso();
//   EXPECT_EQ(ErrorReason(plane.AddReplica("westus").status()), "REPLICA_LIMIT");
#pragma once

#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "common/base/error.h"
#include "common/base/names.h"
#include "controlplane/core/control_plane.h"

namespace nonet::controlplane {

using namespace resource::v1;

class Plane {
 public:
  explicit Plane(ResourceSet::Options options = {}, size_t log_events_max = kLogEventsMax)
      : options_(options), log_events_max_(log_events_max), core(options, log_events_max) {}

  // One turn with one command.
  absl::StatusOr<Object> Do(const Mutation& mutation) {
    Randoms randoms;
    const int n = ++draws_;
    randoms.uid = absl::StrFormat("00000000-0000-4000-8000-%012d", n);
    randoms.host_hexes = {absl::StrFormat("%08x", n)};
    randoms.primary_key = absl::StrFormat("%043d", 2 * n);
    randoms.secondary_key = absl::StrFormat("%043d", 2 * n + 1);
    randoms.salt = absl::StrFormat("salt%039d", n);
    Effects effects;
    auto answer = core.Mutate(mutation, now, randoms, effects);
    EndTurn(effects);
    return answer;
  }
  // A turn in which only time passes.
  void Wait(int64_t ns) {
    now.steady_ns += ns;
    now.wall_ns += ns;
    Effects effects;
    EndTurn(effects);
  }

  // ---- Commands ----
  static CreateResourceRequest CreateRequest(const std::string& id = "contoso",
                                             const std::string& region = "eastus") {
    CreateResourceRequest request;
    request.set_resource_id(id);
    request.mutable_resource()->set_location(region);
    return request;
  }
  Resource CreateContoso() { return Do(CreateRequest()).value().resource(); }
  static CreateReplicaRequest ReplicaRequest(const std::string& region,
                                             const std::string& parent = "contoso") {
    CreateReplicaRequest request;
    request.set_parent(ResourceName(parent));
    request.set_replica_id(region);
    request.mutable_replica()->set_location(region);
    return request;
  }
  absl::StatusOr<Object> AddReplica(const std::string& region, const std::string& parent = "contoso") {
    return Do(ReplicaRequest(region, parent));
  }
  static UpdateResourceRequest UpdateRequest(const std::vector<std::string>& mask) {
    UpdateResourceRequest request;
    request.mutable_resource()->set_name("resources/contoso");
    for (const std::string& path : mask) request.mutable_update_mask()->add_paths(path);
    return request;
  }
  static UpdateReplicaRequest UpdateReplica(const std::string& replica,
                                            const std::vector<std::string>& mask) {
    UpdateReplicaRequest request;
    request.mutable_replica()->set_name(ReplicaName("contoso", replica));
    for (const std::string& path : mask) request.mutable_update_mask()->add_paths(path);
    return request;
  }
  absl::StatusOr<Object> DeleteReplica(const std::string& replica) {
    DeleteReplicaRequest request;
    request.set_name(ReplicaName("contoso", replica));
    return Do(request);
  }
  absl::StatusOr<Object> DeleteContoso() {
    DeleteResourceRequest request;
    request.set_name("resources/contoso");
    return Do(request);
  }

  // ---- Subscribers ----
  absl::Status Open(watch::v1::Role role, const std::string& name, const std::string& epoch = "e1") {
    watch::v1::Open open;
    open.set_role(role);
    open.set_subscriber(name);
    open.set_epoch(epoch);
    Effects effects;
    const absl::Status status = core.Open(open, effects);
    EndTurn(effects);
    return status;
  }
  void OpenResolver() { Open(watch::v1::ROLE_DNSRESOLVER, "dnsresolver").IgnoreError(); }
  void OpenSupervisor() { Open(watch::v1::ROLE_SUPERVISOR, "supervisor").IgnoreError(); }
  // The revision defaults to the newest.
  void Ack(const std::string& name, uint64_t revision = 0) {
    watch::v1::Ack ack;
    ack.set_revision(revision == 0 ? core.revision() : revision);
    Effects effects;
    core.Acknowledge(name, ack, now, effects);
    EndTurn(effects);
  }
  void Facts(const std::string& name, bool serving, uint64_t generation,
             const std::string& host = "127.80.15.1", uint64_t connections = 0) {
    watch::v1::Facts facts;
    facts.mutable_instance()->mutable_endpoint()->set_host(host);
    facts.mutable_instance()->mutable_endpoint()->set_http_port(8080);
    facts.mutable_instance()->set_serving(serving);
    facts.mutable_instance()->set_generation(generation);
    facts.mutable_instance()->set_connections(connections);
    Effects effects;
    core.Report(name, facts, now, effects);
    EndTurn(effects);
  }
  void Close(const std::string& name) {
    core.Close(name, now);
    Effects effects;
    EndTurn(effects);
  }
  // The whole way of an instance that starts: connected, serving, up to date.
  void Serve(const std::string& name, const std::string& epoch = "e1") {
    Open(watch::v1::ROLE_INSTANCE, name, epoch).IgnoreError();
    Facts(name, true, GenerationOf(*core.resources().Find(name)));
    Ack(name);
  }

  // ---- Looks ----
  ProvisioningState State(const std::string& name) const { return StateOf(*core.resources().Find(name)); }
  bool Exists(const std::string& name) const { return core.resources().Find(name) != nullptr; }
  // A new control plane with what was committed so far.
  Plane Restarted() const {
    Plane next(options_, log_events_max_);
    next.now = {now.steady_ns + kNanosPerSecond, now.wall_ns + kNanosPerSecond};
    next.draws_ = draws_;
    next.stored = stored;
    next.core.Restore(stored, next.now);
    return next;
  }

 private:
  void EndTurn(Effects& effects) {
    core.Settle(now, effects);
    last_log = effects.log;
    const StoreBatch batch = core.Seal(effects, now);
    stored.revision = batch.revision;
    stored.objects.clear();
    for (const auto& [name, object] : core.resources().objects()) stored.objects.push_back(*object);
    for (const LogEntry& entry : batch.log) stored.log.push_back(entry);
    std::erase_if(stored.log, [&](const LogEntry& entry) { return entry.revision <= batch.log_floor; });
    for (const RequestRecord& record : batch.remembered) stored.requests.push_back(record);
    for (const std::string& name : batch.new_subscribers) stored.subscribers.push_back(name);
    for (const auto& [revision, operation] : batch.operations.put) {
      std::erase_if(stored.operations, [&](const Operation& o) { return o.revision() == revision; });
      stored.operations.push_back(*operation);
    }
    for (const RevisionRange& range : batch.operations.forgotten) {
      std::erase_if(stored.operations, [&](const Operation& o) {
        return o.revision() >= range.first && o.revision() <= range.last;
      });
    }
  }

  const ResourceSet::Options options_;
  const size_t log_events_max_;
  int draws_ = 0;

 public:
  Now now{1000 * kNanosPerSecond, 1'700'000'000 * kNanosPerSecond};
  ControlPlane core;
  StoredState stored;
  std::vector<LogEntry> last_log;  // Of the latest turn.
};

inline std::string Reason(const absl::StatusOr<Object>& answer) { return ErrorReason(answer.status()); }

}  // namespace nonet::controlplane
