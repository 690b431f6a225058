// What instances say to each other, as values; nonet.peer.v1 says what each field means.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "replica/codec/permissions.h"
#include "replica/core/filter.h"
#include "replica/core/message.h"

namespace nonet::replica {

struct Hello {
  std::string resource;
  std::string origin;
  std::string epoch;
  std::string interest_epoch;
  uint64_t interest_number = 0;
};

struct Welcome {
  std::string instance;
  std::string epoch;
  uint64_t last_position = 0;
  uint64_t credit_bytes = 0;
};

// Why messages did not get to where they were accepted for.
enum class GapCause : uint8_t {
  kLogOverflow = 1,  // The origin's log for the peer was full.
  kAged,             // They waited longer than the log keeps any message.
  kExpired,          // Past the sender's time to live while they waited.
  kPeerGone,         // The peer started a new life, or was removed, before it acknowledged them.
  kOriginGone,       // The origin started a new life, was removed or is silent; what followed is unknown.
};
inline constexpr size_t kGapCauses = 6;  // Of an array indexed by cause.

struct GapNotice {
  uint64_t first_position = 0;
  uint64_t last_position = 0;
  uint64_t first_sequence = 0;
  uint64_t last_sequence = 0;
  std::string hub;
  GapCause cause = GapCause::kLogOverflow;

  uint64_t messages() const { return last_position - first_position + 1; }
};

struct Batch {
  uint64_t first_position = 0;
  std::vector<GapNotice> gaps;
  std::vector<MessagePtr> messages;

  bool empty() const { return gaps.empty() && messages.empty(); }
  void Clear() {
    first_position = 0;
    gaps.clear();
    messages.clear();
  }
};

struct InterestChange {
  std::string hub;
  Target kind = Target::kAll;  // kAll, kGroup, kUser.
  std::string name;            // Empty for kAll.
  bool present = true;
};

struct Interest {
  uint64_t after = 0;
  uint64_t number = 0;
  bool snapshot = false;
  uint32_t part = 0;
  bool last_part = false;
  std::vector<InterestChange> changes;
};

struct InterestAck {
  uint64_t number = 0;
  bool resync = false;
};

struct InterestDigest {
  uint64_t number = 0;
  uint64_t entries = 0;
  uint64_t digest = 0;
};

struct MessageAck {
  uint64_t position = 0;
  uint64_t credit_bytes = 0;
  bool rewind = false;
};

enum class Operation : uint8_t {
  kExists = 1,
  kList,
  kClose,
  kAddToGroups,
  kRemoveFromGroups,
  kGrant,
  kRevoke,
  kCheck,
};

struct Question {
  uint64_t id = 0;  // Set by the core.
  Operation operation = Operation::kExists;
  std::string hub;  // Lower case.
  Target target = Target::kAll;
  std::string target_name;
  std::vector<std::string> excluded_connections;
  std::shared_ptr<const ConnectionFilter> filter;  // Null: all. Shared with the copies for the peers.
  std::vector<std::string> groups;
  std::string reason;
  Permission permission = Permission::kSendToGroup;
  std::string permission_group;
  uint32_t limit = 0;
  std::string after;
};

struct Member {
  std::string connection_id;
  std::string user_id;
  friend bool operator==(const Member& a, const Member& b) {
    return a.connection_id == b.connection_id && a.user_id == b.user_id;
  }
};

struct Answer {
  uint64_t id = 0;
  uint64_t matched = 0;
  uint64_t granted = 0;
  uint64_t refused = 0;
  std::vector<Member> members;
};

// One thing to write on the stream that we dial, one that came on a stream that a peer dialled. Present
// fields are taken in this order.
struct PeerRequest {
  std::optional<InterestAck> interest_ack;
  Batch batch;  // Absent when it is empty.
  std::vector<Question> questions;

  bool empty() const { return !interest_ack && batch.empty() && questions.empty(); }
  void Clear() {
    interest_ack.reset();
    batch.Clear();
    questions.clear();
  }
};

struct PeerResponse {
  std::optional<MessageAck> ack;
  std::optional<Interest> interest;
  std::optional<InterestDigest> digest;
  std::vector<Answer> answers;

  bool empty() const { return !ack && !interest && !digest && answers.empty(); }
  void Clear() {
    ack.reset();
    interest.reset();
    digest.reset();
    answers.clear();
  }
};

}  // namespace nonet::replica
