#include "dnsresolver/core/prefix_table.h"

#include <gtest/gtest.h>

#include <map>
#include <vector>

#include "common/base/random.h"
#include "common/regions/regions.h"
#include "tests/unit/dnsresolver/fixture.h"

namespace nonet::dns {
namespace {

TEST(IpPrefix, ParsesAndPrintsBothFamilies) {
  for (const char* text : {"10.15.0.0/16", "0.0.0.0/0", "127.143.0.1/32", "fd00:f::/32", "::/0", "::1/128",
                           "2001:db8::1:0:0:1/128"}) {
    ASSERT_TRUE(IpPrefix::Parse(text).ok()) << text;
    EXPECT_EQ(IpPrefix::Parse(text)->ToText(), text);
  }
  EXPECT_EQ(IpPrefix::Parse("127.0.0.1")->length, 32);
}

TEST(IpPrefix, RefusesWhatIsNone) {
  for (const char* text : {"", "10.15.0.0/33", "10.15.0.0/-1", "10.15.0.0/", "10.15.0/16", "10.256.0.0/16",
                           "10.01.0.0/16", "10.15.0.1/16", "fd00::1::/32", "fd00:f/32", "fd00::/129", "g::/8",
                           "1:2:3:4:5:6:7:8:9/128", "::12345/128"}) {
    EXPECT_FALSE(IpPrefix::Parse(text).ok()) << text;
  }
}

TEST(PrefixTable, BuiltInKnowsEveryRegionByItsThreePrefixes) {
  const PrefixTable table = PrefixTable::BuiltIn();
  EXPECT_EQ(table.entries().size(), 3 * Regions().size());
  EXPECT_EQ(table.Find(Ip("127.143.0.1"))->region, RegionNumber("eastus"));
  EXPECT_EQ(table.Find(Ip("10.15.255.255"))->region, RegionNumber("eastus"));
  EXPECT_EQ(table.Find(Ip("fd00:f:1::1"))->region, RegionNumber("eastus"));
  EXPECT_FALSE(table.Find(Ip("127.0.0.1")).has_value());
  EXPECT_FALSE(table.Find(Ip("10.58.0.1")).has_value());
  EXPECT_FALSE(table.Find(Ip("::1")).has_value());
}

TEST(PrefixTable, LongestPrefixWins) {
  const PrefixTable table(std::vector<PrefixTable::Entry>{
      {Ip("10.0.0.0/8"), 1}, {Ip("10.1.0.0/16"), 2}, {Ip("10.1.2.0/24"), 3}, {Ip("10.1.4.0/24"), 4}});
  EXPECT_EQ(table.Find(Ip("10.2.0.1"))->region, 1);
  EXPECT_EQ(table.Find(Ip("10.1.3.1"))->region, 2);
  EXPECT_EQ(table.Find(Ip("10.1.2.1"))->region, 3);
  EXPECT_EQ(table.Find(Ip("10.1.255.1"))->region, 2);
  EXPECT_FALSE(table.Find(Ip("11.0.0.0")).has_value());
}

TEST(ScopeTable, OneOrderForAllIsScopeZero) {
  const std::vector<int> orders(Regions().size(), 0);
  const ScopeTable scopes(PrefixTable::BuiltIn(), orders, 0);
  EXPECT_EQ(scopes.Find(Ip("10.15.0.0/24")).length, 0);
  EXPECT_EQ(scopes.Find(Ip("fd00:f::/32")).length, 0);
}

TEST(ScopeTable, NestedPrefixesAreDeaggregated) {
  // 10/8 is region 0 but for 10.1/16: a client in 10.2/16 must not be told /8.
  const PrefixTable table(std::vector<PrefixTable::Entry>{{Ip("10.0.0.0/8"), 0}, {Ip("10.1.0.0/16"), 1}});
  const ScopeTable scopes(table, std::vector<int>{0, 1}, 2);
  EXPECT_EQ(scopes.Find(Ip("10.1.9.9")).order, 1);
  EXPECT_EQ(scopes.Find(Ip("10.1.9.9")).length, 16);
  EXPECT_EQ(scopes.Find(Ip("10.2.0.0")).order, 0);
  EXPECT_EQ(scopes.Find(Ip("10.2.0.0")).length, 15);  // 10.2/15
  EXPECT_EQ(scopes.Find(Ip("10.128.0.0")).length, 9);
  EXPECT_EQ(scopes.Find(Ip("11.0.0.0")).order, 2);
  EXPECT_EQ(scopes.Find(Ip("11.0.0.0")).length, 8);
}

TEST(ScopeTable, NeighboursOfOneOrderAreMerged) {
  const PrefixTable table(std::vector<PrefixTable::Entry>{{Ip("10.0.0.0/16"), 0}, {Ip("10.1.0.0/16"), 1}});
  const ScopeTable scopes(table, std::vector<int>{5, 5}, 6);
  EXPECT_EQ(scopes.Find(Ip("10.1.2.3")).length, 15);
  EXPECT_EQ(scopes.Find(Ip("10.1.2.3")).order, 5);
}

// Against a plain list of all the addresses there are, in a world of 8 bits.
TEST(ScopeTable, EqualsTheBruteForceOracleAndBlocksNeverOverlap) {
  Random random(20261121);
  for (int round = 0; round < 300; ++round) {
    std::vector<PrefixTable::Entry> entries;
    const int n = static_cast<int>(random.Below(12));
    for (int i = 0; i < n; ++i) {
      const int length = static_cast<int>(random.Below(9));
      const std::vector<uint8_t> address = {static_cast<uint8_t>(random.Below(256))};
      entries.push_back(
          {IpPrefix::FromBytes(IpFamily::kV4, address, length), static_cast<int>(random.Below(4))});
    }
    const PrefixTable table(entries);
    std::vector<int> order_of_region;
    for (int i = 0; i < 4; ++i) order_of_region.push_back(static_cast<int>(random.Below(3)));
    const int default_order = static_cast<int>(random.Below(3));
    const ScopeTable scopes(table, order_of_region, default_order);

    std::vector<int> truth(256, default_order);
    for (int address = 0; address < 256; ++address) {
      int longest = -1;
      for (const PrefixTable::Entry& entry : table.entries()) {
        const int shift = 8 - entry.prefix.length;
        const int base = static_cast<int>(static_cast<uint32_t>(entry.prefix.bits >> 120));
        if (entry.prefix.length <= longest || (shift < 8 && address >> shift != base >> shift)) continue;
        longest = entry.prefix.length;
        truth[static_cast<size_t>(address)] = order_of_region[static_cast<size_t>(entry.region)];
      }
    }
    std::map<int, int> blocks;  // First address -> length, of all blocks met.
    for (int address = 0; address < 256; ++address) {
      const std::vector<uint8_t> bytes = {static_cast<uint8_t>(address)};
      const ScopeTable::Block block = scopes.Find(IpPrefix::FromBytes(IpFamily::kV4, bytes, 32));
      ASSERT_EQ(block.order, truth[static_cast<size_t>(address)])
          << "round " << round << " address " << address;
      ASSERT_LE(block.length, 8);
      const int size = 256 >> block.length;
      const int first = address / size * size;
      for (int other = first; other < first + size; ++other) {
        ASSERT_EQ(truth[static_cast<size_t>(other)], block.order) << "a block holds two orders";
      }
      const auto [it, inserted] = blocks.try_emplace(first, block.length);
      ASSERT_EQ(it->second, block.length) << "blocks overlap";
      // The widest possible: its sibling differs somewhere.
      if (block.length > 0) {
        const int sibling = first ^ size;
        bool differs = false;
        for (int other = sibling; other < sibling + size; ++other) {
          differs |= truth[static_cast<size_t>(other)] != block.order;
        }
        ASSERT_TRUE(differs) << "a block could be wider";
      }
    }
    int covered = 0;
    for (const auto& [first, length] : blocks) covered += 256 >> length;
    ASSERT_EQ(covered, 256);
  }
}

}  // namespace
}  // namespace nonet::dns
