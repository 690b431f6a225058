#include "replica/core/replica_core.h"

#include <utility>

#include "absl/strings/str_cat.h"
#include "common/base/status_macros.h"
#include "replica/core/limits.h"

namespace nonet::replica {
namespace {

// Error names of the client protocol.
constexpr absl::string_view kForbidden = "Forbidden";
constexpr absl::string_view kDuplicate = "Duplicate";
constexpr absl::string_view kBadRequest = "BadRequest";

}  // namespace

ReplicaCore::ReplicaCore(Identity identity, const PeerLogLimits& limits)
    : hubs_(interest_), sync_(std::move(identity), interest_, limits) {}

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
  Publish(std::move(message), now, effects);
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

void ReplicaCore::Publish(Message message, Now now, Effects* effects) {
  ++counters_.messages_in;
  message.sequence = sync_.NextSequence();
  message.accepted_wall_ns = now.wall_ns;
  const MessagePtr shared = std::make_shared<const Message>(std::move(message));
  DeliverLocally(shared, now, effects);
  sync_.Forward(shared, now);
}

void ReplicaCore::DeliverLocally(const MessagePtr& message, Now now, Effects* effects) {
  if (message->Expired(now.wall_ns)) {
    ++counters_.expired;
    return;
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
  const size_t count = effects->recipients.size() - first;
  if (count > 0) effects->list.emplace_back(Deliver{message, first, count});
  for (Connection* connection : scratch_) {
    if (connection->connected) continue;
    const auto held = held_.find(connection->spec.key);
    if (held->second.size() <= kHeldOutputsMax) continue;
    Reply connected;
    connected.key = connection->spec.key;
    connected.kind = Reply::Kind::kConnected;
    Release(std::move(connected), effects);
  }
}

// ---- Waiting for peers to heed our interest ----

void ReplicaCore::WhenHeeded(uint64_t change, Reply reply, Now now, Effects* effects) {
  if (change <= sync_.HeededByAll() || waiters_.size() >= kInterestWaitersMax) {
    Release(std::move(reply), effects);
    return;
  }
  const int64_t deadline = now.steady_ns + kInterestWaitNs;
  if (waiters_.empty()) effects->list.emplace_back(SetTimer{deadline});
  // The latest change rather than `change`, so that the queue stays sorted by both.
  waiters_.push_back({deadline, interest_.latest(), std::move(reply)});
}

void ReplicaCore::ReleaseWaiters(Now now, Effects* effects) {
  const uint64_t heeded = sync_.HeededByAll();
  bool released = false;
  while (!waiters_.empty()) {
    Waiter& front = waiters_.front();
    if (front.change > heeded) {
      if (front.deadline_ns > now.steady_ns) break;
      ++counters_.waits_timed_out;
    }
    Release(std::move(front.reply), effects);
    waiters_.pop_front();
    released = true;
  }
  if (released && !waiters_.empty()) effects->list.emplace_back(SetTimer{waiters_.front().deadline_ns});
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

void ReplicaCore::OnTimer(Now now, Effects* effects) {
  const size_t before = waiters_.size();
  ReleaseWaiters(now, effects);
  // Woken early: ask again.
  if (!waiters_.empty() && waiters_.size() == before) {
    effects->list.emplace_back(SetTimer{waiters_.front().deadline_ns});
  }
}

// ---- Peers ----

absl::Status ReplicaCore::SetPeers(const std::vector<PeerConfig>& peers, Now now, Effects* effects) {
  RETURN_IF_ERROR(sync_.SetPeers(peers, now));
  ReleaseWaiters(now, effects);
  return absl::OkStatus();
}

absl::Status ReplicaCore::OnBatch(const std::string& peer, Batch batch, Now now, Effects* effects) {
  fresh_.clear();
  RETURN_IF_ERROR(sync_.OnBatch(peer, std::move(batch), now, &fresh_));
  for (const MessagePtr& message : fresh_) DeliverLocally(message, now, effects);
  fresh_.clear();
  return absl::OkStatus();
}

absl::Status ReplicaCore::OnInterestAck(const std::string& peer, InterestAck ack, Now now, Effects* effects) {
  RETURN_IF_ERROR(sync_.OnInterestAck(peer, ack));
  ReleaseWaiters(now, effects);
  return absl::OkStatus();
}

void ReplicaCore::OnAcceptedClosed(const std::string& peer, Now now, Effects* effects) {
  sync_.OnAcceptedClosed(peer);
  ReleaseWaiters(now, effects);
}

}  // namespace nonet::replica
