#include "replica/core/sync_engine.h"

#include <algorithm>
#include <bit>
#include <utility>

#include "absl/container/flat_hash_set.h"
#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "common/base/check.h"
#include "common/base/status_macros.h"
#include "replica/codec/names.h"
#include "replica/core/errors.h"

namespace nonet::replica {
namespace {

bool IsEpoch(const std::string& epoch) {
  return epoch.size() == 16 && std::all_of(epoch.begin(), epoch.end(), absl::ascii_isxdigit);
}

constexpr PeerSet BitOf(int slot) { return PeerSet{1} << slot; }

}  // namespace

SyncEngine::SyncEngine(Identity identity, OwnInterest& interest, const SyncSettings& settings)
    : identity_(std::move(identity)),
      interest_(interest),
      settings_(settings),
      accepted_trace_(settings.trace_accepted) {}

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
    gone.log.Reset(&losses_);
    for (PeerLog::Loss& loss : losses_) loss.cause = GapCause::kPeerGone;
    Lost(gone, &losses_, now);
    if (!gone.inbox.epoch().empty() && !gone.listed_silent) {
      gaps_.Add({GapCause::kOriginGone, it->first, gone.inbox.epoch(), "", "", gone.inbox.last_sequence() + 1,
                 0, 0, now.wall_ns});
    }
    gatherer_.Forget(it->first);
    wanted_.Clear(gone.slot);
    SetDialed(gone, false);
    if (asker_ == &gone) asker_ = nullptr;
    by_slot_[static_cast<size_t>(gone.slot)] = nullptr;
    it = peers_.erase(it);
  }
  for (const PeerConfig& config : peers) {
    std::unique_ptr<Peer>& peer = peers_[config.instance];
    if (peer == nullptr) {
      const auto free = std::find(by_slot_.begin(), by_slot_.end(), nullptr);
      peer = std::make_unique<Peer>(static_cast<int>(free - by_slot_.begin()), config.instance, interest_,
                                    wanted_, settings_);
      *free = peer.get();
    }
    peer->tag = config.tag;
  }
  return absl::OkStatus();
}

void SyncEngine::Lost(Peer& peer, PeerLog::Losses* lost, Now now) {
  for (PeerLog::Loss& loss : *lost) {
    peer.lost += loss.messages;
    peer.counters.lost[static_cast<size_t>(loss.cause)] += loss.messages;
    gaps_.Add({loss.cause, identity_.instance, identity_.epoch, peer.name, std::move(loss.hub),
               loss.first_sequence, loss.last_sequence, loss.messages, now.wall_ns});
  }
  lost->clear();
}

PeerSet SyncEngine::Route(const Message& message) const {
  if (message.target != Target::kConnection) {
    return wanted_.Wanting(message.hub, message.target, message.target_name);
  }
  const absl::string_view tag = InstanceTag(message.target_name);
  if (tag.empty() || tag == identity_.tag) return 0;
  PeerSet to = 0;
  for (const auto& [name, peer] : peers_) {
    if (peer->tag == tag) to |= BitOf(peer->slot);
  }
  return to;
}

absl::Status SyncEngine::Admit(const Message& message, PeerSet to) {
  if (settings_.when_full == WhenFull::kDropOldest) return absl::OkStatus();
  const size_t cost = MessageCost(message);
  for (PeerSet rest = to; rest != 0; rest &= rest - 1) {
    const Peer& peer = *by_slot_[static_cast<size_t>(std::countr_zero(rest))];
    if (peer.log.Fits(cost)) continue;
    ++refused_;
    return errors::PeerLogFull(peer.name, peer.log.bytes());
  }
  return absl::OkStatus();
}

void SyncEngine::SetDialed(Peer& peer, bool dialed) {
  peer.dialed = dialed;
  dialed_ = dialed ? dialed_ | BitOf(peer.slot) : dialed_ & ~BitOf(peer.slot);
}

void SyncEngine::Forward(const MessagePtr& message, PeerSet to, Now now, uint32_t recipients, bool expired) {
  NONET_CHECK(message->sequence > 0);
  accepted_trace_.Add(
      {message->sequence, message->accepted_wall_ns, to, dialed_, recipients, message->target, expired});
  if (to == 0) return;
  const size_t cost = MessageCost(*message);
  for (PeerSet rest = to; rest != 0; rest &= rest - 1) {
    Peer& peer = *by_slot_[static_cast<size_t>(std::countr_zero(rest))];
    ++peer.counters.forwarded;
    peer.log.Append(message, cost, now, &losses_);
    if (!losses_.empty()) Lost(peer, &losses_, now);
  }
}

