#include "replica/core/inbox.h"

#include <algorithm>
#include <utility>

#include "common/base/status_macros.h"
#include "replica/core/errors.h"

namespace nonet::replica {

void Inbox::Begin(std::string epoch) {
  epoch_ = std::move(epoch);
  last_position_ = last_sequence_ = received_ = lost_ = duplicates_ = holes_ = 0;
  undelivered_.clear();
}

void Inbox::Open() {
  ack_due_ = hole_ = rewind_due_ = false;
  ack_deadline_ns_ = 0;
  owed_messages_ = owed_bytes_ = 0;
}

void Inbox::Close() { undelivered_.clear(); }

absl::Status Inbox::Check(const std::string& origin, const Batch& batch) const {
  if (batch.empty()) return errors::BadPeerMessage("an empty batch");
  if (batch.first_position == 0) return errors::BadPeerMessage("a batch without a position");
  uint64_t next = batch.gaps.empty() ? batch.first_position : batch.gaps.front().first_position;
  uint64_t sequence = 0;
  for (const GapNotice& gap : batch.gaps) {
    if (gap.first_position == 0 || gap.first_position != next || gap.last_position < gap.first_position ||
        gap.last_sequence < gap.first_sequence) {
      return errors::BadPeerMessage("a gap whose positions do not follow each other");
    }
    next = gap.last_position + 1;
  }
  if (next != batch.first_position) return errors::BadPeerMessage("gaps that do not lead to the messages");
  for (const MessagePtr& message : batch.messages) {
    // Behind what is known it may be a message that came before.
    if (message->sequence <= sequence || (next > last_position_ && message->sequence <= last_sequence_)) {
      return errors::BatchOutOfOrder(origin, message->sequence, std::max(sequence, last_sequence_));
    }
    sequence = message->sequence;
    ++next;
  }
  return absl::OkStatus();
}

absl::Status Inbox::Take(const std::string& origin, Batch batch, Now now, std::vector<MessagePtr>* fresh,
                         std::vector<GapNotice>* lost) {
  if (policy_.suppress_duplicates && policy_.resume_in_order) RETURN_IF_ERROR(Check(origin, batch));
  const uint64_t start = batch.gaps.empty() ? batch.first_position : batch.gaps.front().first_position;
  if (start > last_position_ + 1) {
    ++holes_;
    if (!hole_) {
      hole_ = rewind_due_ = true;
      complained_ns_ = now.steady_ns;
    }
    return absl::OkStatus();
  }
  OweAck(batch, now);
  // What the last batch brought goes out late: see acknowledge_after_delivery.
  fresh->insert(fresh->end(), undelivered_.begin(), undelivered_.end());
  undelivered_.clear();
  std::vector<MessagePtr>* into = policy_.acknowledge_after_delivery ? fresh : &undelivered_;
  for (GapNotice& gap : batch.gaps) {
    if (gap.last_position <= last_position_) continue;
    gap.first_position = std::max(gap.first_position, last_position_ + 1);
    last_position_ = gap.last_position;
    last_sequence_ = std::max(last_sequence_, gap.last_sequence);
    lost_ += gap.messages();
    hole_ = false;
    lost->push_back(std::move(gap));
  }
  uint64_t position = batch.first_position;
  for (MessagePtr& message : batch.messages) {
    const bool known = position <= last_position_;
    if (known) {
      ++duplicates_;
      if (!policy_.suppress_duplicates) into->push_back(std::move(message));
    } else {
      last_position_ = position;
      last_sequence_ = message->sequence;
      ++received_;
      hole_ = false;
      into->push_back(std::move(message));
    }
    ++position;
  }
  return absl::OkStatus();
}

void Inbox::OweAck(const Batch& batch, Now now) {
  owed_messages_ += batch.messages.size();
  // What came before, or could not come, tells that the other side waits for us.
  const bool again = batch.first_position <= last_position_;
  if (again || !batch.gaps.empty() || owed_messages_ >= kAckMessages || ack_delay_ns_ == 0) {
    ack_due_ = true;
    return;
  }
  for (const MessagePtr& message : batch.messages) owed_bytes_ += message->data.size();
  if (owed_bytes_ >= kAckBytes) ack_due_ = true;
  if (ack_deadline_ns_ == 0) ack_deadline_ns_ = now.steady_ns + ack_delay_ns_;
}

void Inbox::SetCredit(uint64_t bytes) {
  // A window that opens is told; one that shrinks goes with the next ack.
  if (bytes > credit_bytes_ && credit_bytes_ < kPeerInFlightBytesMax / 2) ack_due_ = true;
  if (bytes == 0) ack_due_ = true;
  credit_bytes_ = bytes;
}

void Inbox::Tick(Now now) {
  if (hole_ && now.steady_ns - complained_ns_ >= kRewindRetryNs) {
    rewind_due_ = true;
    complained_ns_ = now.steady_ns;
  }
}

std::optional<MessageAck> Inbox::TakeAck(Now now, bool company) {
  const bool waits = ack_deadline_ns_ != 0;
  const bool due = ack_due_ || (waits && (company || now.steady_ns >= ack_deadline_ns_));
  if (!due && !rewind_due_) return std::nullopt;
  ack_due_ = false;
  ack_deadline_ns_ = 0;
  owed_messages_ = owed_bytes_ = 0;
  return MessageAck{last_position_, credit_bytes_, std::exchange(rewind_due_, false) && hole_};
}

}  // namespace nonet::replica
