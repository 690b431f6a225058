// What a message carries, independent of who sent it and how it is framed.
#pragma once

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/string_view.h"

namespace nonet::replica {

enum class DataType : uint8_t {
  kText = 1,  // UTF-8.
  kJson,      // The JSON text, byte for byte as it was sent.
  kBinary,
  kProtobuf,  // A serialised google.protobuf.Any.
};

// Content: a string of its own, or a part of bytes that outlive it. A copy always owns what it holds.
class Payload {
 public:
  Payload() = default;
  Payload(std::string own) : own_(std::move(own)) {}  // NOLINT: a payload is made of a string.
  Payload(const char* own) : own_(own) {}             // NOLINT
  Payload(const Payload& other) : own_(other.view()) {}
  Payload(Payload&&) = default;
  Payload& operator=(const Payload& other) { return *this = Payload(other); }
  Payload& operator=(Payload&&) = default;
  // Whoever holds it keeps `bytes`.
  static Payload PartOf(absl::string_view bytes) {
    Payload payload;
    payload.borrowed_ = bytes;
    return payload;
  }

  absl::string_view view() const { return borrowed_.data() != nullptr ? borrowed_ : own_; }
  operator absl::string_view() const { return view(); }  // NOLINT: it is bytes.
  size_t size() const { return view().size(); }

 private:
  std::string own_;
  absl::string_view borrowed_;
};

// Names are unique; in the order they came.
using Metadata = std::vector<std::pair<std::string, std::string>>;

}  // namespace nonet::replica
