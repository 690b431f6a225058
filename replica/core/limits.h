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
// Messages waiting for (or not yet acknowledged by) one peer. Above either, the oldest that are not under way
// are dropped, counted and listed; or the publisher is refused.
inline constexpr size_t kPeerLogMessagesMax = 1'048'576;
inline constexpr size_t kPeerLogBytesMax = 64 * 1024 * 1024;
// What waited longer is dropped, counted and listed.
inline constexpr int64_t kPeerLogAgeMaxNs = 120 * kNanosPerSecond;
// Sent to one peer, not acknowledged yet: ours, and what we grant by credit.
inline constexpr size_t kPeerInFlightBytesMax = 8 * 1024 * 1024;
// Runs of lost messages that a log remembers until the peer knows; half of them ends sending until it does.
inline constexpr size_t kLossRunsMax = 256;
// A lone message is acknowledged with what else is said, or this long after it came; once so many messages or
// bytes are not acknowledged, at once.
inline constexpr int64_t kAckDelayNs = 5 * kNanosPerMilli;
inline constexpr size_t kAckMessages = 32;
inline constexpr size_t kAckBytes = 64 * 1024;
// One batch. A single message may be larger than the bytes, never than the stream's message limit.
inline constexpr size_t kBatchMessagesMax = 512;
inline constexpr size_t kBatchBytesMax = 1024 * 1024;
// What one message costs beside its own bytes.
inline constexpr size_t kMessageOverheadBytes = 128;
// Sent and not acknowledged for so long, while nothing is acknowledged at all: sent again.
inline constexpr int64_t kResendNs = kNanosPerSecond;
inline constexpr int64_t kResendNsMax = 8 * kNanosPerSecond;  // It doubles while nothing is acknowledged.
// A hole is complained about again after so long.
inline constexpr int64_t kRewindRetryNs = 500 * kNanosPerMilli;
// A peer whose stream is gone for so long may have died: an open gap is listed until it is back.
inline constexpr int64_t kOriginSilentNs = 5 * kNanosPerSecond;
inline constexpr size_t kGapsListed = 1'000;
inline constexpr size_t kRetiredEpochsRemembered = 16;
// Deadlines and repairs are looked at so often.
inline constexpr int64_t kSyncTickNs = 500 * kNanosPerMilli;

// ---- Interest ----
// Changes kept for peers that are behind; who is further behind gets a snapshot.
inline constexpr size_t kInterestLogMax = 65'536;
// One delta, or one part of a snapshot.
inline constexpr size_t kInterestBatchBytesMax = 1024 * 1024;
// Interest told to one peer, not acknowledged yet.
inline constexpr size_t kInterestInFlightMax = 64;
// Names kept of all peers' interest; above it a peer with a new name is taken to want the whole hub.
inline constexpr size_t kPeerInterestNamesMax = 2'000'000;
// Parts of a snapshot that are kept until the last one is there, in changes.
inline constexpr size_t kSnapshotChangesMax = 2'000'000;
// A digest goes out this long after the last change that was told, and then so often.
inline constexpr int64_t kDigestQuietNs = kNanosPerSecond;
inline constexpr int64_t kDigestEveryNs = 10 * kNanosPerSecond;

// ---- Questions to the whole resource ----
inline constexpr size_t kGathersMax = 10'000;         // Waiting for answers; one more is refused.
inline constexpr size_t kQuestionsPerRequest = 64;    // Written at once.
inline constexpr size_t kAnswersWaitingMax = 10'000;  // For one peer.
inline constexpr size_t kAnswersRemembered = 256;     // Of one peer, in case it asks again.
inline constexpr uint32_t kListLimitMax = 1'000;      // Members in one answer.
inline constexpr int64_t kGatherNs = 2 * kNanosPerSecond;

// ---- Filters ----
// Azure calls about 100 clauses safe; a clause has three terms or four.
inline constexpr size_t kFilterTermsMax = 2'000;  // Fields, constants, functions and operators.
inline constexpr size_t kFilterBytesMax = 32 * 1024;
inline constexpr size_t kFilterDepthMax = 100;      // Parentheses, calls and `not` around each other.
inline constexpr size_t kFilterPartShownMax = 256;  // Bytes of a filter that an error quotes.

// ---- Traces ----
// Messages that `why` can tell of: accepted here, and received from each peer.
inline constexpr size_t kTraceAccepted = 65'536;
inline constexpr size_t kTraceReceived = 16'384;
inline constexpr size_t kTraceBatches = 4'096;  // Sent to each peer.

}  // namespace nonet::replica
