#include "replica/codec/protobuf_frame.h"

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "common/base/error.h"
#include "common/base/status_macros.h"
#include "replica/codec/limits.h"
#include "replica/codec/names.h"
#include "replica/codec/proto_wire.h"
#include "replica/codec/ws_frame.h"

namespace nonet::replica {
namespace {

// Field numbers of the messages in package azure.webpubsub.
enum Upstream : uint32_t {
  kSendToGroupField = 1,
  kEventField = 5,
  kJoinGroupField = 6,
  kLeaveGroupField = 7,
  kSequenceAckField = 8,
  kPingField = 9,
};

absl::Status BadProtobuf(absl::string_view why) {
  return MakeError(
      absl::StatusCode::kInvalidArgument, "FRAME_INVALID", why,
      {.next_step = "see the protobuf subprotocol of Azure Web PubSub for the message's fields"});
}

absl::Status ReadText(absl::string_view bytes, absl::string_view name, std::string* out) {
  if (!IsUtf8(bytes)) return BadProtobuf(absl::StrCat(name, " is not UTF-8"));
  out->assign(bytes.data(), bytes.size());
  return absl::OkStatus();
}

absl::Status ReadMessageData(absl::string_view bytes, ClientFrame* frame, bool* found) {
  ProtoReader reader(bytes);
  while (reader.Next()) {  // A oneof: the last one counts.
    if (!reader.is_bytes() || reader.field() > 4) continue;
    constexpr DataType kTypes[] = {DataType::kText, DataType::kText, DataType::kBinary, DataType::kProtobuf,
                                   DataType::kJson};
    frame->data_type = kTypes[reader.field()];
    frame->data.assign(reader.bytes().data(), reader.bytes().size());
    *found = true;
  }
  if (!reader.ok()) return BadProtobuf("data is no MessageData");
  if (!*found) return absl::OkStatus();
  if (frame->data_type == DataType::kText && !IsUtf8(frame->data)) {
    return BadProtobuf("text_data is not UTF-8");
  }
  if (frame->data_type == DataType::kJson && !IsJson(frame->data)) {
    return BadProtobuf("json_data is not JSON");
  }
  return absl::OkStatus();
}

absl::Status ReadMetadataEntry(absl::string_view bytes, Metadata* metadata) {
  std::string key, value;
  ProtoReader reader(bytes);
  while (reader.Next()) {
    if (!reader.is_bytes()) continue;
    if (reader.field() == 1) RETURN_IF_ERROR(ReadText(reader.bytes(), "a metadata key", &key));
    if (reader.field() == 2) RETURN_IF_ERROR(ReadText(reader.bytes(), "a metadata value", &value));
  }
  if (!reader.ok()) return BadProtobuf("a metadata entry is malformed");
  const auto same =
      std::find_if(metadata->begin(), metadata->end(), [&](const auto& e) { return e.first == key; });
  if (same != metadata->end()) {
    same->second = std::move(value);
  } else {
    metadata->emplace_back(std::move(key), std::move(value));
  }
  return absl::OkStatus();
}

absl::Status CheckContent(const ClientFrame& frame, bool found) {
  if (!IsValidMetadata(frame.metadata)) {
    return BadProtobuf(
        "metadata keys must be tokens of at most 256 bytes, values at most 1024, all at most 8 KiB");
  }
  if (!found && frame.metadata.empty()) return BadProtobuf("data is required");
  return absl::OkStatus();
}

absl::Status ReadSend(absl::string_view bytes, ClientFrame* frame) {
  frame->data_type = DataType::kText;
  bool found = false;
  ProtoReader reader(bytes);
  while (reader.Next()) {
    if (reader.is_bytes()) {
      switch (reader.field()) {
        case 1:
          RETURN_IF_ERROR(ReadText(reader.bytes(), "group", &frame->group));
          break;
        case 3:
          RETURN_IF_ERROR(ReadMessageData(reader.bytes(), frame, &found));
          break;
        case 6:
          RETURN_IF_ERROR(ReadMetadataEntry(reader.bytes(), &frame->metadata));
          break;
        case 7: {
          frame->starts_stream = true;
          ProtoReader start(reader.bytes());
          while (start.Next()) {
            if (start.field() == 1 && start.is_bytes())
              RETURN_IF_ERROR(ReadText(start.bytes(), "stream_id", &frame->id));
          }
          break;
        }
        default:
          break;
      }
    } else if (reader.is_number()) {
      if (reader.field() == 2) frame->ack_id = reader.number();
      if (reader.field() == 4) frame->no_echo = reader.number() != 0;
      if (reader.field() == 5) {
        if (reader.number() > kTtlSecondsMax) return BadProtobuf("ttl_seconds must be at most 300");
        frame->ttl_seconds = static_cast<uint32_t>(reader.number());
      }
    }
  }
  if (!reader.ok()) return BadProtobuf("the send_to_group_message is malformed");
  if (!IsValidGroup(frame->group))
    return BadProtobuf("group must be 1 to 1024 characters, not all white space");
  return frame->starts_stream ? absl::OkStatus() : CheckContent(*frame, found);
}

absl::Status ReadUserEvent(absl::string_view bytes, ClientFrame* frame) {
  frame->data_type = DataType::kText;
  bool found = false;
  ProtoReader reader(bytes);
  while (reader.Next()) {
    if (reader.is_number()) {
      if (reader.field() == 3) frame->ack_id = reader.number();
      continue;
    }
    if (!reader.is_bytes()) continue;
    if (reader.field() == 1) RETURN_IF_ERROR(ReadText(reader.bytes(), "event", &frame->event));
    if (reader.field() == 2) RETURN_IF_ERROR(ReadMessageData(reader.bytes(), frame, &found));
    if (reader.field() == 4) RETURN_IF_ERROR(ReadMetadataEntry(reader.bytes(), &frame->metadata));
  }
  if (!reader.ok()) return BadProtobuf("the event_message is malformed");
  return CheckContent(*frame, found);
}

absl::Status ReadMembership(absl::string_view bytes, ClientFrame* frame) {
  ProtoReader reader(bytes);
  while (reader.Next()) {
    if (reader.field() == 1 && reader.is_bytes())
      RETURN_IF_ERROR(ReadText(reader.bytes(), "group", &frame->group));
    if (reader.field() == 2 && reader.is_number()) frame->ack_id = reader.number();
  }
  if (!reader.ok()) return BadProtobuf("the group message is malformed");
  if (!IsValidGroup(frame->group))
    return BadProtobuf("group must be 1 to 1024 characters, not all white space");
  return absl::OkStatus();
}

absl::Status ReadSequenceAck(absl::string_view bytes, ClientFrame* frame) {
  ProtoReader reader(bytes);
  while (reader.Next()) {
    if (reader.field() == 1 && reader.is_number()) frame->sequence_id = reader.number();
  }
  return reader.ok() ? absl::OkStatus() : BadProtobuf("the sequence_ack_message is malformed");
}

std::string Downstream(uint32_t field, absl::string_view message) {
  std::string body;
  AppendBytes(field, message, &body);
  return EncodeFrame(Opcode::kBinary, body);
}

}  // namespace

absl::Status ParseProtobufFrame(absl::string_view bytes, ClientFrame* frame) {
  *frame = ClientFrame();
  uint32_t kind = 0;
  absl::string_view message;
  ProtoReader reader(bytes);
  while (reader.Next()) {
    if (!reader.is_bytes()) continue;
    kind = reader.field();
    message = reader.bytes();
  }
  if (!reader.ok()) return BadProtobuf("the frame is no UpstreamMessage");
  switch (kind) {
    case kSendToGroupField:
      frame->type = ClientFrame::Type::kSendToGroup;
      return ReadSend(message, frame);
    case kEventField:
      frame->type = ClientFrame::Type::kEvent;
      return ReadUserEvent(message, frame);
    case kJoinGroupField:
      frame->type = ClientFrame::Type::kJoinGroup;
      return ReadMembership(message, frame);
    case kLeaveGroupField:
      frame->type = ClientFrame::Type::kLeaveGroup;
      return ReadMembership(message, frame);
    case kSequenceAckField:
      frame->type = ClientFrame::Type::kSequenceAck;
      return ReadSequenceAck(message, frame);
    case kPingField:
      frame->type = ClientFrame::Type::kPing;
      return absl::OkStatus();
    default:
      return BadProtobuf(absl::StrCat("unknown kind of UpstreamMessage: field ", kind));
  }
}

std::string ProtobufConnectedFrame(absl::string_view user_id, absl::string_view connection_id,
                                   std::optional<absl::string_view> reconnection_token) {
  std::string connected, system;
  AppendBytes(1, connection_id, &connected);
  if (!user_id.empty()) AppendBytes(2, user_id, &connected);
  if (reconnection_token) AppendBytes(3, *reconnection_token, &connected);
  AppendBytes(1, connected, &system);
  return Downstream(3, system);
}

std::string ProtobufDisconnectedFrame(absl::string_view reason) {
  std::string disconnected, system;
  AppendBytes(2, reason, &disconnected);
  AppendBytes(2, disconnected, &system);
  return Downstream(3, system);
}

std::string ProtobufAckFrame(uint64_t ack_id, absl::string_view error_name, absl::string_view error_message) {
  std::string ack;
  AppendUint(1, ack_id, &ack);
  if (error_name.empty()) {
    AppendUint(2, 1, &ack);
  } else {
    std::string error;
    AppendBytes(1, error_name, &error);
    AppendBytes(2, error_message, &error);
    AppendBytes(3, error, &ack);
  }
  return Downstream(1, ack);
}

std::string ProtobufPongFrame() { return Downstream(4, ""); }

}  // namespace nonet::replica
