// Syncing with the other instances of the resource, as values: what to send whom, what came twice, what is
// missing, whose interest is where. One hop only: what a peer sent is never sent on. Pure; one owner.
//
// A pair of instances has two streams (nonet.peer.v1): the one we dial carries our messages, the one the peer
// dials carries its messages and, back, our interest.
//
//   engine.Forward(message, engine.Route(*message), now);  // Accepted here: into the logs of who wants it.
//   while (engine.NextRequest(peer, now, &request)) Write(request);
#pragma once

#include <array>
#include <cstdint>
#include <deque>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/container/btree_map.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "replica/core/audit.h"
#include "replica/core/gaps.h"
#include "replica/core/gather.h"
#include "replica/core/inbox.h"
#include "replica/core/interest.h"
#include "replica/core/interest_sync.h"
#include "replica/core/limits.h"
#include "replica/core/message.h"
#include "replica/core/peer_log.h"
#include "replica/core/peer_values.h"
#include "replica/core/trace.h"

namespace nonet::replica {

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

// When the log of a peer that wants a message is full.
enum class WhenFull {
  kDropOldest,       // The oldest message for that peer goes; listed.
  kRefusePublisher,  // The message is accepted for nobody.
};

struct SyncSettings {
  PeerLogLimits log;
  WhenFull when_full = WhenFull::kDropOldest;
  // Whether acks of joins and connects wait until live peers heed them, and how long at most.
  bool joins_wait = true;
  int64_t join_wait_ns = kInterestWaitNs;
  int64_t ack_delay_ns = kAckDelayNs;  // Of a lone message; 0: none.
  SyncPolicy policy;
  size_t trace_accepted = kTraceAccepted;
  size_t trace_received = kTraceReceived;
  size_t trace_batches = kTraceBatches;
};

// What happened between us and one peer. All count from the start of this process.
struct PeerCounters {
  uint64_t forwarded = 0;     // Put into its log.
  uint64_t sent = 0;          // Taken for its stream; a resend counts again.
  uint64_t received = 0;      // Its messages that were new.
  uint64_t duplicates = 0;    // Its messages that were not.
  uint64_t holes = 0;         // Its batches that came before what they follow.
  uint64_t rewinds = 0;       // It complained about a hole, or acknowledged nothing for too long.
  uint64_t resyncs = 0;       // Its interest had to be told again.
  uint64_t gap_messages = 0;  // Of its messages, told as lost.
  std::array<uint64_t, kGapCauses> lost{};  // Messages for it that were lost, by cause.
};

class SyncEngine {
 public:
  SyncEngine(Identity identity, OwnInterest& interest, const SyncSettings& settings = {});

  const Identity& identity() const { return identity_; }
  void SetTag(std::string tag) { identity_.tag = std::move(tag); }
  // All other instances. Who is no longer there is forgotten. INVALID_ARGUMENT above kPeersMax.
  absl::Status SetPeers(const std::vector<PeerConfig>& peers, Now now);
  // Deadlines and repairs; call about every kSyncTickNs.
  void Tick(Now now);

  // ---- Messages accepted here ----
  // The peers that want it.
  PeerSet Route(const Message& message) const;
  // FAILED when one of them has no room and the publisher is to be refused.
  absl::Status Admit(const Message& message, PeerSet to);
  // The next sequence of this epoch: give it to the message before Forward.
  uint64_t NextSequence() { return ++accepted_; }
  // Into their logs. `recipients`: how many connections here it was handed to.
  void Forward(const MessagePtr& message, PeerSet to, Now now, uint32_t recipients = 0, bool expired = false);

  // ---- The stream that we dial ----
  Hello MakeHello(const std::string& peer) const;
  absl::Status OnWelcome(const std::string& peer, const Welcome& welcome, Now now);
  // On an error, close the stream.
  absl::Status OnResponse(const std::string& peer, PeerResponse response, Now now);
  void OnDialClosed(const std::string& peer);
  // What to write next; false: nothing now. `out` is overwritten, its memory kept.
  bool NextRequest(const std::string& peer, Now now, PeerRequest* out);
  // Welcomed, and not closed since.
  bool Dialed(const std::string& peer) const;
  // The epoch of the life that welcomed us last; empty when none did.
  std::string LifeOf(const std::string& peer) const;
  // It was told of messages or gaps that it has not acknowledged.
  bool AwaitsMessageAck(const std::string& peer) const;

  // ---- The stream that the peer dials ----
  absl::StatusOr<Welcome> OnHello(const Hello& hello, Now now);
  // Appends the messages that are new, in order, and the questions to answer. On an error close the stream;
  // nothing of the batch counts then.
  absl::Status OnRequest(const std::string& peer, PeerRequest request, Now now,
                         std::vector<MessagePtr>* fresh, std::vector<Question>* asked);
  void OnAcceptedClosed(const std::string& peer, Now now);
  bool NextResponse(const std::string& peer, Now now, PeerResponse* out);
  // When NextResponse will have an ack that it has not now; 0: no such time.
  int64_t NextAckDeadline() const;
  // It was told of interest that it has not acknowledged.
  bool AwaitsInterestAck(const std::string& peer) const;
  // A message of the peer of the last OnRequest was handed to so many connections.
  void Handed(const Message& message, uint32_t recipients, bool expired, Now now);
  // Answers a question that it asked.
  void AnswerTo(const std::string& peer, Answer answer);
  // How much every origin may have under way to us: kPeerInFlightBytesMax unless set. 0 holds all of them
  // back.
  void SetIntake(uint64_t bytes);

