// Every bound and time of the supervisor, by name.
#pragma once

#include <cstddef>
#include <cstdint>

#include "common/clock/clock.h"

namespace nonet::supervisor {

// A process that ended by itself is started again after kBackoffFirstNs, twice that the next time, and so on
// up to kBackoffMaxNs; one that stayed up for kBackoffResetNs begins anew.
inline constexpr int64_t kBackoffFirstNs = 100 * kNanosPerMilli;
inline constexpr int64_t kBackoffMaxNs = 10 * kNanosPerSecond;
inline constexpr int64_t kBackoffResetNs = 30 * kNanosPerSecond;

// From SIGTERM to SIGKILL.
inline constexpr int64_t kStopGraceNs = 5 * kNanosPerSecond;

// A deleted instance's address stays unused for this long, so that no client with an old answer in its
// cache lands on another instance.
inline constexpr int64_t kAddressQuarantineNs = 600 * kNanosPerSecond;
// Addresses of one region: NET.R.1 to NET.R.254 without NET.R.53, which people give to the resolver.
inline constexpr int kAddressHostMax = 254;
inline constexpr int kAddressHostReserved = 53;

// Changes whose processes have not all stopped yet; above this the oldest ones are acknowledged together.
inline constexpr size_t kPendingChangesMax = 256;

// What WatchEvents can replay, and how far a subscriber may fall behind before it is cut off.
inline constexpr size_t kEventHistoryMax = 1'000;
inline constexpr size_t kEventQueueMax = 2'000;
inline constexpr size_t kEventSubscribersMax = 64;

// WaitUntilReady: concurrent callers, how long one without a deadline waits, and how much earlier than the
// caller's deadline it answers, so that the answer with the names arrives.
inline constexpr size_t kReadyWaitersMax = 256;
inline constexpr int64_t kReadyWaitDefaultNs = 60 * kNanosPerSecond;
inline constexpr int64_t kReadyWaitMarginNs = 100 * kNanosPerMilli;

// A fault is answered once it took effect; this long at most. Callers beyond the limit are answered at once.
inline constexpr int64_t kFaultEffectWaitNs = 2 * kNanosPerSecond;
// The end of one is answered once what it held is ready again; this long at most.
inline constexpr int64_t kFaultEndWaitNs = 8 * kNanosPerSecond;
inline constexpr size_t kFaultEffectWaitersMax = 256;

// Link faults at one time; callers that wait until the instances do what was asked; between two tries to tell
// one; the most that a latency adds to a round trip.
inline constexpr size_t kLinkFaultsMax = 1'000;
inline constexpr size_t kLinkWaitersMax = 256;
inline constexpr int64_t kLinkPushWaitNs = 2 * kNanosPerSecond;
inline constexpr int64_t kLinkPushRetryNs = 500 * kNanosPerMilli;
inline constexpr int64_t kLinkLatencyNsMax = 60 * kNanosPerSecond;
inline constexpr uint64_t kPartsPerMillion = 1'000'000;

// Ports, the same on every instance because DNS carries none.
inline constexpr uint16_t kInstanceHttpPort = 8080;
inline constexpr uint16_t kInstanceHttpsPort = 8443;
inline constexpr uint16_t kInstanceGrpcPort = 8081;
inline constexpr uint16_t kInstanceAdminPort = 8082;
inline constexpr uint16_t kInstancePeerPort = 8083;

// What a resolver may be given beyond its settings.
inline constexpr size_t kResolverFlagsMax = 32;
inline constexpr size_t kResolverFlagBytesMax = 4'096;

// Offsets from --base_port.
inline constexpr int kControlplaneGrpcOffset = 0;
inline constexpr int kControlplaneHttpOffset = 1;   // Azure Resource Manager REST.
inline constexpr int kControlplaneHttpsOffset = 2;  // The same over TLS.
inline constexpr int kControlplaneAdminOffset = 3;
inline constexpr int kSupervisorGrpcOffset = 10;
inline constexpr int kSupervisorAdminOffset = 11;
inline constexpr int kDnsOffset = 53;
inline constexpr int kDnsGrpcOffset = 54;
inline constexpr int kDnsAdminOffset = 55;
inline constexpr int kBasePortMin = 1'024;
inline constexpr int kBasePortMax = 65'535 - kDnsAdminOffset;

}  // namespace nonet::supervisor
