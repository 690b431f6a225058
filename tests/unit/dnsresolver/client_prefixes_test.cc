#include "dnsresolver/core/client_prefixes.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

#include "dnsresolver/core/limits.h"
#include "tests/unit/dnsresolver/topologies.h"

namespace nonet::dns {
namespace {

using testing::HasSubstr;

TEST(ClientPrefixes, ReadsLinesOfPrefixAndRegion) {
  const auto entries = ParseClientPrefixes(
      "prefix,region\n# the office\n 192.0.2.0/24 , "
      "westeurope\r\n\n2001:db8::/32,japaneast\n203.0.113.7,eastus");
  ASSERT_TRUE(entries.ok()) << entries.status();
  ASSERT_EQ(entries->size(), 3u);
  EXPECT_EQ((*entries)[0], (PrefixTable::Entry{Ip("192.0.2.0/24"), RegionNumber("westeurope")}));
  EXPECT_EQ((*entries)[1].prefix, Ip("2001:db8::/32"));
  EXPECT_EQ((*entries)[2].prefix.length, 32);
}

TEST(ClientPrefixes, NamesTheLineThatIsWrong) {
  const auto why = [](absl::string_view text) {
    return std::string(ParseClientPrefixes(text).status().message());
  };
  EXPECT_THAT(why("10.0.0.0/8,eastus\n10.0.0.1/8,eastus"), HasSubstr("line 2"));
  EXPECT_THAT(why("10.0.0.0/8"), HasSubstr("line 1"));
  EXPECT_THAT(why("10.0.0.0/8,eastuss"), HasSubstr("did you mean eastus"));
  EXPECT_THAT(why("10.0.0.0/8,eastus\nprefix,region"), HasSubstr("line 2"));
}

TEST(ClientPrefixes, HaveALimit) {
  std::string text;
  for (size_t i = 0; i < kClientPrefixesMax; ++i) text += "::1,eastus\n";
  EXPECT_TRUE(ParseClientPrefixes(text).ok());
  EXPECT_FALSE(ParseClientPrefixes(text + "::1,eastus\n").ok());
}

}  // namespace
}  // namespace nonet::dns
