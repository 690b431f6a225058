#include "replica/core/peer_log.h"

#include <algorithm>
#include <utility>

namespace nonet::replica {
namespace {

size_t CostOf(const Message& message) {
  size_t bytes = kMessageOverheadBytes + message.hub.size() + message.target_name.size() +
                 message.data.size() + message.from_user_id.size();
  for (const std::string& id : message.excluded_connections) bytes += id.size();
  for (const auto& [key, value] : message.metadata) bytes += key.size() + value.size();
  return bytes;
}

}  // namespace

void PeerLog::PopFront() {
  Entry& front = entries_.front();
  before_ = front.message->sequence;
  bytes_ -= front.bytes;
  if (next_ > 0) {
    --next_;
    in_flight_bytes_ -= front.bytes;
  }
  entries_.pop_front();
}

PeerLog::Dropped PeerLog::Append(MessagePtr message) {
  const size_t bytes = CostOf(*message);
  entries_.push_back({std::move(message), bytes, false});
  bytes_ += bytes;
  Dropped dropped;
  while (entries_.size() > 1 && (entries_.size() > limits_.messages_max || bytes_ > limits_.bytes_max)) {
    if (!entries_.front().sent) {
      const uint64_t sequence = entries_.front().message->sequence;
      if (dropped.messages++ == 0) dropped.first = sequence;
      dropped.last = sequence;
    }
    PopFront();
  }
  return dropped;
}

Batch PeerLog::NextBatch() {
  Batch batch;
  size_t bytes = 0;
  while (next_ < entries_.size() && batch.messages.size() < kBatchMessagesMax) {
    Entry& entry = entries_[next_];
    const bool first = batch.messages.empty();
    if (!first && bytes + entry.bytes > kBatchBytesMax) break;
    if (in_flight_bytes_ > 0 && in_flight_bytes_ + entry.bytes > limits_.in_flight_bytes_max) break;
    if (first) {
      batch.previous_sequence = next_ == 0 ? before_ : entries_[next_ - 1].message->sequence;
    }
    bytes += entry.bytes;
    in_flight_bytes_ += entry.bytes;
    entry.sent = true;
    sent_ = std::max(sent_, entry.message->sequence);
    batch.messages.push_back(entry.message);
    ++next_;
  }
  return batch;
}

bool PeerLog::Acknowledge(uint64_t sequence) {
  if (sequence > sent_) return false;
  while (next_ > 0 && entries_.front().message->sequence <= sequence) PopFront();
  return true;
}

void PeerLog::ResumeAfter(uint64_t sequence) {
  while (!entries_.empty() && entries_.front().sent && entries_.front().message->sequence <= sequence)
    PopFront();
  next_ = 0;
  in_flight_bytes_ = 0;
}

PeerLog::Dropped PeerLog::Reset() {
  Dropped dropped;
  for (const Entry& entry : entries_) {
    if (entry.sent) continue;
    const uint64_t sequence = entry.message->sequence;
    if (dropped.messages++ == 0) dropped.first = sequence;
    dropped.last = sequence;
  }
  entries_.clear();
  bytes_ = next_ = in_flight_bytes_ = 0;
  before_ = sent_ = 0;
  return dropped;
}

}  // namespace nonet::replica