// ---- The stream that we dial ----

Hello SyncEngine::MakeHello(const std::string& name) const {
  Hello hello{identity_.resource, identity_.instance, identity_.epoch, "", 0};
  if (const Peer* peer = Find(name); peer != nullptr) {
    hello.interest_epoch = peer->reader.epoch();
    hello.interest_number = peer->reader.number();
  }
  return hello;
}

absl::Status SyncEngine::OnWelcome(const std::string& name, const Welcome& welcome, Now now) {
  Peer* peer = Find(name);
  if (peer == nullptr) return errors::UnknownOrigin(name);
  if (welcome.instance != name) {
    return errors::BadPeerMessage(absl::StrCat("expected ", name, ", but ", welcome.instance, " answered"));
  }
  if (!IsEpoch(welcome.epoch)) return errors::BadEpoch(name);
  if (peer->life != welcome.epoch) {
    // Its connections ended with the old life, and with them everything that waited for them.
    if (!peer->life.empty()) {
      peer->log.Reset(&losses_);
      for (PeerLog::Loss& loss : losses_) loss.cause = GapCause::kPeerGone;
      Lost(*peer, &losses_, now);
      peer->sent.Clear();
      peer->lost = 0;
    }
    peer->life = welcome.epoch;
  }
  if (!peer->log.ResumeAfter(welcome.last_position, &losses_)) {
    return errors::AckOfUnsent(name, welcome.last_position);
  }
  Lost(*peer, &losses_, now);
  gaps_.EndRun(identity_.instance, name);
  peer->reader.Open(welcome.epoch);
  peer->log.SetCredit(welcome.credit_bytes);
  peer->sent.Acknowledged(welcome.last_position, now.wall_ns);
  peer->progress_ns = now.steady_ns;
  peer->resend_ns = kResendNs;
  peer->resumed = true;
  SetDialed(*peer, true);
  // Asked again: the answers, or the questions, may have ended with the stream before.
  peer->questions.clear();
  for (const Question* question : gatherer_.Unanswered(name)) peer->questions.push_back({*question, 0});
  peer->asked_ns = now.steady_ns;
  return absl::OkStatus();
}

absl::Status SyncEngine::OnMessageAck(Peer& peer, const MessageAck& ack, Now now) {
  peer.log.SetCredit(ack.credit_bytes);
  if (ack.position > peer.log.acknowledged()) {
    peer.progress_ns = now.steady_ns;
    peer.resend_ns = kResendNs;
  }
  if (ack.rewind && ack.position >= peer.log.acknowledged()) {
    if (!peer.log.ResumeAfter(ack.position, &losses_)) return errors::AckOfUnsent(peer.name, ack.position);
    ++peer.counters.rewinds;
    Lost(peer, &losses_, now);
  } else if (!peer.log.Acknowledge(ack.position)) {
    return errors::AckOfUnsent(peer.name, ack.position);
  }
  peer.sent.Acknowledged(ack.position, now.wall_ns);
  return absl::OkStatus();
}

absl::Status SyncEngine::OnResponse(const std::string& name, PeerResponse response, Now now) {
  Peer* peer = Find(name);
  if (peer == nullptr || !peer->dialed) return errors::BadPeerMessage("a response before welcome");
  if (response.ack) RETURN_IF_ERROR(OnMessageAck(*peer, *response.ack, now));
  if (response.interest) RETURN_IF_ERROR(peer->reader.OnInterest(name, *std::move(response.interest)));
  if (response.digest) peer->reader.OnDigest(*response.digest);
  peer->counters.resyncs = peer->reader.resyncs();
  for (Answer& answer : response.answers) gatherer_.Add(name, std::move(answer));
  return absl::OkStatus();
}

void SyncEngine::OnDialClosed(const std::string& name) {
  Peer* peer = Find(name);
  if (peer == nullptr) return;
  SetDialed(*peer, false);
  peer->log.Interrupt();
  peer->questions.clear();
}

