#include "replica/core/errors.h"

#include "absl/strings/str_cat.h"
#include "common/base/error.h"
#include "replica/core/limits.h"

namespace nonet::replica::errors {

using absl::StatusCode;

absl::Status OtherResource(absl::string_view ours, absl::string_view theirs) {
  return MakeError(StatusCode::kFailedPrecondition, "PEER_OTHER_RESOURCE",
                   absl::StrCat("this instance serves ", ours, ", not ", theirs),
                   {.next_step = "check which address the peer was given",
                    .metadata = {{"resource", std::string(ours)}, {"asked", std::string(theirs)}}});
}

absl::Status UnknownOrigin(absl::string_view origin) {
  return MakeError(StatusCode::kUnavailable, "PEER_UNKNOWN",
                   absl::StrCat("no instance named ", origin, " is known here yet"),
                   {.next_step = "retry: its configuration may still be on its way",
                    .metadata = {{"instance", std::string(origin)}}});
}

absl::Status RetiredEpoch(absl::string_view origin, absl::string_view epoch) {
  return MakeError(StatusCode::kFailedPrecondition, "PEER_EPOCH_RETIRED",
                   absl::StrCat("a later life of ", origin, " than ", epoch, " is already known"),
                   {.next_step = "stop the older process",
                    .metadata = {{"instance", std::string(origin)}, {"epoch", std::string(epoch)}}});
}

absl::Status BadEpoch(absl::string_view origin) {
  return MakeError(StatusCode::kInvalidArgument, "PEER_EPOCH_INVALID",
                   absl::StrCat("the epoch of ", origin, " is not 16 hex digits"));
}

absl::Status BatchOutOfOrder(absl::string_view origin, uint64_t sequence, uint64_t after) {
  return MakeError(StatusCode::kInvalidArgument, "PEER_BATCH_OUT_OF_ORDER",
                   absl::StrCat("a batch from ", origin, " has sequence ", sequence, " after ", after,
                                "; they must rise"));
}

absl::Status BadPeerMessage(absl::string_view why) {
  return MakeError(StatusCode::kInvalidArgument, "PEER_MESSAGE_INVALID",
                   absl::StrCat("a peer's message is invalid: ", why));
}

absl::Status InterestOutOfOrder(absl::string_view peer, uint64_t version, uint64_t expected) {
  return MakeError(StatusCode::kInvalidArgument, "PEER_INTEREST_OUT_OF_ORDER",
                   absl::StrCat("interest of ", peer, " has version ", version, ", expected ", expected));
}

absl::Status AckOfUnsent(absl::string_view peer, uint64_t sequence) {
  return MakeError(StatusCode::kInvalidArgument, "PEER_ACK_OF_UNSENT",
                   absl::StrCat(peer, " acknowledged ", sequence, ", which it was never sent"));
}

absl::Status PeerReplaced(absl::string_view peer) {
  return MakeError(StatusCode::kAborted, "PEER_STREAM_REPLACED",
                   absl::StrCat("a newer stream of ", peer, " took over"));
}

absl::Status PeerImpersonates(absl::string_view origin, absl::string_view holder) {
  return MakeError(StatusCode::kPermissionDenied, "PEER_IMPERSONATES",
                   absl::StrCat("the stream says it is ", origin, "'s, the certificate is for ", holder),
                   {.next_step = "give each instance its own certificate",
                    .metadata = {{"origin", std::string(origin)}, {"holder", std::string(holder)}}});
}

absl::Status BadLinkPlan(absl::string_view why) {
  return MakeError(StatusCode::kInvalidArgument, "BAD_LINK_PLAN", absl::StrCat("link plan: ", why),
                   {.next_step = "nonet fault --help"});
}

absl::Status NotTheSupervisor() {
  return MakeError(StatusCode::kPermissionDenied, "NOT_THE_SUPERVISOR",
                   "only the supervisor's certificate may change links", {.next_step = "nonet fault --help"});
}

absl::Status PeerLogFull(absl::string_view peer, size_t bytes) {
  return MakeError(StatusCode::kResourceExhausted, "PEER_LOG_FULL",
                   absl::StrCat("the message was not accepted: ", bytes, " bytes wait for ", peer,
                                ", which has members, and there is no room for more"),
                   {.next_step = "retry later; nonet audit shows what waits for whom",
                    .metadata = {{"peer", std::string(peer)}}});
}

absl::Status TooManyQuestions(size_t open) {
  return MakeError(StatusCode::kResourceExhausted, "TOO_MANY_QUESTIONS",
                   absl::StrCat(open, " requests wait for the other instances already"),
                   {.next_step = "retry later, or look with nonet status which instance is slow"});
}

absl::Status BadMessageId(absl::string_view id) {
  return MakeError(
      StatusCode::kInvalidArgument, "MESSAGE_ID_INVALID", absl::StrCat("'", id, "' is no message id"),
      {.next_step = "it is instance:epoch:sequence, as in contoso:00c0ffee00c0ffee:17; a send over "
                    "REST answers with it in x-nonet-message-id"});
}

absl::Status UnknownMessage(absl::string_view id) {
  return MakeError(
      StatusCode::kNotFound, "MESSAGE_UNKNOWN", absl::StrCat("this instance knows nothing of ", id),
      {.next_step = "ask the instance that accepted it", .metadata = {{"message", std::string(id)}}});
}

absl::Status FilterInvalid(absl::string_view part, absl::string_view why, size_t position,
                           absl::string_view token, absl::string_view next_step) {
  return MakeError(StatusCode::kInvalidArgument, "FILTER_INVALID",
                   absl::StrCat("Invalid syntax for '", part, "': ", why, " (Parameter 'filter')"),
                   {.next_step = std::string(next_step),
                    .metadata = {{"position", absl::StrCat(position)}, {"token", std::string(token)}}});
}

absl::Status TooManyPeers(size_t peers) {
  return MakeError(StatusCode::kInvalidArgument, "TOO_MANY_PEERS",
                   absl::StrCat("a resource has at most ", kPeersMax, " other instances, not ", peers),
                   {.next_step = "delete a replica"});
}

absl::Status BadConfiguration(absl::string_view object, absl::string_view why) {
  return MakeError(StatusCode::kInvalidArgument, "CONFIGURATION_INVALID",
                   absl::StrCat(object, " cannot be applied: ", why),
                   {.next_step = "correct it and update again"});
}

absl::Status TokenMissing() {
  return MakeError(StatusCode::kUnauthenticated, "TOKEN_MISSING", "an access token is required",
                   {.next_step = "pass it as access_token in the query or as a Bearer authorization header"});
}

absl::Status TokenMalformed(absl::string_view why) {
  return MakeError(StatusCode::kUnauthenticated, "TOKEN_MALFORMED",
                   absl::StrCat("the access token cannot be read: ", why),
                   {.next_step = "sign a JWT with HS256"});
}

absl::Status TokenSignature() {
  return MakeError(StatusCode::kUnauthenticated, "TOKEN_SIGNATURE",
                   "the access token is signed with neither access key of this resource",
                   {.next_step = "nonet key list shows the present keys"});
}

absl::Status TokenExpired(int64_t expired_unix_s) {
  return MakeError(StatusCode::kUnauthenticated, "TOKEN_EXPIRED",
                   absl::StrCat("the access token expired at Unix time ", expired_unix_s),
                   {.next_step = "sign a new one"});
}

absl::Status TokenNotYetValid() {
  return MakeError(StatusCode::kUnauthenticated, "TOKEN_NOT_YET_VALID",
                   "the access token's nbf lies in the future", {.next_step = "check the signer's clock"});
}

absl::Status TokenAudience(absl::string_view expected_path) {
  return MakeError(
      StatusCode::kUnauthenticated, "TOKEN_AUDIENCE",
      absl::StrCat("the access token's aud is not this address: expected <scheme>://<host>", expected_path),
      {.next_step = "sign it for the URL that is called"});
}

absl::Status LocalAuthDisabled() {
  return MakeError(StatusCode::kUnauthenticated, "LOCAL_AUTH_DISABLED",
                   "this resource refuses access keys (disableLocalAuth)",
                   {.next_step = "set disable_local_auth to false on the resource"});
}

absl::Status NoConfiguration() {
  return MakeError(StatusCode::kUnavailable, "NO_CONFIGURATION",
                   "this instance has no configuration yet: it never reached the control plane",
                   {.next_step = "start the control plane, then retry"});
}

}  // namespace nonet::replica::errors
