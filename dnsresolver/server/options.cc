#include "dnsresolver/server/options.h"

#include <algorithm>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "common/base/status_macros.h"
#include "common/process/daemon.h"
#include "dnsresolver/core/errors.h"
#include "dnsresolver/core/limits.h"

namespace nonet::dns {
namespace {

absl::StatusOr<uint32_t> CheckTtl(absl::Duration ttl) {
  const absl::Duration most = absl::Seconds(kTtlSecondsMax);
  if (ttl < absl::ZeroDuration() || ttl > most || ttl % absl::Seconds(1) != absl::ZeroDuration()) {
    return errors::FlagInvalid("ttl", absl::FormatDuration(ttl),
                               absl::StrCat("a whole number of seconds, 0s to ", kTtlSecondsMax, "s"));
  }
  return static_cast<uint32_t>(absl::ToInt64Seconds(ttl));
}

absl::StatusOr<int64_t> CheckRange(absl::string_view flag, absl::Duration value, int64_t min_ns,
                                   int64_t max_ns) {
  const absl::Duration min = absl::Nanoseconds(min_ns), max = absl::Nanoseconds(max_ns);
  if (value < min || value > max) {
    return errors::FlagInvalid(
        flag, absl::FormatDuration(value),
        absl::StrCat("must be ", absl::FormatDuration(min), " to ", absl::FormatDuration(max)));
  }
  return absl::ToInt64Nanoseconds(value);
}

absl::StatusOr<Name> CheckZone(const std::string& zone) {
  const absl::StatusOr<Name> name = Name::FromText(zone);
  if (!name.ok()) return errors::FlagInvalid("zone", zone, name.status().message());
  // Room for the longest host name of an instance: three labels' worth, joined.
  constexpr size_t kZoneBytesMax = 128;
  if (name->size() <= 1 || name->size() > kZoneBytesMax) {
    return errors::FlagInvalid("zone", zone, absl::StrCat("must be 1 to ", kZoneBytesMax, " bytes long"));
  }
  return *name;
}

absl::StatusOr<Chain> CheckChain(absl::string_view chain) {
  if (chain == "direct") return Chain::kDirect;
  if (chain == "trafficmanager") return Chain::kTrafficManager;
  return errors::FlagInvalid("chain", chain, "must be direct or trafficmanager");
}

absl::StatusOr<std::string> CheckServerId(const Settings& settings) {
  if (settings.nsid.empty())
    return absl::StrCat("nonet-dnsresolver ", settings.vantage.substr(0, settings.vantage.find(',')));
  if (settings.nsid == "none") return std::string();
  if (settings.nsid.size() > kServerIdBytesMax ||
      !std::all_of(settings.nsid.begin(), settings.nsid.end(), absl::ascii_isprint)) {
    return errors::FlagInvalid("nsid", settings.nsid,
                               absl::StrCat("at most ", kServerIdBytesMax, " printable characters"));
  }
  return settings.nsid;
}

absl::StatusOr<RateLimitSettings> CheckRateLimit(const Settings& settings) {
  RateLimitSettings out;
  if (settings.rrl < 0 || settings.rrl > static_cast<int>(kRateLimitMax)) {
    return errors::FlagInvalid("rrl", absl::StrCat(settings.rrl),
                               absl::StrCat("must be 0 to ", kRateLimitMax));
  }
  if (settings.rrl_slip < 0 || settings.rrl_slip > static_cast<int>(kRateLimitSlipMax)) {
    return errors::FlagInvalid("rrl_slip", absl::StrCat(settings.rrl_slip),
                               absl::StrCat("must be 0 to ", kRateLimitSlipMax));
  }
  out.responses_per_second = static_cast<uint32_t>(settings.rrl);
  out.slip = static_cast<uint32_t>(settings.rrl_slip);
  for (const absl::string_view text : absl::StrSplit(settings.rrl_exempt, ',', absl::SkipWhitespace())) {
    const absl::StatusOr<IpPrefix> prefix = IpPrefix::Parse(absl::StripAsciiWhitespace(text));
    if (!prefix.ok()) return errors::FlagInvalid("rrl_exempt", text, prefix.status().message());
    out.exempt.push_back(*prefix);
  }
  if (out.exempt.size() > kRateLimitExemptMax) {
    return errors::FlagInvalid("rrl_exempt", settings.rrl_exempt,
                               absl::StrCat("at most ", kRateLimitExemptMax, " prefixes"));
  }
  return out;
}

absl::StatusOr<bool> IsNxdomain(absl::string_view flag, const std::string& answer) {
  if (answer == "nxdomain") return true;
  if (answer == "nodata") return false;
  return errors::FlagInvalid(flag, answer, "must be nodata or nxdomain");
}

absl::StatusOr<SteeringSwitches> CheckSwitches(const Settings& settings) {
  SteeringSwitches out;
  ASSIGN_OR_RETURN(out.inactive_is_nxdomain, IsNxdomain("inactive_answer", settings.inactive_answer));
  ASSIGN_OR_RETURN(out.no_subnet_is_nxdomain, IsNxdomain("subnet_none_answer", settings.subnet_none_answer));
  ASSIGN_OR_RETURN(out.unhealthy_subnet_is_nxdomain,
                   IsNxdomain("subnet_unhealthy_answer", settings.subnet_unhealthy_answer));
  return out;
}

}  // namespace

absl::StatusOr<CheckedSettings> CheckSettings(const Settings& settings) {
  CheckedSettings out;
  ASSIGN_OR_RETURN(out.listen, ParseListenAddresses(settings.dns_listen));
  ASSIGN_OR_RETURN(out.answers.zone, CheckZone(settings.zone));
  ASSIGN_OR_RETURN(out.answers.ttl_s, CheckTtl(settings.ttl));
  ASSIGN_OR_RETURN(out.monitor.interval_ns, CheckRange("probe_interval", settings.probe_interval,
                                                       kProbeIntervalNsMin, kProbeIntervalNsMax));
  ASSIGN_OR_RETURN(out.monitor.timeout_ns, CheckRange("probe_timeout", settings.probe_timeout,
                                                      kProbeTimeoutNsMin, kProbeTimeoutNsMax));
  if (settings.tolerated_failures < 0 || settings.tolerated_failures > kToleratedFailuresMax) {
    return errors::FlagInvalid("tolerated_failures", absl::StrCat(settings.tolerated_failures),
                               absl::StrCat("must be 0 to ", kToleratedFailuresMax));
  }
  out.monitor.tolerated_failures = settings.tolerated_failures;
  ProbeFlags probes = settings.probes;
  probes.vantage = settings.vantage;
  ASSIGN_OR_RETURN(out.probes, CheckProbes(probes, out.monitor));
  out.clients = settings.clients;
  ASSIGN_OR_RETURN(out.answers.switches, CheckSwitches(settings));
  ASSIGN_OR_RETURN(out.answers.server_id, CheckServerId(settings));
  ASSIGN_OR_RETURN(out.answers.chain, CheckChain(settings.chain));
  if (settings.chaos) out.answers.version = absl::StrCat("nonet-dnsresolver ", Version());
  out.answers.explain = settings.ede;
  ASSIGN_OR_RETURN(out.rate_limit, CheckRateLimit(settings));
  out.cookies = settings.cookies;
  if (settings.udp_threads < 1 || settings.udp_threads > kUdpThreadsMax) {
    return errors::FlagInvalid("udp_threads", absl::StrCat(settings.udp_threads),
                               absl::StrCat("must be 1 to ", kUdpThreadsMax));
  }
  out.udp_threads = settings.udp_threads;
  ASSIGN_OR_RETURN(out.tcp_idle_ns, CheckRange("tcp_idle", settings.tcp_idle, kTcpIdleNsMin, kTcpIdleNsMax));
  const auto v4 = std::find_if(out.listen.begin(), out.listen.end(), [](const SocketAddress& address) {
    return address.ip.family == IpFamily::kV4;
  });
  if (v4 != out.listen.end()) out.answers.name_server_address = ParseIpv4(v4->IpText());
  return out;
}

}  // namespace nonet::dns
