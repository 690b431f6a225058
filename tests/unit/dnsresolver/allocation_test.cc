// Counts allocations on the query path: there are none.
#include <gtest/gtest.h>

#include <array>
#include <cstdlib>
#include <new>
#include <string>
#include <vector>

#include "dnsresolver/core/rate_limiter.h"
#include "dnsresolver/core/responder.h"
#include "tests/unit/dnsresolver/fixture.h"

namespace {

size_t allocations = 0;

}  // namespace

// Not inlined, or the compiler sees new meet free and objects.
__attribute__((noinline)) void* operator new(std::size_t bytes) {
  ++allocations;
  if (void* memory = std::malloc(bytes == 0 ? 1 : bytes)) return memory;
  std::abort();
}
__attribute__((noinline)) void operator delete(void* memory) noexcept { std::free(memory); }
__attribute__((noinline)) void operator delete(void* memory, std::size_t) noexcept { std::free(memory); }

namespace nonet::dns {
namespace {

// Every kind of query there is, by what becomes of it.
std::vector<Packet> AllKinds() {
  const std::string contoso = "contoso.webpubsub.azure.com";
  Packet all_options = Subnet(1, 24, 0, {10, 15, 0});
  Put(all_options, Option(kOptionNsid, {}));
  Put(all_options, Option(kOptionCookie, Packet(24, 1)));
  Put(all_options, Option(kOptionKeepalive, {}));
  Put(all_options, Option(100, {1, 2, 3}));
  const Packet cookie_only = OptRecord({.options = Option(kOptionCookie, Packet(8, 1))});
  std::vector<Packet> queries = {
      MakeQuery(contoso, kTypeA, {.options = Subnet(2, 32, 0, {0xfd, 0, 0, 15})}),
      MakeQuery(contoso, kTypeA, {.options = Subnet(1, 24, 9, {10, 15, 0})}),
      MakeQuery(contoso, kTypeA, {.version = 9}),
      Message({.body = Question("version.bind", kTypeTxt, kClassChaos)}),
      Message({.body = Question("id.server", kTypeTxt, kClassChaos)}),
      Message({.body = Question("other.bind", kTypeTxt, kClassChaos)}),
      Message({.body = Question(contoso, kTypeA, 4)}),
      Message({.questions = 0, .additionals = 1, .body = cookie_only}),
      Message({.questions = 0}),
      Message({.flags = 5 << 11, .questions = 0}),
      Message({.flags = 4 << 11, .body = Question(contoso, kTypeSoa)}),
      Packet(20, 0x40),
  };
  for (const std::string& name :
       {contoso, std::string("CONTOSO.tm.webpubsub.azure.com"), std::string("tm.webpubsub.azure.com"),
        HostOf("contoso", "westus"), std::string(kZone), std::string("ns.webpubsub.azure.com"),
        std::string("none.webpubsub.azure.com"), std::string("explain.contoso.webpubsub.azure.com"),
        std::string("example.com")}) {
    for (const uint16_t type : {kTypeA, kTypeAaaa, kTypeCname, kTypeTxt, kTypeSoa, kTypeNs, kTypeAny,
                                kTypeAxfr, kTypeIxfr, kTypeTkey, kTypeOpt, uint16_t{65}, uint16_t{1000}}) {
      queries.push_back(MakeQuery(name, type));
      queries.push_back(MakeQuery(name, type, {.flags = kOptFlagDo, .options = all_options}));
    }
  }
  return queries;
}

// contoso, steered by one profile over both instances.
AnswerTable ProfileTable(RoutingMethod method, const AnswerSettings& settings) {
  ResourceTopology resource = MakeResource("contoso", {"eastus", "westus"});
  Profile profile;
  profile.method = method;
  for (int i = 0; i < 2; ++i) {
    ProfileEndpoint endpoint;
    endpoint.instance = i;
    endpoint.region = resource.endpoints[static_cast<size_t>(i)].region;
    if (i == 0) endpoint.subnets = {Ip("127.0.0.0/8")};
    if (i == 1) endpoint.geo = {"WORLD"};
    profile.endpoints.push_back(endpoint);
  }
  resource.profiles = {profile};
  const auto plan = MakePlan({resource}, settings);
  return AnswerTable(plan, AllOf(*plan, MonitorStatus::kOnline));
}

TEST(Allocation, AnsweringAllocatesNothing) {
  AnswerSettings settings = DefaultSettings();
  settings.version = "test";
  std::vector<AnswerTable> tables;
  tables.reserve(10);
  tables.push_back(ContosoTable(settings));
  for (int method = 0; method < 7; ++method) {
    if (method == 4) settings.chain = Chain::kTrafficManager;
    tables.push_back(ProfileTable(static_cast<RoutingMethod>(method), settings));
  }
  tables.push_back(ContosoTable(settings));
  settings.udp_bytes_max = 60;  // Most answers are truncated.
  tables.push_back(ContosoTable(settings));
  const std::vector<Packet> queries = AllKinds();
  const CookieSecrets secrets{.current = {1}, .previous = SipKey{2}};
  RateLimiter limiter({.responses_per_second = 3, .exempt = {Ip("::1")}}, {});
  const std::vector<IpPrefix> sources = {Ip("127.143.0.1"), Ip("192.0.2.1"), Ip("fd00:f::1")};
  std::array<uint8_t, kAnswerBytesMax> out;
  size_t answered = 0, limited = 0;
  int64_t now_ns = kNanosPerSecond;
  const size_t before = allocations;
  for (const Transport transport : {Transport::kUdp, Transport::kTcp}) {
    for (const AnswerTable& table : tables) {
      for (const Packet& query : queries) {
        for (const IpPrefix& source : sources) {
          const Asker asker{.source = source,
                            .transport = transport,
                            .cookies = &secrets,
                            .wall_s = 1000,
                            .draw = static_cast<uint32_t>(now_ns) * 2654435761u};
          Response response = Respond(table, query, asker, out);
          answered += response.bytes > 0 ? 1 : 0;
          if (limiter.Admit(source, RateKind(response), ++now_ns) == RateLimiter::Verdict::kSend) continue;
          MakeSlip(response, out);
          ++limited;
        }
      }
    }
  }
  EXPECT_EQ(allocations - before, 0u);
  EXPECT_EQ(answered, 2 * tables.size() * queries.size() * sources.size());
  EXPECT_GT(limited, 100u);
  const Packet* counted = new Packet(queries[0]);
  EXPECT_GT(allocations, before) << "the counter counts";
  delete counted;
}

}  // namespace
}  // namespace nonet::dns
