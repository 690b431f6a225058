// What could not be kept: listed, bounded, never silent. Pure; one owner.
#pragma once

#include <cstdint>
#include <deque>
#include <string>

#include "replica/core/limits.h"

namespace nonet::replica {

struct Gap {
  enum class Cause {
    kLogOverflow,  // We dropped messages that `peer` had not been sent.
    kMissing,      // We received a later message of the origin, these never came.
    kOriginGone,   // The origin started a new life; what came after `first` - 1 in the old one is unknown.
    kPeerGone,     // `peer` started a new life or was removed before it was sent these.
  };
  Cause cause = Cause::kMissing;
  std::string origin;  // The instance that accepted the messages, and its life.
  std::string epoch;
  std::string peer;       // Whom they were for; empty: us.
  uint64_t first = 0;     // Sequences, inclusive. Not every number between was for that peer.
  uint64_t last = 0;      // 0: open.
  uint64_t messages = 0;  // How many; 0: unknown.
  int64_t wall_ns = 0;    // When it was noticed.
};

class GapList {
 public:
  void Add(Gap gap) {
    ++total_;
    // A run of drops is one gap.
    if (!gaps_.empty() && gap.cause == Gap::Cause::kLogOverflow) {
      Gap& back = gaps_.back();
      if (back.cause == gap.cause && back.peer == gap.peer && back.epoch == gap.epoch) {
        back.last = gap.last;
        back.messages += gap.messages;
        --total_;
        return;
      }
    }
    gaps_.push_back(std::move(gap));
    if (gaps_.size() > kGapsListed) gaps_.pop_front();
  }

  const std::deque<Gap>& listed() const { return gaps_; }  // Oldest first, the last kGapsListed.
  uint64_t total() const { return total_; }

 private:
  std::deque<Gap> gaps_;
  uint64_t total_ = 0;
};

}  // namespace nonet::replica
