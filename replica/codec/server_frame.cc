#include "replica/codec/server_frame.h"

#include <array>
#include <cstring>

#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "replica/codec/proto_wire.h"
#include "replica/codec/ws_frame.h"

namespace nonet::replica {
namespace {

// DownstreamMessage.data_message, DataMessage.sequence_id.
constexpr uint32_t kDataMessageField = 2;
constexpr uint32_t kSequenceIdField = 4;
constexpr size_t kNumberFieldMax = 11;  // Bytes of a tag and a number, or a size.
// A large message does not keep its memory for ever.
constexpr size_t kKeptTailBytes = 64 * 1024;

absl::string_view Name(DataType type) {
  switch (type) {
    case DataType::kText:
      return "text";
    case DataType::kJson:
      return "json";
    case DataType::kBinary:
      return "binary";
    case DataType::kProtobuf:
      return "protobuf";
  }
  return "binary";
}

void AppendNamed(absl::string_view name, absl::string_view value, std::string* out) {
  absl::StrAppend(out, ",\"", name, "\":");
  AppendJsonString(value, out);
}

void AppendError(absl::string_view name, absl::string_view message, std::string* out) {
  absl::StrAppend(out, ",\"error\":{\"name\":");
  AppendJsonString(name, out);
  AppendNamed("message", message, out);
  out->push_back('}');
}

void AppendJsonTail(const MessageFrame::View& view, std::string* to) {
  std::string& out = *to;
  out.reserve(128 + view.group.size() + view.from_user_id.size() + view.data.size() * 4 / 3);
  out.append("\"type\":\"message\",\"from\":");
  if (view.from_group) {
    out.append("\"group\"");
    AppendNamed("group", view.group, &out);
    out.append(",\"fromUserId\":");
    if (view.from_user_id.empty()) {
      out.append("null");
    } else {
      AppendJsonString(view.from_user_id, &out);
    }
  } else {
    out.append("\"server\"");
  }
  absl::StrAppend(&out, ",\"dataType\":\"", Name(view.data_type), "\",\"data\":");
  if (view.data_type == DataType::kText) {
    AppendJsonString(view.data, &out);
  } else if (view.data_type == DataType::kJson) {
    out.append(view.data.data(), view.data.size());
  } else {
    out.push_back('"');
    out.append(absl::Base64Escape(view.data));
    out.push_back('"');
  }
  if (view.metadata != nullptr && !view.metadata->empty()) {
    out.append(",\"metadata\":{");
    for (size_t i = 0; i < view.metadata->size(); ++i) {
      if (i > 0) out.push_back(',');
      AppendJsonString((*view.metadata)[i].first, &out);
      out.push_back(':');
      AppendJsonString((*view.metadata)[i].second, &out);
    }
    out.push_back('}');
  }
  out.push_back('}');
}

// Of eight bytes: whether none is a control character, a quote or a backslash. A byte with the top bit set
// may be taken for one, never the other way round.
bool NeedsNoEscape(const char* text) {
  constexpr uint64_t kOnes = 0x0101010101010101, kTops = 0x8080808080808080;
  uint64_t word = 0;
  std::memcpy(&word, text, sizeof(word));
  const auto has_zero = [](uint64_t v) { return (v - kOnes) & ~v & kTops; };
  const uint64_t control = (word - kOnes * 0x20) & ~word & kTops;
  return (control | has_zero(word ^ kOnes * '"') | has_zero(word ^ kOnes * '\\')) == 0;
}

// The fields of a DataMessage but sequence_id, which goes before them: the order of fields is free.
void WriteProtobufTail(const MessageFrame::View& view, std::string* out) {
  static const Metadata kNone;
  constexpr std::array<uint32_t, 5> kDataField = {0, 1, 4, 2, 3};  // Of MessageData, a oneof; by DataType.
  const absl::string_view from = view.from_group ? "group" : "server";
  const Metadata& metadata = view.metadata == nullptr ? kNone : *view.metadata;
  const size_t data_size = BytesFieldSize(view.data.size());
  const auto entry_size = [](const auto& entry) {
    return BytesFieldSize(entry.first.size()) + BytesFieldSize(entry.second.size());
  };
  size_t size = BytesFieldSize(from.size()) + BytesFieldSize(data_size);
  if (view.from_group) size += BytesFieldSize(view.group.size());
  for (const auto& entry : metadata) size += BytesFieldSize(entry_size(entry));
  out->resize(size);  // What the message before left is written over.
  ProtoWriter writer(out->data());
  writer.Bytes(1, from);
  if (view.from_group) writer.Bytes(2, view.group);
  writer.Open(3, data_size);
  writer.Bytes(kDataField[static_cast<size_t>(view.data_type)], view.data);
  for (const auto& entry : metadata) {
    writer.Open(5, entry_size(entry));
    writer.Bytes(1, entry.first);
    writer.Bytes(2, entry.second);
  }
}

}  // namespace

std::string ConnectedFrame(std::optional<absl::string_view> user_id, absl::string_view connection_id,
                           std::optional<absl::string_view> reconnection_token) {
  std::string json = "{\"type\":\"system\",\"event\":\"connected\",\"userId\":";
  if (user_id) {
    AppendJsonString(*user_id, &json);
  } else {
    json.append("null");
  }
  AppendNamed("connectionId", connection_id, &json);
  if (reconnection_token) AppendNamed("reconnectionToken", *reconnection_token, &json);
  json.push_back('}');
  return EncodeFrame(Opcode::kText, json);
}

std::string DisconnectedFrame(absl::string_view message) {
  std::string json = "{\"type\":\"system\",\"event\":\"disconnected\"";
  AppendNamed("message", message, &json);
  json.push_back('}');
  return EncodeFrame(Opcode::kText, json);
}

std::string AckSuccessFrame(uint64_t ack_id) {
  return EncodeFrame(Opcode::kText,
                     absl::StrCat("{\"type\":\"ack\",\"ackId\":", ack_id, ",\"success\":true}"));
}

std::string AckErrorFrame(uint64_t ack_id, absl::string_view name, absl::string_view message) {
  std::string json = absl::StrCat("{\"type\":\"ack\",\"ackId\":", ack_id, ",\"success\":false");
  AppendError(name, message, &json);
  json.push_back('}');
  return EncodeFrame(Opcode::kText, json);
}

std::string InvokeErrorFrame(absl::string_view invocation_id, absl::string_view name,
                             absl::string_view message) {
  std::string json = "{\"type\":\"invokeResponse\"";
  AppendNamed("invocationId", invocation_id, &json);
  json.append(",\"success\":false");
  AppendError(name, message, &json);
  json.push_back('}');
  return EncodeFrame(Opcode::kText, json);
}

std::string StreamClosedFrame(absl::string_view stream_id, absl::string_view name,
                              absl::string_view message) {
  std::string json = "{\"type\":\"streamClosed\"";
  AppendNamed("streamId", stream_id, &json);
  AppendError(name, message, &json);
  json.push_back('}');
  return EncodeFrame(Opcode::kText, json);
}

std::string PongFrame() { return EncodeFrame(Opcode::kText, "{\"type\":\"pong\"}"); }

void MessageFrame::Reset(const View& view) {
  view_ = view;
  for (Encoded& encoded : encoded_) {
    encoded.built = encoded.has_head = false;
    encoded.shared = nullptr;
  }
}

MessageFrame::Encoded& MessageFrame::Get(Encoding encoding) {
  Encoded& encoded = encoded_[static_cast<size_t>(encoding)];
  if (!encoded.built) {
    encoded.built = true;
    if (encoded.tail.capacity() > kKeptTailBytes) encoded.tail = std::string();
    if (encoding == Encoding::kJson) {
      encoded.tail.clear();
      AppendJsonTail(view_, &encoded.tail);
    } else {
      WriteProtobufTail(view_, &encoded.tail);
    }
  }
  return encoded;
}

absl::string_view MessageFrame::Tail(Encoding encoding) { return Get(encoding).tail; }

const SharedBytes& MessageFrame::SharedTail(Encoding encoding) {
  Encoded& encoded = Get(encoding);
  if (encoded.shared == nullptr) encoded.shared = std::make_shared<const std::string>(encoded.tail);
  return encoded.shared;
}

absl::string_view MessageFrame::Head(Encoding encoding, uint64_t sequence_id) {
  Encoded& encoded = Get(encoding);
  if (encoded.has_head && encoded.head_sequence == sequence_id) return encoded.head;
  encoded.has_head = true;
  encoded.head_sequence = sequence_id;
  const size_t tail = encoded.tail.size();
  std::array<char, kFrameHeaderMax + 2 * kNumberFieldMax> header;
  std::string& head = encoded.head;
  if (encoding == Encoding::kProtobuf) {
    const size_t body = tail + (sequence_id == 0 ? 0 : 1 + VarintBytes(sequence_id));
    const size_t size = EncodeFrameHeader(Opcode::kBinary, BytesFieldSize(body), header.data());
    ProtoWriter writer(header.data() + size);
    writer.Open(kDataMessageField, body);
    writer.Number(kSequenceIdField, sequence_id);
    head.assign(header.data(), static_cast<size_t>(writer.at() - header.data()));
    return head;
  }
  if (sequence_id == 0) {
    const size_t size = EncodeFrameHeader(Opcode::kText, tail + 1, header.data());
    head.assign(header.data(), size);
    head.push_back('{');
    return head;
  }
  const absl::AlphaNum digits(sequence_id);
  constexpr absl::string_view kBefore = "{\"sequenceId\":";
  const size_t size =
      EncodeFrameHeader(Opcode::kText, kBefore.size() + digits.size() + 1 + tail, header.data());
  head.assign(header.data(), size);
  absl::StrAppend(&head, kBefore, digits, ",");
  return head;
}

void AppendJsonString(absl::string_view text, std::string* out) {
  static constexpr char kHex[] = "0123456789abcdef";
  out->push_back('"');
  size_t clean = 0;  // Start of the run that needs no escape.
  for (size_t i = 0; i < text.size(); ++i) {
    while (i + 8 <= text.size() && NeedsNoEscape(text.data() + i)) i += 8;
    if (i == text.size()) break;
    const unsigned char c = static_cast<unsigned char>(text[i]);
    if (c >= 0x20 && c != '"' && c != '\\') continue;
    out->append(text.data() + clean, i - clean);
    clean = i + 1;
    switch (c) {
      case '"':
        out->append("\\\"");
        break;
      case '\\':
        out->append("\\\\");
        break;
      case '\n':
        out->append("\\n");
        break;
      case '\r':
        out->append("\\r");
        break;
      case '\t':
        out->append("\\t");
        break;
      default:
        out->append("\\u00");
        out->push_back(kHex[c >> 4]);
        out->push_back(kHex[c & 0xF]);
    }
  }
  out->append(text.data() + clean, text.size() - clean);
  out->push_back('"');
}

}  // namespace nonet::replica
