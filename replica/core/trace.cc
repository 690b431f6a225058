#include "replica/core/trace.h"

namespace nonet::replica {
namespace {

template <class Record>
const Record* FindBySequence(const TraceRing<Record>& ring, uint64_t sequence) {
  size_t low = 0, high = ring.size();
  while (low < high) {
    const size_t middle = low + (high - low) / 2;
    if (ring.at(middle).sequence < sequence) {
      low = middle + 1;
    } else {
      high = middle;
    }
  }
  return low < ring.size() && ring.at(low).sequence == sequence ? &ring.at(low) : nullptr;
}

}  // namespace

absl::string_view FateName(WhyPeer::Fate fate) {
  switch (fate) {
    case WhyPeer::Fate::kNoInterest:
      return "NoInterest";
    case WhyPeer::Fate::kWaiting:
      return "Waiting";
    case WhyPeer::Fate::kSent:
      return "Sent";
    case WhyPeer::Fate::kAcknowledged:
      return "Acknowledged";
    case WhyPeer::Fate::kLost:
      return "Lost";
    case WhyPeer::Fate::kForgotten:
      return "Forgotten";
  }
  return "Unknown";
}

const TraceAccepted* FindAccepted(const TraceRing<TraceAccepted>& ring, uint64_t sequence) {
  return FindBySequence(ring, sequence);
}

const TraceReceived* FindReceived(const TraceRing<TraceReceived>& ring, uint64_t sequence) {
  return FindBySequence(ring, sequence);
}

void TraceBatches::Sent(const Batch& batch, int64_t wall_ns) {
  if (batch.messages.empty()) return;
  TraceBatch record;
  record.first_sequence = batch.messages.front()->sequence;
  record.last_sequence = batch.messages.back()->sequence;
  record.last_position = batch.first_position + batch.messages.size() - 1;
  record.sent_wall_ns = wall_ns;
  ring_.Add(record);
}

void TraceBatches::Acknowledged(uint64_t position, int64_t wall_ns) {
  if (position <= acknowledged_) return;
  acknowledged_ = position;
  // From the newest: those before were acknowledged earlier.
  for (size_t i = ring_.size(); i-- > 0;) {
    TraceBatch& record = ring_.at(i);
    if (record.last_position > position) continue;
    if (record.acknowledged_wall_ns != 0) return;
    record.acknowledged_wall_ns = wall_ns;
  }
}

void TraceBatches::Clear() {
  ring_.Clear();
  acknowledged_ = 0;
}

void TraceBatches::Tell(uint64_t sequence, WhyPeer* why) const {
  bool later = false, earlier = false;
  // From the newest: what was sent again counts as sent then.
  for (size_t i = ring_.size(); i-- > 0;) {
    const TraceBatch& record = ring_.at(i);
    later |= record.first_sequence > sequence;
    earlier |= record.last_sequence < sequence;
    if (record.first_sequence > sequence || record.last_sequence < sequence) continue;
    why->sent_wall_ns = record.sent_wall_ns;
    why->acknowledged_wall_ns = record.acknowledged_wall_ns;
    why->fate = record.acknowledged_wall_ns != 0 ? WhyPeer::Fate::kAcknowledged : WhyPeer::Fate::kSent;
    return;
  }
  if (!later) {
    why->fate = WhyPeer::Fate::kWaiting;
  } else {
    why->fate = earlier ? WhyPeer::Fate::kLost : WhyPeer::Fate::kForgotten;
  }
}

}  // namespace nonet::replica
