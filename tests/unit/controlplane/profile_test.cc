// Traffic profiles: what is refused, what is filled in, and how they are set.
#include <gtest/gtest.h>

#include <functional>
#include <string>

#include "absl/strings/str_cat.h"
#include "common/base/error.h"
#include "common/base/ip_range.h"
#include "common/regions/geo.h"
#include "controlplane/core/limits.h"
#include "controlplane/core/validate.h"
#include "controlplane/core/validate_profile.h"

namespace nonet::controlplane {
namespace {

using namespace resource::v1;

TrafficEndpoint& Add(TrafficProfile& profile, const std::string& instance) {
  TrafficEndpoint& endpoint = *profile.add_endpoints();
  endpoint.set_instance(instance);
  return endpoint;
}

// The refusal of a profile that `make` fills; empty when it is accepted.
std::string Refusal(TrafficProfile::Method method, const std::function<void(TrafficProfile&)>& make) {
  TrafficProfile profile;
  profile.set_method(method);
  make(profile);
  const absl::Status status = NormalizeProfile(profile);
  return status.ok() ? "" : std::string(status.message());
}

TEST(TrafficProfile, DefaultsAreFilledInByMethod) {
  TrafficProfile profile;
  profile.set_method(TrafficProfile::METHOD_PRIORITY);
  Add(profile, "contoso");
  Add(profile, "westus");
  ASSERT_TRUE(NormalizeProfile(profile).ok());
  EXPECT_EQ(profile.name(), "profile");
  EXPECT_EQ(profile.endpoints(0).priority(), 1u);
  EXPECT_EQ(profile.endpoints(1).priority(), 2u);
  TrafficProfile door;
  door.set_method(TrafficProfile::METHOD_FRONT_DOOR);
  Add(door, "contoso");
  ASSERT_TRUE(NormalizeProfile(door).ok());
  EXPECT_EQ(door.endpoints(0).priority(), 1u);
  EXPECT_EQ(door.endpoints(0).weight(), 50u);
  TrafficProfile unset;
  ASSERT_TRUE(NormalizeProfile(unset).ok());
  EXPECT_EQ(unset.method(), TrafficProfile::METHOD_PERFORMANCE);
  TrafficProfile many;
  many.set_method(TrafficProfile::METHOD_MULTIVALUE);
  ASSERT_TRUE(NormalizeProfile(many).ok());
  EXPECT_EQ(many.max_return(), 2u);
}

TEST(TrafficProfile, RefusesWhatCannotBeSteeredBy) {
  using P = TrafficProfile;
  const auto twice = [](P& p) {
    Add(p, "westus");
    Add(p, "WestUS");
  };
  EXPECT_NE(Refusal(P::METHOD_PERFORMANCE, twice), "");
  EXPECT_NE(Refusal(P::METHOD_PERFORMANCE, [](P& p) { p.add_endpoints(); }), "");
  EXPECT_NE(Refusal(P::METHOD_PERFORMANCE, [](P& p) { p.set_name("two words"); }), "");
  EXPECT_NE(Refusal(P::METHOD_PERFORMANCE, [](P& p) { p.set_max_return(3); }), "");
  EXPECT_NE(Refusal(P::METHOD_PERFORMANCE, [](P& p) { p.set_latency_sensitivity_ms(3); }), "");
  EXPECT_NE(Refusal(P::METHOD_MULTIVALUE, [](P& p) { p.set_max_return(kMaxReturnMax + 1); }), "");
  EXPECT_NE(Refusal(P::METHOD_PRIORITY,
                    [](P& p) {
                      Add(p, "contoso").set_priority(7);
                      Add(p, "westus").set_priority(7);
                    }),
            "");
  EXPECT_EQ(Refusal(P::METHOD_FRONT_DOOR,
                    [](P& p) {
                      Add(p, "contoso").set_priority(5);
                      Add(p, "westus").set_priority(5);
                    }),
            "");
  EXPECT_NE(Refusal(P::METHOD_FRONT_DOOR, [](P& p) { Add(p, "contoso").set_priority(6); }), "");
  EXPECT_NE(Refusal(P::METHOD_WEIGHTED, [](P& p) { Add(p, "contoso").set_weight(kWeightMax + 1); }), "");
  EXPECT_EQ(Refusal(P::METHOD_WEIGHTED, [](P& p) { Add(p, "contoso").set_weight(kWeightMax); }), "");
  EXPECT_NE(Refusal(P::METHOD_MULTIVALUE, [](P& p) { p.add_endpoints()->mutable_profile(); }), "");
  EXPECT_NE(Refusal(P::METHOD_PERFORMANCE, [](P& p) { p.add_endpoints()->mutable_profile(); }), "")
      << "nothing says where the nested profile is";
  EXPECT_EQ(Refusal(P::METHOD_PRIORITY, [](P& p) { p.add_endpoints()->mutable_profile(); }), "");
}

TEST(TrafficProfile, GeographicCodesBelongToOneEndpoint) {
  using P = TrafficProfile;
  const auto reason = [](const std::vector<std::string>& first, const std::vector<std::string>& second) {
    return Refusal(P::METHOD_GEOGRAPHIC, [&](P& p) {
      TrafficEndpoint& a = Add(p, "contoso");
      for (const auto& code : first) a.add_geo_mapping(code);
      TrafficEndpoint& b = Add(p, "westus");
      for (const auto& code : second) b.add_geo_mapping(code);
    });
  };
  EXPECT_EQ(reason({"WORLD"}, {"US", "US-CA", "GEO-EU"}), "");
  EXPECT_NE(reason({"WORLD"}, {"WORLD"}), "");
  EXPECT_NE(reason({"WORLD"}, {}), "");
  EXPECT_NE(reason({"WORLD"}, {"FR-75"}), "") << "France has no states here";
  EXPECT_NE(reason({"WORLD"}, {"Europe"}), "");
}

TEST(TrafficProfile, SubnetsDoNotOverlapAndOneEndpointMayBeTheFallback) {
  using P = TrafficProfile;
  const auto reason = [](const std::string& first, const std::string& second) {
    return Refusal(P::METHOD_SUBNET, [&](P& p) {
      TrafficEndpoint& a = Add(p, "contoso");
      if (!first.empty()) a.add_subnets(first);
      TrafficEndpoint& b = Add(p, "westus");
      if (!second.empty()) b.add_subnets(second);
    });
  };
  EXPECT_EQ(reason("10.0.0.0/8", "11.0.0.0/8"), "");
  EXPECT_EQ(reason("10.0.0.0/8", ""), "");
  EXPECT_EQ(reason("10.0.0.0-10.0.0.9", "10.0.0.10"), "");
  EXPECT_NE(reason("10.0.0.0-10.0.0.10", "10.0.0.10"), "");
  EXPECT_NE(reason("10.0.0.0/8", "10.1.0.0/16"), "");
  EXPECT_NE(reason("10.0.0.1/8", ""), "") << "the base must be the first address";
  EXPECT_NE(reason("", ""), "") << "two fallbacks";
  EXPECT_EQ(reason("fd00::/16", "fe00::1-fe00::ff"), "");
}

TEST(TrafficProfile, NestsTenLevelsDeepAndNoDeeper) {
  const auto nested = [](int levels) {
    TrafficProfile profile;
    TrafficProfile* at = &profile;
    for (int i = 1; i < levels; ++i) {
      at->set_method(TrafficProfile::METHOD_PRIORITY);
      at = at->add_endpoints()->mutable_profile();
    }
    return NormalizeProfile(profile);
  };
  EXPECT_TRUE(nested(kProfileDepthMax).ok());
  EXPECT_EQ(ErrorReason(nested(kProfileDepthMax + 1)), "INVALID_TRAFFIC_PROFILE");
  TrafficProfile wide;
  wide.set_method(TrafficProfile::METHOD_PRIORITY);
  for (int i = 1; i < kProfilesMax; ++i) wide.add_endpoints()->mutable_profile();
  EXPECT_TRUE(NormalizeProfile(wide).ok());
  wide.add_endpoints()->mutable_profile();
  EXPECT_FALSE(NormalizeProfile(wide).ok());
}

TEST(TrafficProfile, NamesOnlyInstancesThatAreThere) {
  TrafficProfile profile;
  Add(*profile.add_endpoints()->mutable_profile(), "westus");
  EXPECT_TRUE(ValidateProfileTargets(profile, std::vector<std::string>{"contoso", "WestUS"}).ok());
  EXPECT_EQ(ErrorReason(ValidateProfileTargets(profile, std::vector<std::string>{"contoso"})),
            "PROFILE_INSTANCE_UNKNOWN");
}

TEST(IpRange, ReadsPrefixesAddressesAndRanges) {
  EXPECT_EQ(IpRange::Parse("10.0.0.0/8")->last, absl::uint128(0x0AFFFFFF));
  EXPECT_EQ(IpRange::Parse("::/0")->last, ~absl::uint128(0));
  EXPECT_EQ(IpRange::Parse("fd00::1")->first, IpRange::Parse("fd00::1")->last);
  for (const char* bad : {"", "10", "10.0.0.256", "10.0.0.1/8", "10.0.0.0/33", "10.0.0.9-10.0.0.1",
                          "::1-10.0.0.1", "10.0.0.0/8-10.0.0.9", "1:2", "1::2::3", "::12345", "0x1::"}) {
    EXPECT_FALSE(IpRange::Parse(bad).ok()) << bad;
  }
}

TEST(Geo, EveryRegionHasACountryAndTheWorld) {
  for (const Region& region : Regions()) {
    const std::vector<std::string> codes = GeoCodesOf(region);
    EXPECT_GE(codes.size(), 3u) << region.name;
    EXPECT_EQ(codes.back(), "WORLD");
    for (const std::string& code : codes) EXPECT_TRUE(IsGeoCode(code)) << code;
  }
  EXPECT_EQ(GeoCodesOf(*FindRegion("westus")), (std::vector<std::string>{"US-CA", "US", "GEO-NA", "WORLD"}));
  EXPECT_EQ(GeoCodesOf(*FindRegion("northeurope")), (std::vector<std::string>{"IE", "GEO-EU", "WORLD"}));
}

}  // namespace
}  // namespace nonet::controlplane
