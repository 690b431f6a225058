// Keeping a peer's copy of our interest, and our copy of a peer's, the same: numbered changes, snapshots for
// who is too far behind, digests against what nobody noticed. Pure; one owner.
#pragma once

#include <cstdint>
#include <deque>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "replica/core/interest.h"
#include "replica/core/peer_values.h"

namespace nonet::replica {

// Tells our interest to one peer.
class InterestTeller {
 public:
  explicit InterestTeller(const OwnInterest& interest) : interest_(interest) {}

  // A stream begins; the peer says up to which number of this life of ours it heeds our interest.
  void Open(uint64_t known);
  void Close();
  absl::Status OnAck(const std::string& peer, InterestAck ack);
  // What to tell next; nullopt: nothing, or too much is unacknowledged.
  std::optional<Interest> Next(Now now);
  std::optional<InterestDigest> NextDigest(Now now);

  // The change up to which the peer heeds us.
  uint64_t heeded() const { return heeded_; }
  // It was told of interest that it has not acknowledged.
  bool awaits_ack() const { return heeded_ < told_; }

 private:
  Interest NextPart();
  void StartSnapshot();

  const OwnInterest& interest_;
  uint64_t told_ = 0;  // The number up to which it was told; with a snapshot under way: the snapshot's.
  uint64_t heeded_ = 0;
  bool snapshot_due_ = false;
  uint32_t part_ = 0;
  std::deque<InterestChange> rest_;  // Of a snapshot that takes more than one part.
  size_t unacknowledged_ = 0;        // Messages since the last ack.
  int64_t told_ns_ = 0;
  int64_t digest_ns_ = 0;
  uint64_t digest_number_ = 0;
};

// Reads the interest of one peer into the table that routes.
class InterestReader {
 public:
  InterestReader(PeerInterest& table, int slot) : table_(table), slot_(slot) {}

  // A stream to that life of the peer begins. A new life has no interest yet.
  void Open(const std::string& epoch);
  absl::Status OnInterest(const std::string& peer, Interest interest);
  void OnDigest(const InterestDigest& digest);
  // What to say, once.
  std::optional<InterestAck> TakeAck();

  const std::string& epoch() const { return epoch_; }
  uint64_t number() const { return number_; }
  uint64_t resyncs() const { return resyncs_; }
  // The last digest fitted what we have.
  bool agreed() const { return agreed_; }

 private:
  void Demand(bool snapshot);

  PeerInterest& table_;
  const int slot_;
  std::string epoch_;
  uint64_t number_ = 0;
  bool ack_due_ = false;
  bool resync_ = false;
  bool demanded_ = false;       // Nothing that fits came since.
  bool want_snapshot_ = false;  // Of what is demanded.
  bool agreed_ = false;
  uint64_t resyncs_ = 0;
  uint64_t snapshot_number_ = 0;  // Of the one that is coming in; 0: none.
  uint32_t next_part_ = 0;
  std::vector<InterestChange> parts_;
};

}  // namespace nonet::replica
