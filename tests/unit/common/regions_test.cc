#include "common/regions/regions.h"

#include <gtest/gtest.h>

#include <cmath>
#include <fstream>
#include <set>
#include <sstream>
#include <string>
#include <vector>

namespace nonet {
namespace {

// The shipped files, read again in another way than the build does.
struct Matrix {
  std::vector<std::string> names;
  std::vector<std::vector<std::string>> cells;
};

Matrix ReadMatrix(const std::string& file) {
  std::ifstream in(std::string(NONET_REGION_DATA) + "/" + file);
  EXPECT_TRUE(in.good()) << file;
  Matrix matrix;
  std::string line;
  while (std::getline(in, line)) {
    std::vector<std::string> fields;
    std::string field;
    for (std::istringstream split(line); std::getline(split, field, ',');) fields.push_back(field);
    if (line.back() == ',') fields.emplace_back();  // getline does not see an empty last field.
    if (matrix.names.empty()) {
      matrix.names.assign(fields.begin() + 1, fields.end());
    } else {
      EXPECT_EQ(fields[0], matrix.names[matrix.cells.size()]);
      matrix.cells.emplace_back(fields.begin() + 1, fields.end());
    }
  }
  return matrix;
}

void ExpectEveryCell(const std::string& file, int (*rtt)(const Region&, const Region&)) {
  const Matrix matrix = ReadMatrix(file);
  ASSERT_EQ(matrix.names.size(), 54u);
  ASSERT_EQ(matrix.cells.size(), 54u);
  int compared = 0;
  for (size_t i = 0; i < 54; ++i) {
    ASSERT_EQ(matrix.cells[i].size(), 54u);
    const Region* from = FindRegion(matrix.names[i]);
    ASSERT_NE(from, nullptr);
    EXPECT_EQ(from->rtt_from, from->name);
    for (size_t j = 0; j < 54; ++j) {
      if (i == j) continue;
      const Region* to = FindRegion(matrix.names[j]);
      ASSERT_EQ(std::to_string(rtt(*from, *to)), matrix.cells[i][j]) << from->name << " to " << to->name;
      ++compared;
    }
  }
  EXPECT_EQ(compared, 54 * 53);
}

TEST(Regions, AreFiftyEightSortedByNameAndNumberedFromZero) {
  ASSERT_EQ(Regions().size(), 58u);
  int number = 0;
  absl::string_view previous;
  for (const Region& region : Regions()) {
    EXPECT_EQ(region.number, number++);
    EXPECT_LT(previous, region.name);
    previous = region.name;
    EXPECT_EQ(FindRegion(region.name), &region);
    EXPECT_FALSE(region.display_name.empty());
    EXPECT_FALSE(region.geography.empty());
    EXPECT_TRUE(std::abs(region.latitude) <= 90 && std::abs(region.longitude) <= 180);
  }
}

TEST(Regions, KeepTheirNumbersForever) {
  EXPECT_EQ(FindRegion("australiacentral")->number, 0);
  EXPECT_EQ(FindRegion("eastus")->number, 15);
  EXPECT_EQ(FindRegion("westus3")->number, 57);
  EXPECT_EQ(FindRegion("eastus")->display_name, "East US");
  EXPECT_EQ(FindRegion("eastus")->geography, "United States");
}

TEST(Regions, AreFoundByTheirExactNameOnly) {
  for (const char* name : {"", "EastUS", "east us", "eastu", "eastus9", "zzz", "a"}) {
    EXPECT_EQ(FindRegion(name), nullptr) << name;
  }
}

TEST(Regions, SuggestTheNearestName) {
  EXPECT_EQ(NearestRegionName("eastsu"), "eastus");
  EXPECT_EQ(NearestRegionName("westeurop"), "westeurope");
  EXPECT_EQ(NearestRegionName("eastus"), "eastus");
  EXPECT_NE(NearestRegionName(std::string(100'000, 'x')), "");
}

TEST(RoundTrips, AreThePublishedMedians) { ExpectEveryCell("azure-region-rtt.csv", RttMs); }

TEST(RoundTrips, AreThePublishedP95s) { ExpectEveryCell("azure-region-rtt-p95.csv", RttP95Ms); }

TEST(RoundTrips, AreZeroWithinARegionAndPositiveBetweenTwo) {
  for (const Region& from : Regions()) {
    for (const Region& to : Regions()) {
      EXPECT_EQ(RttMs(from, to) == 0, &from == &to) << from.name << " " << to.name;
      EXPECT_EQ(RttP95Ms(from, to) == 0, &from == &to) << from.name << " " << to.name;
    }
  }
}

TEST(RoundTrips, AreBorrowedFromTheNearestOnTheGlobe) {
  std::set<std::string> borrowers;
  for (const Region& region : Regions()) {
    if (region.rtt_from == region.name) continue;
    borrowers.insert(std::string(region.name));
    const Region& lender = *FindRegion(region.rtt_from);
    EXPECT_EQ(lender.rtt_from, lender.name);
    for (const Region& other : Regions()) {
      if (other.rtt_from == region.rtt_from) continue;
      EXPECT_EQ(RttMs(region, other), RttMs(lender, other));
      EXPECT_EQ(RttMs(other, region), RttMs(other, lender));
      // The lender itself stays the nearest.
      EXPECT_LT(RttMs(region, lender), RttMs(region, other)) << region.name << " " << other.name;
    }
  }
  EXPECT_EQ(borrowers,
            (std::set<std::string>{"brazilsoutheast", "chilecentral", "jioindiacentral", "westindia"}));
  EXPECT_EQ(FindRegion("brazilsoutheast")->rtt_from, "brazilsouth");
  EXPECT_EQ(FindRegion("chilecentral")->rtt_from, "brazilsouth");
  EXPECT_EQ(FindRegion("jioindiacentral")->rtt_from, "centralindia");
  EXPECT_EQ(FindRegion("westindia")->rtt_from, "centralindia");
}

TEST(RegionPrefixes, ComeFromTheNumber) {
  const Region& eastus = *FindRegion("eastus");
  EXPECT_EQ(LoopbackPrefix(eastus), "127.143.0.0/16");
  EXPECT_EQ(PrivatePrefix(eastus), "10.15.0.0/16");
  EXPECT_EQ(Ipv6Prefix(eastus), "fd00:f::/32");
  EXPECT_EQ(LoopbackAddress(eastus, 53), "127.143.0.53");
  EXPECT_EQ(Ipv6Prefix(*FindRegion("westus3")), "fd00:39::/32");
  EXPECT_EQ(LoopbackPrefix(*FindRegion("westus3")), "127.185.0.0/16");
}

}  // namespace
}  // namespace nonet
