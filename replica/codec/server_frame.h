// Frames that clients of the JSON subprotocols receive: values -> whole WebSocket frames. Pure.
// Source: Azure Web PubSub, "JSON subprotocol" and "reliable JSON subprotocol".
//
//   MessageFrame frame(view);            // Once a message.
//   stream.Append(frame.Head(Encoding::kJson, sequence));  // To each client: its own few bytes,
//   stream.Append(frame.Tail(Encoding::kJson));            // then what is the same for all.
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

// How a client's subprotocol writes frames.
enum class Encoding : uint8_t {
  kJson,      // json.webpubsub.azure.v1 and its reliable form, text frames.
  kProtobuf,  // protobuf.webpubsub.azure.v1 and its reliable form, binary frames.
};

// One message on its way to many clients of one instance: written once an encoding, whoever gets it. One
// owner; meant to be used again for the next message.
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
  MessageFrame() = default;
  explicit MessageFrame(const View& view) { Reset(view); }
  // What the view refers to must live until the last use.
  void Reset(const View& view);

  // The frame's first bytes for a client that gets the message under this sequence; 0: a client that is not
  // reliable. Valid until the next call.
  absl::string_view Head(Encoding encoding, uint64_t sequence_id);
  // The rest, the same for all. Valid until Reset.
  absl::string_view Tail(Encoding encoding);
  // The same, shared: for large ones, so that they are copied once rather than for each client.
  const SharedBytes& SharedTail(Encoding encoding);

 private:
  struct Encoded {
    bool built = false;
    std::string tail;
    SharedBytes shared;
    bool has_head = false;
    uint64_t head_sequence = 0;
    std::string head;
  };
  Encoded& Get(Encoding encoding);

  View view_;
  Encoded encoded_[2];
};

// Appends `text` (UTF-8) as a JSON string, quotes included (RFC 8259 section 7).
void AppendJsonString(absl::string_view text, std::string* out);

}  // namespace nonet::replica
