#include "replica/core/link_model.h"

#include <algorithm>
#include <cmath>

namespace nonet::replica {
namespace {

// The 95th percentile of the standard normal distribution.
constexpr double kNormalP95 = 1.6448536269514722;
constexpr double kTwoPi = 6.283185307179586;

// Uniform in (0, 1].
double Uniform(Random& random) { return (static_cast<double>(random.Next() >> 11) + 1.0) * 0x1.0p-53; }

}  // namespace

int64_t RoundTripAt(const LinkQuality& quality, int64_t now_ns) {
  int64_t rtt_ns = quality.rtt_ns;
  if (quality.rtt_p95_ns > rtt_ns && rtt_ns > 0) {
    const uint64_t window = static_cast<uint64_t>(now_ns / kJitterWindowNs);
    Random random(quality.jitter_seed ^ (window * 0x9E3779B97F4A7C15u));
    random.Next();
    // Box and Muller's transform.
    const double normal = std::sqrt(-2.0 * std::log(Uniform(random))) * std::cos(kTwoPi * Uniform(random));
    const double ratio = static_cast<double>(quality.rtt_p95_ns) / static_cast<double>(rtt_ns);
    const double factor = std::exp(normal * std::log(ratio) / kNormalP95);
    rtt_ns = static_cast<int64_t>(static_cast<double>(rtt_ns) * factor);
  }
  return rtt_ns + quality.added_rtt_ns;
}

size_t LinkHeldBytesLimit(const LinkQuality& quality) {
  if (quality.bytes_per_second == 0) return kLinkHeldBytesMax;
  const double delay_s =
      static_cast<double>(std::max(quality.rtt_ns, quality.rtt_p95_ns) + quality.added_rtt_ns) /
      static_cast<double>(kNanosPerSecond);
  const double bytes = static_cast<double>(quality.bytes_per_second) * delay_s;
  return static_cast<size_t>(
      std::clamp(bytes, static_cast<double>(kLinkHeldBytesMin), static_cast<double>(kLinkHeldBytesMax)));
}

void LinkModel::Set(const LinkQuality& quality, int64_t now_ns) {
  // What was on its way into a cut is sent again when the link is back.
  if (quality_.cut && !quality.cut) open_ns_ = now_ns + RoundTripAt(quality, now_ns) / 2;
  if (quality_.bytes_per_second != quality.bytes_per_second) busy_until_ns_ = 0;
  quality_ = quality;
}

int64_t LinkModel::ThroughNs(int64_t now_ns, size_t bytes) const {
  const int64_t one_way_ns = RoundTripAt(quality_, now_ns) / 2;
  if (quality_.bytes_per_second == 0) return now_ns + one_way_ns;
  const double ns = static_cast<double>(bytes) * static_cast<double>(kNanosPerSecond) /
                    static_cast<double>(quality_.bytes_per_second);
  return now_ns + one_way_ns + static_cast<int64_t>(ns);
}

LinkFate LinkModel::Admit(int64_t sent_ns, int64_t now_ns, size_t bytes, size_t behind, bool whole) {
  LinkFate fate;
  if (sent_ns > now_ns || sent_ns < now_ns - kSentBeforeNsMax) sent_ns = now_ns;
  int64_t through_ns = sent_ns;
  if (quality_.bytes_per_second != 0) {
    const double ns = static_cast<double>(bytes) * static_cast<double>(kNanosPerSecond) /
                      static_cast<double>(quality_.bytes_per_second);
    busy_until_ns_ = std::max(busy_until_ns_, sent_ns) + static_cast<int64_t>(ns);
    through_ns = busy_until_ns_;
  }
  const int64_t rtt_ns = RoundTripAt(quality_, sent_ns);
  fate.release_ns = through_ns + rtt_ns / 2;
  if (quality_.loss_ppm != 0) {
    fate.release_ns += RetransmissionNs(bytes, behind, rtt_ns, &fate.retransmits);
  }
  if (whole) {
    fate.twice = Draw(quality_.duplicate_ppm);
    if (Draw(quality_.reorder_ppm)) {
      fate.in_order = false;
      fate.release_ns += kReorderNs;
    }
  }
  return fate;
}

// Lost packets are sent again side by side (selective acknowledgements): the slowest counts.
int64_t LinkModel::RetransmissionNs(size_t bytes, size_t behind, int64_t rtt_ns, int* retransmits) {
  const size_t packets = std::max<size_t>(1, (bytes + kPacketBytes - 1) / kPacketBytes);
  int64_t slowest_ns = 0;
  for (size_t i = 0; i < packets; ++i) {
    int64_t timeout_ns = rtt_ns + kRetransmitNsMin;
    int64_t late_ns = 0;
    for (int again = 0; again < kRetransmitsMax && Draw(quality_.loss_ppm); ++again) {
      const bool told = again == 0 && packets - 1 - i + behind >= kPacketsThatTell;
      late_ns += told ? rtt_ns : timeout_ns;
      if (!told) timeout_ns *= 2;
      ++*retransmits;
    }
    slowest_ns = std::max(slowest_ns, late_ns);
  }
  return slowest_ns;
}

}  // namespace nonet::replica
