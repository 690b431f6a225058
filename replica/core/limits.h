// Bounds of what one instance keeps in memory for its clients and its peers.
#pragma once

#include <cstddef>
#include <cstdint>

#include "common/clock/clock.h"

namespace nonet::replica {

// ---- Clients ----
inline constexpr size_t kAckIdsRemembered = 1'000;  // A connection, first in first out.
inline constexpr size_t kGroupsPerConnectionMax = 10'000;
// Outputs held for a connection until its connected frame may go; one more ends the wait.
inline constexpr size_t kHeldOutputsMax = 1'000;
// Joins and connects waiting for peers; one more is answered at once.
inline constexpr size_t kInterestWaitersMax = 100'000;
inline constexpr int64_t kInterestWaitNs = 2 * kNanosPerSecond;

// ---- Peers ----
// A resource has the primary and at most 8 replicas.
inline constexpr size_t kPeersMax = 8;
// Messages waiting for (or not yet acknowledged by) one peer. Above either, the oldest are dropped, counted
// and listed.
inline constexpr size_t kPeerLogMessagesMax = 65'536;
inline constexpr size_t kPeerLogBytesMax = 64 * 1024 * 1024;
// Sent to one peer, not acknowledged yet.
inline constexpr size_t kPeerInFlightBytesMax = 8 * 1024 * 1024;
// One batch. A single message may be larger than the bytes, never than the stream's message limit.
inline constexpr size_t kBatchMessagesMax = 256;
inline constexpr size_t kBatchBytesMax = 1024 * 1024;
// What one message costs beside its own bytes.
inline constexpr size_t kMessageOverheadBytes = 128;
inline constexpr size_t kGapsListed = 1'000;
inline constexpr size_t kRetiredEpochsRemembered = 16;

// ---- Interest ----
// Changes kept for peers that are behind; who is further behind gets a snapshot.
inline constexpr size_t kInterestLogMax = 65'536;
// One delta or snapshot. What does not fit a snapshot follows as deltas.
inline constexpr size_t kInterestBatchBytesMax = 8 * 1024 * 1024;
// Interest told to one peer, not acknowledged yet.
inline constexpr size_t kInterestInFlightMax = 64;
// Names kept of all peers' interest; above it a peer with a new name is taken to want the whole hub.
inline constexpr size_t kPeerInterestNamesMax = 2'000'000;

}  // namespace nonet::replica
