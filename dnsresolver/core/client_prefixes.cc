#include "dnsresolver/core/client_prefixes.h"

#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "common/regions/regions.h"
#include "dnsresolver/core/limits.h"

namespace nonet::dns {
namespace {

absl::Status Wrong(size_t line, absl::string_view why) {
  return absl::InvalidArgumentError(absl::StrCat("line ", line, ": ", why));
}

}  // namespace

absl::StatusOr<std::vector<PrefixTable::Entry>> ParseClientPrefixes(absl::string_view text) {
  std::vector<PrefixTable::Entry> entries;
  size_t number = 0;
  for (absl::string_view line : absl::StrSplit(text, '\n')) {
    ++number;
    line = absl::StripAsciiWhitespace(line);
    if (line.empty() || line.front() == '#' || (number == 1 && line == "prefix,region")) continue;
    const std::pair<absl::string_view, absl::string_view> fields =
        absl::StrSplit(line, absl::MaxSplits(',', 1));
    const absl::StatusOr<IpPrefix> prefix = IpPrefix::Parse(absl::StripAsciiWhitespace(fields.first));
    if (!prefix.ok()) return Wrong(number, prefix.status().message());
    const absl::string_view name = absl::StripAsciiWhitespace(fields.second);
    const Region* region = FindRegion(name);
    if (region == nullptr) {
      return Wrong(number, absl::StrCat("there is no Azure region '", name, "'; did you mean ",
                                        NearestRegionName(name), "?"));
    }
    if (entries.size() >= kClientPrefixesMax) {
      return Wrong(number, absl::StrCat("more than ", kClientPrefixesMax, " prefixes"));
    }
    entries.push_back({*prefix, region->number});
  }
  return entries;
}

}  // namespace nonet::dns
