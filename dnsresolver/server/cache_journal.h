// Which caches were told what, and until when they may believe it: a bounded record of recent answers by
// (who asked, for which clients, which resource). The answering threads write without a lock or an
// allocation; of two that fall into one slot the newer stays. Readers take what is whole at that moment.
//
//   journal.Note(plan.topology().revision, response, source, now_s, ttl_s);   // Any answering thread.
//   for (const CacheJournal::Entry& entry : journal.Live(now_s)) ...          // Any other.
#pragma once

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <vector>

#include "dnsresolver/core/ip_prefix.h"
#include "dnsresolver/core/limits.h"
#include "dnsresolver/core/responder.h"

namespace nonet::dns {

class CacheJournal {  // Thread-safe.
 public:
  struct Entry {
    IpPrefix resolver;  // A whole address.
    IpPrefix clients;   // Length 0: all of them.
    uint64_t revision = 0;
    uint32_t resource = 0;  // Indexes of the topology of that revision.
    uint32_t endpoint = 0;
    int64_t answered_s = 0;  // Unix time.
    int64_t expires_s = 0;
  };

  // Of an answer that led to an endpoint; others are not noted.
  void Note(uint64_t revision, const Response& response, const IpPrefix& resolver, int64_t now_s,
            uint32_t ttl_s);
  // Those not yet expired, the first to expire first.
  std::vector<Entry> Live(int64_t now_s) const;

 private:
  static constexpr size_t kWords = 7;
  using Words = std::array<uint64_t, kWords>;
  // `version` is odd while somebody writes.
  struct alignas(64) Slot {
    std::atomic<uint64_t> version{0};
    std::array<std::atomic<uint64_t>, kWords> words{};
  };

  const std::unique_ptr<std::array<Slot, kKnownCachesMax>> slots_ =
      std::make_unique<std::array<Slot, kKnownCachesMax>>();
};

}  // namespace nonet::dns
