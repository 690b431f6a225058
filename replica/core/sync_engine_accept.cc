// The half of the sync engine that takes: the streams that peers dial.
#include <algorithm>
#include <utility>

#include "absl/strings/ascii.h"
#include "common/base/status_macros.h"
#include "replica/core/errors.h"
#include "replica/core/sync_engine.h"

namespace nonet::replica {

absl::StatusOr<Welcome> SyncEngine::OnHello(const Hello& hello, Now now) {
  if (hello.resource != identity_.resource) {
    return errors::OtherResource(identity_.resource, hello.resource);
  }
  Peer* peer = Find(hello.origin);
  if (peer == nullptr) return errors::UnknownOrigin(hello.origin);
  if (hello.epoch.size() != 16 ||
      !std::all_of(hello.epoch.begin(), hello.epoch.end(), absl::ascii_isxdigit)) {
    return errors::BadEpoch(hello.origin);
  }
  // Epochs rise: what a dead process had sent before may come after its successor's Hello. Where a clock went
  // back, the life that welcomed us on our own stream is the present one.
  const auto& retired = peer->retired_epochs;
  const bool ended = hello.epoch < peer->inbox.epoch() ||
                     std::find(retired.begin(), retired.end(), hello.epoch) != retired.end();
  if (ended && !(peer->dialed && peer->life == hello.epoch)) {
    return errors::RetiredEpoch(hello.origin, hello.epoch);
  }
  Inbox& inbox = peer->inbox;
  if (inbox.epoch() != hello.epoch) {
    if (!inbox.epoch().empty()) {
      if (!peer->listed_silent) {
        gaps_.Add({GapCause::kOriginGone, hello.origin, inbox.epoch(), "", "", inbox.last_sequence() + 1, 0,
                   0, now.wall_ns});
      }
      peer->retired_epochs.push_back(inbox.epoch());
      if (peer->retired_epochs.size() > kRetiredEpochsRemembered) peer->retired_epochs.pop_front();
    }
    inbox.Begin(hello.epoch);
    peer->handed = peer->expired = 0;
    peer->got.Clear();
    peer->remembered.clear();
    peer->answers.clear();
  } else if (peer->listed_silent) {
    gaps_.Resolve(hello.origin, hello.epoch);
  }
  peer->listed_silent = false;
  gaps_.EndRun(hello.origin, "");
  inbox.Open();
  peer->teller.Open(hello.interest_epoch == identity_.epoch ? hello.interest_number : 0);
  peer->accepted = true;
  return Welcome{identity_.instance, identity_.epoch, inbox.last_position(), inbox.credit_bytes()};
}

absl::Status SyncEngine::OnRequest(const std::string& name, PeerRequest request, Now now,
                                   std::vector<MessagePtr>* fresh, std::vector<Question>* asked) {
  Peer* peer = asker_ = Find(name);
  if (peer == nullptr || !peer->accepted) return errors::BadPeerMessage("a request before hello");
  if (request.empty()) return errors::BadPeerMessage("an empty request");
  if (request.interest_ack) RETURN_IF_ERROR(peer->teller.OnAck(name, *request.interest_ack));
  if (!request.batch.empty()) {
    const uint64_t received = peer->inbox.received();
    RETURN_IF_ERROR(peer->inbox.Take(name, std::move(request.batch), now, fresh, &notices_));
    peer->counters.received += peer->inbox.received() - received;
    peer->counters.duplicates = peer->inbox.duplicates();
    peer->counters.holes = peer->inbox.holes();
    for (GapNotice& notice : notices_) {
      peer->counters.gap_messages += notice.messages();
      gaps_.Add({notice.cause, name, peer->inbox.epoch(), "", std::move(notice.hub), notice.first_sequence,
                 notice.last_sequence, notice.messages(), now.wall_ns});
    }
    notices_.clear();
  }
  for (Question& question : request.questions) Consider(*peer, std::move(question), asked);
  return absl::OkStatus();
}

// A question that came before is answered again, and not carried out again.
void SyncEngine::Consider(Peer& peer, Question question, std::vector<Question>* asked) {
  const bool reads = question.operation == Operation::kExists || question.operation == Operation::kList ||
                     question.operation == Operation::kCheck;
  if (reads) {
    asked->push_back(std::move(question));
    return;
  }
  for (const Remembered& remembered : peer.remembered) {
    if (remembered.id != question.id) continue;
    if (remembered.answered && peer.answers.size() < kAnswersWaitingMax) {
      peer.answers.push_back(remembered.answer);
    }
    return;
  }
  peer.remembered.push_back({question.id, false, {}});
  if (peer.remembered.size() > kAnswersRemembered) peer.remembered.pop_front();
  asked->push_back(std::move(question));
}

void SyncEngine::AnswerTo(const std::string& name, Answer answer) {
  Peer* peer = Find(name);
  if (peer == nullptr) return;
  for (Remembered& remembered : peer->remembered) {
    if (remembered.id != answer.id) continue;
    remembered.answered = true;
    remembered.answer = answer;
  }
  // Above the bound the asker's deadline says that it is missing.
  if (peer->answers.size() < kAnswersWaitingMax) peer->answers.push_back(std::move(answer));
}

void SyncEngine::Handed(const Message& message, uint32_t recipients, bool expired, Now now) {
  if (asker_ == nullptr) return;  // It was removed meanwhile.
  ++(expired ? asker_->expired : asker_->handed);
  asker_->got.Add({message.sequence, message.accepted_wall_ns, now.wall_ns, recipients, expired});
}

void SyncEngine::OnAcceptedClosed(const std::string& name, Now now) {
  Peer* peer = Find(name);
  if (peer == nullptr || !peer->accepted) return;
  peer->accepted = false;
  peer->closed_ns = now.steady_ns;
  peer->teller.Close();
  peer->inbox.Close();
  peer->answers.clear();
}

bool SyncEngine::NextResponse(const std::string& name, Now now, PeerResponse* out) {
  out->Clear();
  Peer* peer = Find(name);
  if (peer == nullptr || !peer->accepted) return false;
  out->interest = peer->teller.Next(now);
  if (!out->interest) out->digest = peer->teller.NextDigest(now);
  while (!peer->answers.empty() && out->answers.size() < kQuestionsPerRequest) {
    out->answers.push_back(std::move(peer->answers.front()));
    peer->answers.pop_front();
  }
  out->ack = peer->inbox.TakeAck(now, !out->empty());
  return !out->empty();
}

int64_t SyncEngine::NextAckDeadline() const {
  int64_t next = 0;
  for (const Peer* peer : by_slot_) {
    if (peer == nullptr || !peer->accepted) continue;
    const int64_t deadline = peer->inbox.ack_deadline_ns();
    if (deadline != 0 && (next == 0 || deadline < next)) next = deadline;
  }
  return next;
}

void SyncEngine::SetIntake(uint64_t bytes) {
  for (auto& [name, peer] : peers_) peer->inbox.SetCredit(bytes);
}

uint64_t SyncEngine::HeededByAll() const {
  uint64_t heeded = interest_.latest();
  for (const auto& [name, peer] : peers_) {
    if (peer->accepted) heeded = std::min(heeded, peer->teller.heeded());
  }
  return heeded;
}

}  // namespace nonet::replica
