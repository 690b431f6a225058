// What comes from one origin: positions in order, each once, holes sent back for, losses listed. Duplicates
// are suppressed for the whole life of the origin. Pure; one owner.
//
//   inbox.Begin(epoch);                          // A new life of the origin.
//   RETURN_IF_ERROR(inbox.Take(std::move(batch), now, &fresh, &lost));
//   if (auto ack = inbox.TakeAck()) ...          // Whenever something may be written.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "replica/core/limits.h"
#include "replica/core/peer_values.h"

namespace nonet::replica {

// What a correct engine does. Only the tests of the tests switch any of it off.
struct SyncPolicy {
  bool suppress_duplicates = true;
  bool acknowledge_after_delivery = true;
  bool resume_in_order = true;
  bool forward_once = true;
};

class Inbox {
 public:
  // `ack_delay_ns`: how long the ack of a few messages may wait for company.
  Inbox(const SyncPolicy& policy, int64_t ack_delay_ns) : policy_(policy), ack_delay_ns_(ack_delay_ns) {}

  void Begin(std::string epoch);
  // A stream was accepted; what was said on the one before counts no longer.
  void Open();
  void Close();
  // Appends the messages that are new, in order, and the losses. On an error nothing of the batch counts.
  absl::Status Take(const std::string& origin, Batch batch, Now now, std::vector<MessagePtr>* fresh,
                    std::vector<GapNotice>* lost);
  // The credit that acks grant: bytes beyond what is acknowledged.
  void SetCredit(uint64_t bytes);
  // Complains again about a hole that stays.
  void Tick(Now now);
  // What to acknowledge, once. `company`: something else is said now, so what waits goes along.
  std::optional<MessageAck> TakeAck(Now now, bool company);
  // When an ack that waits is due; 0: none waits.
  int64_t ack_deadline_ns() const { return ack_due_ ? 0 : ack_deadline_ns_; }

  const std::string& epoch() const { return epoch_; }
  uint64_t last_position() const { return last_position_; }
  uint64_t last_sequence() const { return last_sequence_; }
  uint64_t credit_bytes() const { return credit_bytes_; }
  // Of this life: last_position() = received() + lost().
  uint64_t received() const { return received_; }
  uint64_t lost() const { return lost_; }
  uint64_t duplicates() const { return duplicates_; }
  uint64_t holes() const { return holes_; }

 private:
  absl::Status Check(const std::string& origin, const Batch& batch) const;
  // The ack of what is new in `batch` is due now, or soon.
  void OweAck(const Batch& batch, Now now);

  const SyncPolicy& policy_;
  std::string epoch_;
  uint64_t last_position_ = 0;
  uint64_t last_sequence_ = 0;
  uint64_t received_ = 0;
  uint64_t lost_ = 0;
  uint64_t duplicates_ = 0;
  uint64_t holes_ = 0;
  uint64_t credit_bytes_ = kPeerInFlightBytesMax;
  const int64_t ack_delay_ns_;
  bool ack_due_ = false;
  int64_t ack_deadline_ns_ = 0;  // 0: none waits.
  size_t owed_messages_ = 0;     // Since the last ack.
  size_t owed_bytes_ = 0;
  bool hole_ = false;  // Complained about, not filled yet.
  bool rewind_due_ = false;
  int64_t complained_ns_ = 0;
  std::vector<MessagePtr> undelivered_;  // Acknowledged before delivery: only when the policy says so.
};

}  // namespace nonet::replica
