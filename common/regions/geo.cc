#include "common/regions/geo.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <numbers>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "common/base/check.h"

namespace nonet {
namespace {

struct Country {
  absl::string_view geography;  // Azure's geography, or a region's name where the geography spans countries.
  absl::string_view code;       // ISO 3166-1.
  absl::string_view grouping;
};

constexpr std::array kCountries = {
    Country{"Australia", "AU", "GEO-AP"},      Country{"Austria", "AT", "GEO-EU"},
    Country{"Belgium", "BE", "GEO-EU"},        Country{"Brazil", "BR", "GEO-SA"},
    Country{"Canada", "CA", "GEO-NA"},         Country{"Chile", "CL", "GEO-SA"},
    Country{"Denmark", "DK", "GEO-EU"},        Country{"France", "FR", "GEO-EU"},
    Country{"Germany", "DE", "GEO-EU"},        Country{"India", "IN", "GEO-AS"},
    Country{"Indonesia", "ID", "GEO-AS"},      Country{"Israel", "IL", "GEO-ME"},
    Country{"Italy", "IT", "GEO-EU"},          Country{"Japan", "JP", "GEO-AS"},
    Country{"Korea", "KR", "GEO-AS"},          Country{"Malaysia", "MY", "GEO-AS"},
    Country{"Mexico", "MX", "GEO-NA"},         Country{"New Zealand", "NZ", "GEO-AP"},
    Country{"Norway", "NO", "GEO-EU"},         Country{"Poland", "PL", "GEO-EU"},
    Country{"Qatar", "QA", "GEO-ME"},          Country{"South Africa", "ZA", "GEO-AF"},
    Country{"Spain", "ES", "GEO-EU"},          Country{"Sweden", "SE", "GEO-EU"},
    Country{"Switzerland", "CH", "GEO-EU"},    Country{"UAE", "AE", "GEO-ME"},
    Country{"United Kingdom", "GB", "GEO-EU"}, Country{"United States", "US", "GEO-NA"},
    Country{"eastasia", "HK", "GEO-AS"},       Country{"southeastasia", "SG", "GEO-AS"},
    Country{"northeurope", "IE", "GEO-EU"},    Country{"westeurope", "NL", "GEO-EU"},
};

struct State {
  absl::string_view region;
  absl::string_view code;  // ISO 3166-2.
};

// By the physical location that Azure publishes.
constexpr std::array kStates = {
    State{"australiacentral", "AU-ACT"},
    State{"australiacentral2", "AU-ACT"},
    State{"australiaeast", "AU-NSW"},
    State{"australiasoutheast", "AU-VIC"},
    State{"canadacentral", "CA-ON"},
    State{"canadaeast", "CA-QC"},
    State{"centralus", "US-IA"},
    State{"eastus", "US-VA"},
    State{"eastus2", "US-VA"},
    State{"northcentralus", "US-IL"},
    State{"southcentralus", "US-TX"},
    State{"uksouth", "GB-ENG"},
    State{"ukwest", "GB-WLS"},
    State{"westcentralus", "US-WY"},
    State{"westus", "US-CA"},
    State{"westus2", "US-WA"},
    State{"westus3", "US-AZ"},
};

constexpr std::array<absl::string_view, 8> kWide = {"WORLD",  "GEO-AF", "GEO-AP", "GEO-AS",
                                                    "GEO-EU", "GEO-ME", "GEO-NA", "GEO-SA"};

bool AllUpper(absl::string_view text) {
  return std::all_of(text.begin(), text.end(),
                     [](char c) { return absl::ascii_isupper(static_cast<unsigned char>(c)); });
}

}  // namespace

std::vector<std::string> GeoCodesOf(const Region& region) {
  std::vector<std::string> codes;
  for (const State& state : kStates) {
    if (state.region == region.name) codes.emplace_back(state.code);
  }
  const auto country = std::find_if(kCountries.begin(), kCountries.end(), [&](const Country& c) {
    return c.geography == region.geography || c.geography == region.name;
  });
  NONET_CHECK(country != kCountries.end());
  codes.emplace_back(country->code);
  codes.emplace_back(country->grouping);
  codes.emplace_back("WORLD");
  return codes;
}

bool IsGeoCode(absl::string_view code) {
  if (std::find(kWide.begin(), kWide.end(), code) != kWide.end()) return true;
  if (code.size() == 2) return AllUpper(code);
  if (code.size() < 4 || code.size() > 6 || code[2] != '-') return false;
  const absl::string_view country = code.substr(0, 2);
  return (country == "AU" || country == "CA" || country == "GB" || country == "US") &&
         AllUpper(code.substr(3));
}

const Region& NearestRegionTo(double latitude, double longitude) {
  // The haversine grows with the distance: no need for the distance itself.
  constexpr double kRadians = std::numbers::pi / 180.0;
  const auto haversine = [&](const Region& region) {
    const double north = std::sin((region.latitude - latitude) * kRadians / 2);
    const double east = std::sin((region.longitude - longitude) * kRadians / 2);
    return north * north + std::cos(latitude * kRadians) * std::cos(region.latitude * kRadians) * east * east;
  };
  const Region* best = &Regions().front();
  for (const Region& region : Regions()) {
    if (haversine(region) < haversine(*best)) best = &region;
  }
  return *best;
}

}  // namespace nonet
