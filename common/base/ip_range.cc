#include "common/base/ip_range.h"

#include <algorithm>
#include <cstdint>
#include <optional>
#include <vector>

#include "absl/strings/ascii.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "common/base/status_macros.h"

namespace nonet {
namespace {

struct Address {
  bool v6 = false;
  absl::uint128 number = 0;
};

std::optional<uint32_t> Decimal(absl::string_view text, uint32_t most) {
  if (text.empty() || text.size() > 3 || (text.size() > 1 && text[0] == '0')) return std::nullopt;
  uint32_t value = 0;
  for (const char c : text) {
    if (!absl::ascii_isdigit(static_cast<unsigned char>(c))) return std::nullopt;
    value = value * 10 + static_cast<uint32_t>(c - '0');
  }
  if (value > most) return std::nullopt;
  return value;
}

// Appends "a:b:c", each group one number; an empty text has none. False when malformed.
bool AppendGroups(absl::string_view text, std::vector<uint32_t>& groups) {
  if (text.empty()) return true;
  for (const absl::string_view part : absl::StrSplit(text, ':')) {
    if (part.empty() || part.size() > 4) return false;
    uint32_t value = 0;
    const auto is_digit = [](char c) { return absl::ascii_isxdigit(static_cast<unsigned char>(c)); };
    if (!std::all_of(part.begin(), part.end(), is_digit)) return false;
    if (!absl::SimpleHexAtoi(part, &value)) return false;
    groups.push_back(value);
  }
  return groups.size() <= 8;
}

std::optional<Address> ParseAddress(absl::string_view text) {
  Address address;
  if (text.find(':') == absl::string_view::npos) {
    const std::vector<absl::string_view> parts = absl::StrSplit(text, '.');
    if (parts.size() != 4) return std::nullopt;
    for (const absl::string_view part : parts) {
      const std::optional<uint32_t> byte = Decimal(part, 255);
      if (!byte.has_value()) return std::nullopt;
      address.number = address.number << 8 | *byte;
    }
    return address;
  }
  // RFC 4291 section 2.2, forms 1 and 2.
  address.v6 = true;
  std::vector<uint32_t> head, tail;
  const size_t gap = text.find("::");
  if (!AppendGroups(text.substr(0, gap), head)) return std::nullopt;
  if (gap == absl::string_view::npos) {
    if (head.size() != 8) return std::nullopt;
  } else {
    if (!AppendGroups(text.substr(gap + 2), tail) || head.size() + tail.size() > 7) return std::nullopt;
    head.resize(8 - tail.size(), 0);
    head.insert(head.end(), tail.begin(), tail.end());
  }
  for (const uint32_t group : head) address.number = address.number << 16 | group;
  return address;
}

absl::Status NoAddress(absl::string_view text) {
  return absl::InvalidArgumentError(absl::StrCat("'", text, "' is no IP address"));
}

}  // namespace

absl::StatusOr<IpRange> IpRange::Parse(absl::string_view text) {
  const size_t slash = text.find('/');
  const size_t dash = text.find('-');
  if (slash != absl::string_view::npos && dash != absl::string_view::npos) return NoAddress(text);
  const std::optional<Address> first = ParseAddress(text.substr(0, std::min(slash, dash)));
  if (!first.has_value()) return NoAddress(text.substr(0, std::min(slash, dash)));
  IpRange range{first->v6, first->number, first->number};
  if (dash != absl::string_view::npos) {
    const std::optional<Address> last = ParseAddress(text.substr(dash + 1));
    if (!last.has_value()) return NoAddress(text.substr(dash + 1));
    if (last->v6 != first->v6) return absl::InvalidArgumentError("a range has one family, IPv4 or IPv6");
    if (last->number < first->number) return absl::InvalidArgumentError("the range ends before it begins");
    range.last = last->number;
  } else if (slash != absl::string_view::npos) {
    const uint32_t bits = first->v6 ? 128 : 32;
    const std::optional<uint32_t> length = Decimal(text.substr(slash + 1), bits);
    if (!length.has_value()) {
      return absl::InvalidArgumentError(absl::StrCat("the prefix length must be 0 to ", bits));
    }
    const absl::uint128 host =
        *length == 0 && first->v6 ? ~absl::uint128(0) : (absl::uint128(1) << (bits - *length)) - 1;
    if ((first->number & host) != 0) {
      return absl::InvalidArgumentError(absl::StrCat("'", text, "' has bits set past its length"));
    }
    range.last = first->number | host;
  }
  return range;
}

}  // namespace nonet
