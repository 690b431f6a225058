// Frames that clients of the JSON subprotocols send: text -> ClientFrame. Pure; one owner.
// Source: Azure Web PubSub, "JSON subprotocol" and "reliable JSON subprotocol".
//
//   ClientFrameParser parser;
//   ClientFrame frame;
//   RETURN_IF_ERROR(parser.Parse(text, &frame));
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "replica/codec/payload.h"

namespace nonet::replica {

struct ClientFrame {
  enum class Type {
    kJoinGroup,
    kLeaveGroup,
    kSendToGroup,
    kEvent,
    kSequenceAck,
    kPing,
    kInvoke,       // Known to the service, absent here.
    kUnsupported,  // Other frames that the service knows and that are absent here.
  };
  Type type = Type::kPing;
  std::string group;               // Join, leave, send.
  std::optional<uint64_t> ack_id;  // Absent: nothing is answered.
  bool no_echo = false;            // Send.
  uint32_t ttl_seconds = 0;        // Send; 0: no expiry.
  DataType data_type = DataType::kJson;
  std::string data;            // Decoded; JSON as it was sent.
  Metadata metadata;           // Send, event.
  std::string event;           // Event, invoke.
  uint64_t sequence_id = 0;    // Sequence ack.
  std::string id;              // Invoke: invocationId. A send that starts a stream: streamId.
  bool starts_stream = false;  // Send with `stream`: absent here.
  std::string type_name;       // kUnsupported: what was sent.
};

class ClientFrameParser {
 public:
  ClientFrameParser();
  ~ClientFrameParser();

  // INVALID_ARGUMENT with what is wrong; `frame` is then unspecified. Unknown properties are ignored.
  absl::Status Parse(absl::string_view text, ClientFrame* frame);

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

// Whether `text` is one whole JSON value (RFC 8259), null included.
bool IsJson(absl::string_view text);

}  // namespace nonet::replica
