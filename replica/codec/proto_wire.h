// Protocol Buffers' wire format by hand, for the few messages that pass by the hundred thousand a second.
// Source: protobuf.dev, "Encoding". Pure.
//
//   AppendBytes(1, group, &out);
//   for (ProtoReader reader(in); reader.Next();) switch (reader.field()) ...
#pragma once

#include <cstdint>
#include <cstring>
#include <string>

#include "absl/base/attributes.h"
#include "absl/strings/string_view.h"

namespace nonet::replica {

inline void AppendVarint(uint64_t value, std::string* out) {
  if (value < 0x80) {
    out->push_back(static_cast<char>(value));
    return;
  }
  char bytes[10];
  size_t size = 0;
  for (; value >= 0x80; value >>= 7) bytes[size++] = static_cast<char>(value | 0x80);
  bytes[size++] = static_cast<char>(value);
  out->append(bytes, size);
}

inline size_t VarintBytes(uint64_t value) {
  size_t bytes = 1;
  for (; value >= 0x80; value >>= 7) ++bytes;
  return bytes;
}

inline void AppendTag(uint32_t field, uint32_t wire_type, std::string* out) {
  AppendVarint(uint64_t{field} << 3 | wire_type, out);
}

inline void AppendUint(uint32_t field, uint64_t value, std::string* out) {
  AppendTag(field, 0, out);
  AppendVarint(value, out);
}

inline void AppendBytes(uint32_t field, absl::string_view bytes, std::string* out) {
  AppendTag(field, 2, out);
  AppendVarint(bytes.size(), out);
  out->append(bytes.data(), bytes.size());
}

constexpr uint32_t BytesTag(uint32_t field) { return field << 3 | 2; }
constexpr uint32_t NumberTag(uint32_t field) { return field << 3; }

// What AppendBytes adds for a field number below 16.
inline size_t BytesFieldSize(size_t bytes) { return 1 + VarintBytes(bytes) + bytes; }

// Writes into memory that is large enough; nothing is checked but field numbers below 16 are assumed.
class ProtoWriter {
 public:
  explicit ProtoWriter(char* at) : at_(at) {}

  void Varint(uint64_t value) {
    for (; value >= 0x80; value >>= 7) *at_++ = static_cast<char>(value | 0x80);
    *at_++ = static_cast<char>(value);
  }
  // Proto3 leaves zero values and empty strings out.
  void Number(uint32_t field, uint64_t value) {
    if (value == 0) return;
    *at_++ = static_cast<char>(NumberTag(field));
    Varint(value);
  }
  void Text(uint32_t field, absl::string_view bytes) {
    if (!bytes.empty()) Bytes(field, bytes);
  }
  void Bytes(uint32_t field, absl::string_view bytes) {
    Open(field, bytes.size());
    Raw(bytes);
  }
  // What follows are the `size` bytes of that field.
  void Open(uint32_t field, size_t size) {
    *at_++ = static_cast<char>(BytesTag(field));
    Varint(size);
  }
  void Raw(absl::string_view bytes) {
    std::memcpy(at_, bytes.data(), bytes.size());
    at_ += bytes.size();
  }
  char* at() const { return at_; }

 private:
  char* at_;
};

// Field after field of one message; unknown ones are passed over by not asking. ok() tells the end from an
// error.
class ProtoReader {
 public:
  explicit ProtoReader(absl::string_view in) : at_(in.data()), end_(in.data() + in.size()) {}

  // False at the end, and when the input is no message.
  ABSL_ATTRIBUTE_ALWAYS_INLINE bool Next() {
    if (at_ == end_ || !ok_) return false;
    uint64_t tag = 0;
    if (!ReadVarint(&tag) || tag >> 3 == 0 || tag >> 3 > kFieldMax) return Fail();
    tag_ = static_cast<uint32_t>(tag);
    if ((tag_ & 7) == 2) {
      uint64_t size = 0;
      return (ReadVarint(&size) && Take(size)) || Fail();
    }
    if ((tag_ & 7) == 0) return ReadVarint(&number_) || Fail();
    return TakeFixed() || Fail();
  }
  uint32_t tag() const { return tag_; }  // BytesTag or NumberTag of the field, or one of another type.
  uint32_t field() const { return tag_ >> 3; }
  bool is_number() const { return (tag_ & 7) == 0; }
  bool is_bytes() const { return (tag_ & 7) == 2; }
  uint64_t number() const { return number_; }         // With is_number().
  absl::string_view bytes() const { return bytes_; }  // With is_bytes().
  bool ok() const { return ok_; }

 private:
  static constexpr uint64_t kFieldMax = (uint64_t{1} << 29) - 1;

  bool TakeFixed() {
    if ((tag_ & 7) == 1) return Take(8);
    return (tag_ & 7) == 5 && Take(4);  // Groups are of another time.
  }
  bool Fail() {
    ok_ = false;
    return false;
  }
  bool Take(uint64_t size) {
    if (size > static_cast<uint64_t>(end_ - at_)) return false;
    bytes_ = absl::string_view(at_, static_cast<size_t>(size));
    at_ += size;
    return true;
  }
  ABSL_ATTRIBUTE_ALWAYS_INLINE bool ReadVarint(uint64_t* value) {
    if (at_ < end_ && static_cast<unsigned char>(*at_) < 0x80) {  // Nearly all tags and sizes.
      *value = static_cast<unsigned char>(*at_++);
      return true;
    }
    if (end_ - at_ >= 2 && static_cast<unsigned char>(at_[1]) < 0x80) {  // Sizes of messages.
      *value = (static_cast<unsigned char>(at_[0]) & 0x7Fu) | uint64_t{static_cast<unsigned char>(at_[1])}
                                                                  << 7;
      at_ += 2;
      return true;
    }
    return ReadLongVarint(value);
  }
  bool ReadLongVarint(uint64_t* value) {
    uint64_t result = 0;
    for (int shift = 0; shift < 70 && at_ < end_; shift += 7) {
      const auto byte = static_cast<unsigned char>(*at_++);
      if (shift == 63 && byte > 1) return false;
      result |= uint64_t{byte & 0x7Fu} << shift;
      if (byte < 0x80) {
        *value = result;
        return true;
      }
    }
    return false;
  }

  const char* at_;
  const char* end_;
  uint32_t tag_ = 0;
  uint64_t number_ = 0;
  absl::string_view bytes_;
  bool ok_ = true;
};

}  // namespace nonet::replica