  // ---- Questions to all ----
  // Asks the peers that may know; the answer of this instance is to be added to gatherer(). Returns the id.
  absl::StatusOr<uint64_t> Ask(Question question, int64_t deadline_steady_ns, Now now);
  Gatherer& gatherer() { return gatherer_; }
  uint64_t questions_asked() const { return questions_; }

  // ---- Interest heeded ----
  // The change of our interest up to which every live peer heeds it; the latest when none is live.
  uint64_t HeededByAll() const;

  // ---- For people ----
  const GapList& gaps() const { return gaps_; }
  std::vector<std::string> peers() const;  // Sorted.
  // nullptr when it is no peer.
  const PeerCounters* counters(const std::string& peer) const;
  size_t waiting_messages(const std::string& peer) const;
  size_t waiting_bytes(const std::string& peer) const;
  // Nothing waits for it, and it has acknowledged all that was accepted for it, or knows that it is lost.
  bool Settled(const std::string& peer) const;
  uint64_t accepted() const { return accepted_; }
  uint64_t refused() const { return refused_; }
  // Of the streams only: `deliveries` is its caller's.
  Audit MakeAudit(Now now) const;
  // What this instance knows of a message; nullopt: it is of nobody that is known here.
  std::optional<Why> Tell(const MessageId& id) const;
  // Our copy of the peer's interest: up to which number of which life; what it comes to (nullptr: it had more
  // names than we keep).
  std::pair<std::string, uint64_t> InterestOf(const std::string& peer) const;
  const InterestSum* InterestSumOf(const std::string& peer) const;
  const OwnInterest& own_interest() const { return interest_; }

 private:
  struct PendingQuestion {
    Question question;
    uint64_t after_position;  // What was accepted for the peer before it goes first.
  };
  struct Remembered {
    uint64_t id;
    bool answered;
    Answer answer;
  };
  struct Peer {
    Peer(int slot, std::string name, OwnInterest& interest, PeerInterest& wanted, const SyncSettings& s)
        : slot(slot),
          name(std::move(name)),
          log(s.log),
          sent(s.trace_batches),
          reader(wanted, slot),
          inbox(s.policy, s.ack_delay_ns),
          got(s.trace_received),
          teller(interest) {}
    const int slot;
    const std::string name;
    std::string tag;
    PeerCounters counters;

    // The stream that we dial.
    bool dialed = false;
    std::string life;  // The epoch it welcomed us with.
    PeerLog log;
    uint64_t lost = 0;        // In this life.
    bool resumed = false;     // Nothing was sent since.
    int64_t progress_ns = 0;  // When it last acknowledged something, or had nothing to.
    int64_t resend_ns = kResendNs;
    TraceBatches sent;
    InterestReader reader;
    std::deque<PendingQuestion> questions;
    int64_t asked_ns = 0;

    // The stream that it dials.
    bool accepted = false;
    int64_t closed_ns = 0;
    bool listed_silent = false;
    std::deque<std::string> retired_epochs;
    Inbox inbox;
    uint64_t handed = 0;  // Of inbox.received().
    uint64_t expired = 0;
    TraceRing<TraceReceived> got;
    InterestTeller teller;
    std::deque<Answer> answers;
    std::deque<Remembered> remembered;
  };
  Peer* Find(const std::string& name);
  const Peer* Find(const std::string& name) const;
  void Lost(Peer& peer, PeerLog::Losses* lost, Now now);
  void TickPeer(Peer& peer, Now now);
  absl::Status OnMessageAck(Peer& peer, const MessageAck& ack, Now now);
  void TakeQuestions(Peer& peer, std::vector<Question>* out, Now now);
  void Consider(Peer& peer, Question question, std::vector<Question>* asked);
  void SetDialed(Peer& peer, bool dialed);

  Identity identity_;
  OwnInterest& interest_;
  const SyncSettings settings_;
  uint64_t accepted_ = 0;
  uint64_t refused_ = 0;
  uint64_t questions_ = 0;
  PeerInterest wanted_;
  absl::btree_map<std::string, std::unique_ptr<Peer>> peers_;
  std::array<Peer*, kPeersMax> by_slot_{};
  PeerSet dialed_ = 0;     // Who of them is.
  Peer* asker_ = nullptr;  // Of the last OnRequest.
  Gatherer gatherer_;
  GapList gaps_;
  TraceRing<TraceAccepted> accepted_trace_;
  PeerLog::Losses losses_;          // Scratch.
  std::vector<GapNotice> notices_;  // Scratch.
};

}  // namespace nonet::replica
