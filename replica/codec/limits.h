// Bounds of what crosses the data plane's wire. Source: Azure Web PubSub service limits and client
// specification; the ones Azure leaves open are decided here.
#pragma once

#include <cstddef>
#include <cstdint>

namespace nonet::replica {

// A WebSocket message (all its fragments together) and a REST body. Above: close 1009, status 413.
inline constexpr size_t kMessageBytesMax = 1024 * 1024;

inline constexpr size_t kHubNameMax = 128;     // Characters.
inline constexpr size_t kGroupNameMax = 1024;  // Characters (code points).
inline constexpr size_t kIdBytesMax = 1024;    // User and connection ids.
inline constexpr uint32_t kTtlSecondsMax = 300;

inline constexpr size_t kMetadataKeyBytesMax = 256;
inline constexpr size_t kMetadataValueBytesMax = 1024;
inline constexpr size_t kMetadataBytesMax = 8 * 1024;

inline constexpr size_t kPatternStarsMax = 5;
// Roles and initial groups of one token.
inline constexpr size_t kRolesMax = 1024;
// Groups of one connection that REST granted something on, each permission.
inline constexpr size_t kGrantedGroupsMax = 10'000;

}  // namespace nonet::replica
