#include "dnsresolver/server/cache_journal.h"

#include <algorithm>
#include <tuple>

namespace nonet::dns {
namespace {

// revision; resource, endpoint, families, length; resolver; clients; answered and TTL.
enum Word : size_t { kRevision, kWhat, kResolverHigh, kResolverLow, kClientsHigh, kClientsLow, kWhen };

constexpr uint64_t kV6Resolver = 1, kV6Clients = 2;

uint64_t Mix(uint64_t hash, uint64_t value) {
  hash = (hash ^ value) * 0x9E3779B97F4A7C15u;
  return hash ^ (hash >> 32);
}

}  // namespace

void CacheJournal::Note(uint64_t revision, const Response& response, const IpPrefix& resolver, int64_t now_s,
                        uint32_t ttl_s) {
  if (response.endpoint < 0 || response.resource < 0 || response.bytes == 0) return;
  const IpPrefix& clients = response.holds_for;
  const uint64_t families = (resolver.family == IpFamily::kV6 ? kV6Resolver : 0) |
                            (clients.family == IpFamily::kV6 ? kV6Clients : 0);
  const Words words = {revision,
                       uint64_t{static_cast<uint32_t>(response.resource)} << 32 |
                           uint64_t{static_cast<uint8_t>(response.endpoint)} << 16 |
                           uint64_t{static_cast<uint8_t>(clients.length)} << 8 | families,
                       absl::Uint128High64(resolver.bits),
                       absl::Uint128Low64(resolver.bits),
                       absl::Uint128High64(clients.bits),
                       absl::Uint128Low64(clients.bits),
                       static_cast<uint64_t>(now_s) << 32 | ttl_s};
  uint64_t hash = static_cast<uint64_t>(response.resource);
  for (size_t i = kResolverHigh; i <= kClientsLow; ++i) hash = Mix(hash, words[i]);
  Slot& slot = (*slots_)[Mix(hash, static_cast<uint64_t>(clients.length)) % kKnownCachesMax];
  uint64_t version = slot.version.load(std::memory_order_relaxed);
  // Another thread writes here just now: its answer is as new as this one.
  if (version % 2 != 0 || !slot.version.compare_exchange_strong(
                              version, version + 1, std::memory_order_acquire, std::memory_order_relaxed)) {
    return;
  }
  std::atomic_thread_fence(std::memory_order_release);
  for (size_t i = 0; i < kWords; ++i) slot.words[i].store(words[i], std::memory_order_relaxed);
  slot.version.store(version + 2, std::memory_order_release);
}

std::vector<CacheJournal::Entry> CacheJournal::Live(int64_t now_s) const {
  std::vector<Entry> live;
  for (const Slot& slot : *slots_) {
    Words words;
    const uint64_t before = slot.version.load(std::memory_order_acquire);
    for (size_t i = 0; i < kWords; ++i) words[i] = slot.words[i].load(std::memory_order_relaxed);
    std::atomic_thread_fence(std::memory_order_acquire);
    if (before == 0 || before % 2 != 0 || slot.version.load(std::memory_order_relaxed) != before) continue;
    Entry entry;
    entry.answered_s = static_cast<int64_t>(words[kWhen] >> 32);
    entry.expires_s = entry.answered_s + static_cast<int64_t>(words[kWhen] & UINT32_MAX);
    if (entry.expires_s <= now_s) continue;
    entry.revision = words[kRevision];
    entry.resource = static_cast<uint32_t>(words[kWhat] >> 32);
    entry.endpoint = static_cast<uint32_t>(words[kWhat] >> 16 & 0xFF);
    entry.resolver.family = (words[kWhat] & kV6Resolver) != 0 ? IpFamily::kV6 : IpFamily::kV4;
    entry.resolver.length = BitsOf(entry.resolver.family);
    entry.resolver.bits = absl::MakeUint128(words[kResolverHigh], words[kResolverLow]);
    entry.clients.family = (words[kWhat] & kV6Clients) != 0 ? IpFamily::kV6 : IpFamily::kV4;
    entry.clients.length = static_cast<int>(words[kWhat] >> 8 & 0xFF);
    entry.clients.bits = absl::MakeUint128(words[kClientsHigh], words[kClientsLow]);
    live.push_back(entry);
  }
  const auto key = [](const Entry& entry) {
    return std::make_tuple(entry.expires_s, entry.resolver.bits, entry.clients.bits, entry.resource);
  };
  std::sort(live.begin(), live.end(), [&](const Entry& a, const Entry& b) { return key(a) < key(b); });
  return live;
}

}  // namespace nonet::dns
