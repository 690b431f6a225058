#include "replica/codec/peer_wire.h"

#include <memory>
#include <utility>

#include "common/base/status_macros.h"
#include "replica/codec/names.h"
#include "replica/codec/proto_wire.h"
#include "replica/codec/ws_frame.h"
#include "replica/core/errors.h"

namespace nonet::replica {
namespace {

// Field numbers of nonet.peer.v1, held equal to the generated code's by a test.
constexpr uint32_t kRequestBatchField = 2;
constexpr uint32_t kRequestSentField = 15;
constexpr uint32_t kRequestInterestAckField = 3;
constexpr uint32_t kBatchFirstPositionField = 1;
constexpr uint32_t kBatchMessagesField = 2;

// Proto3 leaves zero values and empty strings out.
void AppendUintField(uint32_t field, uint64_t value, std::string* out) {
  if (value != 0) AppendUint(field, value, out);
}
void AppendStringField(uint32_t field, absl::string_view value, std::string* out) {
  if (!value.empty()) AppendBytes(field, value, out);
}
size_t UintFieldSize(uint64_t value) { return value == 0 ? 0 : 1 + VarintBytes(value); }
size_t StringFieldSize(size_t size) { return size == 0 ? 0 : BytesFieldSize(size); }

size_t MetadataEntrySize(const std::pair<std::string, std::string>& entry) {
  return StringFieldSize(entry.first.size()) + StringFieldSize(entry.second.size());
}

size_t MessageSize(const Message& m) {
  size_t size = UintFieldSize(m.sequence) + StringFieldSize(m.hub.size()) +
                UintFieldSize(static_cast<uint64_t>(m.target)) + StringFieldSize(m.target_name.size()) +
                UintFieldSize(static_cast<uint64_t>(m.data_type)) + StringFieldSize(m.data.size()) +
                StringFieldSize(m.from_user_id.size()) +
                UintFieldSize(static_cast<uint64_t>(m.accepted_wall_ns)) + UintFieldSize(m.ttl_ms) +
                StringFieldSize(m.filter == nullptr ? 0 : m.filter->text().size());
  for (const std::string& id : m.excluded_connections) size += BytesFieldSize(id.size());
  for (const auto& entry : m.metadata) size += BytesFieldSize(MetadataEntrySize(entry));
  return size;
}

void AppendMessage(const Message& m, std::string* out) {
  AppendUintField(1, m.sequence, out);
  AppendStringField(2, m.hub, out);
  AppendUintField(3, static_cast<uint64_t>(m.target), out);
  AppendStringField(4, m.target_name, out);
  AppendUintField(5, static_cast<uint64_t>(m.data_type), out);
  AppendStringField(6, m.data, out);
  AppendStringField(7, m.from_user_id, out);
  for (const std::string& id : m.excluded_connections) AppendBytes(8, id, out);
  AppendUintField(9, static_cast<uint64_t>(m.accepted_wall_ns), out);
  AppendUintField(10, m.ttl_ms, out);
  for (const auto& entry : m.metadata) {
    AppendTag(11, 2, out);
    AppendVarint(MetadataEntrySize(entry), out);
    AppendStringField(1, entry.first, out);
    AppendStringField(2, entry.second, out);
  }
  if (m.filter != nullptr) AppendStringField(12, m.filter->text(), out);
}

// A message that more hold than one peer's log and the batch is for several peers, and is written once for
// all.
constexpr long kUsersOfOnePeer = 2;

std::shared_ptr<const std::string> Write(const Message& message) {
  auto bytes = std::make_shared<std::string>();
  bytes->reserve(MessageSize(message));
  AppendMessage(message, bytes.get());
  return bytes;
}

void Assign(absl::string_view bytes, std::string* out) { out->assign(bytes.data(), bytes.size()); }

absl::Status ReadMetadataField(absl::string_view bytes, Metadata* metadata) {
  std::pair<std::string, std::string> entry;
  ProtoReader reader(bytes);
  while (reader.Next()) {
    if (!reader.is_bytes()) continue;
    if (reader.field() == 1) Assign(reader.bytes(), &entry.first);
    if (reader.field() == 2) Assign(reader.bytes(), &entry.second);
  }
  if (!reader.ok()) return errors::BadPeerMessage("malformed metadata");
  metadata->push_back(std::move(entry));
  return absl::OkStatus();
}

// `known_hub`: one that was checked already.
absl::Status CheckMessage(const Message& m, uint64_t target, uint64_t data_type,
                          absl::string_view known_hub) {
  if (target < peer::v1::TARGET_ALL || target > peer::v1::TARGET_CONNECTION) {
    return errors::BadPeerMessage("unknown target");
  }
  if (data_type < peer::v1::DATA_TYPE_TEXT || data_type > peer::v1::DATA_TYPE_PROTOBUF) {
    return errors::BadPeerMessage("unknown data type");
  }
  if (m.hub != known_hub && (!IsValidHub(m.hub) || CanonicalHub(m.hub) != m.hub)) {
    return errors::BadPeerMessage("bad hub");
  }
  if (target != peer::v1::TARGET_ALL && m.target_name.empty()) {
    return errors::BadPeerMessage("no target name");
  }
  if (data_type == peer::v1::DATA_TYPE_TEXT && !IsUtf8(m.data)) {
    return errors::BadPeerMessage("text is not UTF-8");
  }
  return absl::OkStatus();
}

absl::StatusOr<MessagePtr> ReadMessage(absl::string_view bytes, absl::string_view known_hub,
                                       std::shared_ptr<const ConnectionFilter>* last_filter) {
  auto message = std::make_shared<Message>();
  Message& m = *message;
  uint64_t target = 0, data_type = 0;
  ProtoReader reader(bytes);
  while (reader.Next()) {
    if (reader.is_bytes()) {
      const absl::string_view value = reader.bytes();
      switch (reader.field()) {
        case 2:
          Assign(value, &m.hub);
          break;
        case 4:
          Assign(value, &m.target_name);
          break;
        case 6:
          Assign(value, &m.data);
          break;
        case 7:
          Assign(value, &m.from_user_id);
          break;
        case 8:
          m.excluded_connections.emplace_back(value.data(), value.size());
          break;
        case 11:
          RETURN_IF_ERROR(ReadMetadataField(value, &m.metadata));
          break;
        case 12:
          RETURN_IF_ERROR(ReadFilter(value, last_filter, &m.filter));
          break;
        default:
          break;
      }
    } else if (reader.is_number()) {
      switch (reader.field()) {
        case 1:
          m.sequence = reader.number();
          break;
        case 3:
          target = reader.number();
          break;
        case 5:
          data_type = reader.number();
          break;
        case 9:
          m.accepted_wall_ns = static_cast<int64_t>(reader.number());
          break;
        case 10:
          m.ttl_ms = static_cast<uint32_t>(reader.number());
          break;
        default:
          break;
      }
    }
  }
  if (!reader.ok()) return errors::BadPeerMessage("a malformed message");
  RETURN_IF_ERROR(CheckMessage(m, target, data_type, known_hub));
  m.target = static_cast<Target>(target);
  m.data_type = static_cast<DataType>(data_type);
  return message;
}

// False when there is more in it than messages.
absl::StatusOr<bool> ReadBatch(absl::string_view bytes, Batch* batch) {
  std::shared_ptr<const ConnectionFilter> last_filter;
  ProtoReader reader(bytes);
  while (reader.Next()) {
    if (reader.field() == kBatchFirstPositionField && reader.is_number()) {
      batch->first_position = reader.number();
    } else if (reader.field() == kBatchMessagesField && reader.is_bytes()) {
      const auto& read = batch->messages;
      ASSIGN_OR_RETURN(MessagePtr message,
                       ReadMessage(reader.bytes(), read.empty() ? "" : absl::string_view(read.back()->hub),
                                   &last_filter));
      batch->messages.push_back(std::move(message));
    } else {
      return false;
    }
  }
  if (!reader.ok()) return errors::BadPeerMessage("a malformed batch");
  return !batch->messages.empty();
}

absl::Status ReadInterestAck(absl::string_view bytes, InterestAck* ack) {
  ProtoReader reader(bytes);
  while (reader.Next()) {
    if (!reader.is_number()) continue;
    if (reader.field() == 1) ack->number = reader.number();
    if (reader.field() == 2) ack->resync = reader.number() != 0;
  }
  return reader.ok() ? absl::OkStatus() : errors::BadPeerMessage("a malformed acknowledgement");
}

template <typename Value>
std::string EncodeSlowly(const Value& value, int64_t sent_ns) {
  peer::v1::SyncRequest request;
  ToProto(value, &request);
  request.set_sent_ns(sent_ns);
  return request.SerializeAsString();
}

}  // namespace

std::string EncodeRequest(const Hello& hello, int64_t sent_ns) { return EncodeSlowly(hello, sent_ns); }

std::string EncodeRequest(const PeerRequest& request, int64_t sent_ns) {
  const Batch& batch = request.batch;
  // All but what nearly every request is.
  if (batch.messages.empty() || !batch.gaps.empty() || !request.questions.empty()) {
    return EncodeSlowly(request, sent_ns);
  }
  size_t size = UintFieldSize(batch.first_position);
  for (const MessagePtr& message : batch.messages) {
    if (message->wire == nullptr && message.use_count() > kUsersOfOnePeer) message->wire = Write(*message);
    size += BytesFieldSize(message->wire != nullptr ? message->wire->size() : MessageSize(*message));
  }
  std::string out;
  out.reserve(size + 64);
  AppendTag(kRequestBatchField, 2, &out);
  AppendVarint(size, &out);
  AppendUintField(kBatchFirstPositionField, batch.first_position, &out);
  for (const MessagePtr& message : batch.messages) {
    if (message->wire != nullptr) {
      AppendBytes(kBatchMessagesField, *message->wire, &out);
      continue;
    }
    AppendTag(kBatchMessagesField, 2, &out);
    AppendVarint(MessageSize(*message), &out);
    AppendMessage(*message, &out);
  }
  if (request.interest_ack) {
    std::string ack;
    AppendUintField(1, request.interest_ack->number, &ack);
    AppendUintField(2, request.interest_ack->resync ? 1 : 0, &ack);
    AppendBytes(kRequestInterestAckField, ack, &out);
  }
  AppendUintField(kRequestSentField, static_cast<uint64_t>(sent_ns), &out);
  return out;
}

absl::StatusOr<InboundRequest> DecodeRequest(absl::string_view bytes) {
  InboundRequest request;
  request.bytes = bytes.size();
  absl::string_view batch, ack;
  bool has_ack = false, other = false;
  ProtoReader reader(bytes);
  while (reader.Next()) {
    if (reader.field() == kRequestBatchField && reader.is_bytes()) {
      batch = reader.bytes();
    } else if (reader.field() == kRequestInterestAckField && reader.is_bytes()) {
      has_ack = true;
      ack = reader.bytes();
    } else if (reader.field() == kRequestSentField && reader.is_number()) {
      request.sent_ns = static_cast<int64_t>(reader.number());
    } else {
      other = true;
    }
  }
  if (!reader.ok()) return errors::BadPeerMessage("it is no SyncRequest");
  if (!batch.empty() && !other) {
    auto& value = request.value.emplace<PeerRequest>();
    ASSIGN_OR_RETURN(const bool plain, ReadBatch(batch, &value.batch));
    if (plain) {
      if (has_ack) RETURN_IF_ERROR(ReadInterestAck(ack, &value.interest_ack.emplace()));
      return request;
    }
  }
  peer::v1::SyncRequest proto;
  if (!proto.ParseFromArray(bytes.data(), static_cast<int>(bytes.size()))) {
    return errors::BadPeerMessage("it is no SyncRequest");
  }
  ASSIGN_OR_RETURN(request.value, FromProto(proto));
  return request;
}

absl::StatusOr<InboundResponse> DecodeResponse(absl::string_view bytes) {
  peer::v1::SyncResponse proto;
  if (!proto.ParseFromArray(bytes.data(), static_cast<int>(bytes.size()))) {
    return errors::BadPeerMessage("it is no SyncResponse");
  }
  InboundResponse response;
  response.sent_ns = proto.sent_ns();
  response.bytes = bytes.size();
  ASSIGN_OR_RETURN(response.value, FromProto(proto));
  return response;
}

}  // namespace nonet::replica
