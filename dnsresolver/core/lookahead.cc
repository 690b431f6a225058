#include "dnsresolver/core/lookahead.h"

#include <algorithm>
#include <array>
#include <cstdint>
#include <optional>

#include "dnsresolver/codec/name.h"

namespace nonet::dns {
namespace {

void Fetch(const void* address) { __builtin_prefetch(address); }

// False when the question cannot be read.
bool ReadQuestion(Bytes packet, Name& name) {
  return packet.size() > kHeaderBytes && ReadName(packet, kHeaderBytes, name).has_value();
}

}  // namespace

void LookAhead(const AnswerTable& table, std::span<const Bytes> packets, const IpPrefix& source) {
  const AnswerPlan& plan = table.plan();
  const size_t n = std::min(packets.size(), kLookAheadMax);
  std::array<uint64_t, kLookAheadMax> hashes;
  size_t named = 0;
  Name name;
  for (size_t i = 0; i < n; ++i) {
    if (ReadQuestion(packets[i], name)) hashes[named++] = plan.FetchName(name.key());
  }
  std::array<uint32_t, kLookAheadMax> resources;
  size_t found = 0;
  for (size_t i = 0; i < named; ++i) {
    const AnswerPlan::Entry* entry = plan.FetchEntry(hashes[i]);
    if (entry == nullptr || entry->kind != AnswerPlan::Kind::kResource) continue;
    Fetch(plan.resource_at(entry->resource));
    Fetch(table.picks_at(entry->resource));
    resources[found++] = entry->resource;
  }
  for (size_t i = 0; i < found; ++i) {
    const AnswerPlan::ResourcePlan& resource = plan.resource(resources[i]);
    Fetch(&resource);
    Fetch(reinterpret_cast<const char*>(&resource) + 64);
  }
  const int region = plan.prefixes().locations().Find(source);
  std::array<const Sections*, kLookAheadMax> answers;
  size_t picked = 0;
  for (size_t i = 0; i < found; ++i) {
    const int pick = table.Pick(resources[i], region);
    if (pick < 0) continue;
    answers[picked] = &plan.resource(resources[i]).answers[static_cast<size_t>(pick)].cname_and_address;
    Fetch(answers[picked++]);
  }
  for (size_t i = 0; i < picked; ++i) {
    Fetch(answers[i]->bytes.data());
    Fetch(answers[i]->bytes.data() + 64);
  }
}

}  // namespace nonet::dns
