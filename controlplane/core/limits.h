// Every bound of the control plane, in one place.
#pragma once

#include <cstddef>
#include <cstdint>

#include "common/clock/clock.h"

namespace nonet::controlplane {

// ---- The model (Azure's numbers where Azure has one) ----
inline constexpr size_t kReplicasMax = 8;  // Of one resource.
inline constexpr size_t kResourcesMax = 1'000;
inline constexpr size_t kHubsMax = 100;
inline constexpr size_t kHubNameMax = 128;
inline constexpr size_t kTagsMax = 50;
inline constexpr size_t kTagKeyMax = 512;
inline constexpr size_t kTagValueMax = 256;
inline constexpr size_t kResourceGroupMax = 90;
inline constexpr size_t kDnsLabelMax = 63;  // RFC 1035 section 2.3.4.
inline constexpr uint32_t kKeepAliveMinS = 1;
inline constexpr uint32_t kKeepAliveMaxS = 120;
inline constexpr uint32_t kKeepAliveDefaultS = 20;

// ---- Traffic profiles ----
inline constexpr int kProfileDepthMax = 10;  // Traffic Manager's.
inline constexpr int kProfilesMax = 32;      // Of one resource, all levels together.
inline constexpr int kProfileEndpointsMax = 32;
inline constexpr int kGeoMappingsMax = 64;  // Of one endpoint.
inline constexpr int kSubnetsMax = 64;      // Of one endpoint.
inline constexpr uint32_t kPriorityMax = 1'000;
inline constexpr uint32_t kWeightMax = 1'000;
inline constexpr uint32_t kFrontDoorPriorityMax = 5;
inline constexpr uint32_t kFrontDoorWeightDefault = 50;
inline constexpr uint32_t kMaxReturnMax = 10;
inline constexpr uint32_t kMaxReturnDefault = 2;
inline constexpr uint32_t kLatencySensitivityMsMax = 1'000;

// ---- Lifecycle ----
inline constexpr int64_t kProvisioningTimeoutNs = 30 * kNanosPerSecond;  // Creating or Updating, then Failed.
inline constexpr int64_t kDeletionTimeoutNs = 30 * kNanosPerSecond;      // Deleting, then gone in any case.

// ---- Request ids ----
inline constexpr size_t kRequestIdMax = 64;  // Characters.
inline constexpr int64_t kRequestIdKeptNs = 24 * 3600 * kNanosPerSecond;
inline constexpr size_t kRequestIdsMax = 10'000;  // Beyond it the oldest are forgotten before their 24 h.

// ---- Change log ----
inline constexpr size_t kLogEventsMax =
    10'000;  // Older ones are compacted away; a resume then gets a snapshot.

// ---- Subscribers ----
inline constexpr size_t kSubscribersMax = 4'096;                      // Beyond it a new one is refused.
inline constexpr size_t kRefusalsMax = 1'000;                         // Kept of one subscriber.
inline constexpr int64_t kConvergenceGraceNs = 30 * kNanosPerSecond;  // Waited for after being lost.
inline constexpr int64_t kReconnectGraceNs = 5 * kNanosPerSecond;    // A deletion waits for after being lost.
inline constexpr size_t kWatchResponseBytesMax = 1024 * 1024;        // One message of a watch stream.
inline constexpr size_t kSubscriberQueueBytesMax = 8 * 1024 * 1024;  // Beyond it the subscriber is cut off.
inline constexpr int64_t kCutOffGraceNs = 5 * kNanosPerSecond;       // From the cut-off to the cancellation.

// ---- Calls ----
inline constexpr size_t kCommandsQueuedMax = 10'000;          // Waiting for the owner thread.
inline constexpr size_t kWaitersMax = 1'000;                  // WaitForConvergence calls at one time.
inline constexpr int64_t kWaitMaxNs = 300 * kNanosPerSecond;  // Of one that has no deadline.

}  // namespace nonet::controlplane
