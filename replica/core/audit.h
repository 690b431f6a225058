// Conservation: what one instance counts about every pair, and whether the sums of all instances fit. Pure.
//
//   std::vector<Finding> findings = Judge(first_round, second_round);
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <vector>

#include "absl/strings/string_view.h"
#include "replica/core/peer_values.h"

namespace nonet::replica {

// Messages accepted here for one peer, in the peer's present life:
//   accepted_for = delivered + lost + waiting + in_flight + in_doubt
struct LinkAudit {
  std::string peer;
  std::string life;  // The peer's epoch; empty: it never welcomed us.
  bool linked = false;
  uint64_t accepted_for = 0;  // The last position given out.
  uint64_t acknowledged = 0;  // The last position acknowledged.
  uint64_t delivered = 0;     // Messages that the peer has acknowledged.
  uint64_t lost = 0;          // Dropped for good.
  uint64_t waiting = 0;       // In the log, not under way.
  uint64_t in_flight = 0;     // Under way, not acknowledged.
  uint64_t in_doubt = 0;      // Dropped while the link was down, after they were sent: either has happened.
  uint64_t waiting_bytes = 0;
  std::array<uint64_t, kGapCauses> lost_by_cause{};  // Since the process started, all lives of the peer.
};

// Messages that came from one origin, in its present life: last_position = received + gaps.
// received = expired + those that were handed to the connections here.
struct OriginAudit {
  std::string origin;
  std::string epoch;  // Empty: it never dialled us.
  bool linked = false;
  uint64_t last_position = 0;
  uint64_t last_sequence = 0;
  uint64_t received = 0;
  uint64_t gaps = 0;
  uint64_t expired = 0;
  uint64_t handed = 0;
  uint64_t duplicates = 0;  // Suppressed.
};

struct Audit {
  std::string instance;
  std::string epoch;
  int64_t wall_ns = 0;
  uint64_t accepted = 0;          // Messages accepted from clients and REST.
  uint64_t refused = 0;           // Not accepted: a peer's log was full.
  uint64_t deliveries = 0;        // One a recipient: of our own and of others' messages.
  std::vector<LinkAudit> to;      // By peer.
  std::vector<OriginAudit> from;  // By origin.
};

struct Finding {
  enum class Kind {
    kSumsDiffer,      // An instance's own counts do not add up.
    kMoreThanSent,    // A peer has more of a message stream than was ever accepted for it.
    kLessThanAcked,   // A peer has less than it acknowledged.
    kSettledDiffers,  // Nothing is under way, and the two ends count differently.
    kMissing,         // An instance did not answer, or changed its life between the rounds.
  };
  Kind kind;
  std::string origin;
  std::string peer;  // Empty: the origin alone.
  std::string text;
  // kMissing is none: it says what could not be judged.
  bool violation() const { return kind != Kind::kMissing; }
};

// Judges two rounds of audits, each of all instances that could be asked, the second begun after the first
// was complete: counts only grow, so what one end had in the first round the other must know in the second.
// Sorted by origin and peer.
std::vector<Finding> Judge(const std::vector<Audit>& first, const std::vector<Audit>& second);

absl::string_view FindingName(Finding::Kind kind);

}  // namespace nonet::replica
