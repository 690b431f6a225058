// Records in wire form, compiled once and copied into every answer. Pure.
#pragma once

#include <cstdint>
#include <vector>

namespace nonet::dns {

// To follow a question.
struct Sections {
  std::vector<uint8_t> bytes;
  uint16_t answers = 0;
  uint16_t authorities = 0;
};

}  // namespace nonet::dns
