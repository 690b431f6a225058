// The connections of this instance, by hub, group and user: who is here, and who gets a message. Pure; one
// owner.
//
//   Connection& c = hubs.Add(std::move(spec));
//   hubs.Join(c, "chat");
//   hubs.Recipients(message, &recipients);
#pragma once

#include <cstdint>
#include <deque>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "absl/container/btree_map.h"
#include "absl/container/flat_hash_map.h"
#include "absl/strings/string_view.h"
#include "replica/codec/permissions.h"
#include "replica/core/interest.h"
#include "replica/core/last_audience.h"
#include "replica/core/message.h"

namespace nonet::replica {

// Who answers for a connection in the shell: unique in the process, rising.
using ConnectionKey = uint64_t;

// The last ackIds that succeeded on one connection.
class AckHistory {
 public:
  bool Contains(uint64_t ack_id) const;
  void Record(uint64_t ack_id);

 private:
  std::vector<uint64_t> ring_;  // Grows to kAckIdsRemembered, then wraps.
  size_t next_ = 0;
  uint64_t highest_ = 0;  // Above it nothing was seen: clients count up.
};

struct ConnectionSpec {
  ConnectionKey key = 0;
  std::string hub;  // Lower case.
  std::string id;
  std::string user_id;  // Empty: anonymous.
  bool reliable = false;
  Permissions permissions;
  std::vector<std::string> groups;  // Joined at once, without a permission.
};

struct Connection {
  explicit Connection(ConnectionSpec s) : spec(std::move(s)) {}
  ConnectionSpec spec;                            // `groups` is emptied: see below.
  absl::btree_map<std::string, uint64_t> groups;  // To the change of our interest that made it wanted.
  uint64_t next_sequence = 1;                     // Of its next data message; reliable only.
  uint64_t acknowledged_sequence = 0;
  AckHistory acks;
  bool connected = false;  // Its connected frame is out.
};

class HubTable {
 public:
  explicit HubTable(OwnInterest& interest) : interest_(interest) {}

  // Joins spec.groups. Returns the connection; `change` is the latest change of our interest that it needs.
  Connection& Add(ConnectionSpec spec, uint64_t* change);
  void Remove(ConnectionKey key);
  // nullptr when there is none.
  Connection* Find(ConnectionKey key);

  // The change of our interest that makes the group wanted, also when it was a member already; nullopt
  // when the connection has kGroupsPerConnectionMax groups.
  std::optional<uint64_t> Join(Connection& connection, absl::string_view group);
  void Leave(Connection& connection, absl::string_view group);

  // Appends who gets the message, in order of their keys.
  void Recipients(const Message& message, std::vector<Connection*>* out);
  // Appends the connections of a target that are not excluded and match, in order of their keys.
  void Select(absl::string_view hub, Target target, absl::string_view name,
              const std::vector<std::string>& excluded, const ConnectionFilter* filter,
              std::vector<Connection*>* out);

  size_t size() const { return connections_.size(); }
  // In order of keys.
  std::vector<ConnectionKey> Keys() const;

 private:
  using Members = absl::btree_map<ConnectionKey, Connection*>;
  struct Hub {
    Members all;
    absl::flat_hash_map<std::string, Members> groups;
    absl::flat_hash_map<std::string, Members> users;
    absl::flat_hash_map<std::string, Connection*> by_id;
  };
  struct Audience {
    const Hub* hub = nullptr;          // nullptr: nobody.
    const Members* members = nullptr;  // The same; unused for a single connection.
  };
  Audience LookUp(absl::string_view hub, Target target, absl::string_view name) const;

  OwnInterest& interest_;
  absl::flat_hash_map<ConnectionKey, std::unique_ptr<Connection>> connections_;
  absl::flat_hash_map<std::string, Hub> hubs_;
  LastAudience<Audience> last_;
};

}  // namespace nonet::replica
