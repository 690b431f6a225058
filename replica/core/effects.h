// What the core asks its shell to do, in this order.
#pragma once

#include <cstdint>
#include <string>
#include <variant>
#include <vector>

#include "replica/core/gather.h"
#include "replica/core/hub.h"
#include "replica/core/message.h"

namespace nonet::replica {

struct Recipient {
  ConnectionKey key;
  uint64_t sequence_id;  // 0 for plain clients.
};

// One message to recipients[first, first + count).
struct Deliver {
  MessagePtr message;
  size_t first;
  size_t count;
};

// A frame to one client that is no data message.
struct Reply {
  enum class Kind { kConnected, kAck, kPong, kInvokeError, kStreamClosed };
  ConnectionKey key = 0;
  Kind kind = Kind::kAck;
  uint64_t ack_id = 0;     // kAck.
  std::string id;          // kInvokeError: invocation; kStreamClosed: stream.
  std::string error_name;  // Empty: success.
  std::string error_message;
};

// Says so with a `disconnected` frame, then closes. The core has forgotten the connection.
struct CloseConnection {
  ConnectionKey key;
  uint16_t code;
  std::string reason;
};

// Call OnTimer at that steady time; replaces the timer before.
struct SetTimer {
  int64_t at_steady_ns;
};

// The whole resource answered ReplicaCore::Ask, or the deadline came.
struct AskDone {
  Gathered result;
};

struct Effects {
  std::vector<std::variant<Deliver, Reply, CloseConnection, SetTimer, AskDone>> list;
  std::vector<Recipient> recipients;

  void Clear() {
    list.clear();
    recipients.clear();
  }
};

}  // namespace nonet::replica
