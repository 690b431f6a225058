// nonet.peer.v1 messages <-> the sync engine's values. Pure.
#pragma once

#include <variant>

#include "absl/status/statusor.h"
#include "nonet/peer/v1/peer.pb.h"
#include "replica/core/peer_values.h"

namespace nonet::replica {

void ToProto(const Hello& hello, peer::v1::SyncRequest* out);
void ToProto(const PeerRequest& request, peer::v1::SyncRequest* out);
void ToProto(const Welcome& welcome, peer::v1::SyncResponse* out);
void ToProto(const PeerResponse& response, peer::v1::SyncResponse* out);

using PeerRequestOrHello = std::variant<Hello, PeerRequest>;
using PeerResponseOrWelcome = std::variant<Welcome, PeerResponse>;
// INVALID_ARGUMENT on what says nothing, or a message without a hub, target or type. Takes what it can out of
// `in`.
absl::StatusOr<PeerRequestOrHello> FromProto(peer::v1::SyncRequest& in);
absl::StatusOr<PeerResponseOrWelcome> FromProto(peer::v1::SyncResponse& in);

}  // namespace nonet::replica
