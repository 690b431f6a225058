// SyncRequest and SyncResponse of nonet.peer.v1 as bytes. Batches of messages, which are nearly all that
// crosses a peer stream, are written and read by hand: no generated object a message, and none of its strings
// twice. What else there is goes through the generated code. Pure.
//
//   std::string bytes = EncodeRequest(batch, now_ns);
//   ASSIGN_OR_RETURN(InboundRequest request, DecodeRequest(bytes));
#pragma once

#include <cstdint>
#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "replica/codec/peer_codec.h"

namespace nonet::replica {

// `sent_ns`: steady time, see SyncRequest.sent_ns.
std::string EncodeRequest(const PeerRequest& request, int64_t sent_ns);
std::string EncodeRequest(const Hello& hello, int64_t sent_ns);

struct InboundRequest {
  PeerRequestOrHello value;
  int64_t sent_ns = 0;
  size_t bytes = 0;  // On the wire.
};
// INVALID_ARGUMENT when it is no SyncRequest, or for the reasons of FromProto. The messages of a batch share
// the bytes: none is copied, and whoever keeps one keeps all.
absl::StatusOr<InboundRequest> DecodeRequest(std::string bytes);

template <typename Value>
std::string EncodeResponse(const Value& value, int64_t sent_ns) {
  peer::v1::SyncResponse response;
  ToProto(value, &response);
  response.set_sent_ns(sent_ns);
  return response.SerializeAsString();
}

struct InboundResponse {
  PeerResponseOrWelcome value;
  int64_t sent_ns = 0;
  size_t bytes = 0;
};
absl::StatusOr<InboundResponse> DecodeResponse(absl::string_view bytes);

}  // namespace nonet::replica
