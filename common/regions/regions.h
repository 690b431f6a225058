// Azure's public regions and the measured round trips between them, as shipped in common/regions/data
// (sources and licences beside them). Pure and constant; thread-safe.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>

#include "absl/strings/string_view.h"

namespace nonet {

struct Region {
  int number = 0;                  // Place in the list sorted by name, from 0. Never renumbered.
  absl::string_view name;          // "eastus"
  absl::string_view display_name;  // "East US"
  absl::string_view geography;     // "United States"
  double latitude = 0;             // Degrees; Azure's own map pins, eight of them visibly off.
  double longitude = 0;
  absl::string_view rtt_from;  // The region whose round trips stand for its own: itself, or, when the
                               // matrix lacks it, the nearest one that it has by great circle.
};

// All 58, sorted by name.
std::span<const Region> Regions();
// 0 <= number < 58.
inline const Region& RegionAt(int number) { return Regions()[static_cast<size_t>(number)]; }
// Exact programmatic name, lower case. nullptr when there is none.
const Region* FindRegion(absl::string_view name);
// The name nearest to a misspelt one, for error messages.
absl::string_view NearestRegionName(absl::string_view name);

// P50 round trip, milliseconds: 0 within one region.
int RttMs(const Region& from, const Region& to);
// P95 of the same month.
int RttP95Ms(const Region& from, const Region& to);

// Where a client of region I is, by convention: 10.I.0.0/16, 127.(128+I).0.0/16, fd00:I::/32 (I in hex).
std::string LoopbackPrefix(const Region& region);  // "127.143.0.0/16"
std::string PrivatePrefix(const Region& region);   // "10.15.0.0/16"
std::string Ipv6Prefix(const Region& region);      // "fd00:f::/32"
// An address inside the region's loopback prefix to bind a socket to: "127.143.0.<host>".
std::string LoopbackAddress(const Region& region, int host);

}  // namespace nonet
