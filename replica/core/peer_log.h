// What waits for one peer: messages in order of acceptance, until the peer acknowledged them. Each has a
// position, counted from 1 without holes in one life of the peer. Bounded by messages, bytes and age: what
// goes leaves a run of lost positions behind, which the peer is told in its place. Pure; one owner.
//
//   log.Append(message, now, &lost);
//   log.Take(now, &batch, &lost);  // Until it stays empty.
//   log.Acknowledge(position);
#pragma once

#include <cstdint>
#include <deque>
#include <string>
#include <vector>

#include "replica/core/limits.h"
#include "replica/core/message.h"
#include "replica/core/peer_values.h"
#include "replica/core/ring.h"

namespace nonet::replica {

struct PeerLogLimits {
  size_t messages_max = kPeerLogMessagesMax;
  size_t bytes_max = kPeerLogBytesMax;
  size_t in_flight_bytes_max = kPeerInFlightBytesMax;
  int64_t age_max_ns = kPeerLogAgeMaxNs;
};

class PeerLog {
 public:
  // Messages that the peer did not and will not get. Each message is in one loss at most.
  struct Loss {
    GapCause cause = GapCause::kLogOverflow;
    std::string hub;  // Empty: several.
    uint64_t first_sequence = 0;
    uint64_t last_sequence = 0;
    uint64_t messages = 0;
  };
  using Losses = std::vector<Loss>;

  explicit PeerLog(const PeerLogLimits& limits) : limits_(limits) {}

  // Sequences rise. May drop the oldest that are not under way.
  void Append(MessagePtr message, size_t cost, Now now, Losses* lost);
  // Whether a message of that cost fits without dropping any.
  bool Fits(size_t cost) const;
  // Drops what waited too long.
  void Expire(Now now, Losses* lost);

  // Fills `batch`, which is empty, with what is next on the stream; leaves it empty when there is nothing,
  // when too much is under way, or when the peer grants no credit.
  void Take(Now now, Batch* batch, Losses* lost);
  // How many bytes beyond what is acknowledged may be under way. 0: none at all.
  void SetCredit(uint64_t bytes) { credit_bytes_ = bytes; }
  // Without credit one message may go all the same: the ack that grants some may have been lost.
  void Probe() { probe_ = true; }
  // Cumulative; what is behind an earlier one changes nothing. False when that position was never told.
  bool Acknowledge(uint64_t position);
  // Everything after `position`, which the peer has, is told again: on a new stream, or after a hole. False,
  // and nothing changed, when it was never told, or when the peer had acknowledged more.
  bool ResumeAfter(uint64_t position, Losses* lost);
  // The stream ended: nothing is under way, and what was may or may not have arrived.
  void Interrupt();
  // A new life of the peer: nothing waits any more, and positions start again. Adds all that was not
  // acknowledged to `lost`, some of which the old life may have had.
  void Reset(Losses* lost);

  uint64_t assigned() const { return assigned_; }          // The last position given out.
  uint64_t acknowledged() const { return acknowledged_; }  // The last position acknowledged.
  uint64_t delivered() const { return delivered_; }        // Messages acknowledged.
  uint64_t told() const { return told_; }                  // The last position told on this stream.
  bool live() const { return live_; }
  size_t in_flight() const { return live_ ? flight_.size() : 0; }  // Messages under way.
  size_t messages() const { return flight_.size() + waiting_.size(); }
  // Positions told on this stream and not acknowledged: messages and gaps.
  uint64_t unacknowledged() const { return live_ ? told_ - acknowledged_ : 0; }
  // Dropped, but sent before: whether they arrived is not known yet.
  uint64_t in_doubt() const { return in_doubt_; }
  size_t bytes() const { return flight_bytes_ + waiting_bytes_; }
  size_t loss_runs() const { return runs_.size(); }
  // There is something to take, if credit and flight allow.
  bool HasMore() const { return told_ < assigned_; }

 private:
  struct Entry {
    MessagePtr message;
    uint64_t position = 0;
    size_t cost = 0;
    int64_t appended_ns = 0;
  };
  struct Run {
    GapNotice notice;
    bool sent = false;  // Was on a stream: the peer may have it.
  };
  // The oldest that is not under way, if there is any.
  bool DropOldest(GapCause cause, Losses* lost);
  void DropWaiting(GapCause cause, Losses* lost);
  const Entry* OldestDroppable() const;
  void Remember(const Entry& entry, GapCause cause, bool sent);
  void Confirm(uint64_t position);  // The peer has everything up to there.
  void TakeRuns(Batch* batch);
  void TakeMessages(Batch* batch);

  const PeerLogLimits limits_;
  Ring<Entry> flight_;   // Sent on some stream to this life, not acknowledged.
  size_t cursor_ = 0;    // The first of them not (yet again) sent on this stream.
  Ring<Entry> waiting_;  // Never sent. Positions above all of flight_.
  size_t flight_bytes_ = 0;
  size_t unsent_flight_bytes_ = 0;  // Of flight_[cursor_..].
  size_t waiting_bytes_ = 0;
  std::deque<Run> runs_;  // By position, above acknowledged_.
  uint64_t in_doubt_ = 0;
  bool live_ = false;
  uint64_t credit_bytes_ = 0;
  bool probe_ = false;
  uint64_t assigned_ = 0;
  uint64_t acknowledged_ = 0;
  uint64_t delivered_ = 0;
  uint64_t told_ = 0;
  uint64_t told_ever_ = 0;  // In this life of the peer.
};

}  // namespace nonet::replica
