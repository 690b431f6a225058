// Writes wire data into a buffer of the caller's, never past its end. Pure; allocates nothing.
//
//   Writer out(buffer);
//   out.U16(query.id);
//   if (out.overflowed()) { ...truncate... }
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <span>

#include "dnsresolver/codec/wire.h"

namespace nonet::dns {

class Writer {
 public:
  explicit Writer(std::span<uint8_t> buffer) : buffer_(buffer) {}

  void U8(uint8_t value) {
    if (Room(1)) buffer_[at_++] = value;
  }
  void U16(uint16_t value) {
    if (!Room(2)) return;
    buffer_[at_++] = static_cast<uint8_t>(value >> 8);
    buffer_[at_++] = static_cast<uint8_t>(value);
  }
  void U32(uint32_t value) {
    U16(static_cast<uint16_t>(value >> 16));
    U16(static_cast<uint16_t>(value));
  }
  void Raw(Bytes bytes) {
    if (bytes.empty() || !Room(bytes.size())) return;
    std::memcpy(&buffer_[at_], bytes.data(), bytes.size());
    at_ += bytes.size();
  }
  // Over what is already written.
  void PatchU16(size_t at, uint16_t value) {
    if (at + 2 > at_) return;
    buffer_[at] = static_cast<uint8_t>(value >> 8);
    buffer_[at + 1] = static_cast<uint8_t>(value);
  }
  // Forgets what was written after `at`, and an overflow.
  void Rewind(size_t at) {
    if (at > at_) return;
    at_ = at;
    overflowed_ = false;
  }

  size_t size() const { return at_; }
  // Something did not fit: the content is not to be sent.
  bool overflowed() const { return overflowed_; }

 private:
  bool Room(size_t bytes) {
    if (overflowed_ || buffer_.size() - at_ < bytes) overflowed_ = true;
    return !overflowed_;
  }

  std::span<uint8_t> buffer_;
  size_t at_ = 0;
  bool overflowed_ = false;
};

// A compression pointer to `offset` of the message (RFC 1035 section 4.1.4); below 16384.
inline constexpr uint16_t PointerTo(size_t offset) { return static_cast<uint16_t>(0xC000 | offset); }

}  // namespace nonet::dns
