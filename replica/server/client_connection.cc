#include "replica/server/client_connection.h"

#include <optional>
#include <utility>

#include "absl/strings/str_cat.h"

namespace nonet::replica {

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
    case Opcode::kText: {
      ClientFrame frame;
      if (const absl::Status status = parser_.Parse(event.payload, &frame); !status.ok()) {
        Fail(close_code::kInvalidPayload, absl::StrCat("Invalid payload: ", status.message()),
             "invalid_payload");
        return;
      }
      callbacks_.on_frame(info_.key, std::move(frame));
      return;
    }
    case Opcode::kBinary:
      Fail(close_code::kUnsupportedData, "JSON subprotocols use text frames", "wrong_frame_kind");
      return;
    case Opcode::kPing:
      Write(EncodeFrame(Opcode::kPong, event.payload));
      return;
    case Opcode::kClose:
      closing_ = true;
      Write(event.close_code == close_code::kNoStatus ? EncodeFrame(Opcode::kClose, "")
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

void ClientConnection::Write(std::string bytes) {
  stream_->Write(std::make_shared<const std::string>(std::move(bytes)));
}

bool ClientConnection::Deliver(MessageFrame& frame, uint64_t sequence_id) {
  if (closing_) return true;
  if (info_.reliable) {
    stream_->Write(frame.Head(sequence_id));
    stream_->Write(frame.Tail());
  } else {
    stream_->Write(frame.Plain());
  }
  if (stream_->queued_bytes() <= kClientQueueBytesMax) return true;
  Close(close_code::kPolicyViolation, "The client reads too slowly");
  return false;
}

void ClientConnection::Send(const Reply& reply) {
  if (closing_) return;
  switch (reply.kind) {
    case Reply::Kind::kConnected: {
      std::optional<absl::string_view> user, token;
      if (!info_.user_id.empty()) user = info_.user_id;
      if (info_.reliable) token = info_.reconnection_token;
      Write(ConnectedFrame(user, info_.id, token));
      return;
    }
    case Reply::Kind::kAck:
      Write(reply.error_name.empty() ? AckSuccessFrame(reply.ack_id)
                                     : AckErrorFrame(reply.ack_id, reply.error_name, reply.error_message));
      return;
    case Reply::Kind::kPong:
      Write(PongFrame());
      return;
    case Reply::Kind::kInvokeError:
      Write(InvokeErrorFrame(reply.id, reply.error_name, reply.error_message));
      return;
    case Reply::Kind::kStreamClosed:
      Write(StreamClosedFrame(reply.id, reply.error_name, reply.error_message));
      return;
  }
}

void ClientConnection::Close(uint16_t code, absl::string_view reason) {
  if (std::exchange(closing_, true)) return;
  Write(DisconnectedFrame(reason));
  Write(EncodeCloseFrame(code, reason));
  stream_->CloseAfterWrites();
}

bool ClientConnection::CheckAlive(int64_t steady_ns) {
  if (closing_) return true;
  if (steady_ns - heard_ns_ > kSilentIntervalsMax * info_.keep_alive_ns) return false;
  // Replies to a client that floods us without reading are bounded here too.
  if (stream_->queued_bytes() > kClientQueueBytesMax) return false;
  if (steady_ns - pinged_ns_ >= info_.keep_alive_ns) {
    pinged_ns_ = steady_ns;
    Write(EncodeFrame(Opcode::kPing, ""));
  }
  return true;
}

}  // namespace nonet::replica
