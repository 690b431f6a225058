// What the sync engine tells people: counts, audits, the story of a message.
#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "replica/core/sync_engine.h"

namespace nonet::replica {

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

size_t SyncEngine::waiting_bytes(const std::string& name) const {
  const Peer* peer = Find(name);
  return peer == nullptr ? 0 : peer->log.bytes();
}

bool SyncEngine::Settled(const std::string& name) const {
  const Peer* peer = Find(name);
  return peer == nullptr || peer->log.acknowledged() == peer->log.assigned();
}

std::pair<std::string, uint64_t> SyncEngine::InterestOf(const std::string& name) const {
  const Peer* peer = Find(name);
  if (peer == nullptr) return {};
  return {peer->reader.epoch(), peer->reader.number()};
}

const InterestSum* SyncEngine::InterestSumOf(const std::string& name) const {
  const Peer* peer = Find(name);
  return peer == nullptr ? nullptr : wanted_.sum(peer->slot);
}

Audit SyncEngine::MakeAudit(Now now) const {
  Audit audit;
  audit.instance = identity_.instance;
  audit.epoch = identity_.epoch;
  audit.wall_ns = now.wall_ns;
  audit.accepted = accepted_;
  audit.refused = refused_;
  for (const auto& [name, peer] : peers_) {
    const PeerLog& log = peer->log;
    LinkAudit link;
    link.peer = name;
    link.life = peer->life;
    link.linked = peer->dialed;
    link.accepted_for = log.assigned();
    link.acknowledged = log.acknowledged();
    link.delivered = log.delivered();
    link.lost = peer->lost;
    link.in_flight = log.in_flight();
    link.waiting = log.messages() - log.in_flight();
    link.in_doubt = log.in_doubt();
    link.waiting_bytes = log.bytes();
    link.lost_by_cause = peer->counters.lost;
    audit.to.push_back(std::move(link));

    const Inbox& inbox = peer->inbox;
    OriginAudit from;
    from.origin = name;
    from.epoch = inbox.epoch();
    from.linked = peer->accepted;
    from.last_position = inbox.last_position();
    from.last_sequence = inbox.last_sequence();
    from.received = inbox.received();
    from.gaps = inbox.lost();
    from.expired = peer->expired;
    from.handed = peer->handed;
    from.duplicates = inbox.duplicates();
    audit.from.push_back(std::move(from));
  }
  return audit;
}

std::optional<Why> SyncEngine::Tell(const MessageId& id) const {
  Why why;
  why.instance = identity_.instance;
  if (id.epoch == identity_.epoch) {
    if (id.sequence > accepted_) return std::nullopt;
    why.is_origin = true;
    const TraceAccepted* record = FindAccepted(accepted_trace_, id.sequence);
    if (record == nullptr) return why;
    why.remembered = true;
    why.target = record->target;
    why.accepted_wall_ns = record->accepted_wall_ns;
    why.recipients = record->recipients;
    why.expired = record->expired;
    for (const auto& [name, peer] : peers_) {
      WhyPeer to;
      to.peer = name;
      to.linked = (record->linked >> peer->slot & 1) != 0;
      if ((record->forwarded >> peer->slot & 1) != 0) peer->sent.Tell(id.sequence, &to);
      why.peers.push_back(std::move(to));
    }
    return why;
  }
  for (const auto& [name, peer] : peers_) {
    if (peer->inbox.epoch() != id.epoch) continue;
    if (const TraceReceived* record = FindReceived(peer->got, id.sequence)) {
      why.remembered = true;
      why.accepted_wall_ns = record->accepted_wall_ns;
      why.received_wall_ns = record->received_wall_ns;
      why.recipients = record->recipients;
      why.expired = record->expired;
      return why;
    }
    for (const Gap& gap : gaps_.listed()) {
      why.gap |= gap.peer.empty() && gap.epoch == id.epoch && gap.first <= id.sequence &&
                 (gap.last == 0 || id.sequence <= gap.last);
    }
    return why;
  }
  return std::nullopt;
}

}  // namespace nonet::replica
