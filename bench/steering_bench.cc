// The resolver's hot path and what surrounds it: one query to one answer, a table over new health, a plan
// over new configuration.
#include <benchmark/benchmark.h>

#include <array>
#include <memory>
#include <random>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "common/regions/regions.h"
#include "dnsresolver/codec/query.h"
#include "dnsresolver/core/explain.h"
#include "dnsresolver/core/lookahead.h"
#include "dnsresolver/core/responder.h"
#include "tests/unit/dnsresolver/message.h"
#include "tests/unit/dnsresolver/topologies.h"

namespace nonet::dns {
namespace {

const std::vector<std::string> kNine = {"eastus",        "westus",      "westeurope",
                                        "southeastasia", "brazilsouth", "australiaeast",
                                        "japaneast",     "uksouth",     "centralindia"};

std::shared_ptr<const AnswerPlan> PlanOf(int resources) {
  std::vector<ResourceTopology> all = {MakeResource("contoso", kNine)};
  for (int i = 1; i < resources; ++i) all.push_back(MakeResource(absl::StrCat("resource", i), kNine));
  return MakePlan(std::move(all));
}

void Answer(benchmark::State& state, const Packet& query) {
  const auto plan = PlanOf(static_cast<int>(state.range(0)));
  const AnswerTable table(plan, AllOf(*plan, MonitorStatus::kOnline));
  const IpPrefix source = Ip("127.143.0.1");
  std::array<uint8_t, kAnswerBytesMax> out;
  size_t bytes = 0;
  for (auto _ : state) {
    const Response response = Respond(table, query, source, Transport::kUdp, out);
    bytes += response.bytes;
    benchmark::DoNotOptimize(out);
  }
  state.SetItemsProcessed(state.iterations());
  // What a spoofed query would be multiplied by.
  state.counters["amplification"] = static_cast<double>(bytes) / static_cast<double>(state.iterations()) /
                                    static_cast<double>(query.size());
}

void BM_AnswerBySource(benchmark::State& state) {
  Answer(state, MakeQuery("contoso.webpubsub.azure.com", kTypeA));
}
BENCHMARK(BM_AnswerBySource)->Arg(1)->Arg(1000);

// As a listener does it: a batch for names at random, looked ahead where there are many.
void BM_AnswerBatch(benchmark::State& state) {
  const int resources = static_cast<int>(state.range(0));
  const auto plan = PlanOf(resources);
  const AnswerTable table(plan, AllOf(*plan, MonitorStatus::kOnline));
  const IpPrefix source = Ip("127.143.0.1");
  std::vector<Packet> queries;
  std::mt19937 random(1);
  for (int i = 0; i < 65536; ++i) {
    const auto n = static_cast<int>(random() % static_cast<unsigned>(resources));
    queries.push_back(MakeQuery(absl::StrCat("resource", n == 0 ? 1 : n, ".webpubsub.azure.com"), kTypeA));
  }
  std::array<uint8_t, kAnswerBytesMax> out;
  std::array<Received, kLookAheadMax> received;
  size_t at = 0;
  for (auto _ : state) {
    for (Received& one : received) {
      std::construct_at(&one);
      Read(queries[at++ % queries.size()], one);
    }
    if (static_cast<size_t>(resources) >= kLookAheadResourcesMin) LookAhead(table, received, source);
    for (const Received& one : received) {
      benchmark::DoNotOptimize(Respond(table, one, {.source = source}, out));
    }
  }
  state.SetItemsProcessed(state.iterations() * static_cast<int64_t>(kLookAheadMax));
}
BENCHMARK(BM_AnswerBatch)->Arg(2)->Arg(1000)->Arg(10000);

void BM_AnswerByClientSubnet(benchmark::State& state) {
  Answer(state, MakeQuery("contoso.webpubsub.azure.com", kTypeA, {.options = Subnet(1, 24, 0, {10, 15, 7})}));
}
BENCHMARK(BM_AnswerByClientSubnet)->Arg(1)->Arg(1000);

void BM_AnswerByIpv6ClientSubnet(benchmark::State& state) {
  Answer(state, MakeQuery("contoso.webpubsub.azure.com", kTypeA,
                          {.options = Subnet(2, 56, 0, {0xfd, 0, 0, 15, 0, 0, 0})}));
}
BENCHMARK(BM_AnswerByIpv6ClientSubnet)->Arg(1);

void BM_AnswerNoSuchName(benchmark::State& state) {
  Answer(state, MakeQuery("nobody.webpubsub.azure.com", kTypeA, {}));
}
BENCHMARK(BM_AnswerNoSuchName)->Arg(1);

void BM_ParseQuery(benchmark::State& state) {
  const Packet packet =
      MakeQuery("contoso.webpubsub.azure.com", kTypeA, {.options = Subnet(1, 24, 0, {10, 15, 7})});
  for (auto _ : state) {
    Query query;
    benchmark::DoNotOptimize(ParseQuery(packet, query));
  }
}
BENCHMARK(BM_ParseQuery);

// A health flip: a new table over the same plan.
void BM_CompileTable(benchmark::State& state) {
  const auto plan = PlanOf(static_cast<int>(state.range(0)));
  const Health health = AllOf(*plan, MonitorStatus::kOnline);
  for (auto _ : state) benchmark::DoNotOptimize(AnswerTable(plan, health));
}
BENCHMARK(BM_CompileTable)->Arg(1)->Arg(100);

// A change of configuration: everything anew.
void BM_CompilePlan(benchmark::State& state) {
  for (auto _ : state) benchmark::DoNotOptimize(PlanOf(static_cast<int>(state.range(0))));
}
BENCHMARK(BM_CompilePlan)->Arg(1)->Arg(100)->Unit(benchmark::kMicrosecond);

void BM_Explain(benchmark::State& state) {
  const auto plan = PlanOf(1);
  const AnswerTable table(plan, AllOf(*plan, MonitorStatus::kOnline));
  for (auto _ : state) benchmark::DoNotOptimize(Explain(table, "contoso", ClientRegion{15}));
}
BENCHMARK(BM_Explain)->Unit(benchmark::kMicrosecond);

}  // namespace
}  // namespace nonet::dns

BENCHMARK_MAIN();
