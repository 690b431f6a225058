#include "common/regions/regions.h"

#include <algorithm>
#include <cmath>
#include <numbers>
#include <vector>

#include "absl/strings/str_cat.h"
#include "common/base/check.h"
#include "common/regions/table.h"

namespace nonet {
namespace {

constexpr double kEarthRadiusKm = 6371.0;
// Light in fibre travels 200 km a millisecond; the published round trips are 1.7 times that bound (median).
constexpr double kKmPerMs = 200.0;
constexpr double kDetour = 1.7;
constexpr int kLoopbackFirst = 128;

double GreatCircleKm(const regions::Row& a, const regions::Row& b) {
  constexpr double kRadians = std::numbers::pi / 180.0;
  const double north = std::sin((b.latitude - a.latitude) * kRadians / 2);
  const double east = std::sin((b.longitude - a.longitude) * kRadians / 2);
  const double h =
      north * north + std::cos(a.latitude * kRadians) * std::cos(b.latitude * kRadians) * east * east;
  return 2 * kEarthRadiusKm * std::asin(std::min(1.0, std::sqrt(h)));
}

// The row whose round trips stand for `row`'s own. The first by name wins a tie.
const regions::Row& Lender(const regions::Row& row) {
  if (row.matrix_row >= 0) return row;
  const regions::Row* best = nullptr;
  for (const regions::Row& other : regions::Rows()) {
    if (other.matrix_row < 0) continue;
    if (best == nullptr || GreatCircleKm(row, other) < GreatCircleKm(row, *best)) best = &other;
  }
  return *best;
}

struct Tables {
  std::vector<Region> regions;
  std::vector<int> matrix_row;  // By region number; the lender's where the matrix lacks the region.
};

const Tables& GetTables() {
  static const Tables tables = [] {
    Tables made;
    for (const regions::Row& row : regions::Rows()) {
      const regions::Row& lender = Lender(row);
      made.regions.push_back({.number = static_cast<int>(made.regions.size()),
                              .name = row.name,
                              .display_name = row.display_name,
                              .geography = row.geography,
                              .latitude = row.latitude,
                              .longitude = row.longitude,
                              .rtt_from = lender.name});
      made.matrix_row.push_back(lender.matrix_row);
    }
    return made;
  }();
  return tables;
}

// Between two different regions that share a row, nothing is published: estimated from the distance, yet
// closer than the lender's nearest published neighbour, because the lender was chosen for being nearest.
int EstimateMs(const Region& from, const Region& to, std::span<const uint16_t> lender_row) {
  int nearest = INT32_MAX;
  for (const uint16_t ms : lender_row) {
    if (ms > 0) nearest = std::min<int>(nearest, ms);
  }
  const auto rows = regions::Rows();
  const double km =
      GreatCircleKm(rows[static_cast<size_t>(from.number)], rows[static_cast<size_t>(to.number)]);
  return std::clamp(static_cast<int>(std::lround(2 * km / kKmPerMs * kDetour)), 1, std::max(1, nearest - 1));
}

int LookUp(std::span<const uint16_t> matrix, const Region& from, const Region& to) {
  if (from.number == to.number) return 0;
  const auto& rows = GetTables().matrix_row;
  const auto width = static_cast<size_t>(regions::MatrixWidth());
  const auto row = static_cast<size_t>(rows[static_cast<size_t>(from.number)]);
  const auto column = static_cast<size_t>(rows[static_cast<size_t>(to.number)]);
  if (row == column) return EstimateMs(from, to, matrix.subspan(row * width, width));
  return matrix[row * width + column];
}

// Edits (insert, delete, replace) that turn one word into the other.
size_t EditDistance(absl::string_view a, absl::string_view b) {
  std::vector<size_t> row(b.size() + 1);
  for (size_t j = 0; j < row.size(); ++j) row[j] = j;
  for (size_t i = 1; i <= a.size(); ++i) {
    size_t diagonal = row[0];
    row[0] = i;
    for (size_t j = 1; j <= b.size(); ++j) {
      const size_t replaced = diagonal + (a[i - 1] == b[j - 1] ? 0 : 1);
      diagonal = row[j];
      row[j] = std::min({replaced, row[j] + 1, row[j - 1] + 1});
    }
  }
  return row.back();
}

}  // namespace

std::span<const Region> Regions() { return GetTables().regions; }

const Region* FindRegion(absl::string_view name) {
  const std::span<const Region> all = Regions();
  const auto it =
      std::lower_bound(all.begin(), all.end(), name,
                       [](const Region& region, absl::string_view key) { return region.name < key; });
  return it != all.end() && it->name == name ? &*it : nullptr;
}

absl::string_view NearestRegionName(absl::string_view name) {
  constexpr size_t kNameBytesMax = 64;  // No name is longer; bounds the work for a silly input.
  const absl::string_view key = name.substr(0, kNameBytesMax);
  const Region* best = nullptr;
  size_t best_distance = SIZE_MAX;
  for (const Region& region : Regions()) {
    const size_t distance = EditDistance(key, region.name);
    if (distance >= best_distance) continue;
    best = &region;
    best_distance = distance;
  }
  return best->name;
}

int RttMs(const Region& from, const Region& to) { return LookUp(regions::P50(), from, to); }

int RttP95Ms(const Region& from, const Region& to) { return LookUp(regions::P95(), from, to); }

std::string LoopbackPrefix(const Region& region) {
  return absl::StrCat("127.", kLoopbackFirst + region.number, ".0.0/16");
}

std::string PrivatePrefix(const Region& region) { return absl::StrCat("10.", region.number, ".0.0/16"); }

std::string Ipv6Prefix(const Region& region) {
  return absl::StrCat("fd00:", absl::Hex(region.number), "::/32");
}

std::string LoopbackAddress(const Region& region, int host) {
  NONET_CHECK(host >= 0 && host <= 255);
  return absl::StrCat("127.", kLoopbackFirst + region.number, ".0.", host);
}

}  // namespace nonet
