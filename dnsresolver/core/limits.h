// Every bound of the resolver in one place.
#pragma once

#include <cstddef>
#include <cstdint>

#include "common/clock/clock.h"

namespace nonet::dns {

// ---- Answers ----
inline constexpr uint32_t kTtlSecondsMax = 2'147'483'647;  // RFC 2181 section 8.
inline constexpr uint32_t kAddressTtlSecondsMax = 60;   // An instance's address changes only by re-creation.
inline constexpr uint32_t kNegativeTtlSecondsMax = 30;  // A negative answer must not outlive an outage long.
inline constexpr uint32_t kZoneTtlSeconds = 300;        // Of the zone's own SOA, NS and name server address.

// ---- Monitor ----
inline constexpr int kToleratedFailuresMax = 9;
inline constexpr int64_t kProbeIntervalNsMin = 100 * kNanosPerMilli;
inline constexpr int64_t kProbeIntervalNsMax = 3600 * kNanosPerSecond;
inline constexpr int64_t kProbeTimeoutNsMin = kNanosPerMilli;
inline constexpr int64_t kProbeTimeoutNsMax = 600 * kNanosPerSecond;
inline constexpr int64_t kFirstProbeWithinNs = kNanosPerSecond;  // A new endpoint's phase is drawn from this.
inline constexpr int kProbesInFlightMax = 4;  // An endpoint; when a timeout is longer than the interval.

// ---- Events ----
inline constexpr size_t kEventHistoryMax = 1000;
inline constexpr size_t kEventsQueuedPerWatcherMax = 2000;  // One more ends the watcher's call.
inline constexpr size_t kWatchersMax = 64;

// ---- DNS listeners ----
inline constexpr size_t kListenersMax = 16;
inline constexpr size_t kUdpBatch = 32;
inline constexpr int kUdpReceiveBufferBytes = 4 * 1024 * 1024;
inline constexpr size_t kUdpQueryBytesMax =
    4096;                                        // Longer queries are cut by the kernel and answered FORMERR.
inline constexpr size_t kAnswerBytesMax = 2048;  // No answer of ours is longer.
inline constexpr size_t kTcpConnectionsMax = 512;
inline constexpr size_t kTcpConnectionsPerAddressMax = 256;
inline constexpr int64_t kTcpIdleNs = 20 * kNanosPerSecond;
inline constexpr size_t kTcpPendingAnswerBytesMax = 64 * 1024;  // Reading stops until they are sent.

}  // namespace nonet::dns
