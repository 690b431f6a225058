#include "dnsresolver/server/probe_options.h"

#include <algorithm>
#include <utility>
#include <vector>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "common/base/status_macros.h"
#include "common/regions/regions.h"
#include "dnsresolver/core/errors.h"
#include "dnsresolver/core/limits.h"

namespace nonet::dns {
namespace {

constexpr int kProbeHost = 53;  // Probes come from 127.(128+I).0.53 of the vantage region.
constexpr size_t kPathBytesMax = 1024;
constexpr size_t kHeaderBytesMax = 1024;

absl::StatusOr<http::Scheme> CheckProtocol(const std::string& protocol) {
  if (protocol == "http") return http::Scheme::kHttp;
  if (protocol == "https") return http::Scheme::kHttps;
  if (protocol == "tcp") return http::Scheme::kTcp;
  return errors::FlagInvalid("probe_protocol", protocol, "must be http, https or tcp");
}

absl::Status CheckVantages(const std::string& text, ProbeSettings& out) {
  out.from.clear();
  out.vantages.clear();
  for (absl::string_view name : absl::StrSplit(text, ',')) {
    name = absl::StripAsciiWhitespace(name);
    const Region* region = FindRegion(name);
    if (region == nullptr) {
      return errors::FlagInvalid(
          "vantage", name, absl::StrCat("no such Azure region; did you mean ", NearestRegionName(name), "?"));
    }
    if (std::find(out.vantages.begin(), out.vantages.end(), name) != out.vantages.end()) {
      return errors::FlagInvalid("vantage", name, "a region is given twice");
    }
    out.vantages.emplace_back(name);
    out.from.push_back(LoopbackAddress(*region, kProbeHost));
  }
  if (out.vantages.size() <= static_cast<size_t>(kVantagesMax)) return absl::OkStatus();
  return errors::FlagInvalid("vantage", text, absl::StrCat("at most ", kVantagesMax, " regions"));
}

absl::StatusOr<std::vector<StatusRange>> CheckStatus(const std::string& text) {
  const auto wrong = [&] {
    return errors::FlagInvalid(
        "probe_status", text,
        absl::StrCat("1 to ", kStatusRangesMax, " codes or ranges between 100 and 599, such as 200-299,301"));
  };
  std::vector<StatusRange> ranges;
  for (const absl::string_view part : absl::StrSplit(text, ',')) {
    const std::pair<absl::string_view, absl::string_view> ends =
        absl::StrSplit(part, absl::MaxSplits('-', 1));
    StatusRange range;
    if (!absl::SimpleAtoi(ends.first, &range.first)) return wrong();
    range.last = range.first;
    if (absl::StrContains(part, '-') && !absl::SimpleAtoi(ends.second, &range.last)) return wrong();
    if (range.first < 100 || range.last > 599 || range.last < range.first) return wrong();
    ranges.push_back(range);
  }
  if (ranges.size() > kStatusRangesMax) return wrong();
  return ranges;
}

absl::StatusOr<http::Headers> CheckHeaders(const std::string& text) {
  const auto wrong = [&](absl::string_view why) { return errors::FlagInvalid("probe_headers", text, why); };
  http::Headers headers;
  if (text.size() > kHeaderBytesMax) return wrong(absl::StrCat("at most ", kHeaderBytesMax, " bytes"));
  for (const absl::string_view part : absl::StrSplit(text, ',', absl::SkipWhitespace())) {
    const size_t colon = part.find(':');
    if (colon == absl::string_view::npos) return wrong("each is name: value, separated by commas");
    const std::string name = absl::AsciiStrToLower(absl::StripAsciiWhitespace(part.substr(0, colon)));
    const std::string value(absl::StripAsciiWhitespace(part.substr(colon + 1)));
    const auto is_token = [](char c) { return absl::ascii_isalnum(c) || c == '-' || c == '_'; };
    if (name.empty() || !std::all_of(name.begin(), name.end(), is_token)) {
      return wrong("a header's name is letters, digits, hyphens and underscores");
    }
    const auto is_printable = [](char c) { return absl::ascii_isprint(static_cast<unsigned char>(c)); };
    if (!std::all_of(value.begin(), value.end(), is_printable)) return wrong("a value is printable ASCII");
    if (name == "host" && absl::StrContains(value, '*')) return wrong("host cannot be a wildcard");
    headers.emplace_back(name, value);
  }
  if (headers.size() > kProbeHeadersMax) return wrong(absl::StrCat("at most ", kProbeHeadersMax, " headers"));
  return headers;
}

absl::Status CheckPath(const ProbeFlags& flags) {
  const auto printable = [](char c) { return absl::ascii_isgraph(static_cast<unsigned char>(c)); };
  if (absl::StartsWith(flags.path, "/") && flags.path.size() <= kPathBytesMax &&
      std::all_of(flags.path.begin(), flags.path.end(), printable)) {
    return absl::OkStatus();
  }
  return errors::FlagInvalid("probe_path", flags.path, "begins with / and has no blanks");
}

absl::Status CheckSamples(const ProbeFlags& flags, MonitorSettings& monitor) {
  if (flags.samples < 0 || flags.samples > kSamplesMax) {
    return errors::FlagInvalid("probe_samples", absl::StrCat(flags.samples),
                               absl::StrCat("must be 0 to ", kSamplesMax));
  }
  const bool used = flags.samples > 0;
  if (flags.good_samples < (used ? 1 : 0) || flags.good_samples > flags.samples) {
    return errors::FlagInvalid(
        "probe_good_samples", absl::StrCat(flags.good_samples),
        used ? absl::StrCat("must be 1 to ", flags.samples) : std::string("needs --probe-samples"));
  }
  monitor.samples = flags.samples;
  monitor.good_samples = flags.good_samples;
  return absl::OkStatus();
}

}  // namespace

absl::StatusOr<ProbeSettings> CheckProbes(const ProbeFlags& flags, MonitorSettings& monitor) {
  ProbeSettings out;
  RETURN_IF_ERROR(CheckVantages(flags.vantage, out));
  monitor.vantages = static_cast<int>(out.vantages.size());
  ASSIGN_OR_RETURN(out.scheme, CheckProtocol(flags.protocol));
  RETURN_IF_ERROR(CheckPath(flags));
  out.path = flags.path;
  if (flags.port < 0 || flags.port > 65535) {
    return errors::FlagInvalid("probe_port", absl::StrCat(flags.port), "must be 0 to 65535");
  }
  out.port = static_cast<uint16_t>(flags.port);
  ASSIGN_OR_RETURN(out.expected, CheckStatus(flags.status));
  ASSIGN_OR_RETURN(out.headers, CheckHeaders(flags.headers));
  RETURN_IF_ERROR(CheckSamples(flags, monitor));
  return out;
}

}  // namespace nonet::dns
