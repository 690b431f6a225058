// A domain name in wire form, lower case, in place: reading one allocates nothing. Pure values.
//
//   Name name;
//   std::optional<size_t> end = ReadName(packet, 12, name);
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "dnsresolver/codec/wire.h"

namespace nonet::dns {

class Name {
 public:
  Name() : size_(1) { bytes_[0] = 0; }  // The root.

  // "contoso.webpubsub.azure.com", with or without trailing dot; no escapes. INVALID_ARGUMENT when a label
  // is empty or longer than 63 bytes or the whole does not fit 255.
  static absl::StatusOr<Name> FromText(absl::string_view text);
  // Without trailing dot; the root is ".". Dots, backslashes and bytes that do not print are escaped (\DDD).
  std::string ToText() const;

  size_t size() const { return size_; }  // Wire bytes, the root's zero byte included.
  Bytes wire() const { return {bytes_.data(), size_}; }
  // The wire bytes as a map key.
  absl::string_view key() const { return {reinterpret_cast<const char*>(bytes_.data()), size_}; }

  // True for the zone's own name too.
  bool IsWithin(const Name& zone) const;

  friend bool operator==(const Name& a, const Name& b) { return a.key() == b.key(); }

 private:
  friend std::optional<size_t> ReadName(Bytes message, size_t at, Name& name);
  void Clear() { size_ = 0; }
  // False when it does not fit with the root still to come.
  bool Append(Bytes label);
  void Finish() { bytes_[size_++] = 0; }

  uint8_t size_;
  std::array<uint8_t, kNameBytesMax> bytes_;  // Not initialised beyond size_.
};

// Reads the name at `at`, following compression pointers (RFC 1035 section 4.1.4): bounded, without
// recursion, each pointer's target strictly before the one before. Returns where the name ends in place;
// nullopt when malformed, and `name` is then unspecified.
std::optional<size_t> ReadName(Bytes message, size_t at, Name& name);

}  // namespace nonet::dns
