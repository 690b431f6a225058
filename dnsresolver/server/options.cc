#include "dnsresolver/server/options.h"

#include <algorithm>

#include "absl/strings/str_cat.h"
#include "common/base/status_macros.h"
#include "common/regions/regions.h"
#include "dnsresolver/core/errors.h"
#include "dnsresolver/core/limits.h"

namespace nonet::dns {
namespace {

constexpr int kProbeHost = 53;  // Probes come from 127.(128+I).0.53 of the vantage region.

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
  const Region* vantage = FindRegion(settings.vantage);
  if (vantage == nullptr) {
    return errors::FlagInvalid(
        "vantage", settings.vantage,
        absl::StrCat("no such Azure region; did you mean ", NearestRegionName(settings.vantage), "?"));
  }
  out.probe_from = LoopbackAddress(*vantage, kProbeHost);
  out.answers.server_id = absl::StrCat("nonet-dnsresolver ", vantage->name);
  const auto v4 = std::find_if(out.listen.begin(), out.listen.end(), [](const SocketAddress& address) {
    return address.ip.family == IpFamily::kV4;
  });
  if (v4 != out.listen.end()) out.answers.name_server_address = ParseIpv4(v4->IpText());
  return out;
}

}  // namespace nonet::dns
