// Which part of the world a region is in, in Traffic Manager's geographic codes: "US-CA" (states of AU, CA,
// GB and US only), "US", "GEO-NA", "WORLD". Pure and constant; thread-safe.
#pragma once

#include <string>
#include <vector>

#include "absl/strings/string_view.h"
#include "common/regions/regions.h"

namespace nonet {

// Most specific first, "WORLD" last: {"US-CA", "US", "GEO-NA", "WORLD"}.
std::vector<std::string> GeoCodesOf(const Region& region);

// Whether the text has the form of a geographic code: WORLD, a grouping, a country, or a state of one of the
// four countries. Whether the country exists is not checked.
bool IsGeoCode(absl::string_view code);

// The region nearest to a place, by great circle; the first by name wins a tie. Degrees.
const Region& NearestRegionTo(double latitude, double longitude);

}  // namespace nonet
