// What waits for one peer: messages in order of acceptance, until the peer acknowledged them. Bounded; the
// oldest go first, and the numbering tells the peer so. Pure; one owner.
#pragma once

#include <cstdint>
#include <deque>
#include <vector>

#include "replica/core/limits.h"
#include "replica/core/message.h"

namespace nonet::replica {

struct Batch {
  // The sequence of the message for this peer just before the first; 0: none in this epoch.
  uint64_t previous_sequence = 0;
  std::vector<MessagePtr> messages;
};

struct PeerLogLimits {
  size_t messages_max = kPeerLogMessagesMax;
  size_t bytes_max = kPeerLogBytesMax;
  size_t in_flight_bytes_max = kPeerInFlightBytesMax;
};

class PeerLog {
 public:
  struct Dropped {
    uint64_t first = 0;
    uint64_t last = 0;
    uint64_t messages = 0;  // That were never sent on any stream.
  };

  explicit PeerLog(const PeerLogLimits& limits) : limits_(limits) {}

  // Sequences rise. Returns what had to go to make room.
  Dropped Append(MessagePtr message);
  // The next messages to send; empty when there are none or too much is in flight.
  Batch NextBatch();
  // Cumulative. False when `sequence` was never sent.
  bool Acknowledge(uint64_t sequence);
  // A new stream to the same life of the peer: everything after `sequence` is sent again.
  void ResumeAfter(uint64_t sequence);
  // A new life of the peer: nothing waits any more, and nothing came before. Returns what was never sent.
  Dropped Reset();

  // Sent on this stream, not acknowledged.
  size_t in_flight() const { return next_; }
  size_t messages() const { return entries_.size(); }
  size_t bytes() const { return bytes_; }

 private:
  struct Entry {
    MessagePtr message;
    size_t bytes;
    bool sent;  // On some stream to this life of the peer.
  };
  void PopFront();

  const PeerLogLimits limits_;
  std::deque<Entry> entries_;
  size_t bytes_ = 0;
  size_t next_ = 0;             // Index of the first entry not sent on this stream.
  size_t in_flight_bytes_ = 0;  // Of the entries before it.
  uint64_t before_ = 0;         // The sequence just before the front entry.
  uint64_t sent_ = 0;           // The highest sequence sent in this life of the peer.
};

}  // namespace nonet::replica
