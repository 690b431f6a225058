// Which requests were applied within the last 24 hours, and what they were answered: a repeated request_id
// gets the same answer and applies once. Only what was applied is remembered: a refused request changed
// nothing. Pure; one owner.
//
//   ASSIGN_OR_RETURN(const Object* answer, requests.Find(id, Digest("CreateReplica", body), now.wall_ns));
#pragma once

#include <cstdint>
#include <map>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/statusor.h"
#include "controlplane/core/object.h"

namespace nonet::controlplane {

struct RequestRecord {
  std::string request_id;
  std::string digest;   // Of the method and the body, 16 bytes.
  int64_t wall_ns = 0;  // When it was applied.
  Object answer;
};

// 128 bits that tell requests apart; not a defence against somebody who searches for equal ones.
std::string RequestDigest(absl::string_view method, absl::string_view body);

class RequestTable {
 public:
  void Restore(std::vector<RequestRecord> records);
  // nullptr when the id is new; INVALID_ARGUMENT when it came with another body.
  absl::StatusOr<const Object*> Find(const std::string& request_id, absl::string_view digest,
                                     int64_t wall_ns) const;
  // Appends to `forgotten` what is too old or too much (limits.h) now.
  void Remember(const RequestRecord& record, std::vector<std::string>& forgotten);
  size_t size() const { return records_.size(); }

 private:
  std::map<std::string, RequestRecord> records_;
  std::set<std::pair<int64_t, std::string>> by_age_;
};

}  // namespace nonet::controlplane
