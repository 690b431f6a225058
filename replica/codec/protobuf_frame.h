// Frames of the protobuf subprotocols, both ways: bytes <-> values; one message a binary WebSocket frame.
// Pure. Source: Azure Web PubSub, "Protobuf subprotocol" and "reliable protobuf subprotocol". Data messages
// to clients are written by MessageFrame.
//
//   ClientFrame frame;
//   RETURN_IF_ERROR(ParseProtobufFrame(payload, &frame));
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "replica/codec/client_frame.h"

namespace nonet::replica {

// An UpstreamMessage. INVALID_ARGUMENT with what is wrong; `frame` is then unspecified. Unknown fields are
// ignored.
absl::Status ParseProtobufFrame(absl::string_view bytes, ClientFrame* frame);

// Whole WebSocket frames, each a DownstreamMessage. `user_id` empty: anonymous. `reconnection_token` nullopt:
// not a reliable client. An ack is a success when `error_name` is empty.
std::string ProtobufConnectedFrame(absl::string_view user_id, absl::string_view connection_id,
                                   std::optional<absl::string_view> reconnection_token);
std::string ProtobufDisconnectedFrame(absl::string_view reason);
std::string ProtobufAckFrame(uint64_t ack_id, absl::string_view error_name, absl::string_view error_message);
std::string ProtobufPongFrame();

}  // namespace nonet::replica