void SyncEngine::TakeQuestions(Peer& peer, std::vector<Question>* out, Now now) {
  while (!peer.questions.empty() && out->size() < kQuestionsPerRequest &&
         peer.questions.front().after_position <= peer.log.told()) {
    out->push_back(std::move(peer.questions.front().question));
    peer.questions.pop_front();
    peer.asked_ns = now.steady_ns;
  }
}

bool SyncEngine::NextRequest(const std::string& name, Now now, PeerRequest* out) {
  out->Clear();
  Peer* peer = Find(name);
  if (peer == nullptr || !peer->dialed) return false;
  out->interest_ack = peer->reader.TakeAck();
  if (!peer->log.HasMore() && peer->log.unacknowledged() == 0) peer->progress_ns = now.steady_ns;
  peer->log.Take(now, &out->batch, &losses_);
  if (!losses_.empty()) Lost(*peer, &losses_, now);
  if (!out->batch.empty()) {
    if (!settings_.policy.resume_in_order && peer->resumed) {
      std::reverse(out->batch.messages.begin(), out->batch.messages.end());
    }
    peer->resumed = false;
    peer->counters.sent += out->batch.messages.size();
    peer->sent.Sent(out->batch, now.wall_ns);
  }
  if (!peer->questions.empty()) TakeQuestions(*peer, &out->questions, now);
  return !out->empty();
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
  return peer != nullptr && peer->dialed && peer->log.unacknowledged() > 0;
}

bool SyncEngine::AwaitsInterestAck(const std::string& name) const {
  const Peer* peer = Find(name);
  return peer != nullptr && peer->accepted && peer->teller.awaits_ack();
}

// ---- Time ----

void SyncEngine::Tick(Now now) {
  for (auto& [name, peer] : peers_) TickPeer(*peer, now);
}

void SyncEngine::TickPeer(Peer& peer, Now now) {
  peer.log.Expire(now, &losses_);
  if (!losses_.empty()) Lost(peer, &losses_, now);
  peer.inbox.Tick(now);
  if (peer.dialed && now.steady_ns - peer.progress_ns > peer.resend_ns) {
    if (peer.log.unacknowledged() > 0) {
      // What is under way may have been lost there, with nothing after it to show the hole.
      peer.log.ResumeAfter(peer.log.acknowledged(), &losses_);
      Lost(peer, &losses_, now);
      ++peer.counters.rewinds;
    }
    peer.log.Probe();
    peer.progress_ns = now.steady_ns;
    peer.resend_ns = std::min(2 * peer.resend_ns, kResendNsMax);
  }
  if (peer.dialed && peer.questions.empty() && now.steady_ns - peer.asked_ns > kResendNs) {
    for (const Question* question : gatherer_.Unanswered(peer.name)) peer.questions.push_back({*question, 0});
    peer.asked_ns = now.steady_ns;
  }
  if (!peer.accepted && !peer.inbox.epoch().empty() && !peer.listed_silent &&
      now.steady_ns - peer.closed_ns >= kOriginSilentNs) {
    peer.listed_silent = true;
    gaps_.Add({GapCause::kOriginGone, peer.name, peer.inbox.epoch(), "", "", peer.inbox.last_sequence() + 1,
               0, 0, now.wall_ns});
  }
}

// ---- Questions ----

absl::StatusOr<uint64_t> SyncEngine::Ask(Question question, int64_t deadline_steady_ns, Now now) {
  if (gatherer_.size() >= kGathersMax) return errors::TooManyQuestions(gatherer_.size());
  question.id = ++questions_;
  const absl::string_view tag =
      question.target == Target::kConnection ? InstanceTag(question.target_name) : absl::string_view();
  std::vector<std::string> asked, silent;
  for (auto& [name, peer] : peers_) {
    // A connection id names its instance.
    if (question.target == Target::kConnection && (tag.empty() || peer->tag != tag)) continue;
    if (!peer->dialed) {
      silent.push_back(name);
      continue;
    }
    asked.push_back(name);
    if (peer->questions.empty()) peer->asked_ns = now.steady_ns;
    peer->questions.push_back({question, peer->log.assigned()});
  }
  const uint64_t id = question.id;
  gatherer_.Begin(std::move(question), asked, silent, deadline_steady_ns);
  return id;
}

}  // namespace nonet::replica
