// Configuration alone never leaves a resource without the endpoints it had.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <array>

#include "dnsresolver/core/explain.h"
#include "dnsresolver/core/topology.h"
#include "tests/unit/dnsresolver/fixture.h"

namespace nonet::dns {
namespace {

using testing::Contains;
using testing::HasSubstr;

constexpr std::array<absl::string_view, 5> kStates = {"Succeeded", "Creating", "Updating", "Failed",
                                                      "Deleting"};
constexpr int kVariants = 2 * 2 * 2 * static_cast<int>(kStates.size());

Endpoint Variant(int number, int index) {
  Endpoint endpoint;
  endpoint.name = "resources/contoso/replicas/r" + std::to_string(index);
  endpoint.enabled = number % 2 == 0;
  endpoint.stopped = number / 2 % 2 == 1;
  if (number / 4 % 2 == 0) endpoint.address = Ipv4{127, 80, 1, static_cast<uint8_t>(index + 1)};
  endpoint.provisioning_state = std::string(kStates[static_cast<size_t>(number / 8)]);
  endpoint.provisioned = endpoint.provisioning_state == "Succeeded";
  return endpoint;
}

bool InService(const Endpoint& endpoint) { return !ConfiguredStatus(endpoint).has_value(); }

// Said once more in other words than the code's.
bool MayBeKept(const Endpoint& e) {
  return e.enabled && !e.stopped && e.address.has_value() &&
         (e.provisioning_state == "Updating" || e.provisioning_state == "Failed");
}

TEST(KeepServing, KeepsExactlyThoseNobodyTookOutWhenNobodyElseIsLeft) {
  for (int a = 0; a < kVariants; ++a) {
    for (int b = 0; b < kVariants; ++b) {
      ResourceTopology before;
      before.endpoints = {Variant(a, 0), Variant(b, 1)};
      ResourceTopology after = before;
      KeepServing(after);
      const bool anybody = std::any_of(before.endpoints.begin(), before.endpoints.end(), InService);
      for (size_t i = 0; i < 2; ++i) {
        const bool kept = !anybody && MayBeKept(before.endpoints[i]);
        ASSERT_EQ(after.endpoints[i].kept, kept) << a << " " << b;
        ASSERT_EQ(InService(after.endpoints[i]), InService(before.endpoints[i]) || kept) << a << " " << b;
      }
    }
  }
}

TEST(KeepServing, AnInstanceNoProfileNamesIsNotPutBack) {
  ResourceTopology resource;
  resource.endpoints = {Variant(16, 0)};  // Enabled, started, with an address, Updating.
  resource.endpoints[0].probing = Probing::kUnused;
  KeepServing(resource);
  EXPECT_FALSE(InService(resource.endpoints[0]));
}

TEST(KeepServing, TheExplanationSaysSo) {
  ResourceTopology resource = MakeResource("contoso", {"eastus"});
  resource.endpoints[0].provisioned = false;
  resource.endpoints[0].provisioning_state = "Updating";
  KeepServing(resource);
  const AnswerTable table(MakePlan({resource}), {{MonitorStatus::kOnline}});
  const Explanation why = *Explain(table, "contoso", Ip("127.143.0.1"));
  EXPECT_EQ(why.cname, resource.endpoints[0].host_name);
  EXPECT_THAT(why.sentences,
              Contains(HasSubstr("is kept in the answers although its provisioning state is Updating")));
}

}  // namespace
}  // namespace nonet::dns
