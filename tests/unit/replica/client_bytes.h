// What a WebSocket client puts on the wire, for tests.
#pragma once

#include <string>

#include "absl/strings/string_view.h"

namespace nonet::replica {

// A masked frame; `first` is its first byte: FIN, reserved bits and opcode.
inline std::string ClientFrameBytes(unsigned char first, absl::string_view payload) {
  std::string out(1, static_cast<char>(first));
  const size_t size = payload.size();
  if (size < 126) {
    out.push_back(static_cast<char>(0x80 | size));
  } else {
    const int bytes = size < 65536 ? 2 : 8;
    out.push_back(static_cast<char>(0x80 | (bytes == 2 ? 126 : 127)));
    for (int i = bytes - 1; i >= 0; --i) out.push_back(static_cast<char>((size >> (8 * i)) & 0xFF));
  }
  const char mask[4] = {0x12, 0x34, 0x56, 0x78};
  out.append(mask, 4);
  for (size_t i = 0; i < size; ++i) out.push_back(static_cast<char>(payload[i] ^ mask[i % 4]));
  return out;
}

}  // namespace nonet::replica
