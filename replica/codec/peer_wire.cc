#include "replica/codec/peer_wire.h"

#include <memory>
#include <utility>

#include "common/base/check.h"
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

void WriteMessage(const Message& m, ProtoWriter* out) {
  out->Number(1, m.sequence);
  out->Text(2, m.hub);
  out->Number(3, static_cast<uint64_t>(m.target));
  out->Text(4, m.target_name);
  out->Number(5, static_cast<uint64_t>(m.data_type));
  out->Text(6, m.data);
  out->Text(7, m.from_user_id);
  for (const std::string& id : m.excluded_connections) out->Bytes(8, id);
  out->Number(9, static_cast<uint64_t>(m.accepted_wall_ns));
  out->Number(10, m.ttl_ms);
  for (const auto& entry : m.metadata) {
    out->Open(11, MetadataEntrySize(entry));
    out->Text(1, entry.first);
    out->Text(2, entry.second);
  }
  if (m.filter != nullptr) out->Text(12, m.filter->text());
}

// A message that more hold than one peer's log and the batch is for several peers, and is written once for
// all.
constexpr long kUsersOfOnePeer = 2;

size_t SizeOnWire(const MessagePtr& message) {
  if (!message->wire.empty()) return message->wire.size();
  const size_t size = MessageSize(*message);
  if (message.use_count() > kUsersOfOnePeer) {
    message->wire.resize(size);
    ProtoWriter writer(message->wire.data());
    WriteMessage(*message, &writer);
  }
  return size;
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

// Content is not copied: it stays a part of `bytes`.
absl::Status ReadMessage(absl::string_view bytes, absl::string_view known_hub,
                         std::shared_ptr<const ConnectionFilter>* last_filter, Message* out) {
  Message& m = *out;
  uint64_t target = 0, data_type = 0;
  ProtoReader reader(bytes);
  while (reader.Next()) {
    switch (reader.tag()) {
      case NumberTag(1):
        m.sequence = reader.number();
        break;
      case BytesTag(2):
        Assign(reader.bytes(), &m.hub);
        break;
      case NumberTag(3):
        target = reader.number();
        break;
      case BytesTag(4):
        Assign(reader.bytes(), &m.target_name);
        break;
      case NumberTag(5):
        data_type = reader.number();
        break;
      case BytesTag(6):
        m.data = Payload::PartOf(reader.bytes());
        break;
      case BytesTag(7):
        Assign(reader.bytes(), &m.from_user_id);
        break;
      case BytesTag(8):
        m.excluded_connections.emplace_back(reader.bytes().data(), reader.bytes().size());
        break;
      case NumberTag(9):
        m.accepted_wall_ns = static_cast<int64_t>(reader.number());
        break;
      case NumberTag(10):
        m.ttl_ms = static_cast<uint32_t>(reader.number());
        break;
      case BytesTag(11):
        RETURN_IF_ERROR(ReadMetadataField(reader.bytes(), &m.metadata));
        break;
      case BytesTag(12):
        RETURN_IF_ERROR(ReadFilter(reader.bytes(), last_filter, &m.filter));
        break;
      default:
        break;
    }
  }
  if (!reader.ok()) return errors::BadPeerMessage("a malformed message");
  RETURN_IF_ERROR(CheckMessage(m, target, data_type, known_hub));
  m.target = static_cast<Target>(target);
  m.data_type = static_cast<DataType>(data_type);
  return absl::OkStatus();
}

// What the messages of one batch share: they are values in one piece of memory, and their content is part of
// the bytes that came. Whoever keeps one of them keeps all.
struct Arrived {
  std::string bytes;
  std::vector<Message> messages;
};

// `batch` is part of arrived->bytes. False when there is more in it than messages.
absl::StatusOr<bool> ReadBatch(absl::string_view bytes, const std::shared_ptr<Arrived>& arrived,
                               Batch* batch) {
  size_t count = 0;
  ProtoReader counter(bytes);
  while (counter.Next()) count += counter.tag() == BytesTag(kBatchMessagesField);
  if (!counter.ok()) return errors::BadPeerMessage("a malformed batch");
  std::vector<Message>& messages = arrived->messages;
  messages.reserve(count);
  batch->messages.reserve(count);
  std::shared_ptr<const ConnectionFilter> last_filter;
  ProtoReader reader(bytes);
  while (reader.Next()) {
    if (reader.tag() == NumberTag(kBatchFirstPositionField)) {
      batch->first_position = reader.number();
    } else if (reader.tag() == BytesTag(kBatchMessagesField)) {
      const absl::string_view known_hub = messages.empty() ? "" : absl::string_view(messages.back().hub);
      RETURN_IF_ERROR(ReadMessage(reader.bytes(), known_hub, &last_filter, &messages.emplace_back()));
      batch->messages.emplace_back(arrived, &messages.back());
    } else {
      return false;
    }
  }
  return count > 0;
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
  std::vector<size_t> sizes;
  sizes.reserve(batch.messages.size());
  size_t size = UintFieldSize(batch.first_position);
  for (const MessagePtr& message : batch.messages) {
    sizes.push_back(SizeOnWire(message));
    size += BytesFieldSize(sizes.back());
  }
  size_t ack_size = 0;
  if (request.interest_ack) {
    ack_size = UintFieldSize(request.interest_ack->number) + (request.interest_ack->resync ? 2 : 0);
  }
  std::string out;
  out.resize(BytesFieldSize(size) + (request.interest_ack ? BytesFieldSize(ack_size) : 0) +
             UintFieldSize(static_cast<uint64_t>(sent_ns)));
  ProtoWriter writer(out.data());
  writer.Open(kRequestBatchField, size);
  writer.Number(kBatchFirstPositionField, batch.first_position);
  for (size_t i = 0; i < sizes.size(); ++i) {
    const Message& message = *batch.messages[i];
    writer.Open(kBatchMessagesField, sizes[i]);
    if (message.wire.empty()) {
      WriteMessage(message, &writer);
    } else {
      writer.Raw(message.wire);
    }
  }
  if (request.interest_ack) {
    writer.Open(kRequestInterestAckField, ack_size);
    writer.Number(1, request.interest_ack->number);
    writer.Number(2, request.interest_ack->resync ? 1 : 0);
  }
  writer.Number(kRequestSentField, static_cast<uint64_t>(sent_ns));
  NONET_CHECK(writer.at() == out.data() + out.size());
  return out;
}

absl::StatusOr<InboundRequest> DecodeRequest(std::string owned) {
  const auto arrived = std::make_shared<Arrived>();
  arrived->bytes = std::move(owned);
  const absl::string_view bytes = arrived->bytes;
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
    ASSIGN_OR_RETURN(const bool plain, ReadBatch(batch, arrived, &value.batch));
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
