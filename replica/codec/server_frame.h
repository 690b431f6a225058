// Frames that clients of the JSON subprotocols receive: values -> whole WebSocket frames. Pure.
// Source: Azure Web PubSub, "JSON subprotocol" and "reliable JSON subprotocol".
//
//   MessageFrame frame(view);            // Once a message.
//   stream.Write(frame.Plain());         // To each plain client: the same bytes.
//   stream.Write(frame.Head(sequence));  // To each reliable client: its own 20 bytes or so,
//   stream.Write(frame.Tail());          // then the shared rest.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>

#include "absl/strings/string_view.h"
#include "replica/codec/payload.h"

namespace nonet::replica {

using SharedBytes = std::shared_ptr<const std::string>;

// `user_id` nullopt: anonymous. `reconnection_token` nullopt: not a reliable client.
std::string ConnectedFrame(std::optional<absl::string_view> user_id, absl::string_view connection_id,
                           std::optional<absl::string_view> reconnection_token);
std::string DisconnectedFrame(absl::string_view message);
std::string AckSuccessFrame(uint64_t ack_id);
std::string AckErrorFrame(uint64_t ack_id, absl::string_view name, absl::string_view message);
std::string InvokeErrorFrame(absl::string_view invocation_id, absl::string_view name,
                             absl::string_view message);
std::string StreamClosedFrame(absl::string_view stream_id, absl::string_view name, absl::string_view message);
std::string PongFrame();

// One message on its way to many clients of one instance. One owner.
class MessageFrame {
 public:
  struct View {
    bool from_group = false;         // Else from the server.
    absl::string_view group;         // With from_group.
    absl::string_view from_user_id;  // With from_group; empty: null.
    DataType data_type = DataType::kText;
    absl::string_view data;  // kText: valid UTF-8. kJson: one JSON value.
    const Metadata* metadata = nullptr;
  };
  explicit MessageFrame(const View& view);

  // The whole frame for json.webpubsub.azure.v1.
  const SharedBytes& Plain();
  // The two parts of the frame for json.reliable.webpubsub.azure.v1. The head is shared between clients
  // that stand at the same sequence one after the other.
  const SharedBytes& Head(uint64_t sequence_id);
  const SharedBytes& Tail() const { return tail_; }

 private:
  SharedBytes tail_;  // From `"type":` to the closing brace.
  SharedBytes plain_;
  SharedBytes head_;
  uint64_t head_sequence_ = 0;
};

// Appends `text` (UTF-8) as a JSON string, quotes included (RFC 8259 section 7).
void AppendJsonString(absl::string_view text, std::string* out);

}  // namespace nonet::replica
