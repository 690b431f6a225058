// What must hold of message syncing, as checks over what was seen: by a simulation in virtual time, or by
// clients of real processes. Not thread-safe.
//
//   Deliveries deliveries;
//   deliveries.Got(subscriber, sender, stream, number);   // Every message, as it comes.
//   CheckPromises(promises, deliveries, excused, deliveries.violations());
//   CheckAudits(first_round, second_round, deliveries.violations());
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "absl/container/flat_hash_set.h"
#include "replica/core/audit.h"
#include "replica/core/gaps.h"
#include "replica/core/peer_log.h"

namespace nonet::sync_check {

struct Violation {
  std::string checker;  // "duplicate", "order", "promise", "conservation", "bounds", ...
  std::string text;
};
using Violations = std::vector<Violation>;

// Who got what. A sender numbers what it sends to one stream (a group, say) from 1.
class Deliveries {
 public:
  void Got(uint32_t subscriber, uint32_t sender, uint32_t stream, uint64_t number);
  bool Has(uint32_t subscriber, uint32_t sender, uint32_t stream, uint64_t number) const;

  uint64_t count() const { return count_; }
  Violations* violations() { return &violations_; }

 private:
  struct Key {
    uint32_t subscriber, sender, stream;
    uint64_t number;
    friend bool operator==(const Key& a, const Key& b) {
      return a.subscriber == b.subscriber && a.sender == b.sender && a.stream == b.stream &&
             a.number == b.number;
    }
    template <typename H>
    friend H AbslHashValue(H h, const Key& key) {
      return H::combine(std::move(h), key.subscriber, key.sender, key.stream, key.number);
    }
  };
  absl::flat_hash_set<Key> seen_;
  absl::flat_hash_map<Key, uint64_t> last_;  // By subscriber, sender and stream; `number` is 0.
  uint64_t count_ = 0;
  Violations violations_;
};

// A message that a subscriber was promised: it had its join ack, the origin's link was live.
struct Promise {
  uint32_t subscriber = 0, sender = 0, stream = 0;
  uint64_t number = 0;
  int origin = 0;  // Which instance accepted it, and which one the subscriber is at.
  int at = 0;
  uint64_t sequence = 0;
  size_t subscription = 0;  // For the caller: which of the subscriber's joins it was.
};

// Each is delivered, or `excused` says why not (a listed gap, expired, under way). Returns those that were
// excused.
std::vector<Promise> CheckPromises(const std::vector<Promise>& promises, const Deliveries& deliveries,
                                   const std::function<bool(const Promise&)>& excused,
                                   Violations* violations);

// Whether a list of gaps tells of the message; `peer` as in replica::Gap.
bool Listed(const replica::GapList& gaps, const std::string& origin, const std::string& epoch,
            const std::string& peer, uint64_t sequence);

// Conservation, over two rounds of audits; see replica::Judge.
void CheckAudits(const std::vector<replica::Audit>& first, const std::vector<replica::Audit>& second,
                 Violations* violations);

// What waits stays within the limits of the logs, `largest` being the cost of the largest message.
void CheckBounds(const replica::Audit& audit, const replica::PeerLogLimits& limits, size_t largest,
                 Violations* violations);

}  // namespace nonet::sync_check
