// A client's upgrade request: who it is and what it may do, or why it is refused. Without I/O; loop thread.
// Source: Azure Web PubSub client specification, handshake; RFC 6455 section 4.2.
#pragma once

#include <cstdint>
#include <string>
#include <variant>
#include <vector>

#include "common/http/server.h"
#include "replica/codec/permissions.h"
#include "replica/codec/server_frame.h"
#include "replica/server/instance_config.h"

namespace nonet::replica {

struct AcceptClient {
  std::string hub;  // Lower case.
  std::string subprotocol;
  bool reliable = false;
  Encoding encoding = Encoding::kJson;
  std::string user_id;
  Permissions permissions;
  std::vector<std::string> groups;
};

// It asks to recover a session: complete the upgrade, then close with 1008, so that it makes a new one.
struct RefuseRecovery {
  std::string subprotocol;
  Encoding encoding = Encoding::kJson;
};

using UpgradeDecision = std::variant<http::Response, RefuseRecovery, AcceptClient>;

UpgradeDecision DecideUpgrade(const http::Request& request, const InstanceConfig& config, int64_t wall_ns);

}  // namespace nonet::replica
