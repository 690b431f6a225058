// A message as the hub core and the sync engine know it. Plain values.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "common/clock/clock.h"
#include "replica/codec/payload.h"

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
  std::string data;
  std::string from_user_id;                       // Empty for REST and anonymous senders.
  std::vector<std::string> excluded_connections;  // Ids that do not get it.
  Metadata metadata;
  int64_t accepted_wall_ns = 0;
  uint32_t ttl_ms = 0;  // Not delivered this long after acceptance; 0: no expiry.

  bool Expired(int64_t wall_ns) const {
    return ttl_ms != 0 && wall_ns > accepted_wall_ns + static_cast<int64_t>(ttl_ms) * kNanosPerMilli;
  }
};

// Shared between the deliveries and the peers' logs; never changed after acceptance.
using MessagePtr = std::shared_ptr<const Message>;

}  // namespace nonet::replica
