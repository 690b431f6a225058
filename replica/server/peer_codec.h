// nonet.peer.v1 messages <-> the sync engine's values. Pure.
#pragma once

#include <variant>

#include "absl/status/statusor.h"
#include "nonet/peer/v1/peer.pb.h"
#include "replica/core/sync_engine.h"

namespace nonet::replica {

void ToProto(const Hello& hello, peer::v1::SyncRequest* out);
void ToProto(const InterestAck& ack, peer::v1::SyncRequest* out);
void ToProto(const Batch& batch, peer::v1::SyncRequest* out);
void ToProto(const Welcome& welcome, peer::v1::SyncResponse* out);
void ToProto(const Interest& interest, peer::v1::SyncResponse* out);
void ToProto(const MessageAck& ack, peer::v1::SyncResponse* out);

using PeerRequest = std::variant<Hello, Batch, InterestAck>;
using PeerResponse = std::variant<Welcome, Interest, MessageAck>;
// INVALID_ARGUMENT on an unset kind, or a message without a hub, target or type. Takes what it can out of
// `in`.
absl::StatusOr<PeerRequest> FromProto(peer::v1::SyncRequest& in);
absl::StatusOr<PeerResponse> FromProto(peer::v1::SyncResponse& in);

}  // namespace nonet::replica
