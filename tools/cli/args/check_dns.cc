// From raw words to checked options: resolve and dns. Times and files are read when the command runs.
#include <utility>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_split.h"
#include "common/base/status_macros.h"
#include "common/regions/regions.h"
#include "tools/cli/args/duration.h"
#include "tools/cli/args/raw.h"
#include "tools/cli/errors.h"

namespace nonet::cli {
namespace {

constexpr int64_t kTablesMax = 10'000;

// "westus=down,eastus=up", in one word or several.
absl::Status ReadHealth(const Raw& raw, ResolveOptions& resolve) {
  for (const std::string& words : raw.health) {
    for (const absl::string_view word : absl::StrSplit(words, ',', absl::SkipEmpty())) {
      const std::pair<absl::string_view, absl::string_view> parts =
          absl::StrSplit(word, absl::MaxSplits('=', 1));
      if (parts.first.empty() || parts.second.empty()) {
        return errors::Usage(absl::StrCat("--health does not take \"", word, "\""),
                             "--health westus=down, or eastus=up, or westus=Stopped");
      }
      resolve.health.emplace_back(parts.first, parts.second);
    }
  }
  return absl::OkStatus();
}

absl::StatusOr<int64_t> WholeSeconds(const std::string& words) {
  if (words == "0" || words == "0s") return 0;
  int64_t seconds = 0;
  if (absl::SimpleAtoi(words, &seconds) && seconds > 0) return seconds;  // DNS counts in seconds.
  const absl::StatusOr<int64_t> ns = ParseDuration(words);
  if (!ns.ok() || *ns % kNanosPerSecond != 0) {
    return errors::Usage(absl::StrCat("--ttl does not take \"", words, "\""), "--ttl 30s: whole seconds");
  }
  return *ns / kNanosPerSecond;
}

}  // namespace

absl::StatusOr<ResolveOptions> CheckResolve(const Raw& raw) {
  ResolveOptions resolve;
  if (raw.positional.size() != 1) {
    return errors::Usage(raw.positional.empty()
                             ? "nonet resolve needs a name"
                             : absl::StrCat("nonet resolve takes one argument, not ", raw.positional.size()),
                         "nonet resolve contoso --from westeurope");
  }
  resolve.name = raw.positional[0];
  if (raw.from && raw.client_subnet) {
    return errors::Usage("--from and --client-subnet both say where the client is", "one of them");
  }
  if (raw.from && FindRegion(*raw.from) == nullptr) return errors::UnknownRegion(*raw.from);
  resolve.from = raw.from.value_or("");
  resolve.client_subnet = raw.client_subnet.value_or("");
  resolve.explain = raw.explain;
  resolve.at = raw.at.value_or("");
  resolve.table = raw.table.value_or("");
  if (raw.ttl) {
    ASSIGN_OR_RETURN(resolve.ttl_s, WholeSeconds(*raw.ttl));
  }
  RETURN_IF_ERROR(ReadHealth(raw, resolve));
  return resolve;
}

absl::StatusOr<DnsOptions> CheckDns(const Raw& raw) {
  DnsOptions dns;
  const std::string& verb = raw.path[1];
  if (verb == "diff") {
    dns.verb = DnsVerb::kDiff;
    if (raw.positional.size() != 2) {
      return errors::Usage(absl::StrCat("nonet dns diff compares two tables, not ", raw.positional.size()),
                           "nonet dns diff 11 12, or: nonet dns diff 10:42:07 now");
    }
    dns.a = raw.positional[0];
    dns.b = raw.positional[1];
    return dns;
  }
  dns.verb = verb == "history" ? DnsVerb::kHistory : DnsVerb::kEndpoints;
  dns.resource = raw.name.value_or("");
  if (raw.since) {
    ASSIGN_OR_RETURN(dns.since_ns, ParseDuration(*raw.since));
  }
  if (raw.limit && (!absl::SimpleAtoi(*raw.limit, &dns.limit) || dns.limit < 1 || dns.limit > kTablesMax)) {
    return errors::Usage(absl::StrCat("--limit does not take \"", *raw.limit, "\""),
                         absl::StrCat("--limit with a number from 1 to ", kTablesMax));
  }
  return dns;
}

}  // namespace nonet::cli
