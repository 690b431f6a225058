#include "dnsresolver/core/lookahead.h"

#include <algorithm>
#include <array>
#include <cstdint>

namespace nonet::dns {
namespace {

void Fetch(const void* address) { __builtin_prefetch(address); }

}  // namespace

void LookAhead(const AnswerTable& table, std::span<const Received> questions, const IpPrefix& source) {
  const AnswerPlan& plan = table.plan();
  const size_t n = std::min(questions.size(), kLookAheadMax);
  std::array<uint64_t, kLookAheadMax> hashes;
  size_t named = 0;
  for (size_t i = 0; i < n; ++i) {
    if (questions[i].verdict != QueryVerdict::kAnswer) continue;
    hashes[named++] = plan.FetchName(questions[i].query.name.key());
  }
  std::array<uint32_t, kLookAheadMax> resources;
  size_t found = 0;
  for (size_t i = 0; i < named; ++i) {
    const AnswerPlan::Entry* entry = plan.FetchEntry(hashes[i]);  // The key is in the resource's plan.
    if (entry == nullptr || entry->kind != AnswerPlan::Kind::kResource) continue;
    const auto* resource = reinterpret_cast<const char*>(&plan.resource(entry->resource));
    Fetch(resource);
    Fetch(resource + 64);
    Fetch(table.picks_at(entry->resource));
    resources[found++] = entry->resource;
  }
  const int region = plan.prefixes().locations().Find(source);
  for (size_t i = 0; i < found; ++i) {
    const int pick = table.Pick(resources[i], region);
    if (pick < 0) continue;
    const auto* answer = reinterpret_cast<const char*>(
        &plan.resource(resources[i]).answers[static_cast<size_t>(pick)].cname_and_address);
    for (const size_t at : {0, 64, 88}) Fetch(answer + at);  // Usually two lines, sometimes three.
  }
}

}  // namespace nonet::dns
