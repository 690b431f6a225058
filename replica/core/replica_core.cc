#include "replica/core/replica_core.h"

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "common/base/status_macros.h"
#include "replica/core/errors.h"
#include "replica/core/limits.h"
#include "replica/core/questions.h"

namespace nonet::replica {
namespace {

// Error names of the client protocol.
constexpr absl::string_view kForbidden = "Forbidden";
constexpr absl::string_view kDuplicate = "Duplicate";
constexpr absl::string_view kBadRequest = "BadRequest";
constexpr absl::string_view kTooManyRequests = "TooManyRequests";
constexpr char kRelayed[] = "relayed";
// RFC 6455, section 7.4.1: a normal closure.
constexpr uint16_t kClosedByRequest = 1000;

}  // namespace

ReplicaCore::ReplicaCore(Identity identity, const SyncSettings& settings)
    : settings_(settings), hubs_(interest_), sync_(std::move(identity), interest_, settings) {}

// ---- Clients ----

void ReplicaCore::Open(ConnectionSpec spec, Now now, Effects* effects) {
  Reply connected;
  connected.key = spec.key;
  connected.kind = Reply::Kind::kConnected;
  uint64_t change = 0;
  hubs_.Add(std::move(spec), &change);
  WhenHeeded(change, std::move(connected), now, effects);
}

void ReplicaCore::Receive(ConnectionKey key, ClientFrame frame, Now now, Effects* effects) {
  Connection* connection = hubs_.Find(key);
  if (connection == nullptr) return;
  if (frame.ack_id && connection->acks.Contains(*frame.ack_id)) {
    Answer(*connection, frame, kDuplicate,
           absl::StrCat("Message with ack-id: ", *frame.ack_id, " has been processed"), effects);
    return;
  }
  switch (frame.type) {
    case ClientFrame::Type::kJoinGroup:
    case ClientFrame::Type::kLeaveGroup:
      if (!connection->spec.permissions.MayJoinLeave(frame.group)) {
        ++counters_.forbidden;
        Answer(*connection, frame, kForbidden,
               absl::StrCat("The client may not join or leave group '", frame.group,
                            "': it needs the role webpubsub.joinLeaveGroup"),
               effects);
        return;
      }
      if (frame.type == ClientFrame::Type::kJoinGroup) {
        JoinGroup(*connection, frame, now, effects);
      } else {
        hubs_.Leave(*connection, frame.group);
        Answer(*connection, frame, "", "", effects);
      }
      return;
    case ClientFrame::Type::kSendToGroup:
      SendToGroup(*connection, frame, now, effects);
      return;
    case ClientFrame::Type::kSequenceAck:
      if (frame.sequence_id < connection->next_sequence) {
        connection->acknowledged_sequence = std::max(connection->acknowledged_sequence, frame.sequence_id);
      }
      return;
    case ClientFrame::Type::kPing: {
      Reply pong;
      pong.key = key;
      pong.kind = Reply::Kind::kPong;
      Emit(*connection, std::move(pong), effects);
      return;
    }
    case ClientFrame::Type::kEvent:
      Unsupported(*connection, frame, "Event handlers are", effects);
      return;
    case ClientFrame::Type::kInvoke:
      Unsupported(*connection, frame, "Invocations are", effects);
      return;
    case ClientFrame::Type::kUnsupported:
      Unsupported(*connection, frame, absl::StrCat("Frames of type '", frame.type_name, "' are"), effects);
      return;
  }
}

void ReplicaCore::JoinGroup(Connection& connection, const ClientFrame& frame, Now now, Effects* effects) {
  const auto change = hubs_.Join(connection, frame.group);
  if (!change) {
    Answer(connection, frame, kBadRequest,
           absl::StrCat("A connection may be in at most ", kGroupsPerConnectionMax, " groups"), effects);
    return;
  }
  if (!frame.ack_id) return;
  connection.acks.Record(*frame.ack_id);
  Reply ack;
  ack.key = connection.spec.key;
  ack.ack_id = *frame.ack_id;
  WhenHeeded(*change, std::move(ack), now, effects);
}

void ReplicaCore::SendToGroup(Connection& connection, ClientFrame& frame, Now now, Effects* effects) {
  if (!connection.spec.permissions.MaySend(frame.group)) {
    ++counters_.forbidden;
    Answer(connection, frame, kForbidden,
           absl::StrCat("The client may not send to group '", frame.group,
                        "': it needs the role webpubsub.sendToGroup"),
           effects);
    return;
  }
  if (frame.starts_stream) {
    Unsupported(connection, frame, "Streams are", effects);
    return;
  }
  Message message;
  message.hub = connection.spec.hub;
  message.target = Target::kGroup;
  message.target_name = std::move(frame.group);
  message.data_type = frame.data_type;
  message.data = std::move(frame.data);
  message.from_user_id = connection.spec.user_id;
  message.metadata = std::move(frame.metadata);
  message.ttl_ms = frame.ttl_seconds * 1000;
  if (frame.no_echo) message.excluded_connections.push_back(connection.spec.id);
  if (const auto accepted = Publish(std::move(message), now, effects); !accepted.ok()) {
    Answer(connection, frame, kTooManyRequests, accepted.status().message(), effects);
    return;
  }
  Answer(connection, frame, "", "", effects);
}

void ReplicaCore::Answer(Connection& connection, const ClientFrame& frame, absl::string_view error_name,
                         absl::string_view error_message, Effects* effects) {
  if (!frame.ack_id) return;
  if (error_name.empty()) connection.acks.Record(*frame.ack_id);
  Reply ack;
  ack.key = connection.spec.key;
  ack.ack_id = *frame.ack_id;
  ack.error_name = std::string(error_name);
  ack.error_message = std::string(error_message);
  Emit(connection, std::move(ack), effects);
}

void ReplicaCore::Unsupported(Connection& connection, const ClientFrame& frame, absl::string_view what,
                              Effects* effects) {
  Reply reply;
  reply.key = connection.spec.key;
  reply.error_name = std::string(kBadRequest);
  reply.error_message = absl::StrCat(what, " not supported by this version of Nonet; nothing was done");
  if (frame.type == ClientFrame::Type::kInvoke) {
    reply.kind = Reply::Kind::kInvokeError;
    reply.id = frame.id;
  } else if (frame.starts_stream) {
    reply.kind = Reply::Kind::kStreamClosed;
    reply.id = frame.id;
  } else if (frame.ack_id) {
    reply.ack_id = *frame.ack_id;
  } else {
    return;  // Nothing is ever answered without an ackId, not even an error.
  }
  Emit(connection, std::move(reply), effects);
}

void ReplicaCore::Emit(Connection& connection, Reply reply, Effects* effects) {
  if (connection.connected) {
    effects->list.emplace_back(std::move(reply));
    return;
  }
  std::vector<Held>& held = held_[connection.spec.key];
  held.push_back({nullptr, 0, std::move(reply)});
  if (held.size() > kHeldOutputsMax) {
    Reply connected;
    connected.key = connection.spec.key;
    connected.kind = Reply::Kind::kConnected;
    Release(std::move(connected), effects);
  }
}

void ReplicaCore::Closed(ConnectionKey key) {
  hubs_.Remove(key);
  held_.erase(key);
}

void ReplicaCore::CloseAll(uint16_t code, absl::string_view reason, Effects* effects) {
  for (const ConnectionKey key : hubs_.Keys()) {
    Closed(key);
    effects->list.emplace_back(CloseConnection{key, code, std::string(reason)});
  }
}

// ---- Messages ----

absl::StatusOr<uint64_t> ReplicaCore::Publish(Message&& message, Now now, Effects* effects) {
  const PeerSet to = sync_.Route(message);
  RETURN_IF_ERROR(sync_.Admit(message, to));
  ++counters_.messages_in;
  message.sequence = sync_.NextSequence();
  message.accepted_wall_ns = now.wall_ns;
  const uint64_t sequence = message.sequence;
  const MessagePtr shared = std::make_shared<const Message>(std::move(message));
  const auto recipients = DeliverLocally(shared, now, effects);
  sync_.Forward(shared, to, now, recipients.value_or(0), !recipients.has_value());
  return sequence;
}

std::optional<uint32_t> ReplicaCore::DeliverLocally(const MessagePtr& message, Now now, Effects* effects) {
  if (message->Expired(now.wall_ns)) {
    ++counters_.expired;
    return std::nullopt;
  }
  scratch_.clear();
  hubs_.Recipients(*message, &scratch_);
  const size_t first = effects->recipients.size();
  for (Connection* connection : scratch_) {
    const uint64_t sequence = connection->spec.reliable ? connection->next_sequence++ : 0;
    ++counters_.messages_delivered;
    if (connection->connected) {
      effects->recipients.push_back({connection->spec.key, sequence});
    } else {
      held_[connection->spec.key].push_back({message, sequence, {}});
    }
  }
  const uint32_t all = static_cast<uint32_t>(scratch_.size());
  const size_t count = effects->recipients.size() - first;
  if (count > 0) effects->list.emplace_back(Deliver{message, first, count});
  if (count == all) return all;
  for (Connection* connection : scratch_) {
    if (connection->connected) continue;
    const auto held = held_.find(connection->spec.key);
    if (held->second.size() <= kHeldOutputsMax) continue;
    Reply connected;
    connected.key = connection->spec.key;
    connected.kind = Reply::Kind::kConnected;
    Release(std::move(connected), effects);
  }
  return all;
}

// ---- Waiting for peers to heed our interest ----

void ReplicaCore::WhenHeeded(uint64_t change, std::variant<Reply, OwnAnswer> what, Now now,
                             Effects* effects) {
  if (!settings_.joins_wait || change <= sync_.HeededByAll() || waiters_.size() >= kInterestWaitersMax) {
    Release(std::move(what), effects);
    return;
  }
  // The latest change rather than `change`, so that the queue stays sorted by both.
  waiters_.push_back({now.steady_ns + settings_.join_wait_ns, interest_.latest(), std::move(what)});
  Schedule(now, effects);
}

void ReplicaCore::ReleaseWaiters(Now now, Effects* effects) {
  if (waiters_.empty()) return;
  const uint64_t heeded = sync_.HeededByAll();
  while (!waiters_.empty()) {
    Waiter& front = waiters_.front();
    if (front.change > heeded) {
      if (front.deadline_ns > now.steady_ns) break;
      ++counters_.waits_timed_out;
    }
    Release(std::move(front.what), effects);
    waiters_.pop_front();
  }
}

void ReplicaCore::Release(std::variant<Reply, OwnAnswer> what, Effects* effects) {
  if (auto* reply = std::get_if<Reply>(&what)) {
    Release(std::move(*reply), effects);
    return;
  }
  auto& own = std::get<OwnAnswer>(what);
  if (own.peer.empty()) {
    sync_.gatherer().Add("", std::move(own.answer));
  } else {
    sync_.AnswerTo(own.peer, std::move(own.answer));
  }
}

void ReplicaCore::Release(Reply reply, Effects* effects) {
  Connection* connection = hubs_.Find(reply.key);
  if (connection == nullptr) return;
  if (reply.kind != Reply::Kind::kConnected) {
    Emit(*connection, std::move(reply), effects);
    return;
  }
  if (connection->connected) return;
  connection->connected = true;
  const ConnectionKey key = reply.key;
  effects->list.emplace_back(std::move(reply));
  const auto it = held_.find(key);
  if (it == held_.end()) return;
  for (Held& held : it->second) {
    if (held.message == nullptr) {
      effects->list.emplace_back(std::move(held.reply));
      continue;
    }
    effects->list.emplace_back(Deliver{std::move(held.message), effects->recipients.size(), 1});
    effects->recipients.push_back({key, held.sequence_id});
  }
  held_.erase(it);
}

// ---- Questions ----

absl::StatusOr<uint64_t> ReplicaCore::Ask(Question question, Now now, Effects* effects, int64_t deadline_ns) {
  if (question.operation == Operation::kList) {
    question.limit = std::clamp<uint32_t>(question.limit, 1, kListLimitMax);
  }
  Question own = question;
  ASSIGN_OR_RETURN(const uint64_t id, sync_.Ask(std::move(question), now.steady_ns + deadline_ns, now));
  own.id = id;
  Carry("", own, now, effects);
  EmitDone(now, effects);
  return id;
}

void ReplicaCore::Carry(const std::string& peer, const Question& question, Now now, Effects* effects) {
  CarriedOut carried = CarryOut(question, &hubs_);
  for (const ConnectionKey key : carried.close) {
    Closed(key);
    effects->list.emplace_back(CloseConnection{key, kClosedByRequest, question.reason});
  }
  WhenHeeded(carried.change, OwnAnswer{peer, std::move(carried.answer)}, now, effects);
}

void ReplicaCore::EmitDone(Now now, Effects* effects) {
  done_.clear();
  sync_.gatherer().TakeDone(now.steady_ns, &done_);
  for (Gathered& result : done_) effects->list.emplace_back(AskDone{std::move(result)});
  Schedule(now, effects);
}

// ---- Time ----

void ReplicaCore::Schedule(Now now, Effects* effects) {
  int64_t next = tick_ns_;
  const auto sooner = [&](int64_t at) {
    if (at != 0 && (next == 0 || at < next)) next = at;
  };
  if (!waiters_.empty()) sooner(waiters_.front().deadline_ns);
  sooner(sync_.gatherer().next_deadline_ns());
  // One that is past goes out with what this step leaves behind.
  if (const int64_t ack = sync_.NextAckDeadline(); ack > now.steady_ns) sooner(ack);
  if (next == 0 || (timer_ns_ != 0 && timer_ns_ <= next && timer_ns_ > now.steady_ns)) return;
  timer_ns_ = next;
  effects->list.emplace_back(SetTimer{next});
}

void ReplicaCore::OnTimer(Now now, Effects* effects) {
  timer_ns_ = 0;
  if (tick_ns_ != 0 && now.steady_ns >= tick_ns_) {
    sync_.Tick(now);
    tick_ns_ = now.steady_ns + kSyncTickNs;
  }
  ReleaseWaiters(now, effects);
  EmitDone(now, effects);
}

// ---- Peers ----

absl::Status ReplicaCore::SetPeers(const std::vector<PeerConfig>& peers, Now now, Effects* effects) {
  RETURN_IF_ERROR(sync_.SetPeers(peers, now));
  if (peers.empty()) {
    tick_ns_ = 0;
  } else if (tick_ns_ == 0) {
    tick_ns_ = now.steady_ns + kSyncTickNs;
  }
  ReleaseWaiters(now, effects);
  EmitDone(now, effects);
  return absl::OkStatus();
}

absl::Status ReplicaCore::OnRequest(const std::string& peer, PeerRequest request, Now now, Effects* effects) {
  fresh_.clear();
  asked_.clear();
  const bool heeds = request.interest_ack.has_value();
  RETURN_IF_ERROR(sync_.OnRequest(peer, std::move(request), now, &fresh_, &asked_));
  if (heeds) ReleaseWaiters(now, effects);
  for (const MessagePtr& message : fresh_) {
    const auto recipients = DeliverLocally(message, now, effects);
    sync_.Handed(*message, recipients.value_or(0), !recipients.has_value(), now);
    if (!settings_.policy.forward_once) Relay(message, now);
  }
  fresh_.clear();
  for (const Question& question : asked_) Carry(peer, question, now, effects);
  asked_.clear();
  Schedule(now, effects);
  return absl::OkStatus();
}

// What the second hop would do: see SyncPolicy::forward_once.
void ReplicaCore::Relay(const MessagePtr& message, Now now) {
  if (!message->metadata.empty() && message->metadata.back().first == kRelayed) return;
  Message again = *message;
  again.metadata.emplace_back(kRelayed, "");
  again.sequence = sync_.NextSequence();
  const PeerSet to = sync_.Route(again);
  sync_.Forward(std::make_shared<const Message>(std::move(again)), to, now);
}

absl::Status ReplicaCore::OnResponse(const std::string& peer, PeerResponse response, Now now,
                                     Effects* effects) {
  const bool answers = !response.answers.empty();
  RETURN_IF_ERROR(sync_.OnResponse(peer, std::move(response), now));
  if (answers) EmitDone(now, effects);
  return absl::OkStatus();
}

void ReplicaCore::OnAcceptedClosed(const std::string& peer, Now now, Effects* effects) {
  sync_.OnAcceptedClosed(peer, now);
  ReleaseWaiters(now, effects);
  EmitDone(now, effects);
}

Audit ReplicaCore::MakeAudit(Now now) const {
  Audit audit = sync_.MakeAudit(now);
  audit.deliveries = counters_.messages_delivered;
  return audit;
}

}  // namespace nonet::replica
