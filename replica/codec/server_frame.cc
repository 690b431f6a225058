#include "replica/codec/server_frame.h"

#include <array>

#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "replica/codec/ws_frame.h"

namespace nonet::replica {
namespace {

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

std::string BuildTail(const MessageFrame::View& view) {
  std::string out;
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
  return out;
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

MessageFrame::MessageFrame(const View& view) : tail_(std::make_shared<const std::string>(BuildTail(view))) {}

const SharedBytes& MessageFrame::Plain() {
  if (plain_ == nullptr) {
    std::array<char, kFrameHeaderMax> header;
    const size_t size = EncodeFrameHeader(Opcode::kText, tail_->size() + 1, header.data());
    std::string out;
    out.reserve(size + 1 + tail_->size());
    out.append(header.data(), size);
    out.push_back('{');
    out.append(*tail_);
    plain_ = std::make_shared<const std::string>(std::move(out));
  }
  return plain_;
}

const SharedBytes& MessageFrame::Head(uint64_t sequence_id) {
  if (head_ != nullptr && head_sequence_ == sequence_id) return head_;
  const absl::AlphaNum digits(sequence_id);
  constexpr absl::string_view kBefore = "{\"sequenceId\":";
  const size_t json_size = kBefore.size() + digits.size() + 1;
  std::array<char, kFrameHeaderMax> header;
  const size_t size = EncodeFrameHeader(Opcode::kText, json_size + tail_->size(), header.data());
  head_ = std::make_shared<const std::string>(
      absl::StrCat(absl::string_view(header.data(), size), kBefore, digits, ","));
  head_sequence_ = sequence_id;
  return head_;
}

void AppendJsonString(absl::string_view text, std::string* out) {
  static constexpr char kHex[] = "0123456789abcdef";
  out->push_back('"');
  size_t clean = 0;  // Start of the run that needs no escape.
  for (size_t i = 0; i < text.size(); ++i) {
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
