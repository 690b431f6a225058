// What could not be kept: listed, bounded, never silent. Pure; one owner.
#pragma once

#include <array>
#include <cstdint>
#include <deque>
#include <string>

#include "absl/strings/string_view.h"
#include "replica/core/limits.h"
#include "replica/core/peer_values.h"

namespace nonet::replica {

struct Gap {
  GapCause cause = GapCause::kLogOverflow;
  std::string origin;  // The instance that accepted the messages, and its life.
  std::string epoch;
  std::string peer;       // Whom they were for; empty: us.
  std::string hub;        // Empty: several, or unknown.
  uint64_t first = 0;     // Sequences, inclusive. Not every number between was for that peer, or of that hub.
  uint64_t last = 0;      // 0: open.
  uint64_t messages = 0;  // How many; 0: unknown.
  int64_t wall_ns = 0;    // When it was noticed.
};

// "LogOverflow", "Aged", "Expired", "PeerGone", "OriginGone".
absl::string_view GapCauseName(GapCause cause);

// Losses of one outage, cause and hub are one gap.
class GapList {
 public:
  void Add(Gap gap);
  // The origin is back in the same life: its open gap was none.
  void Resolve(absl::string_view origin, absl::string_view epoch);
  // What is lost from now on between these two is another outage. `peer` as in Gap.
  void EndRun(absl::string_view origin, absl::string_view peer);

  const std::deque<Gap>& listed() const { return gaps_; }  // Oldest first, the last kGapsListed.
  uint64_t total() const { return total_; }                // Gaps ever listed.
  // Messages ever lost, by cause; where the number is unknown it counts none.
  uint64_t messages(GapCause cause) const { return messages_[static_cast<size_t>(cause)]; }

 private:
  struct OpenRun {
    uint64_t gap;  // The number of the gap that it extends: gaps_[gap - first_].
    std::string origin, peer, hub;
    GapCause cause;
  };
  std::deque<Gap> gaps_;
  uint64_t first_ = 0;  // The number of gaps_.front().
  uint64_t total_ = 0;
  std::array<uint64_t, kGapCauses> messages_{};
  std::deque<OpenRun> runs_;
};

}  // namespace nonet::replica
