// Response rate limiting: bounds what an attacker who forges source addresses can have us send to one
// network. Counts by the client's /24 or /56, the name and the kind of answer; over the limit most answers
// are withheld, and every `slip`-th goes out truncated so that a real client comes back by TCP. A fixed
// table, no allocation after construction. Pure; one thread.
//
//   switch (limiter.Admit(source, MakeRateKey(response), now_ns)) { ... }
#pragma once

#include <array>
#include <cstdint>
#include <vector>

#include "dnsresolver/core/ip_prefix.h"
#include "dnsresolver/core/limits.h"
#include "dnsresolver/core/siphash.h"

namespace nonet::dns {

struct RateLimitSettings {
  uint32_t responses_per_second = 0;  // Of one kind to one network; 0: no limit. At most kRateLimitMax.
  uint32_t slip = 2;                  // Every so many withheld goes out truncated; 0: none does.
  std::vector<IpPrefix> exempt{};     // At most kRateLimitExemptMax.
  size_t buckets = kRateLimitBuckets;
};

class RateLimiter {
 public:
  enum class Verdict : uint8_t { kSend, kSlip, kWithhold };

  RateLimiter(RateLimitSettings settings, const SipKey& key);

  bool enabled() const { return settings_.responses_per_second > 0; }
  bool IsExempt(const IpPrefix& source) const;
  // `kind` tells answers apart that count on their own. `now_ns` never goes back.
  Verdict Admit(const IpPrefix& source, uint64_t kind, int64_t now_ns);

 private:
  // What may still be sent, in thousandths of an answer; negative down to a window's worth, so that a flood
  // stays withheld until it pauses.
  struct Bucket {
    uint64_t key = 0;
    int64_t credit = 0;
    int64_t updated_ms = -1;  // -1: never used.
    uint32_t withheld = 0;
  };

  Bucket& Find(uint64_t key, int64_t now_ms);

  const RateLimitSettings settings_;
  const SipKey key_;
  std::vector<Bucket> buckets_;  // Sets of kWays; the one unused longest makes room.
};

}  // namespace nonet::dns
