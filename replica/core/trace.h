// What became of single messages, for `why`: fixed rings that the newest overwrite, a few plain stores a
// message, searched only when somebody asks. Pure; one owner.
//
//   trace.Accepted({.sequence = 17, ...});
//   Why why = trace.Tell(17);
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "replica/core/interest.h"
#include "replica/core/message.h"
#include "replica/core/peer_values.h"

namespace nonet::replica {

// The newest `capacity` records, whose keys rise.
template <class Record>
class TraceRing {
 public:
  explicit TraceRing(size_t capacity) : capacity_(capacity) {}

  void Add(const Record& record) {
    if (records_.size() < capacity_) {
      records_.push_back(record);
      return;
    }
    records_[oldest_] = record;
    if (++oldest_ == capacity_) oldest_ = 0;
  }
  size_t size() const { return records_.size(); }
  // 0 is the oldest.
  Record& at(size_t i) { return records_[(oldest_ + i) % records_.size()]; }
  const Record& at(size_t i) const { return records_[(oldest_ + i) % records_.size()]; }
  void Clear() { records_.clear(), oldest_ = 0; }

 private:
  const size_t capacity_;
  std::vector<Record> records_;
  size_t oldest_ = 0;  // 0 until it is full.
};

struct TraceAccepted {
  uint64_t sequence = 0;
  int64_t accepted_wall_ns = 0;
  PeerSet forwarded = 0;
  PeerSet linked = 0;       // Peers that were linked then.
  uint32_t recipients = 0;  // Connections here that it was handed to.
  Target target = Target::kAll;
  bool expired = false;
};

// One batch to a peer.
struct TraceBatch {
  uint64_t first_sequence = 0;
  uint64_t last_sequence = 0;
  uint64_t last_position = 0;
  int64_t sent_wall_ns = 0;
  int64_t acknowledged_wall_ns = 0;  // 0: not yet.
};

struct TraceReceived {
  uint64_t sequence = 0;
  int64_t accepted_wall_ns = 0;  // By the origin's clock.
  int64_t received_wall_ns = 0;  // By ours.
  uint32_t recipients = 0;
  bool expired = false;
};

// The answers to "why did (or did not) message N get there", of one instance.
struct WhyPeer {
  enum class Fate {
    kNoInterest,    // Nobody there wanted it; or the connection belongs elsewhere.
    kWaiting,       // In the log.
    kSent,          // Under way.
    kAcknowledged,  // The peer has it.
    kLost,          // Dropped before it was sent: see the gaps.
    kForgotten,     // Longer ago than is remembered.
  };
  std::string peer;
  Fate fate = Fate::kNoInterest;
  bool linked = false;  // When the message was accepted.
  int64_t sent_wall_ns = 0;
  int64_t acknowledged_wall_ns = 0;
};

struct Why {
  std::string instance;  // Who says so.
  bool is_origin = false;
  bool remembered = false;
  Target target = Target::kAll;  // Origin only.
  int64_t accepted_wall_ns = 0;  // By the origin's clock.
  int64_t received_wall_ns = 0;  // By the clock of who says so; not at the origin.
  uint64_t recipients = 0;       // Connections of this instance that it was handed to.
  bool expired = false;          // It came past its time to live.
  bool gap = false;              // Not the origin: it is in a range that was lost on the way here.
  std::vector<WhyPeer> peers;    // Origin only, by peer.
};

absl::string_view FateName(WhyPeer::Fate fate);

// The record whose sequence it is; nullptr: none.
const TraceAccepted* FindAccepted(const TraceRing<TraceAccepted>& ring, uint64_t sequence);
const TraceReceived* FindReceived(const TraceRing<TraceReceived>& ring, uint64_t sequence);

// What was sent to one peer, batch by batch.
class TraceBatches {
 public:
  explicit TraceBatches(size_t capacity) : ring_(capacity) {}
  void Sent(const Batch& batch, int64_t wall_ns);
  void Acknowledged(uint64_t position, int64_t wall_ns);
  void Clear();
  // Fills the fate of a message that was forwarded to that peer.
  void Tell(uint64_t sequence, WhyPeer* why) const;

 private:
  TraceRing<TraceBatch> ring_;
  uint64_t acknowledged_ = 0;
};

}  // namespace nonet::replica
