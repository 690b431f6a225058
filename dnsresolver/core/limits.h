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
inline constexpr uint32_t kAliasTtlSeconds = 300;       // Of a resource's alias: it never changes.
inline constexpr size_t kServerIdBytesMax = 64;         // NSID.
inline constexpr size_t kExtraTextBytesMax = 400;       // Of an extended error; cut at a word.
inline constexpr size_t kExplainBytesMax = 1600;        // Of a TXT answer; cut at a sentence.

// ---- Cookies (RFC 9018 section 4.3) ----
inline constexpr int32_t kCookieAgeSecondsMax = 3600;
inline constexpr int32_t kCookieAheadSecondsMax = 300;
inline constexpr int64_t kCookieSecretNs = 24 * 3600 * kNanosPerSecond;  // Then a new one is drawn.

// ---- Response rate limiting ----
inline constexpr uint32_t kRateLimitMax = 1'000'000;
inline constexpr uint32_t kRateLimitSlipMax = 10;
inline constexpr size_t kRateLimitExemptMax = 64;
inline constexpr size_t kRateLimitBuckets = 1 << 14;  // A UDP thread.
inline constexpr int64_t kRateLimitWindowSeconds = 15;
inline constexpr int kRateLimitV4PrefixBits = 24;
inline constexpr int kRateLimitV6PrefixBits = 56;

// ---- Client locations ----
inline constexpr size_t kClientPrefixesMax = 1'000'000;  // Of the operator's file.

// ---- Profiles (the control plane's numbers) ----
inline constexpr size_t kProfilesMax = 32;
inline constexpr size_t kProfileEndpointsMax = 32;  // Sets of them are 32 bits.
inline constexpr uint32_t kMaxReturnMax = 10;

// ---- Monitor ----
inline constexpr int kToleratedFailuresMax = 9;
inline constexpr int64_t kProbeIntervalNsMin = 100 * kNanosPerMilli;
inline constexpr int64_t kProbeIntervalNsMax = 3600 * kNanosPerSecond;
inline constexpr int64_t kProbeTimeoutNsMin = kNanosPerMilli;
inline constexpr int64_t kProbeTimeoutNsMax = 600 * kNanosPerSecond;
inline constexpr int64_t kFirstProbeWithinNs = kNanosPerSecond;  // A new endpoint's phase is drawn from this.
inline constexpr int kProbesInFlightMax = 4;  // An endpoint and vantage; a timeout may outlast the interval.
inline constexpr size_t kProbesInFlightTotalMax = 4096;  // Beyond it a probe that is due is left out.
inline constexpr size_t kProbeResponseBytesMax = 16 * 1024;
inline constexpr int kVantagesMax = 8;
inline constexpr int kSamplesMax = 64;  // Of the last probes, where samples are counted.
inline constexpr size_t kStatusRangesMax = 8;
inline constexpr size_t kProbeHeadersMax = 8;

// ---- Events ----
inline constexpr size_t kEventHistoryMax = 1000;
inline constexpr size_t kEventsQueuedPerWatcherMax = 2000;  // One more ends the watcher's call.
inline constexpr size_t kWatchersMax = 64;

// ---- History ----
inline constexpr size_t kHistoryFileBytesMax = 4 * 1024 * 1024;  // One that has reached it gets no more.
inline constexpr size_t kHistoryBytesMax = 64 * 1024 * 1024;     // All files; the oldest are deleted.
inline constexpr size_t kHistoryFilesMax = 256;
inline constexpr size_t kHistoryStateBytesMax = 16 * 1024 * 1024;  // A bigger configuration is not kept.
inline constexpr size_t kTablesListedMax = 10'000;
inline constexpr size_t kTablesListedDefault = 100;

// ---- Explanations and comparisons ----
inline constexpr size_t kSupposedHealthMax = 64;
inline constexpr size_t kRoundTripRegionsMax = 128;
inline constexpr uint32_t kRoundTripMsMax = 60'000;
inline constexpr size_t kRoundTripLabelBytesMax = 128;  // Of a supposed matrix.
inline constexpr size_t kAnswerChangesMax = 10'000;
inline constexpr size_t kPrefixesListedMax = 64;  // Of one change.
inline constexpr size_t kKnownCachesMax = 1024;
inline constexpr int kCacheNotesPerBatchMax = 4;  // Of a UDP listener's batch of queries.
inline constexpr size_t kPlansRememberedMax = 8;  // To name what caches were told before.
inline constexpr size_t kKnownCachesListedMax = 100;

// ---- DNS listeners ----
inline constexpr size_t kListenersMax = 16;
inline constexpr int kUdpThreadsMax = 64;           // A listener.
inline constexpr size_t kEndpointSeriesMax = 1024;  // In the metrics.
inline constexpr int64_t kTcpIdleNsMin = kNanosPerSecond;
inline constexpr int64_t kTcpIdleNsMax = 600 * kNanosPerSecond;
inline constexpr size_t kUdpBatch = 64;
inline constexpr int kUdpReceiveBufferBytes = 4 * 1024 * 1024;
inline constexpr size_t kUdpQueryBytesMax =
    4096;                                        // Longer queries are cut by the kernel and answered FORMERR.
inline constexpr size_t kAnswerBytesMax = 2048;  // No answer of ours is longer.
inline constexpr size_t kTcpConnectionsMax = 512;
inline constexpr size_t kTcpConnectionsPerAddressMax = 256;
inline constexpr int64_t kTcpIdleNs = 20 * kNanosPerSecond;
inline constexpr size_t kTcpPendingAnswerBytesMax = 64 * 1024;  // Reading stops until they are sent.

}  // namespace nonet::dns
