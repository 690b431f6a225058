// Routing profiles after Azure Traffic Manager's: a tree of methods over the instances of one resource, flat
// in a vector. What a client's whereabouts decide is told apart from what health decides: a ranking follows
// from configuration and place alone, so EDNS scopes never move with health. Pure.
//
//   const Rankings rankings = RankingsFor(resource, region, client);
//   std::vector<Share> shares = Evaluate(...);  // profile_steering.h
#pragma once

#include <compare>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "absl/strings/string_view.h"
#include "dnsresolver/core/ip_prefix.h"

namespace nonet::dns {

struct ResourceTopology;

enum class RoutingMethod : uint8_t {
  kPerformance,
  kPriority,
  kWeighted,
  kGeographic,
  kMultivalue,
  kSubnet,
  kFrontDoor,
};
absl::string_view RoutingMethodName(RoutingMethod method);  // "performance", "front door"

struct ProfileEndpoint {
  std::string name;   // The instance's id, or the nested profile's name.
  int instance = -1;  // Index into ResourceTopology::endpoints; -1: a nested profile.
  int nested = -1;    // Index into ResourceTopology::profiles, greater than its own profile's.
  bool enabled = true;
  bool always_serve = false;    // Instances only.
  int min_child_endpoints = 1;  // Nested profiles only.
  int region = 0;               // What stands for it where latency counts.
  uint32_t priority = 1;        // Lower goes first.
  uint32_t weight = 1;
  std::vector<std::string> geo;   // Traffic Manager's codes.
  std::vector<IpPrefix> subnets;  // None under kSubnet: the fallback.

  friend bool operator==(const ProfileEndpoint&, const ProfileEndpoint&) = default;
};

struct Profile {
  std::string name;
  RoutingMethod method = RoutingMethod::kPerformance;
  bool enabled = true;
  uint32_t max_return = 2;              // kMultivalue.
  uint32_t latency_sensitivity_ms = 0;  // kFrontDoor.
  std::vector<ProfileEndpoint> endpoints;

  friend bool operator==(const Profile&, const Profile&) = default;
};

// What a client's place says to one profile; empty for methods that do not ask for it.
struct Ranking {
  // Indexes into Profile::endpoints. By latency: all, nearest first. Geographic: those whose region the
  // client is in, most specific first. Subnet: the one whose subnet holds the client, then the fallback.
  std::vector<uint8_t> order;
  // kFrontDoor, by endpoint: the set of endpoints that are at most latency_sensitivity_ms farther than it.
  std::vector<uint32_t> within;

  friend auto operator<=>(const Ranking&, const Ranking&) = default;
};
using Rankings = std::vector<Ranking>;  // By profile.

// `region`: nullopt when no prefix says where the client is; then the primary's region counts for latency,
// and only WORLD matches geographically. `client` matches the subnets that contain all of it.
Rankings RankingsFor(const ResourceTopology& resource, std::optional<int> region, const IpPrefix& client);

// How many prefixes the range first..last takes, in order. `v6`: else the numbers are IPv4's, in 32 bits.
std::vector<IpPrefix> PrefixesOf(bool v6, absl::uint128 first, absl::uint128 last);

}  // namespace nonet::dns
