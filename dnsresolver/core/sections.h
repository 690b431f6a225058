// Records in wire form, compiled once and copied into every answer. Pure.
#pragma once

#include <cstddef>
#include <cstdint>

#include "absl/container/inlined_vector.h"

namespace nonet::dns {

// A CNAME and an address fit in place: with thousands of resources an answer lies where nothing is cached,
// and every further place to look at costs as much as all the rest.
inline constexpr size_t kSectionBytesInPlace = 100;

// To follow a question.
struct Sections {
  uint16_t answers = 0;
  uint16_t authorities = 0;
  absl::InlinedVector<uint8_t, kSectionBytesInPlace> bytes;
};

}  // namespace nonet::dns
