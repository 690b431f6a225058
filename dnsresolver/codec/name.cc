#include "dnsresolver/codec/name.h"

#include <algorithm>
#include <cstring>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_split.h"

namespace nonet::dns {
namespace {

constexpr uint8_t Lower(uint8_t c) {
  return c >= 'A' && c <= 'Z' ? static_cast<uint8_t>(c + ('a' - 'A')) : c;  // ASCII only: RFC 4343.
}

// The same to eight bytes at once: those from 'A' to 'Z' have their bit 0x20 set.
constexpr uint64_t Lower8(uint64_t word) {
  constexpr uint64_t kEach = 0x0101010101010101;
  const uint64_t low7 = word & (0x7F * kEach);
  const uint64_t from_a = low7 + (0x80 - 'A') * kEach;
  const uint64_t past_z = low7 + (0x80 - 'Z' - 1) * kEach;
  return word | (from_a & ~past_z & ~word & (0x80 * kEach)) >> 2;
}

// A length byte is at most 63, so it is no letter: whole names can be lowered without a look at their labels.
void CopyLower(const uint8_t* from, size_t size, uint8_t* to) {
  uint64_t word;
  const auto eight = [&](size_t at) {
    std::memcpy(&word, from + at, sizeof(word));
    word = Lower8(word);
    std::memcpy(to + at, &word, sizeof(word));
  };
  if (size < sizeof(word)) {
    for (size_t i = 0; i < size; ++i) to[i] = Lower(from[i]);
    return;
  }
  for (size_t at = 0; at + sizeof(word) < size; at += sizeof(word)) eight(at);
  eight(size - sizeof(word));  // The last ones, some of them once more.
}

}  // namespace

bool Name::Append(Bytes label) {
  if (size_ + 1 + label.size() + 1 > kNameBytesMax) return false;
  bytes_[size_++] = static_cast<uint8_t>(label.size());
  for (const uint8_t c : label) bytes_[size_++] = Lower(c);
  return true;
}

absl::StatusOr<Name> Name::FromText(absl::string_view text) {
  Name name;
  if (text == ".") return name;
  absl::string_view rest = text;
  if (!rest.empty() && rest.back() == '.') rest.remove_suffix(1);
  name.Clear();
  for (const absl::string_view label : absl::StrSplit(rest, '.')) {
    if (label.empty() || label.size() > kLabelBytesMax) {
      return absl::InvalidArgumentError(
          absl::StrCat("'", text, "' is no domain name: a label has 1 to 63 characters"));
    }
    if (!name.Append({reinterpret_cast<const uint8_t*>(label.data()), label.size()})) {
      return absl::InvalidArgumentError(absl::StrCat("'", text, "' is longer than a domain name may be"));
    }
  }
  name.Finish();
  return name;
}

std::string Name::ToText() const {
  if (size_ <= 1) return ".";
  std::string text;
  for (size_t at = 0; bytes_[at] != 0; at += 1 + bytes_[at]) {
    if (at != 0) text.push_back('.');
    for (size_t i = at + 1; i <= at + bytes_[at]; ++i) {
      const uint8_t c = bytes_[i];
      if (c == '.' || c == '\\') {
        text.push_back('\\');
        text.push_back(static_cast<char>(c));
      } else if (c > ' ' && c < 0x7f) {
        text.push_back(static_cast<char>(c));
      } else {
        absl::StrAppendFormat(&text, "\\%03d", c);
      }
    }
  }
  return text;
}

bool Name::IsWithin(const Name& zone) const {
  size_t at = 0;
  while (size_ - at > zone.size_) at += 1 + bytes_[at];  // Whole labels only.
  return size_ - at == zone.size_ && std::memcmp(&bytes_[at], zone.bytes_.data(), zone.size_) == 0;
}

std::optional<size_t> ReadName(Bytes message, size_t at, Name& name) {
  // Most names are not compressed and need one copy.
  for (size_t end = at; end < message.size() && message[end] <= kLabelBytesMax; end += 1 + message[end]) {
    if (message[end] != 0) continue;
    const size_t size = end + 1 - at;
    if (size > kNameBytesMax) return std::nullopt;
    CopyLower(&message[at], size, name.bytes_.data());
    name.size_ = static_cast<uint8_t>(size);
    return end + 1;
  }
  name.Clear();
  std::optional<size_t> end;  // Set at the first pointer: where the name ends in place.
  size_t lowest = at;         // Every pointer's target lies below it.
  while (true) {
    if (at >= message.size()) return std::nullopt;
    const uint8_t length = message[at];
    if (length == 0) {
      name.Finish();
      return end.value_or(at + 1);
    }
    if (length <= kLabelBytesMax) {
      if (message.size() - at - 1 < length) return std::nullopt;
      if (!name.Append(message.subspan(at + 1, length))) return std::nullopt;
      at += 1 + length;
      continue;
    }
    if ((length & 0xC0) != 0xC0 || at + 1 >= message.size()) return std::nullopt;
    const size_t target = static_cast<size_t>(length & 0x3F) << 8 | message[at + 1];
    if (target < kHeaderBytes || target >= lowest) return std::nullopt;
    if (!end.has_value()) end = at + 2;
    lowest = target;
    at = target;
  }
}

}  // namespace nonet::dns
