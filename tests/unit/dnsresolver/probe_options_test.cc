#include "dnsresolver/server/probe_options.h"

#include <gtest/gtest.h>

#include "dnsresolver/core/limits.h"

namespace nonet::dns {
namespace {

bool Accepts(const ProbeFlags& flags) {
  MonitorSettings monitor;
  return CheckProbes(flags, monitor).ok();
}

TEST(ProbeOptions, SeveralVantagesProbeFromTheirOwnRegions) {
  MonitorSettings monitor;
  const auto probes = CheckProbes({.vantage = "eastus, westeurope"}, monitor);
  ASSERT_TRUE(probes.ok()) << probes.status();
  EXPECT_EQ(monitor.vantages, 2);
  ASSERT_EQ(probes->from.size(), 2u);
  EXPECT_EQ(probes->from[0], "127.143.0.53");
  EXPECT_FALSE(Accepts({.vantage = "eastus,eastus"}));
  EXPECT_FALSE(Accepts({.vantage = "eastus,"}));
  EXPECT_FALSE(
      Accepts({.vantage = "eastus,eastus2,westus,westus2,westus3,centralus,uksouth,ukwest,japaneast"}));
}

TEST(ProbeOptions, StatusRangesAreBounded) {
  MonitorSettings monitor;
  const auto probes = CheckProbes({.status = "200-299,301"}, monitor);
  ASSERT_TRUE(probes.ok());
  ASSERT_EQ(probes->expected.size(), 2u);
  EXPECT_EQ(probes->expected[0].last, 299);
  EXPECT_EQ(probes->expected[1].first, 301);
  for (const char* bad : {"", "200-", "99", "600", "300-200", "200,201,202,203,204,205,206,207,208", "ok"}) {
    EXPECT_FALSE(Accepts({.status = bad})) << bad;
  }
  EXPECT_TRUE(Accepts({.status = "200,201,202,203,204,205,206,207"}));
}

TEST(ProbeOptions, HeadersPathPortProtocolAndSamplesAreChecked) {
  MonitorSettings monitor;
  const auto probes =
      CheckProbes({.protocol = "https", .headers = "Host: probe.example, X-Token: a b"}, monitor);
  ASSERT_TRUE(probes.ok());
  EXPECT_EQ(probes->scheme, http::Scheme::kHttps);
  EXPECT_EQ(probes->headers, (http::Headers{{"host", "probe.example"}, {"x-token", "a b"}}));
  EXPECT_FALSE(Accepts({.headers = "no colon"}));
  EXPECT_FALSE(Accepts({.headers = "host: *.example"}));
  EXPECT_FALSE(Accepts({.headers = "a: 1\r\nb"}));
  EXPECT_FALSE(Accepts({.headers = "a:1,b:1,c:1,d:1,e:1,f:1,g:1,h:1,i:1"}));
  EXPECT_FALSE(Accepts({.protocol = "icmp"}));
  EXPECT_FALSE(Accepts({.path = "health"}));
  EXPECT_FALSE(Accepts({.path = "/a b"}));
  EXPECT_FALSE(Accepts({.port = 65536}));
  EXPECT_FALSE(Accepts({.samples = 5}));
  EXPECT_FALSE(Accepts({.samples = 5, .good_samples = 6}));
  EXPECT_FALSE(Accepts({.good_samples = 1}));
  EXPECT_FALSE(Accepts({.samples = kSamplesMax + 1, .good_samples = 1}));
  EXPECT_TRUE(Accepts({.samples = kSamplesMax, .good_samples = kSamplesMax}));
}

}  // namespace
}  // namespace nonet::dns
