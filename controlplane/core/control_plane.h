// The control plane's mind: the model, its subscribers and the change log, and what the one means to the
// others (who ends Creating, when something Deleting is gone, whether everybody has a change). Pure: the
// shell feeds it commands and reports, makes the effects of a turn durable, and only then replies and
// publishes.
//
//   auto answer = plane.Mutate(request, now, randoms, effects);
//   plane.Settle(now, effects);          // once a turn, after everything that came in
//   StoreBatch batch = plane.Seal(std::move(effects), now);
//   store.Commit(batch);                 // then publishes batch.log, then replies
//
// One owner; not thread-safe.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "controlplane/core/change_log.h"
#include "controlplane/core/feed.h"
#include "controlplane/core/resource_set.h"
#include "controlplane/core/subscribers.h"

namespace nonet::controlplane {

// Everything that outlives the process.
struct StoredState {
  uint64_t revision = 0;
  std::vector<Object> objects;
  std::vector<LogEntry> log;  // By revision.
  std::vector<RequestRecord> requests;
  std::vector<std::string> subscribers;  // Of kind dnsresolver and supervisor, ever seen.
  std::vector<resource::v1::Operation> operations;
  // 16 hex digits each. `cluster` lasts, through backups too; `history` is new whenever revisions begin to
  // count something else: an empty store, a restored one.
  std::string cluster;
  std::string history;
};

// One turn's durable part: all or nothing.
struct StoreBatch {
  uint64_t revision = 0;
  std::vector<LogEntry> log;  // Each object's newest version is in here.
  uint64_t log_floor_before = 0;
  uint64_t log_floor = 0;  // Entries up to here are dropped.
  std::vector<RequestRecord> remembered;
  std::vector<std::string> forgotten;
  std::vector<std::string> new_subscribers;
  OperationChanges operations;
};

class ControlPlane {
 public:
  explicit ControlPlane(ResourceSet::Options options, size_t log_events_max = kLogEventsMax)
      : resources_(std::move(options)), log_(log_events_max) {}

  void Restore(StoredState state, Now now);

  // ---- Commands ----
  template <typename Request>  // One of Mutation's.
  absl::StatusOr<Object> Mutate(const Request& request, Now now, const Randoms& randoms, Effects& effects) {
    return resources_.Apply(MutationReference(std::cref(request)), now, randoms, effects);
  }
  absl::StatusOr<Object> Mutate(const Mutation& mutation, Now now, const Randoms& randoms, Effects& effects) {
    return std::visit([&](const auto& request) { return Mutate(request, now, randoms, effects); }, mutation);
  }

  // ---- Reports ----
  // NOT_FOUND for an instance that should not exist; see SubscriberTable::Open for the rest.
  absl::Status Open(const watch::v1::Open& open, Effects& effects);
  void Acknowledge(absl::string_view subscriber, const watch::v1::Ack& ack, Now now, Effects& effects);
  void Report(absl::string_view subscriber, const watch::v1::Facts& facts, Now now, Effects& effects);
  void Close(absl::string_view subscriber, Now now);

  // ---- Time ----
  // What became due: awaited instances fail, acknowledged deletions happen. At most kSettledMax of them, so
  // that one batch stays small; what is left over is due at once (NextDeadline).
  void Settle(Now now, Effects& effects);
  // When Settle, or a convergence that waits, must look again though nothing comes in; steady.
  std::optional<int64_t> NextDeadline(Now now) const;
  // Notes the turn's changes in the log and says what to store.
  StoreBatch Seal(Effects effects, Now now);

  // ---- Reads ----
  const ResourceSet& resources() const { return resources_; }
  const SubscriberTable& subscribers() const { return subscribers_; }
  uint64_t revision() const { return resources_.revision(); }
  absl::StatusOr<resource::v1::EffectiveConfiguration> Effective(absl::string_view name) const;
  resource::v1::ListSubscribersResponse ListSubscribers() const;
  // With what is known of its progress.
  absl::StatusOr<resource::v1::Operation> GetOperation(absl::string_view name) const;
  // Of one resource, by what its instances reported.
  absl::StatusOr<resource::v1::CapacityReport> Capacity(absl::string_view name,
                                                        absl::string_view group) const;
  const std::string& cluster() const { return cluster_; }
  const std::string& history() const { return history_; }
  // The first messages of a stream: what it missed, or a snapshot where that is not known any more, or where
  // the subscriber's revision is one of another history (watch.proto, Open). As of now, whenever it is sent.
  std::vector<FeedPart> InitialFeed(const Scope& scope, uint64_t resume_revision,
                                    absl::string_view history = {}) const;

  struct Convergence {
    // OK when done; UNAVAILABLE while it is not; else what WaitForConvergence answers at once.
    absl::Status status;
    resource::v1::WaitForConvergenceResponse response;
    // While it is not done:
    std::string state;                 // Of the object, where it is not final: "Creating".
    std::vector<std::string> missing;  // Who has not acknowledged.
    uint64_t target = 0;
  };
  // Of an object, or of an operation and then its target. `revision`: at least this one.
  Convergence CheckConvergence(absl::string_view name, uint64_t revision, Now now) const;

 private:
  bool ShouldRun(const Subscriber& subscriber) const;
  // Nobody is connected to it any more, as far as anybody knows.
  bool IsDrained(const Object& object) const;
  bool IsDeletionAcknowledged(const Object& object, uint64_t since, Now now) const;
  void Note(const LogEntry& entry);
  // What the log and the model both hold is one, as it was before the restart.
  void ShareWithModel(SharedObject& event) const;
  void NoteChange(const std::string& name, uint64_t revision);
  // The last change in a subscriber's scope.
  uint64_t LastChange(const Scope& scope) const;

  ResourceSet resources_;
  SubscriberTable subscribers_;
  ChangeLog log_;
  std::string cluster_;
  std::string history_;
  std::set<std::string> known_subscribers_;
  bool unsettled_ = false;  // The last Settle left something over.
  std::map<std::string, uint64_t>
      last_change_;  // By canonical resource id; within the log, also of gone ones.
  uint64_t last_change_without_keys_ = 0;
  uint64_t last_change_of_all_ = 0;
};

}  // namespace nonet::controlplane
