#include "replica/core/interest_sync.h"

#include <algorithm>
#include <iterator>
#include <utility>

#include "absl/strings/str_cat.h"
#include "replica/core/errors.h"
#include "replica/core/limits.h"

namespace nonet::replica {

// ---- Telling ----

void InterestTeller::Open(uint64_t known) {
  Close();
  // A number that we have not come to is of another life, or made up.
  heeded_ = told_ = known <= interest_.latest() ? known : 0;
  snapshot_due_ = told_ == 0;
  unacknowledged_ = 0;
  digest_number_ = 0;
  digest_ns_ = 0;
}

void InterestTeller::Close() {
  rest_.clear();
  part_ = 0;
}

absl::Status InterestTeller::OnAck(const std::string& peer, InterestAck ack) {
  if (ack.number > interest_.latest()) return errors::AckOfUnsent(peer, ack.number);
  unacknowledged_ = 0;
  heeded_ = std::max(heeded_, ack.number);
  if (!ack.resync) return absl::OkStatus();
  rest_.clear();
  // What it heeds it goes on to heed.
  told_ = ack.number;
  snapshot_due_ = ack.number == 0;
  return absl::OkStatus();
}

void InterestTeller::StartSnapshot() {
  std::vector<InterestChange> all;
  interest_.Snapshot(&all);
  rest_.assign(std::make_move_iterator(all.begin()), std::make_move_iterator(all.end()));
  told_ = interest_.latest();
  part_ = 0;
}

Interest InterestTeller::NextPart() {
  Interest interest;
  interest.number = told_;
  interest.snapshot = true;
  interest.part = part_++;
  size_t bytes = 0;
  while (!rest_.empty() && bytes <= kInterestBatchBytesMax) {
    InterestChange& change = rest_.front();
    bytes += change.hub.size() + change.name.size() + 16;
    interest.changes.push_back(std::move(change));
    rest_.pop_front();
  }
  interest.last_part = rest_.empty();
  return interest;
}

std::optional<Interest> InterestTeller::Next(Now now) {
  // It coalesces meanwhile; the acknowledgement may have been lost.
  if (unacknowledged_ >= kInterestInFlightMax && now.steady_ns - told_ns_ < kDigestQuietNs) {
    return std::nullopt;
  }
  std::optional<Interest> interest;
  if (!rest_.empty()) {
    interest = NextPart();
  } else if (!snapshot_due_ && told_ < interest_.latest()) {
    interest.emplace();
    interest->after = told_;
    const auto up_to = interest_.ChangesAfter(told_, kInterestBatchBytesMax, &interest->changes);
    if (up_to) {
      interest->number = told_ = *up_to;
    } else {
      snapshot_due_ = true;
    }
  } else if (!snapshot_due_) {
    return std::nullopt;
  }
  if (snapshot_due_) {
    snapshot_due_ = false;
    StartSnapshot();
    interest = NextPart();
  }
  ++unacknowledged_;
  told_ns_ = now.steady_ns;
  return interest;
}

std::optional<InterestDigest> InterestTeller::NextDigest(Now now) {
  // Only between changes: it speaks of the number that was told last.
  if (snapshot_due_ || !rest_.empty() || told_ != interest_.latest()) return std::nullopt;
  const bool news = digest_number_ != told_ || awaits_ack();
  const int64_t wait = news ? kDigestQuietNs : kDigestEveryNs;
  if (now.steady_ns - std::max(digest_ns_, told_ns_) < wait) return std::nullopt;
  digest_ns_ = now.steady_ns;
  digest_number_ = told_;
  return InterestDigest{told_, interest_.sum().entries, interest_.sum().digest};
}

// ---- Reading ----

void InterestReader::Open(const std::string& epoch) {
  if (epoch != epoch_) {
    table_.Clear(slot_);
    epoch_ = epoch;
    number_ = 0;
  }
  ack_due_ = resync_ = demanded_ = want_snapshot_ = agreed_ = false;
  snapshot_number_ = 0;
  parts_.clear();
}

// What is known stays in force meanwhile: whoever was told that it is heeded relies on it.
void InterestReader::Demand(bool snapshot) {
  snapshot_number_ = 0;
  parts_.clear();
  if (demanded_ && want_snapshot_ == snapshot) return;
  demanded_ = true;
  want_snapshot_ = snapshot;
  ++resyncs_;
  resync_ = ack_due_ = true;
}

absl::Status InterestReader::OnInterest(const std::string& peer, Interest interest) {
  for (const InterestChange& change : interest.changes) {
    if (change.kind != Target::kAll && change.kind != Target::kGroup && change.kind != Target::kUser) {
      return errors::BadPeerMessage("interest in neither a hub, a group nor a user");
    }
  }
  if (!interest.snapshot) {
    if (interest.number < interest.after) {
      return errors::InterestOutOfOrder(peer, interest.number, interest.after);
    }
    if (interest.number <= number_) return absl::OkStatus();  // Came twice.
    if (interest.after == 0) return errors::BadPeerMessage("the first interest must be a snapshot");
    if (interest.after > number_ || snapshot_number_ != 0) {
      Demand(want_snapshot_ || number_ == 0);
      return absl::OkStatus();
    }
    // It may overlap what is known already: changes are absolute, in order.
    for (const InterestChange& change : interest.changes) table_.Apply(slot_, change);
    number_ = interest.number;
    ack_due_ = true;
    demanded_ = want_snapshot_;
    return absl::OkStatus();
  }
  if (interest.number == 0) return errors::BadPeerMessage("a snapshot without a number");
  // Came twice, or too late.
  if (interest.number < number_ || (interest.number == number_ && !want_snapshot_)) return absl::OkStatus();
  if (interest.number == snapshot_number_ && interest.part < next_part_) return absl::OkStatus();
  if (interest.part == 0) {
    snapshot_number_ = interest.number;
    next_part_ = 0;
    parts_.clear();
  }
  if (snapshot_number_ != interest.number || interest.part != next_part_) {
    Demand(true);
    return absl::OkStatus();
  }
  if (parts_.size() + interest.changes.size() > kSnapshotChangesMax) {
    return errors::BadPeerMessage(
        absl::StrCat("a snapshot of interest with more than ", kSnapshotChangesMax, " entries"));
  }
  ++next_part_;
  parts_.insert(parts_.end(), std::make_move_iterator(interest.changes.begin()),
                std::make_move_iterator(interest.changes.end()));
  if (!interest.last_part) {
    ack_due_ = true;  // Of what was known before: it lets the teller go on.
    return absl::OkStatus();
  }
  table_.Clear(slot_);
  for (const InterestChange& change : parts_) table_.Apply(slot_, change);
  parts_ = {};
  snapshot_number_ = 0;
  number_ = interest.number;
  ack_due_ = true;
  demanded_ = want_snapshot_ = false;
  return absl::OkStatus();
}

void InterestReader::OnDigest(const InterestDigest& digest) {
  if (digest.number < number_) return;  // Overtaken.
  ack_due_ = true;
  demanded_ = false;  // Whatever was demanded did not help, or is on its way.
  if (digest.number > number_) {
    agreed_ = false;
    Demand(want_snapshot_ || number_ == 0);
    return;
  }
  const InterestSum* sum = table_.sum(slot_);
  agreed_ = sum == nullptr || *sum == InterestSum{digest.entries, digest.digest};
  want_snapshot_ = false;
  if (!agreed_) Demand(true);
}

std::optional<InterestAck> InterestReader::TakeAck() {
  if (!ack_due_) return std::nullopt;
  ack_due_ = false;
  const bool resync = std::exchange(resync_, false);
  return InterestAck{resync && want_snapshot_ ? 0 : number_, resync};
}

}  // namespace nonet::replica
