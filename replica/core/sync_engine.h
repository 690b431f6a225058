// Syncing with the other instances of the resource, as values: what to send whom, what came twice, what is
// missing, whose interest is where. One hop only: what a peer sent is never sent on. Pure; one owner.
//
// A pair of instances has two streams (nonet.peer.v1): the one we dial carries our messages, the one the peer
// dials carries its messages and, back, our interest.
//
//   engine.Forward(message, now);                       // Accepted here: into the logs of who wants it.
//   while (auto out = engine.NextRequest(peer)) Write(*out);
#pragma once

#include <cstdint>
#include <deque>
#include <memory>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "absl/container/btree_map.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "replica/core/gaps.h"
#include "replica/core/interest.h"
#include "replica/core/limits.h"
#include "replica/core/message.h"
#include "replica/core/peer_log.h"

namespace nonet::replica {

struct Hello {
  std::string resource;
  std::string origin;
  std::string epoch;
};

struct Welcome {
  std::string instance;
  std::string epoch;
  uint64_t last_sequence = 0;
};

struct Interest {
  uint64_t version = 0;
  bool snapshot = false;
  std::vector<InterestChange> changes;
};

struct InterestAck {
  uint64_t version = 0;
};

struct MessageAck {
  uint64_t sequence = 0;
};

// What this instance is.
struct Identity {
  std::string resource;  // "resources/contoso"
  std::string instance;  // Its object name.
  std::string epoch;     // 16 hex digits.
  std::string tag;       // The 8 hex digits that its connection ids end in.
};

struct PeerConfig {
  std::string instance;  // Object name.
  std::string tag;       // Empty while unknown.
};

// What happened between us and one peer. All count from the start of this process.
struct PeerCounters {
  uint64_t forwarded = 0;         // Put into its log.
  uint64_t sent = 0;              // Taken for its stream; a resend counts again.
  uint64_t received = 0;          // Its messages that were new.
  uint64_t duplicates = 0;        // Its messages that were not.
  uint64_t dropped_overflow = 0;  // Its log was full.
  uint64_t dropped_gone = 0;      // It started a new life first.
};

class SyncEngine {
 public:
  SyncEngine(Identity identity, OwnInterest& interest, const PeerLogLimits& limits = {});

  const Identity& identity() const { return identity_; }
  void SetTag(std::string tag) { identity_.tag = std::move(tag); }
  // All other instances. Who is no longer there is forgotten. INVALID_ARGUMENT above kPeersMax.
  absl::Status SetPeers(const std::vector<PeerConfig>& peers, Now now);

  // ---- Messages accepted here ----
  // The next sequence of this epoch: give it to the message before Forward.
  uint64_t NextSequence() { return ++accepted_; }
  // To the peers that want it. Returns to how many.
  int Forward(const MessagePtr& message, Now now);

  // ---- The stream that we dial ----
  Hello MakeHello() const;
  absl::Status OnWelcome(const std::string& peer, const Welcome& welcome, Now now);
  absl::Status OnInterest(const std::string& peer, const Interest& interest);
  absl::Status OnMessageAck(const std::string& peer, MessageAck ack);
  void OnDialClosed(const std::string& peer);
  // What to write next; nullopt: nothing now. An interest ack goes before the messages that heed it.
  std::optional<std::variant<InterestAck, Batch>> NextRequest(const std::string& peer);
  // Welcomed, and not closed since.
  bool Dialed(const std::string& peer) const;
  // The epoch of the life that welcomed us last; empty when none did.
  std::string LifeOf(const std::string& peer) const;
  // It was sent messages that it has not acknowledged.
  bool AwaitsMessageAck(const std::string& peer) const;

  // ---- The stream that the peer dials ----
  absl::StatusOr<Welcome> OnHello(const Hello& hello, Now now);
  // Appends the messages that are new, in order. On an error nothing of the batch counts.
  absl::Status OnBatch(const std::string& peer, Batch batch, Now now, std::vector<MessagePtr>* fresh);
  absl::Status OnInterestAck(const std::string& peer, InterestAck ack);
  void OnAcceptedClosed(const std::string& peer);
  std::optional<std::variant<Interest, MessageAck>> NextResponse(const std::string& peer);
  // It was told of interest that it has not acknowledged.
  bool AwaitsInterestAck(const std::string& peer) const;

  // ---- Interest heeded ----
  // The change of our interest up to which every live peer heeds it; the latest when none is live.
  uint64_t HeededByAll() const;

  // ---- For people ----
  const GapList& gaps() const { return gaps_; }
  std::vector<std::string> peers() const;  // Sorted.
  // nullptr when it is no peer.
  const PeerCounters* counters(const std::string& peer) const;
  size_t waiting_messages(const std::string& peer) const;
  uint64_t accepted() const { return accepted_; }

 private:
  struct SentInterest {
    uint64_t version;
    uint64_t change;
  };
  struct Peer {
    Peer(int slot, const PeerLogLimits& limits) : slot(slot), log(limits) {}
    const int slot;
    std::string tag;
    PeerCounters counters;

    // The stream that we dial.
    bool dialed = false;
    std::string life;  // The epoch it welcomed us with.
    PeerLog log;
    uint64_t interest_version = 0;      // Of the latest interest on this stream.
    bool interest_ack_waiting = false;  // We owe an ack of interest_version.

    // The stream that it dials.
    bool accepted = false;
    std::string origin_epoch;
    std::deque<std::string> retired_epochs;
    uint64_t last_sequence = 0;          // Received from it in origin_epoch.
    uint64_t acknowledged_sequence = 0;  // Told on this stream.
    uint64_t told_version = 0;           // Of our interest, on this stream.
    uint64_t told_change = 0;
    std::deque<InterestChange> snapshot_rest;  // Of a snapshot too large for one message.
    std::deque<SentInterest> unheeded;
    uint64_t heeded_change = 0;
  };
  Peer* Find(const std::string& name);
  const Peer* Find(const std::string& name) const;
  void Lost(const std::string& peer, const PeerLog::Dropped& dropped, Gap::Cause cause, Now now);
  Interest NextSnapshot(Peer& peer);

  Identity identity_;
  OwnInterest& interest_;
  const PeerLogLimits limits_;
  uint64_t accepted_ = 0;
  absl::btree_map<std::string, std::unique_ptr<Peer>> peers_;
  PeerInterest wanted_;
  GapList gaps_;
};

}  // namespace nonet::replica
