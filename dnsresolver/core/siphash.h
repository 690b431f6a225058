// SipHash-2-4 (Aumasson and Bernstein): a keyed hash that who lacks the key cannot aim at. Pure.
//
//   uint64_t hash = SipHash24(key, bytes);
#pragma once

#include <array>
#include <cstdint>

#include "dnsresolver/codec/wire.h"

namespace nonet::dns {

using SipKey = std::array<uint8_t, 16>;

uint64_t SipHash24(const SipKey& key, Bytes bytes);

}  // namespace nonet::dns
