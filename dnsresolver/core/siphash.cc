#include "dnsresolver/core/siphash.h"

#include <bit>
#include <cstddef>

namespace nonet::dns {
namespace {

// Little endian; bytes that are not there are zero.
uint64_t Load(Bytes bytes) {
  uint64_t value = 0;
  for (size_t i = 0; i < bytes.size() && i < 8; ++i) value |= uint64_t{bytes[i]} << (8 * i);
  return value;
}

struct State {
  uint64_t v0, v1, v2, v3;

  void Round() {
    v0 += v1;
    v2 += v3;
    v1 = std::rotl(v1, 13) ^ v0;
    v3 = std::rotl(v3, 16) ^ v2;
    v0 = std::rotl(v0, 32);
    v2 += v1;
    v0 += v3;
    v1 = std::rotl(v1, 17) ^ v2;
    v3 = std::rotl(v3, 21) ^ v0;
    v2 = std::rotl(v2, 32);
  }
  void Absorb(uint64_t word) {
    v3 ^= word;
    Round();
    Round();
    v0 ^= word;
  }
};

}  // namespace

uint64_t SipHash24(const SipKey& key, Bytes bytes) {
  const uint64_t k0 = Load(Bytes(key).first(8)), k1 = Load(Bytes(key).last(8));
  State state{k0 ^ 0x736F6D6570736575u, k1 ^ 0x646F72616E646F6Du, k0 ^ 0x6C7967656E657261u,
              k1 ^ 0x7465646279746573u};
  size_t at = 0;
  for (; bytes.size() - at >= 8; at += 8) state.Absorb(Load(bytes.subspan(at, 8)));
  state.Absorb(Load(bytes.subspan(at)) | uint64_t{bytes.size()} << 56);
  state.v2 ^= 0xFF;
  for (int i = 0; i < 4; ++i) state.Round();
  return state.v0 ^ state.v1 ^ state.v2 ^ state.v3;
}

}  // namespace nonet::dns
