// Every bound of the control plane, in one place.
#pragma once

#include <cstddef>
#include <cstdint>

#include "common/clock/clock.h"

namespace nonet::controlplane {

// ---- The model (Azure's numbers where Azure has one) ----
inline constexpr size_t kReplicasMax = 8;  // Of one resource.
inline constexpr size_t kResourcesMax = 20'000;
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

// ---- Settings ----
inline constexpr size_t kChildrenMax = 30;  // Links, connections, certificates, domains: of each.
inline constexpr size_t kChildNameMax = 80;
inline constexpr int kEventHandlersMax = 100;  // Of one hub.
inline constexpr int kEventListenersMax = 10;  // Of one resource: Azure's.
inline constexpr int kIpRulesMax = 30;
inline constexpr int kUserIdentitiesMax = 20;
inline constexpr int kFirewallRulesMax = 10;  // Of each kind: Azure's.
inline constexpr int kFqdnsMax = 20;
inline constexpr size_t kRequestMessageMax = 140;  // Azure's.
inline constexpr size_t kTextMax = 1'024;          // Any other text of a setting: URLs, ARM ids, patterns.
inline constexpr uint32_t kRuleMaxCountDefault = 20;
inline constexpr uint64_t kRuleBytesDefault = 1024 * 1024;
inline constexpr uint32_t kRuleWindowDefaultS = 60;
inline constexpr uint32_t kRuleWindowMaxS = 3'600;
inline constexpr uint64_t kConnectionLifetimeMaxS = 30 * 24 * 3'600;

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

// Instances that fail, and objects that go, in one turn: others wait for it some milliseconds.
inline constexpr size_t kSettledMax = 100;

inline constexpr int64_t kDrainDefaultNs = 600 * kNanosPerSecond;
inline constexpr int64_t kDrainMaxNs = 24 * 3600 * kNanosPerSecond;

// ---- Capacity ----
inline constexpr uint64_t kConnectionsPerUnit = 1'000;
inline constexpr uint64_t kConnectionsPerFreeUnit = 20;

// ---- What is kept of the past ----
// What exceeds a bound goes together with this part of the bound: what is deleted at once is one write.
inline constexpr size_t kTrimmedShare = 64;

// ---- Operations ----
inline constexpr int64_t kOperationKeptNs = 24 * 3600 * kNanosPerSecond;  // After its end.
inline constexpr size_t kOperationsMax = 5'000;  // Beyond it the oldest that ended are forgotten earlier.

// ---- Lists ----
inline constexpr size_t kPageSizeMax = 1'000;
inline constexpr size_t kPageBytesMax = 2 * 1024 * 1024;  // A page ends before the object that passes it.

// ---- Request ids ----
inline constexpr size_t kRequestIdMax = 64;  // Characters.
inline constexpr int64_t kRequestIdKeptNs = 24 * 3600 * kNanosPerSecond;
inline constexpr size_t kRequestIdsMax = 10'000;  // Beyond it the oldest are forgotten before their 24 h.

// ---- Change log ----
// Older events are compacted away at the first of these; a resume from before then gets a snapshot.
inline constexpr size_t kLogEventsMax = 10'000;
inline constexpr size_t kLogBytesMax = 32 * 1024 * 1024;              // Serialised.
inline constexpr int64_t kLogAgeMaxNs = 24 * 3600 * kNanosPerSecond;  // Before the newest event.

// ---- Subscribers ----
inline constexpr size_t kSubscribersMax = 4'096;                      // Beyond it a new one is refused.
inline constexpr size_t kRefusalsMax = 1'000;                         // Kept of one subscriber.
inline constexpr int64_t kConvergenceGraceNs = 30 * kNanosPerSecond;  // Waited for after being lost.
inline constexpr int64_t kReconnectGraceNs = 5 * kNanosPerSecond;    // A deletion waits for after being lost.
inline constexpr size_t kWatchResponseBytesMax = 256 * 1024;         // One message of a watch stream.
inline constexpr size_t kSubscriberQueueBytesMax = 8 * 1024 * 1024;  // Beyond it the subscriber is cut off.
inline constexpr int64_t kCutOffGraceNs = 5 * kNanosPerSecond;       // From the cut-off to the cancellation.

// ---- Calls ----
inline constexpr size_t kCommandsQueuedMax = 10'000;          // Waiting for the owner thread.
inline constexpr size_t kWaitersMax = 1'000;                  // WaitForConvergence calls at one time.
inline constexpr int64_t kWaitMaxNs = 300 * kNanosPerSecond;  // Of one that has no deadline.

}  // namespace nonet::controlplane
