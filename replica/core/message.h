// A message as the hub core and the sync engine know it. Plain values.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "absl/strings/string_view.h"
#include "common/clock/clock.h"
#include "replica/codec/payload.h"
#include "replica/core/filter.h"

namespace nonet::replica {

// When a decision is taken: steady time drives timers, wall time stamps and expires messages.
struct Now {
  int64_t steady_ns = 0;
  int64_t wall_ns = 0;
};

enum class Target : uint8_t {
  kAll = 1,  // Every connection of the hub.
  kGroup,
  kUser,
  kConnection,
};

struct Message {
  uint64_t sequence = 0;  // Set when the origin accepts it; see nonet.peer.v1.Message.
  std::string hub;        // Lower case.
  Target target = Target::kAll;
  std::string target_name;  // Empty for kAll.
  DataType data_type = DataType::kText;
  Payload data;
  std::string from_user_id;                       // Empty for REST and anonymous senders.
  std::vector<std::string> excluded_connections;  // Ids that do not get it.
  Metadata metadata;
  int64_t accepted_wall_ns = 0;
  uint32_t ttl_ms = 0;                             // Not delivered this long after acceptance; 0: no expiry.
  std::shared_ptr<const ConnectionFilter> filter;  // Shared by all copies; null: the whole target.
  // The shell's: the message as peers read it, made at most once. Empty: not made. The core never looks.
  mutable std::string wire;

  bool Expired(int64_t wall_ns) const {
    return ttl_ms != 0 && wall_ns > accepted_wall_ns + static_cast<int64_t>(ttl_ms) * kNanosPerMilli;
  }
};

// Shared between the deliveries and the peers' logs; never changed after acceptance.
using MessagePtr = std::shared_ptr<const Message>;

// What a message counts in logs, credit and other bounds, in bytes: its strings and kMessageOverheadBytes.
// Both ends of a stream come to the same number.
size_t MessageCost(const Message& message);

// "westeurope:00c0ffee00c0ffee:17": the origin's short name, its epoch, the sequence.
struct MessageId {
  std::string origin;  // The last part of the object name.
  std::string epoch;
  uint64_t sequence = 0;

  std::string Text() const;
  static std::optional<MessageId> Parse(absl::string_view text);
};
// "resources/contoso/replicas/eu" -> "eu"; "resources/contoso" -> "contoso".
absl::string_view ShortName(absl::string_view instance);

}  // namespace nonet::replica
