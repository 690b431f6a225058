#include "controlplane/core/validate_text.h"

#include <vector>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "absl/strings/strip.h"
#include "common/base/ip_range.h"
#include "common/base/status_macros.h"
#include "controlplane/core/errors.h"
#include "controlplane/core/limits.h"

namespace nonet::controlplane {
namespace {

bool IsServiceTag(absl::string_view text) {
  if (text.empty() || text.size() > kChildNameMax || !absl::ascii_isalpha(text.front())) return false;
  for (const char c : text) {
    if (!absl::ascii_isalnum(c) && c != '.') return false;
  }
  return true;
}

}  // namespace

bool IsHubName(absl::string_view hub) {
  if (hub.empty() || hub.size() > kHubNameMax || !absl::ascii_isalpha(hub.front())) return false;
  for (const char c : hub) {
    if (!absl::ascii_isalnum(c) && !absl::StrContains("_`,.[]", c)) return false;
  }
  return true;
}

absl::Status ValidateText(absl::string_view field, absl::string_view text) {
  if (text.size() > kTextMax) {
    return errors::InvalidSetting(
        field, absl::StrCat(text.size(), " characters; at most ", kTextMax, " are possible"));
  }
  for (const char c : text) {
    if (absl::ascii_iscntrl(c)) return errors::InvalidSetting(field, "it has a control character");
  }
  return absl::OkStatus();
}

absl::Status ValidateChildName(absl::string_view field, absl::string_view name) {
  bool valid = !name.empty() && name.size() <= kChildNameMax && absl::ascii_isalnum(name.front());
  for (const char c : name) valid = valid && (absl::ascii_isalnum(c) || absl::StrContains("_.-", c));
  if (valid) return absl::OkStatus();
  return errors::InvalidSetting(
      field, absl::StrCat("\"", name.substr(0, kChildNameMax), "\" is not 1 to ", kChildNameMax,
                          " letters, digits and _.- with a letter or digit first"));
}

absl::Status ValidateArmId(absl::string_view field, absl::string_view id) {
  RETURN_IF_ERROR(ValidateText(field, id));
  if (!absl::StartsWithIgnoreCase(id, "/subscriptions/") || absl::StrContains(id, ' ')) {
    return errors::InvalidSetting(
        field, absl::StrCat("\"", id, "\" is not an ARM id: /subscriptions/.../providers/..."));
  }
  return absl::OkStatus();
}

absl::Status ValidateDnsName(absl::string_view field, absl::string_view name) {
  const auto bad = [&](absl::string_view why) {
    return errors::InvalidSetting(field,
                                  absl::StrCat("\"", name.substr(0, 253), "\" is not a DNS name: ", why));
  };
  if (name.size() > 253) return bad("it is longer than 253 characters");
  const std::vector<absl::string_view> labels = absl::StrSplit(name, '.');
  if (labels.size() < 2) return bad("it has no dot");
  for (const absl::string_view label : labels) {
    if (label.empty() || label.size() > kDnsLabelMax) return bad("a label is 1 to 63 characters");
    if (label.front() == '-' || label.back() == '-') return bad("a label begins or ends with a hyphen");
    for (const char c : label) {
      if (!absl::ascii_isalnum(c) && c != '-' && c != '_') return bad("letters, digits, hyphens only");
    }
  }
  return absl::OkStatus();
}

absl::Status ValidateIpRule(absl::string_view field, absl::string_view value) {
  if (IsServiceTag(value)) return absl::OkStatus();
  if (!absl::StrContains(value, ' ') && !absl::StrContains(value, '-') && IpRange::Parse(value).ok()) {
    return absl::OkStatus();
  }
  return errors::InvalidSetting(field, absl::StrCat("\"", value.substr(0, kChildNameMax),
                                                    "\" is neither an address, nor a CIDR block, nor a "
                                                    "service tag"));
}

std::string WhyNotUrlTemplate(absl::string_view url) {
  if (url.empty()) return "it is required";
  if (url.size() > kTextMax) return absl::StrCat("it is longer than ", kTextMax, " characters");
  absl::string_view rest = url;
  if (!absl::ConsumePrefix(&rest, "http://") && !absl::ConsumePrefix(&rest, "https://")) {
    return "it must begin with http:// or https://";
  }
  const absl::string_view host = rest.substr(0, rest.find_first_of("/?#"));
  if (host.empty()) return "it names no host";
  if (absl::StrContains(host, '{')) return "the host cannot carry {hub} or {event}";
  for (const char c : url) {
    if (!absl::ascii_isgraph(c)) return "it has white space, or characters that are not ASCII";
  }
  // Braces are there for parameters alone.
  while (!rest.empty()) {
    const size_t brace = rest.find_first_of("{}");
    if (brace == absl::string_view::npos) break;
    rest.remove_prefix(brace);
    if (!absl::ConsumePrefix(&rest, "{hub}") && !absl::ConsumePrefix(&rest, "{event}")) {
      return "only {hub} and {event} are known";
    }
  }
  return "";
}

}  // namespace nonet::controlplane
