// Who is answered, by a tree of profiles: for one kind of client and today's health, what every possible draw
// leads to. Worked out once a table; a query only looks its draw up. Pure functions.
//
//   Steered steered = Evaluate(resource.profiles, StatesOf(resource.profiles, health), rankings, switches);
//   const Outcome outcome = Draw(steered.shares, random);
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "dnsresolver/core/profile.h"
#include "dnsresolver/core/profile_status.h"

namespace nonet::dns {

// Where Traffic Manager's documents are silent, or contradict each other.
struct SteeringSwitches {
  bool inactive_is_nxdomain = false;         // Every endpoint is Disabled or Stopped. Undocumented; NODATA.
  bool no_subnet_is_nxdomain = false;        // No subnet holds the client and there is no fallback.
  bool unhealthy_subnet_is_nxdomain = true;  // The subnet's endpoint is not available.

  friend bool operator==(const SteeringSwitches&, const SteeringSwitches&) = default;
};

struct Outcome {
  enum class Kind : uint8_t {
    kNoData,     // The name exists, without data.
    kNoName,     // NXDOMAIN.
    kInstance,   // `index` into ResourceTopology::endpoints.
    kAddresses,  // `index` into Steered::addresses.
  };
  Kind kind = Kind::kNoData;
  uint16_t index = 0;

  friend bool operator==(const Outcome&, const Outcome&) = default;
};

// All draws from after the share before up to `last`, inclusive.
struct Share {
  uint32_t last = 0;
  Outcome outcome;

  friend bool operator==(const Share&, const Share&) = default;
};

struct Steered {
  std::vector<Share> shares;                    // Not empty; the last one's `last` is the greatest draw.
  std::vector<std::vector<uint8_t>> addresses;  // Sets of instances whose addresses are answered together.
  bool fail_open = false;                       // Somewhere on the way all eligible endpoints were Degraded.
};

// `profiles` is not empty; `states` and `rankings` are shaped as it.
Steered Evaluate(std::span<const Profile> profiles, std::span<const ProfileState> states,
                 const Rankings& rankings, const SteeringSwitches& switches);

// `shares` as in Steered. Allocates nothing.
inline const Outcome& Draw(std::span<const Share> shares, uint32_t draw) {
  size_t first = 0, count = shares.size();
  while (count > 1) {  // The first share whose `last` is not below the draw.
    const size_t half = count / 2;
    if (shares[first + half - 1].last < draw) {
      first += half;
      count -= half;
    } else {
      count = half;
    }
  }
  return shares[first].outcome;
}

}  // namespace nonet::dns
