#include "replica/server/peer_codec.h"

#include <algorithm>
#include <memory>
#include <utility>

#include "common/base/status_macros.h"
#include "replica/codec/client_frame.h"
#include "replica/codec/names.h"
#include "replica/codec/ws_frame.h"
#include "replica/core/errors.h"

namespace nonet::replica {
namespace {

void MessageToProto(const Message& message, peer::v1::Message* out) {
  out->set_sequence(message.sequence);
  out->set_hub(message.hub);
  out->set_target(static_cast<peer::v1::Target>(message.target));
  out->set_target_name(message.target_name);
  out->set_data_type(static_cast<peer::v1::DataType>(message.data_type));
  out->set_data(message.data);
  out->set_from_user_id(message.from_user_id);
  for (const std::string& id : message.excluded_connections) out->add_excluded_connections(id);
  for (const auto& [key, value] : message.metadata) {
    peer::v1::MetadataEntry* entry = out->add_metadata();
    entry->set_key(key);
    entry->set_value(value);
  }
  out->set_accepted_time_ns(message.accepted_wall_ns);
  out->set_ttl_ms(message.ttl_ms);
}

absl::StatusOr<MessagePtr> MessageFromProto(peer::v1::Message& in) {
  if (in.target() < peer::v1::TARGET_ALL || in.target() > peer::v1::TARGET_CONNECTION) {
    return errors::BadPeerMessage("unknown target");
  }
  if (in.data_type() < peer::v1::DATA_TYPE_TEXT || in.data_type() > peer::v1::DATA_TYPE_PROTOBUF) {
    return errors::BadPeerMessage("unknown data type");
  }
  if (!IsValidHub(in.hub()) || CanonicalHub(in.hub()) != in.hub()) return errors::BadPeerMessage("bad hub");
  if (in.target() != peer::v1::TARGET_ALL && in.target_name().empty()) {
    return errors::BadPeerMessage("no target name");
  }
  if (in.data_type() == peer::v1::DATA_TYPE_TEXT && !IsUtf8(in.data())) {
    return errors::BadPeerMessage("text is not UTF-8");
  }
  auto message = std::make_shared<Message>();
  message->sequence = in.sequence();
  message->hub = std::move(*in.mutable_hub());
  message->target = static_cast<Target>(in.target());
  message->target_name = std::move(*in.mutable_target_name());
  message->data_type = static_cast<DataType>(in.data_type());
  message->data = std::move(*in.mutable_data());
  message->from_user_id = std::move(*in.mutable_from_user_id());
  for (std::string& id : *in.mutable_excluded_connections()) {
    message->excluded_connections.push_back(std::move(id));
  }
  for (peer::v1::MetadataEntry& entry : *in.mutable_metadata()) {
    message->metadata.emplace_back(std::move(*entry.mutable_key()), std::move(*entry.mutable_value()));
  }
  message->accepted_wall_ns = in.accepted_time_ns();
  message->ttl_ms = in.ttl_ms();
  return message;
}

absl::StatusOr<Interest> InterestFromProto(peer::v1::Interest& in) {
  Interest interest;
  interest.version = in.version();
  interest.snapshot = in.snapshot();
  interest.changes.reserve(static_cast<size_t>(in.changes_size()));
  for (peer::v1::InterestChange& change : *in.mutable_changes()) {
    if (change.kind() < peer::v1::TARGET_ALL || change.kind() > peer::v1::TARGET_USER) {
      return errors::BadPeerMessage("interest in neither a hub, a group nor a user");
    }
    interest.changes.push_back({std::move(*change.mutable_hub()), static_cast<Target>(change.kind()),
                                std::move(*change.mutable_name()), change.present()});
  }
  return interest;
}

}  // namespace

void ToProto(const Hello& hello, peer::v1::SyncRequest* out) {
  auto* proto = out->mutable_hello();
  proto->set_resource(hello.resource);
  proto->set_origin(hello.origin);
  proto->set_epoch(hello.epoch);
}

void ToProto(const InterestAck& ack, peer::v1::SyncRequest* out) {
  out->mutable_interest_ack()->set_version(ack.version);
}

void ToProto(const Batch& batch, peer::v1::SyncRequest* out) {
  auto* proto = out->mutable_batch();
  proto->set_previous_sequence(batch.previous_sequence);
  for (const MessagePtr& message : batch.messages) MessageToProto(*message, proto->add_messages());
}

void ToProto(const Welcome& welcome, peer::v1::SyncResponse* out) {
  auto* proto = out->mutable_welcome();
  proto->set_instance(welcome.instance);
  proto->set_epoch(welcome.epoch);
  proto->set_last_sequence(welcome.last_sequence);
}

void ToProto(const Interest& interest, peer::v1::SyncResponse* out) {
  auto* proto = out->mutable_interest();
  proto->set_version(interest.version);
  proto->set_snapshot(interest.snapshot);
  for (const InterestChange& change : interest.changes) {
    auto* entry = proto->add_changes();
    entry->set_hub(change.hub);
    entry->set_kind(static_cast<peer::v1::Target>(change.kind));
    entry->set_name(change.name);
    entry->set_present(change.present);
  }
}

void ToProto(const MessageAck& ack, peer::v1::SyncResponse* out) {
  out->mutable_ack()->set_sequence(ack.sequence);
}

absl::StatusOr<PeerRequest> FromProto(peer::v1::SyncRequest& in) {
  switch (in.kind_case()) {
    case peer::v1::SyncRequest::kHello:
      return Hello{in.hello().resource(), in.hello().origin(), in.hello().epoch()};
    case peer::v1::SyncRequest::kInterestAck:
      return InterestAck{in.interest_ack().version()};
    case peer::v1::SyncRequest::kBatch: {
      Batch batch;
      batch.previous_sequence = in.batch().previous_sequence();
      for (peer::v1::Message& message : *in.mutable_batch()->mutable_messages()) {
        ASSIGN_OR_RETURN(MessagePtr value, MessageFromProto(message));
        batch.messages.push_back(std::move(value));
      }
      return batch;
    }
    case peer::v1::SyncRequest::KIND_NOT_SET:
      break;
  }
  return errors::BadPeerMessage("unknown kind of request");
}

absl::StatusOr<PeerResponse> FromProto(peer::v1::SyncResponse& in) {
  switch (in.kind_case()) {
    case peer::v1::SyncResponse::kWelcome:
      return Welcome{in.welcome().instance(), in.welcome().epoch(), in.welcome().last_sequence()};
    case peer::v1::SyncResponse::kInterest: {
      ASSIGN_OR_RETURN(Interest interest, InterestFromProto(*in.mutable_interest()));
      return interest;
    }
    case peer::v1::SyncResponse::kAck:
      return MessageAck{in.ack().sequence()};
    case peer::v1::SyncResponse::KIND_NOT_SET:
      break;
  }
  return errors::BadPeerMessage("unknown kind of response");
}

}  // namespace nonet::replica
