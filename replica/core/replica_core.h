// One instance of a resource, as a pure machine: client frames, REST sends and peer messages in; effects out.
// Puts the hub table and the sync engine together. Pure; one owner thread.
//
//   core.Receive(key, std::move(frame), now, &effects);
//   Apply(effects);  // The shell: write frames, set the timer; then ask sync() what to write to the peers.
#pragma once

#include <cstdint>
#include <deque>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "replica/codec/client_frame.h"
#include "replica/core/effects.h"
#include "replica/core/hub.h"
#include "replica/core/sync_engine.h"

namespace nonet::replica {

class ReplicaCore {
 public:
  struct Counters {
    uint64_t messages_in = 0;         // Accepted from clients and REST.
    uint64_t messages_delivered = 0;  // One a recipient.
    uint64_t expired = 0;             // Messages past their time to live, whoever they were for.
    uint64_t forbidden = 0;           // Requests without the permission.
    uint64_t waits_timed_out = 0;     // Joins and connects answered before every peer heeded them.
  };

  explicit ReplicaCore(Identity identity, const SyncSettings& settings = {});

  // ---- Clients ----
  void Open(ConnectionSpec spec, Now now, Effects* effects);
  void Receive(ConnectionKey key, ClientFrame frame, Now now, Effects* effects);
  // The transport is gone. Idempotent.
  void Closed(ConnectionKey key);
  // Every client, with this code and reason; the core forgets them.
  void CloseAll(uint16_t code, absl::string_view reason, Effects* effects);

  // ---- REST ----
  // Accepts the message: stamps, delivers, forwards. Returns its sequence; RESOURCE_EXHAUSTED, and nothing
  // was done, when a peer's log is full and publishers are to be refused.
  absl::StatusOr<uint64_t> Publish(Message&& message, Now now, Effects* effects);
  // Asks the whole resource. AskDone with the id that it returns follows: at once when nobody else may know,
  // at the latest at the deadline. Changes here are done when it returns.
  absl::StatusOr<uint64_t> Ask(Question question, Now now, Effects* effects, int64_t deadline_ns = kGatherNs);

  // ---- Peers: what changes something for clients; the rest goes to sync() ----
  absl::Status SetPeers(const std::vector<PeerConfig>& peers, Now now, Effects* effects);
  absl::Status OnRequest(const std::string& peer, PeerRequest request, Now now, Effects* effects);
  absl::Status OnResponse(const std::string& peer, PeerResponse response, Now now, Effects* effects);
  void OnAcceptedClosed(const std::string& peer, Now now, Effects* effects);

  void OnTimer(Now now, Effects* effects);

  SyncEngine& sync() { return sync_; }
  const SyncEngine& sync() const { return sync_; }
  size_t connections() const { return hubs_.size(); }
  const Counters& counters() const { return counters_; }
  Audit MakeAudit(Now now) const;

 private:
  // An answer of ours to a question, when it may go: to a peer, or (empty) to our own gathering.
  struct OwnAnswer {
    std::string peer;
    Answer answer;
  };
  struct Waiter {
    int64_t deadline_ns;
    uint64_t change;
    std::variant<Reply, OwnAnswer> what;
  };
  // What a connection gets once its connected frame is out.
  struct Held {
    MessagePtr message;  // Or, when null:
    uint64_t sequence_id = 0;
    Reply reply;
  };

  void JoinGroup(Connection& connection, const ClientFrame& frame, Now now, Effects* effects);
  void SendToGroup(Connection& connection, ClientFrame& frame, Now now, Effects* effects);
  void Answer(Connection& connection, const ClientFrame& frame, absl::string_view error_name,
              absl::string_view error_message, Effects* effects);
  void Unsupported(Connection& connection, const ClientFrame& frame, absl::string_view what,
                   Effects* effects);
  void Emit(Connection& connection, Reply reply, Effects* effects);
  // To how many connections; nullopt: it is past its time to live.
  std::optional<uint32_t> DeliverLocally(const MessagePtr& message, Now now, Effects* effects);
  // Carries the question out here, and sees to it that the answer goes to `peer` (empty: our own gathering).
  void Carry(const std::string& peer, const Question& question, Now now, Effects* effects);
  // Does it once every live peer heeds our interest up to `change`, or in 2 s.
  void WhenHeeded(uint64_t change, std::variant<Reply, OwnAnswer> what, Now now, Effects* effects);
  void ReleaseWaiters(Now now, Effects* effects);
  void Release(std::variant<Reply, OwnAnswer> what, Effects* effects);
  void Release(Reply reply, Effects* effects);
  void EmitDone(Now now, Effects* effects);
  void Relay(const MessagePtr& message, Now now);
  void Schedule(Now now, Effects* effects);

  const SyncSettings settings_;
  OwnInterest interest_;
  HubTable hubs_;
  SyncEngine sync_;
  std::deque<Waiter> waiters_;  // Deadlines and changes both rise.
  absl::flat_hash_map<ConnectionKey, std::vector<Held>> held_;
  std::vector<Connection*> scratch_;
  std::vector<MessagePtr> fresh_;
  std::vector<Question> asked_;
  std::vector<Gathered> done_;
  int64_t tick_ns_ = 0;   // The next; 0: never, as nobody is there to sync with.
  int64_t timer_ns_ = 0;  // That the shell was asked for; 0: none.
  Counters counters_;
};

}  // namespace nonet::replica
