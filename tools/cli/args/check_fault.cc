// `nonet fault` between two sides: partition, latency, loss, duplicate, reorder, bandwidth, heal.
#include <cmath>
#include <map>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"
#include "common/base/status_macros.h"
#include "tools/cli/args/duration.h"
#include "tools/cli/args/raw.h"
#include "tools/cli/errors.h"

namespace nonet::cli {
namespace {

using supervisor::LinkFaultKind;

// Beyond this, nothing on one machine is slower for it.
constexpr double kBitsPerSecondMax = 1e12;

absl::Status BadAmount(const std::string& words, absl::string_view rule, absl::string_view example) {
  return errors::Usage(absl::StrCat("\"", words, "\" is no ", rule), example);
}

// Milliseconds, or any duration; 0 ends the fault.
absl::StatusOr<uint64_t> LatencyNs(const std::string& words) {
  double ms = 0;
  if (absl::SimpleAtod(words, &ms)) {
    if (!(ms >= 0) || ms > 60'000) return BadAmount(words, "latency: 0 to 60000 ms", "80, 80ms or 1.5s");
    return static_cast<uint64_t>(std::llround(ms * static_cast<double>(kNanosPerMilli)));
  }
  const absl::StatusOr<int64_t> ns = ParseDuration(words);
  if (!ns.ok() || *ns > 60 * kNanosPerSecond) {
    return BadAmount(words, "latency: 0 to 60000 ms", "80, 80ms or 1.5s");
  }
  return static_cast<uint64_t>(*ns);
}

absl::StatusOr<uint64_t> PartsPerMillion(const std::string& words) {
  double percent = 0;
  if (!absl::SimpleAtod(absl::StripSuffix(words, "%"), &percent) || !(percent >= 0) || percent > 100) {
    return BadAmount(words, "share: 0 to 100 percent", "5, 5% or 0.1");
  }
  return static_cast<uint64_t>(std::llround(percent * 10'000));
}

// Bits a second, as networks count; bytes a second come out.
absl::StatusOr<uint64_t> BytesPerSecond(const std::string& words) {
  static const std::map<std::string, double> units = {{"kbit", 1e3}, {"mbit", 1e6}, {"gbit", 1e9}};
  const absl::string_view text = words;
  if (text == "0") return 0;
  for (const auto& [unit, factor] : units) {
    double number = 0;
    if (!absl::EndsWithIgnoreCase(text, unit)) continue;
    if (!absl::SimpleAtod(text.substr(0, text.size() - unit.size()), &number)) continue;
    const double bits = number * factor;
    if (bits >= 8 && bits <= kBitsPerSecondMax) return static_cast<uint64_t>(std::llround(bits / 8));
  }
  return BadAmount(words, "rate with a unit", "10mbit, 512kbit or 1gbit; 0 ends it");
}

}  // namespace

absl::StatusOr<FaultOptions> CheckLinkFault(const Raw& raw) {
  static const std::map<std::string, LinkFaultKind> kinds = {
      {"partition", LinkFaultKind::kPartition}, {"latency", LinkFaultKind::kLatency},
      {"loss", LinkFaultKind::kLoss},           {"duplicate", LinkFaultKind::kDuplicate},
      {"reorder", LinkFaultKind::kReorder},     {"bandwidth", LinkFaultKind::kBandwidth}};
  const std::string& verb = raw.path[1];
  const std::string command = absl::StrCat("nonet fault ", verb);
  FaultOptions fault;
  const auto kind = kinds.find(verb);
  fault.verb = kind == kinds.end() ? FaultVerb::kHeal : FaultVerb::kLink;
  if (kind != kinds.end()) fault.link = kind->second;
  const bool has_amount = fault.verb == FaultVerb::kLink && fault.link != LinkFaultKind::kPartition;
  const size_t words = has_amount ? 3 : 2;
  if (raw.positional.size() != words) {
    const char* amount = !has_amount                               ? ""
                         : fault.link == LinkFaultKind::kLatency   ? " 80"
                         : fault.link == LinkFaultKind::kBandwidth ? " 10mbit"
                                                                   : " 5";
    return errors::Usage(absl::StrCat(command, " takes two sides", has_amount ? " and how much" : ""),
                         absl::StrCat(command, " eastus westeurope", amount));
  }
  fault.a = raw.positional[0];
  fault.b = raw.positional[1];
  if (fault.a == fault.b) {
    return errors::Usage(absl::StrCat("both sides are ", fault.a, ": a link has two"),
                         absl::StrCat(command, " ", fault.a, " and another side"));
  }
  fault.one_way = raw.one_way;
  if (!has_amount) return fault;
  const std::string& amount = raw.positional[2];
  switch (fault.link) {
    case LinkFaultKind::kLatency: {
      ASSIGN_OR_RETURN(fault.amount, LatencyNs(amount));
      break;
    }
    case LinkFaultKind::kBandwidth: {
      ASSIGN_OR_RETURN(fault.amount, BytesPerSecond(amount));
      break;
    }
    default: {
      ASSIGN_OR_RETURN(fault.amount, PartsPerMillion(amount));
      break;
    }
  }
  return fault;
}

}  // namespace nonet::cli
