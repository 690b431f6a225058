#include "dnsresolver/core/rate_limiter.h"

#include <algorithm>
#include <bit>

#include "dnsresolver/codec/writer.h"

namespace nonet::dns {
namespace {

constexpr size_t kWays = 4;
constexpr int64_t kThousandths = 1000;

}  // namespace

RateLimiter::RateLimiter(RateLimitSettings settings, const SipKey& key)
    : settings_(std::move(settings)), key_(key) {
  if (enabled()) buckets_.resize(std::bit_ceil(std::max(settings_.buckets, kWays)));
}

bool RateLimiter::IsExempt(const IpPrefix& source) const {
  return std::any_of(settings_.exempt.begin(), settings_.exempt.end(),
                     [&](const IpPrefix& prefix) { return prefix.Contains(source); });
}

RateLimiter::Bucket& RateLimiter::Find(uint64_t key, int64_t now_ms) {
  const size_t first = static_cast<size_t>(key % (buckets_.size() / kWays)) * kWays;
  Bucket* oldest = &buckets_[first];
  for (size_t i = first; i < first + kWays; ++i) {
    Bucket& bucket = buckets_[i];
    if (bucket.key == key && bucket.updated_ms >= 0) return bucket;
    if (bucket.updated_ms < oldest->updated_ms) oldest = &bucket;
  }
  *oldest = {key, int64_t{settings_.responses_per_second} * kThousandths, now_ms, 0};
  return *oldest;
}

RateLimiter::Verdict RateLimiter::Admit(const IpPrefix& source, uint64_t kind, int64_t now_ns) {
  if (!enabled() || IsExempt(source)) return Verdict::kSend;
  const bool v4 = source.family == IpFamily::kV4;
  const absl::uint128 network =
      source.bits & IpPrefix::MaskOf(v4 ? kRateLimitV4PrefixBits : kRateLimitV6PrefixBits);
  std::array<uint8_t, 17> buffer;
  Writer input(buffer);
  input.U8(v4 ? 4 : 6);
  for (int shift = 120; shift >= 64; shift -= 8) input.U8(static_cast<uint8_t>(network >> shift));
  input.U32(static_cast<uint32_t>(kind >> 32));
  input.U32(static_cast<uint32_t>(kind));
  const int64_t now_ms = now_ns / kNanosPerMilli;
  Bucket& bucket = Find(SipHash24(key_, Bytes(buffer).first(input.size())), now_ms);

  const int64_t rate = settings_.responses_per_second;  // Answers a second are thousandths a millisecond.
  const int64_t elapsed_ms = std::min(now_ms - bucket.updated_ms, 2 * kRateLimitWindowSeconds * kThousandths);
  bucket.credit = std::min(bucket.credit + elapsed_ms * rate, rate * kThousandths);
  bucket.updated_ms = now_ms;
  bucket.credit = std::max(bucket.credit - kThousandths, -kRateLimitWindowSeconds * rate * kThousandths);
  if (bucket.credit >= 0) {
    bucket.withheld = 0;
    return Verdict::kSend;
  }
  ++bucket.withheld;
  return settings_.slip > 0 && bucket.withheld % settings_.slip == 0 ? Verdict::kSlip : Verdict::kWithhold;
}

}  // namespace nonet::dns
