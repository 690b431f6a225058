// The opening handshake of RFC 6455, server side.
#pragma once

#include <string>

#include "absl/status/statusor.h"
#include "common/http/server.h"

namespace nonet::http {

// The request asks for an upgrade to WebSocket, rightly or not.
bool WantsWebSocket(const Request& request);
// Section 4.2.1. The value of Sec-WebSocket-Accept, or INVALID_ARGUMENT with what is wrong.
absl::StatusOr<std::string> CheckHandshake(const Request& request);
// Section 4.2.2: base64 of the SHA-1 of the key and the protocol's GUID.
std::string AcceptKey(absl::string_view key);
// The 101 answer.
std::string FormatSwitchingProtocols(absl::string_view accept_key, absl::string_view subprotocol);

}  // namespace nonet::http
