#include "replica/server/client_connection.h"

#include <optional>
#include <utility>

#include "absl/strings/str_cat.h"
#include "replica/codec/protobuf_frame.h"

namespace nonet::replica {
namespace {

// A message that is larger is shared between its recipients rather than copied to each.
constexpr size_t kCopiedTailBytesMax = 1024;

}  // namespace

ClientConnection::ClientConnection(Info info, std::unique_ptr<http::Stream> stream, ClientFrameParser& parser,
                                   Callbacks callbacks)
    : info_(std::move(info)), stream_(std::move(stream)), parser_(parser), callbacks_(std::move(callbacks)) {}

void ClientConnection::Start() {
  heard_ns_ = pinged_ns_ = callbacks_.steady_ns();
  http::Stream::Callbacks callbacks;
  callbacks.on_data = [this](absl::string_view bytes) { OnData(bytes); };
  callbacks.on_closed = [this] {
    if (!std::exchange(closing_, true)) callbacks_.on_ended(info_.key, "transport");
    callbacks_.on_gone(info_.key);
  };
  stream_->Start(std::move(callbacks));
}

void ClientConnection::OnData(absl::string_view bytes) {
  heard_ns_ = callbacks_.steady_ns();
  FrameReader::Event event;
  while (!closing_) {
    switch (reader_.Next(&bytes, &event)) {
      case FrameReader::Result::kNeedMore:
        return;
      case FrameReader::Result::kEvent:
        OnEvent(event);
        break;
      case FrameReader::Result::kFailed:
        Fail(reader_.error_code(), reader_.error(), "protocol");
        return;
    }
  }
}

void ClientConnection::OnEvent(const FrameReader::Event& event) {
  switch (event.opcode) {
    case Opcode::kText:
    case Opcode::kBinary: {
      const bool json = info_.encoding == Encoding::kJson;
      if (json != (event.opcode == Opcode::kText)) {
        Fail(close_code::kUnsupportedData,
             json ? "JSON subprotocols use text frames" : "Protobuf subprotocols use binary frames",
             "wrong_frame_kind");
        return;
      }
      const absl::Status status =
          json ? parser_.Parse(event.payload, &frame_) : ParseProtobufFrame(event.payload, &frame_);
      if (!status.ok()) {
        Fail(close_code::kInvalidPayload, absl::StrCat("Invalid payload: ", status.message()),
             "invalid_payload");
        return;
      }
      callbacks_.on_frame(info_.key, frame_);
      return;
    }
    case Opcode::kPing:
      stream_->Append(EncodeFrame(Opcode::kPong, event.payload));
      if (!WithinBound()) callbacks_.on_ended(info_.key, "slow");
      return;
    case Opcode::kClose:
      closing_ = true;
      stream_->Append(event.close_code == close_code::kNoStatus ? EncodeFrame(Opcode::kClose, "")
                                                                : EncodeCloseFrame(event.close_code, ""));
      stream_->CloseAfterWrites();
      callbacks_.on_ended(info_.key, "client");
      return;
    default:
      return;  // Pong: heard, nothing else.
  }
}

void ClientConnection::Fail(uint16_t code, absl::string_view reason, absl::string_view cause) {
  Close(code, reason);
  callbacks_.on_ended(info_.key, cause);
}

bool ClientConnection::WithinBound() {
  if (stream_->queued_bytes() <= kClientQueueBytesMax) return true;
  Close(close_code::kPolicyViolation, "The client reads too slowly");
  return false;
}

bool ClientConnection::Deliver(MessageFrame& frame, uint64_t sequence_id) {
  if (closing_) return true;
  stream_->Append(frame.Head(info_.encoding, sequence_id));
  const absl::string_view tail = frame.Tail(info_.encoding);
  if (tail.size() <= kCopiedTailBytesMax) {
    stream_->Append(tail);
  } else {
    stream_->Write(frame.SharedTail(info_.encoding));
  }
  return WithinBound();
}

bool ClientConnection::Send(const Reply& reply) {
  if (closing_) return true;
  stream_->Append(Encode(reply));
  return WithinBound();
}

std::string ClientConnection::Encode(const Reply& reply) const {
  const bool json = info_.encoding == Encoding::kJson;
  switch (reply.kind) {
    case Reply::Kind::kConnected: {
      std::optional<absl::string_view> user, token;
      if (!info_.user_id.empty()) user = info_.user_id;
      if (info_.reliable) token = info_.reconnection_token;
      return json ? ConnectedFrame(user, info_.id, token)
                  : ProtobufConnectedFrame(info_.user_id, info_.id, token);
    }
    case Reply::Kind::kAck:
      if (!json) return ProtobufAckFrame(reply.ack_id, reply.error_name, reply.error_message);
      return reply.error_name.empty() ? AckSuccessFrame(reply.ack_id)
                                      : AckErrorFrame(reply.ack_id, reply.error_name, reply.error_message);
    case Reply::Kind::kPong:
      return json ? PongFrame() : ProtobufPongFrame();
    case Reply::Kind::kInvokeError:
      return json ? InvokeErrorFrame(reply.id, reply.error_name, reply.error_message) : "";
    case Reply::Kind::kStreamClosed:
      return json ? StreamClosedFrame(reply.id, reply.error_name, reply.error_message) : "";
  }
  return "";
}

void ClientConnection::Close(uint16_t code, absl::string_view reason) {
  if (std::exchange(closing_, true)) return;
  stream_->Append(info_.encoding == Encoding::kJson ? DisconnectedFrame(reason)
                                                    : ProtobufDisconnectedFrame(reason));
  stream_->Append(EncodeCloseFrame(code, reason));
  stream_->CloseAfterWrites();
}

bool ClientConnection::CheckAlive(int64_t steady_ns) {
  if (closing_) return true;
  const bool asked = pinged_ns_ > heard_ns_;  // A check that comes late drops nobody who was not.
  if (asked && steady_ns - heard_ns_ > kSilentIntervalsMax * info_.keep_alive_ns) return false;
  if (steady_ns - pinged_ns_ >= info_.keep_alive_ns) {
    pinged_ns_ = steady_ns;
    stream_->Append(EncodeFrame(Opcode::kPing, ""));
  }
  return true;
}

}  // namespace nonet::replica
