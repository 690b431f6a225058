// The status algebra of Traffic Manager: what an instance's health makes of every endpoint and profile of a
// tree. Pure functions.
//
//   const std::vector<ProfileState> states = StatesOf(resource.profiles, health);
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "absl/strings/string_view.h"
#include "dnsresolver/core/profile.h"
#include "dnsresolver/core/topology.h"

namespace nonet::dns {

enum class ProfileStatus : uint8_t { kDisabled, kDegraded, kOnline, kCheckingEndpoints, kInactive };
absl::string_view ProfileStatusName(ProfileStatus status);  // "CheckingEndpoints"

struct ProfileState {
  ProfileStatus status = ProfileStatus::kInactive;
  std::vector<MonitorStatus> endpoints;  // By place in the profile.
};

// `instances`: the statuses of ResourceTopology::endpoints. First match wins, as documented: profile
// disabled; any Degraded; any Online (Unmonitored counts as that); any CheckingEndpoint; else Inactive. A
// nested profile's endpoint is Stopped when the child is Disabled or Inactive, Online when
// min_child_endpoints of it are, CheckingEndpoint when with those still checked they are, else Degraded.
std::vector<ProfileState> StatesOf(std::span<const Profile> profiles,
                                   std::span<const MonitorStatus> instances);

// Online, CheckingEndpoint or Unmonitored: in the answers without fail-open.
bool IsAvailable(MonitorStatus status);

}  // namespace nonet::dns
