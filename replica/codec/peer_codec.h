// nonet.peer.v1 messages <-> the sync engine's values. Pure.
#pragma once

#include <memory>
#include <variant>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
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

// A filter as it comes from a peer; empty: none. `last` is the one before it and becomes this one, so that a
// run of one filter is parsed once. PEER_MESSAGE_INVALID when it is none of Azure's language.
absl::Status ReadFilter(absl::string_view text, std::shared_ptr<const ConnectionFilter>* last,
                        std::shared_ptr<const ConnectionFilter>* out);

}  // namespace nonet::replica
