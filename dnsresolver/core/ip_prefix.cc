#include "dnsresolver/core/ip_prefix.h"

#include <algorithm>
#include <array>
#include <optional>
#include <utility>
#include <vector>

#include "absl/strings/ascii.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "dnsresolver/core/topology.h"

namespace nonet::dns {
namespace {

using Ipv6 = std::array<uint8_t, 16>;

std::optional<uint16_t> ParseGroup(absl::string_view text) {
  if (text.empty() || text.size() > 4) return std::nullopt;
  uint32_t value = 0;
  for (const char c : text) {
    if (!absl::ascii_isxdigit(static_cast<unsigned char>(c))) return std::nullopt;
    const char lower = absl::ascii_tolower(static_cast<unsigned char>(c));
    value = value << 4 | static_cast<uint32_t>(lower <= '9' ? lower - '0' : lower - 'a' + 10);
  }
  return static_cast<uint16_t>(value);
}

// "a:b:c", without "::"; an empty text has no groups.
std::optional<std::vector<uint16_t>> ParseGroups(absl::string_view text) {
  std::vector<uint16_t> groups;
  if (text.empty()) return groups;
  for (const absl::string_view part : absl::StrSplit(text, ':')) {
    const std::optional<uint16_t> group = ParseGroup(part);
    if (!group.has_value()) return std::nullopt;
    groups.push_back(*group);
  }
  return groups;
}

// RFC 4291 section 2.2, forms 1 and 2.
std::optional<Ipv6> ParseIpv6(absl::string_view text) {
  std::vector<uint16_t> groups;
  const size_t gap = text.find("::");
  if (gap == absl::string_view::npos) {
    const auto all = ParseGroups(text);
    if (!all.has_value() || all->size() != 8) return std::nullopt;
    groups = *all;
  } else {
    const auto head = ParseGroups(text.substr(0, gap));
    const auto tail = ParseGroups(text.substr(gap + 2));
    if (!head.has_value() || !tail.has_value() || head->size() + tail->size() > 7) return std::nullopt;
    groups = *head;
    groups.resize(8 - tail->size(), 0);
    groups.insert(groups.end(), tail->begin(), tail->end());
  }
  Ipv6 address;
  for (size_t i = 0; i < 8; ++i) {
    address[2 * i] = static_cast<uint8_t>(groups[i] >> 8);
    address[2 * i + 1] = static_cast<uint8_t>(groups[i]);
  }
  return address;
}

// RFC 5952: the longest run of zero groups (two at least) becomes "::".
std::string FormatIpv6(absl::uint128 bits) {
  std::array<uint32_t, 8> groups;
  for (int i = 0; i < 8; ++i) groups[i] = static_cast<uint32_t>(bits >> (112 - 16 * i)) & 0xFFFF;
  int run_at = -1, run = 1;
  for (int i = 0; i < 8; ++i) {
    int n = 0;
    while (i + n < 8 && groups[i + n] == 0) ++n;
    if (n > run) {
      run_at = i;
      run = n;
    }
  }
  std::string text;
  for (int i = 0; i < 8; ++i) {
    if (i == run_at) {
      absl::StrAppend(&text, "::");
      i += run - 1;
      continue;
    }
    if (!text.empty() && text.back() != ':') text.push_back(':');
    absl::StrAppend(&text, absl::Hex(groups[i]));
  }
  return text;
}

}  // namespace

IpPrefix IpPrefix::FromBytes(IpFamily family, Bytes address, int length) {
  std::array<uint8_t, 16> whole{};
  std::copy_n(address.begin(), std::min(address.size(), whole.size()), whole.begin());
  uint64_t high = 0, low = 0;  // Compiles to two loads and swaps.
  for (size_t i = 0; i < 8; ++i) {
    high = high << 8 | whole[i];
    low = low << 8 | whole[8 + i];
  }
  return {family, length, absl::MakeUint128(high, low) & MaskOf(length)};
}

absl::StatusOr<IpPrefix> IpPrefix::Parse(absl::string_view text) {
  const std::pair<absl::string_view, absl::string_view> parts = absl::StrSplit(text, absl::MaxSplits('/', 1));
  IpPrefix whole;
  if (const auto v4 = ParseIpv4(parts.first)) {
    whole = FromBytes(IpFamily::kV4, *v4, 32);
  } else if (const auto v6 = ParseIpv6(parts.first)) {
    whole = FromBytes(IpFamily::kV6, *v6, 128);
  } else {
    return absl::InvalidArgumentError(absl::StrCat("'", parts.first, "' is no IPv4 or IPv6 address"));
  }
  if (text.find('/') == absl::string_view::npos) return whole;
  int length = -1;
  if (!absl::SimpleAtoi(parts.second, &length) || length < 0 || length > BitsOf(whole.family)) {
    return absl::InvalidArgumentError(
        absl::StrCat("'", text, "': the prefix length must be 0 to ", BitsOf(whole.family)));
  }
  const IpPrefix prefix{whole.family, length, whole.bits & MaskOf(length)};
  if (prefix.bits != whole.bits) {
    return absl::InvalidArgumentError(
        absl::StrCat("'", text, "' has bits beyond its length; did you mean ", prefix.ToText(), "?"));
  }
  return prefix;
}

std::string IpPrefix::ToText() const {
  if (family == IpFamily::kV6) return absl::StrCat(FormatIpv6(bits), "/", length);
  Ipv4 address;
  for (int i = 0; i < 4; ++i) address[i] = static_cast<uint8_t>(static_cast<uint32_t>(bits >> (120 - 8 * i)));
  return absl::StrCat(FormatIpv4(address), "/", length);
}

}  // namespace nonet::dns
