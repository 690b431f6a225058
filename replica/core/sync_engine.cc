#include "replica/core/sync_engine.h"

#include <algorithm>
#include <utility>

#include "absl/container/flat_hash_set.h"
#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "common/base/check.h"
#include "replica/codec/names.h"
#include "replica/core/errors.h"

namespace nonet::replica {
namespace {

bool IsEpoch(const std::string& epoch) {
  return epoch.size() == 16 && std::all_of(epoch.begin(), epoch.end(), absl::ascii_isxdigit);
}

}  // namespace

SyncEngine::SyncEngine(Identity identity, OwnInterest& interest, const PeerLogLimits& limits)
    : identity_(std::move(identity)), interest_(interest), limits_(limits) {}

SyncEngine::Peer* SyncEngine::Find(const std::string& name) {
  const auto it = peers_.find(name);
  return it == peers_.end() ? nullptr : it->second.get();
}

const SyncEngine::Peer* SyncEngine::Find(const std::string& name) const {
  const auto it = peers_.find(name);
  return it == peers_.end() ? nullptr : it->second.get();
}

absl::Status SyncEngine::SetPeers(const std::vector<PeerConfig>& peers, Now now) {
  if (peers.size() > kPeersMax) return errors::TooManyPeers(peers.size());
  absl::flat_hash_set<std::string> wanted;
  for (const PeerConfig& config : peers) wanted.insert(config.instance);
  for (auto it = peers_.begin(); it != peers_.end();) {
    if (wanted.contains(it->first)) {
      ++it;
      continue;
    }
    Peer& gone = *it->second;
    const PeerLog::Dropped dropped = gone.log.Reset();
    Lost(it->first, dropped, Gap::Cause::kPeerGone, now);
    wanted_.Clear(gone.slot);
    it = peers_.erase(it);
  }
  for (const PeerConfig& config : peers) {
    std::unique_ptr<Peer>& peer = peers_[config.instance];
    if (peer == nullptr) {
      PeerSet used = 0;
      for (const auto& [name, other] : peers_) {
        if (other != nullptr) used |= PeerSet{1} << other->slot;
      }
      int slot = 0;
      while ((used >> slot & 1) != 0) ++slot;
      peer = std::make_unique<Peer>(slot, limits_);
    }
    peer->tag = config.tag;
  }
  return absl::OkStatus();
}

void SyncEngine::Lost(const std::string& name, const PeerLog::Dropped& dropped, Gap::Cause cause, Now now) {
  if (dropped.messages == 0) return;
  Peer& peer = *Find(name);
  (cause == Gap::Cause::kLogOverflow ? peer.counters.dropped_overflow : peer.counters.dropped_gone) +=
      dropped.messages;
  gaps_.Add({cause, identity_.instance, identity_.epoch, name, dropped.first, dropped.last, dropped.messages,
             now.wall_ns});
}

int SyncEngine::Forward(const MessagePtr& message, Now now) {
  NONET_CHECK(message->sequence > 0);
  PeerSet to = 0;
  if (message->target == Target::kConnection) {
    const absl::string_view tag = InstanceTag(message->target_name);
    if (tag.empty() || tag == identity_.tag) return 0;
    for (const auto& [name, peer] : peers_) {
      if (peer->tag == tag) to |= PeerSet{1} << peer->slot;
    }
  } else {
    to = wanted_.Wanting(message->hub, message->target, message->target_name);
  }
  if (to == 0) return 0;
  int count = 0;
  for (const auto& [name, peer] : peers_) {
    if ((to >> peer->slot & 1) == 0) continue;
    ++count;
    ++peer->counters.forwarded;
    Lost(name, peer->log.Append(message), Gap::Cause::kLogOverflow, now);
  }
  return count;
}

// ---- The stream that we dial ----

Hello SyncEngine::MakeHello() const { return {identity_.resource, identity_.instance, identity_.epoch}; }

absl::Status SyncEngine::OnWelcome(const std::string& name, const Welcome& welcome, Now now) {
  Peer* peer = Find(name);
  if (peer == nullptr) return errors::UnknownOrigin(name);
  if (welcome.instance != name) {
    return errors::BadPeerMessage(absl::StrCat("expected ", name, ", but ", welcome.instance, " answered"));
  }
  if (!IsEpoch(welcome.epoch)) return errors::BadEpoch(name);
  if (!peer->life.empty() && peer->life != welcome.epoch) {
    // Its connections ended with the old life, and with them everything that waited for them.
    Lost(name, peer->log.Reset(), Gap::Cause::kPeerGone, now);
    wanted_.Clear(peer->slot);
  }
  peer->life = welcome.epoch;
  peer->log.ResumeAfter(welcome.last_sequence);
  peer->interest_version = 0;
  peer->interest_ack_waiting = false;
  peer->dialed = true;
  return absl::OkStatus();
}

absl::Status SyncEngine::OnInterest(const std::string& name, const Interest& interest) {
  Peer* peer = Find(name);
  if (peer == nullptr || !peer->dialed) return errors::BadPeerMessage("interest before welcome");
  if (interest.version != peer->interest_version + 1) {
    return errors::InterestOutOfOrder(name, interest.version, peer->interest_version + 1);
  }
  if (interest.version == 1 && !interest.snapshot) {
    return errors::BadPeerMessage("the first interest must be a snapshot");
  }
  for (const InterestChange& change : interest.changes) {
    if (change.kind != Target::kAll && change.kind != Target::kGroup && change.kind != Target::kUser) {
      return errors::BadPeerMessage("interest in neither a hub, a group nor a user");
    }
  }
  if (interest.snapshot) wanted_.Clear(peer->slot);
  for (const InterestChange& change : interest.changes) wanted_.Apply(peer->slot, change);
  peer->interest_version = interest.version;
  peer->interest_ack_waiting = true;
  return absl::OkStatus();
}

absl::Status SyncEngine::OnMessageAck(const std::string& name, MessageAck ack) {
  Peer* peer = Find(name);
  if (peer == nullptr || !peer->dialed) return errors::BadPeerMessage("acknowledgement before welcome");
  if (!peer->log.Acknowledge(ack.sequence)) return errors::AckOfUnsent(name, ack.sequence);
  return absl::OkStatus();
}

void SyncEngine::OnDialClosed(const std::string& name) {
  if (Peer* peer = Find(name); peer != nullptr) peer->dialed = false;
}

std::optional<std::variant<InterestAck, Batch>> SyncEngine::NextRequest(const std::string& name) {
  Peer* peer = Find(name);
  if (peer == nullptr || !peer->dialed) return std::nullopt;
  if (peer->interest_ack_waiting) {
    peer->interest_ack_waiting = false;
    return InterestAck{peer->interest_version};
  }
  Batch batch = peer->log.NextBatch();
  if (batch.messages.empty()) return std::nullopt;
  peer->counters.sent += batch.messages.size();
  return batch;
}

bool SyncEngine::Dialed(const std::string& name) const {
  const Peer* peer = Find(name);
  return peer != nullptr && peer->dialed;
}

std::string SyncEngine::LifeOf(const std::string& name) const {
  const Peer* peer = Find(name);
  return peer == nullptr ? "" : peer->life;
}

bool SyncEngine::AwaitsMessageAck(const std::string& name) const {
  const Peer* peer = Find(name);
  return peer != nullptr && peer->dialed && peer->log.in_flight() > 0;
}

bool SyncEngine::AwaitsInterestAck(const std::string& name) const {
  const Peer* peer = Find(name);
  return peer != nullptr && peer->accepted && !peer->unheeded.empty();
}

// ---- The stream that the peer dials ----

absl::StatusOr<Welcome> SyncEngine::OnHello(const Hello& hello, Now now) {
  if (hello.resource != identity_.resource) {
    return errors::OtherResource(identity_.resource, hello.resource);
  }
  Peer* peer = Find(hello.origin);
  if (peer == nullptr) return errors::UnknownOrigin(hello.origin);
  if (!IsEpoch(hello.epoch)) return errors::BadEpoch(hello.origin);
  const auto& retired = peer->retired_epochs;
  if (std::find(retired.begin(), retired.end(), hello.epoch) != retired.end()) {
    return errors::RetiredEpoch(hello.origin, hello.epoch);
  }
  if (peer->origin_epoch != hello.epoch) {
    if (!peer->origin_epoch.empty()) {
      gaps_.Add({Gap::Cause::kOriginGone, hello.origin, peer->origin_epoch, "", peer->last_sequence + 1, 0, 0,
                 now.wall_ns});
      peer->retired_epochs.push_back(peer->origin_epoch);
      if (peer->retired_epochs.size() > kRetiredEpochsRemembered) peer->retired_epochs.pop_front();
    }
    peer->origin_epoch = hello.epoch;
    peer->last_sequence = 0;
  }
  peer->accepted = true;
  peer->acknowledged_sequence = peer->last_sequence;
  peer->told_version = 0;
  peer->told_change = 0;
  peer->heeded_change = 0;
  peer->snapshot_rest.clear();
  peer->unheeded.clear();
  return Welcome{identity_.instance, identity_.epoch, peer->last_sequence};
}

absl::Status SyncEngine::OnBatch(const std::string& name, Batch batch, Now now,
                                 std::vector<MessagePtr>* fresh) {
  Peer* peer = Find(name);
  if (peer == nullptr || !peer->accepted) return errors::BadPeerMessage("a batch before hello");
  if (batch.messages.empty()) return errors::BadPeerMessage("an empty batch");
  uint64_t before = batch.previous_sequence;
  for (const MessagePtr& message : batch.messages) {
    if (message->sequence <= before) return errors::BatchOutOfOrder(name, message->sequence, before);
    before = message->sequence;
  }
  if (batch.previous_sequence > peer->last_sequence) {
    gaps_.Add({Gap::Cause::kMissing, name, peer->origin_epoch, "", peer->last_sequence + 1,
               batch.previous_sequence, 0, now.wall_ns});
    peer->last_sequence = batch.previous_sequence;
  }
  for (MessagePtr& message : batch.messages) {
    if (message->sequence <= peer->last_sequence) {
      ++peer->counters.duplicates;
      continue;
    }
    peer->last_sequence = message->sequence;
    ++peer->counters.received;
    fresh->push_back(std::move(message));
  }
  return absl::OkStatus();
}

absl::Status SyncEngine::OnInterestAck(const std::string& name, InterestAck ack) {
  Peer* peer = Find(name);
  if (peer == nullptr || !peer->accepted) return errors::BadPeerMessage("an interest ack before hello");
  if (ack.version > peer->told_version) return errors::AckOfUnsent(name, ack.version);
  while (!peer->unheeded.empty() && peer->unheeded.front().version <= ack.version) {
    peer->heeded_change = std::max(peer->heeded_change, peer->unheeded.front().change);
    peer->unheeded.pop_front();
  }
  return absl::OkStatus();
}

void SyncEngine::OnAcceptedClosed(const std::string& name) {
  if (Peer* peer = Find(name); peer != nullptr) {
    peer->accepted = false;
    peer->snapshot_rest.clear();
    peer->unheeded.clear();
  }
}

Interest SyncEngine::NextSnapshot(Peer& peer) {
  Interest interest;
  interest.snapshot = true;
  interest_.Snapshot(&interest.changes);
  peer.told_change = interest_.latest();
  size_t bytes = 0, fit = 0;
  while (fit < interest.changes.size()) {
    bytes += interest.changes[fit].hub.size() + interest.changes[fit].name.size() + 16;
    if (bytes > kInterestBatchBytesMax) break;
    ++fit;
  }
  peer.snapshot_rest.assign(std::make_move_iterator(interest.changes.begin() + static_cast<ptrdiff_t>(fit)),
                            std::make_move_iterator(interest.changes.end()));
  interest.changes.resize(fit);
  return interest;
}

std::optional<std::variant<Interest, MessageAck>> SyncEngine::NextResponse(const std::string& name) {
  Peer* peer = Find(name);
  if (peer == nullptr || !peer->accepted) return std::nullopt;
  std::optional<Interest> interest;
  uint64_t covers = peer->told_change;
  if (peer->unheeded.size() >= kInterestInFlightMax) {
    // It coalesces until the peer heeds what it was told.
  } else if (peer->told_version == 0) {
    interest = NextSnapshot(*peer);
    covers = peer->told_change;
  } else if (!peer->snapshot_rest.empty()) {
    interest.emplace();
    size_t bytes = 0;
    while (!peer->snapshot_rest.empty() && bytes <= kInterestBatchBytesMax) {
      InterestChange& change = peer->snapshot_rest.front();
      bytes += change.hub.size() + change.name.size() + 16;
      interest->changes.push_back(std::move(change));
      peer->snapshot_rest.pop_front();
    }
  } else if (peer->told_change < interest_.latest()) {
    interest.emplace();
    const auto up_to = interest_.ChangesAfter(peer->told_change, kInterestBatchBytesMax, &interest->changes);
    if (up_to) {
      peer->told_change = *up_to;
    } else {
      interest = NextSnapshot(*peer);
    }
    covers = peer->told_change;
  }
  if (interest) {
    interest->version = ++peer->told_version;
    // A snapshot counts as heeded once its last part is.
    peer->unheeded.push_back({interest->version, peer->snapshot_rest.empty() ? covers : 0});
    return *std::move(interest);
  }
  if (peer->acknowledged_sequence < peer->last_sequence) {
    peer->acknowledged_sequence = peer->last_sequence;
    return MessageAck{peer->last_sequence};
  }
  return std::nullopt;
}

uint64_t SyncEngine::HeededByAll() const {
  uint64_t heeded = interest_.latest();
  for (const auto& [name, peer] : peers_) {
    if (peer->accepted) heeded = std::min(heeded, peer->heeded_change);
  }
  return heeded;
}

std::vector<std::string> SyncEngine::peers() const {
  std::vector<std::string> names;
  for (const auto& [name, peer] : peers_) names.push_back(name);
  return names;
}

const PeerCounters* SyncEngine::counters(const std::string& name) const {
  const Peer* peer = Find(name);
  return peer == nullptr ? nullptr : &peer->counters;
}

size_t SyncEngine::waiting_messages(const std::string& name) const {
  const Peer* peer = Find(name);
  return peer == nullptr ? 0 : peer->log.messages();
}

}  // namespace nonet::replica
