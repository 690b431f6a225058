// Who wants to hear what: our own interest (what peers should send us) and the peers' (whom we forward to).
// Pure; one owner.
#pragma once

#include <array>
#include <cstdint>
#include <deque>
#include <optional>
#include <string>
#include <vector>

#include "absl/container/btree_map.h"
#include "absl/container/flat_hash_map.h"
#include "absl/strings/string_view.h"
#include "replica/core/last_audience.h"
#include "replica/core/limits.h"
#include "replica/core/message.h"
#include "replica/core/peer_values.h"

namespace nonet::replica {

// How an entry of an interest table counts in the table's digest, which is the sum over all entries. See
// docs/sync-protocol.md.
uint64_t InterestHash(absl::string_view hub, Target kind, absl::string_view name);

// What a table comes to.
struct InterestSum {
  uint64_t entries = 0;
  uint64_t digest = 0;

  void Add(uint64_t hash) { ++entries, digest += hash; }
  void Remove(uint64_t hash) { --entries, digest -= hash; }
  friend bool operator==(const InterestSum& a, const InterestSum& b) {
    return a.entries == b.entries && a.digest == b.digest;
  }
};

// Counts our connections by hub, group and user; every change between none and some gets the next number,
// from 2.
class OwnInterest {
 public:
  // One more connection for it. Returns the number of the change that made it present.
  uint64_t Add(absl::string_view hub, Target kind, absl::string_view name);
  // One less. Must have been added.
  void Release(absl::string_view hub, Target kind, absl::string_view name);

  // The number of the latest change. 1 is the empty table that every life begins with.
  uint64_t latest() const { return first_logged_ + log_.size() - 1; }
  // Appends the changes after number `from`, as many as fit `bytes_max`, at least one when there is one.
  // Returns the number up to which they go, or nullopt when the log does not reach back that far.
  std::optional<uint64_t> ChangesAfter(uint64_t from, size_t bytes_max,
                                       std::vector<InterestChange>* out) const;
  // Appends all that is present, in order of hub, kind and name.
  void Snapshot(std::vector<InterestChange>* out) const;
  // Of all that is present at latest().
  const InterestSum& sum() const { return sum_; }
  // How many of our connections it has.
  uint64_t Members(absl::string_view hub, Target kind, absl::string_view name) const;

 private:
  struct Entry {
    Entry() : connections(0), change(0) {}  // The map needs it complete before the class is.
    uint64_t connections;
    uint64_t change;  // That made it present.
  };
  struct Hub {
    Entry all;
    absl::btree_map<std::string, Entry> groups;
    absl::btree_map<std::string, Entry> users;
  };
  uint64_t Record(absl::string_view hub, Target kind, absl::string_view name, bool present);

  absl::btree_map<std::string, Hub> hubs_;
  std::deque<InterestChange> log_;  // Numbers first_logged_ .. latest().
  uint64_t first_logged_ = 2;
  InterestSum sum_;
};

// A set of peers: bit = the peer's slot.
using PeerSet = uint32_t;

// What the peers want, as they told us. Lookups take no memory and no time that grows with the peers.
class PeerInterest {
 public:
  void Apply(int slot, const InterestChange& change);
  // Forgets everything of that peer.
  void Clear(int slot);
  // Who wants a message for this audience (kAll, kGroup, kUser).
  PeerSet Wanting(absl::string_view hub, Target kind, absl::string_view name) const;
  size_t names() const { return names_; }
  // Of what that peer wants, for comparing with its digest; nullptr when it had more names than we keep.
  const InterestSum* sum(int slot) const;

 private:
  struct Slot {
    InterestSum sum;
    bool inexact = false;
  };
  void Set(Slot& slot, PeerSet bit, PeerSet* peers, const InterestChange& change);
  PeerSet LookUp(absl::string_view hub, Target kind, absl::string_view name) const;

  struct Hub {
    PeerSet all = 0;         // Has a connection in the hub.
    PeerSet everything = 0;  // Had more names than we keep: gets every message of the hub.
    absl::flat_hash_map<std::string, PeerSet> groups;
    absl::flat_hash_map<std::string, PeerSet> users;
  };
  absl::flat_hash_map<std::string, Hub> hubs_;
  size_t names_ = 0;
  std::array<Slot, kPeersMax> slots_;
  mutable LastAudience<PeerSet> last_;
};

}  // namespace nonet::replica
