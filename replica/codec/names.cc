#include "replica/codec/names.h"

#include <algorithm>

#include "absl/strings/ascii.h"
#include "replica/codec/limits.h"

namespace nonet::replica {
namespace {

constexpr size_t kTagSize = 8;

bool IsTokenChar(char c) {  // RFC 9110 section 5.6.2.
  return absl::ascii_isalnum(static_cast<unsigned char>(c)) ||
         absl::string_view("!#$%&'*+-.^_`|~").find(c) != absl::string_view::npos;
}

}  // namespace

bool IsValidHub(absl::string_view hub) {
  if (hub.empty() || hub.size() > kHubNameMax || !absl::ascii_isalpha(hub.front())) return false;
  return std::all_of(hub.begin(), hub.end(), [](char c) {
    return absl::ascii_isalnum(c) || absl::string_view("_`,.[]").find(c) != absl::string_view::npos;
  });
}

std::string CanonicalHub(absl::string_view hub) { return absl::AsciiStrToLower(hub); }

bool IsValidGroup(absl::string_view group) {
  if (group.empty() || group.size() > kGroupNameMax * 4) return false;
  size_t characters = 0;
  bool visible = false;
  for (const char c : group) {
    if ((static_cast<unsigned char>(c) & 0xC0) != 0x80) ++characters;
    visible |= !absl::ascii_isspace(c);
  }
  return visible && characters <= kGroupNameMax;
}

bool IsValidId(absl::string_view id) { return !id.empty() && id.size() <= kIdBytesMax; }

bool IsValidMetadata(const Metadata& metadata) {
  size_t total = 0;
  for (const auto& [key, value] : metadata) {
    if (key.empty() || key.size() > kMetadataKeyBytesMax || value.size() > kMetadataValueBytesMax)
      return false;
    if (!std::all_of(key.begin(), key.end(), IsTokenChar)) return false;
    total += key.size() + value.size();
  }
  return total <= kMetadataBytesMax;
}

absl::string_view InstanceTag(absl::string_view connection_id) {
  if (connection_id.size() < kTagSize + 2) return {};
  const absl::string_view end = connection_id.substr(connection_id.size() - kTagSize - 1);
  if (end.front() != '.') return {};
  const absl::string_view tag = end.substr(1);
  const bool hex = std::all_of(tag.begin(), tag.end(),
                               [](char c) { return absl::ascii_isdigit(c) || (c >= 'a' && c <= 'f'); });
  return hex ? tag : absl::string_view();
}

}  // namespace nonet::replica
