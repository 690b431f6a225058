// Client locations from files. A City database belongs to its operator, so none is in the tree: with
// NONET_TEST_MMDB set to one, it is held against itself.
#include "dnsresolver/server/client_map.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <string>

#include "common/base/error.h"
#include "common/regions/geo.h"
#include "common/regions/regions.h"
#include "dnsresolver/server/mmdb.h"
#include "tests/unit/dnsresolver/topologies.h"

namespace nonet::dns {
namespace {

std::string Written(const std::string& text) {
  const std::string path = testing::TempDir() + "/clients.csv";
  std::ofstream(path) << text;
  return path;
}

std::string RegionOf(const PrefixTable& table, absl::string_view address) {
  const auto match = table.Find(Ip(address));
  return match ? std::string(Regions()[static_cast<size_t>(match->region)].name) : "";
}

TEST(ClientMap, OperatorsFileGoesBeforeTheBuiltInPrefixes) {
  const auto table = ReadClientMap(
      {.csv = Written("192.0.2.0/24,japaneast\n10.15.0.0/16,westeurope\n10.3.7.0/24,uksouth\n"), .mmdb = ""});
  ASSERT_TRUE(table.ok()) << table.status();
  EXPECT_EQ(RegionOf(**table, "192.0.2.9"), "japaneast");
  EXPECT_EQ(RegionOf(**table, "10.15.1.1"), "westeurope");
  EXPECT_EQ(RegionOf(**table, "10.3.7.1"), "uksouth");
  EXPECT_EQ(RegionOf(**table, "10.3.8.1"), Regions()[3].name);
  EXPECT_EQ(RegionOf(**table, "198.51.100.1"), "");
}

TEST(ClientMap, NamesTheFlagOfAFileThatCannotBeUsed) {
  EXPECT_EQ(ErrorReason(ReadClientMap({.csv = "/nowhere/clients.csv", .mmdb = ""}).status()), "FLAG_INVALID");
  EXPECT_EQ(ErrorReason(ReadClientMap({.csv = Written("oops"), .mmdb = ""}).status()), "FLAG_INVALID");
  EXPECT_EQ(ErrorReason(ReadClientMap({.csv = "", .mmdb = Written("oops")}).status()), "FLAG_INVALID");
}

TEST(ClientMap, CoordinatesGoToTheNearestRegionByGreatCircle) {
  EXPECT_EQ(NearestRegionTo(52.37, 4.90).name, "westeurope");
  EXPECT_EQ(NearestRegionTo(35.68, 139.77).name, "japaneast");
  EXPECT_EQ(NearestRegionTo(-33.9, 151.2).name, "australiaeast");
  // Over the date line: Fiji is nearer to Auckland than to anything east of it.
  EXPECT_EQ(NearestRegionTo(-17.8, -179.9).name, "newzealandnorth");
}

TEST(ClientMap, MaxMindDatabaseGivesEveryNetworkTheNearestRegion) {
  const char* path = std::getenv("NONET_TEST_MMDB");
  const char* csv = std::getenv("NONET_TEST_MMDB_CSV");  // prefix,country,city,latitude,longitude
  if (!HasMaxMind()) GTEST_SKIP() << "BUILT WITHOUT libmaxminddb: databases are not tested";
  if (path == nullptr || csv == nullptr) {
    GTEST_SKIP() << "NONET_TEST_MMDB and NONET_TEST_MMDB_CSV NOT SET: databases are not tested";
  }
  const auto entries = ReadMaxMind(path);
  ASSERT_TRUE(entries.ok()) << entries.status();
  const PrefixTable table(*entries);
  std::ifstream lines(csv);
  std::string line;
  int compared = 0;
  while (std::getline(lines, line)) {
    char prefix[64];
    double latitude = 0, longitude = 0;
    const size_t last = line.rfind(','), before = line.rfind(',', last - 1);
    if (std::sscanf(line.c_str(), "%63[^,],", prefix) != 1 || before == std::string::npos) continue;
    if (std::sscanf(line.c_str() + before, ",%lf,%lf", &latitude, &longitude) != 2) continue;
    EXPECT_EQ(RegionOf(table, prefix), NearestRegionTo(latitude, longitude).name) << line;
    ++compared;
  }
  EXPECT_GT(compared, 50);
}

}  // namespace
}  // namespace nonet::dns
