// Every failure that this room tells a client, a peer or an operator.
#pragma once

#include <cstddef>
#include <cstdint>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"

namespace nonet::replica::errors {

// ---- Peers ----
absl::Status OtherResource(absl::string_view ours, absl::string_view theirs);
absl::Status UnknownOrigin(absl::string_view origin);
absl::Status RetiredEpoch(absl::string_view origin, absl::string_view epoch);
absl::Status BadEpoch(absl::string_view origin);
absl::Status BatchOutOfOrder(absl::string_view origin, uint64_t sequence, uint64_t after);
absl::Status BadPeerMessage(absl::string_view why);
absl::Status InterestOutOfOrder(absl::string_view peer, uint64_t version, uint64_t expected);
absl::Status AckOfUnsent(absl::string_view peer, uint64_t sequence);
absl::Status PeerReplaced(absl::string_view peer);
absl::Status PeerImpersonates(absl::string_view origin, absl::string_view holder);

// ---- Messages and questions ----
absl::Status PeerLogFull(absl::string_view peer, size_t bytes);
absl::Status TooManyQuestions(size_t open);
absl::Status BadMessageId(absl::string_view id);
absl::Status UnknownMessage(absl::string_view id);

// ---- Filters ----
// Metadata: "position" (of `token`, in characters, from 1) and "token".
absl::Status FilterInvalid(absl::string_view part, absl::string_view why, size_t position,
                           absl::string_view token, absl::string_view next_step);

// ---- Emulated links ----
absl::Status BadLinkPlan(absl::string_view why);
absl::Status NotTheSupervisor();

// ---- Configuration ----
absl::Status TooManyPeers(size_t peers);
absl::Status BadConfiguration(absl::string_view object, absl::string_view why);

// ---- Tokens ----
absl::Status TokenMissing();
absl::Status TokenMalformed(absl::string_view why);
absl::Status TokenSignature();
absl::Status TokenExpired(int64_t expired_unix_s);
absl::Status TokenNotYetValid();
absl::Status TokenAudience(absl::string_view expected_path);
absl::Status LocalAuthDisabled();
absl::Status NoConfiguration();

}  // namespace nonet::replica::errors
