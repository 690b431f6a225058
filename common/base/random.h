// Random draws for cores: seeded, so a run replays. Shells seed from common/real/entropy.h.
#pragma once

#include <cstdint>

namespace nonet {

class Random {  // SplitMix64. One owner; not thread-safe.
 public:
  explicit Random(uint64_t seed) : state_(seed) {}

  uint64_t Next() {
    uint64_t z = (state_ += 0x9E3779B97F4A7C15u);
    z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9u;
    z = (z ^ (z >> 27)) * 0x94D049BB133111EBu;
    return z ^ (z >> 31);
  }

  // Uniform in [0, bound); bound is 1 to 2^32. The bias is below 2^-32.
  uint64_t Below(uint64_t bound) { return ((Next() >> 32) * bound) >> 32; }

 private:
  uint64_t state_;
};

}  // namespace nonet
