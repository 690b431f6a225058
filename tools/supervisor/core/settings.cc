#include "tools/supervisor/core/settings.h"

#include <algorithm>
#include <iterator>

#include "absl/strings/ascii.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_replace.h"
#include "absl/strings/str_split.h"
#include "absl/time/time.h"
#include "common/base/names.h"
#include "common/base/status_macros.h"
#include "tools/supervisor/core/errors.h"
#include "tools/supervisor/core/limits.h"

namespace nonet::supervisor {
namespace {

constexpr int kToleratedFailuresMax = 9;
constexpr int64_t kTtlMaxNs = 86'400 * kNanosPerSecond;
constexpr int64_t kProbeMinNs = 10 * kNanosPerMilli;
constexpr int64_t kProbeMaxNs = 3'600 * kNanosPerSecond;
constexpr int64_t kJoinsWaitMaxNs = 2 * kNanosPerSecond;
constexpr size_t kDnsListenMax = 8;
// RFC 1035 section 3.1 allows 255 octets on the wire; an instance's first label needs up to 64 of them.
constexpr size_t kZoneLengthMax = 180;
constexpr size_t kLabelLengthMax = 63;

// A number without sign or leading zeros.
bool ParseByte(absl::string_view text, int max, int* value) {
  if (text.empty() || text.size() > 5 || (text.size() > 1 && text[0] == '0')) return false;
  if (!std::all_of(text.begin(), text.end(), [](char c) { return absl::ascii_isdigit(c); })) return false;
  return absl::SimpleAtoi(text, value) && *value <= max;
}

bool IsNet(absl::string_view net) {
  const std::vector<absl::string_view> parts = absl::StrSplit(net, '.');
  int second = 0;
  if (parts.size() != 2 || parts[0] != "127" || !ParseByte(parts[1], 255, &second)) return false;
  // 127.0 is everybody's; 127.(128+I) is where clients and probers of region I are (58 regions).
  return second != 0 && (second < 128 || second > 185);
}

bool IsLabel(absl::string_view label) {
  if (label.empty() || label.size() > kLabelLengthMax || label.front() == '-' || label.back() == '-')
    return false;
  return std::all_of(label.begin(), label.end(),
                     [](char c) { return absl::ascii_islower(c) || absl::ascii_isdigit(c) || c == '-'; });
}

bool IsZone(absl::string_view zone) {
  if (zone.size() > kZoneLengthMax) return false;
  const std::vector<absl::string_view> labels = absl::StrSplit(zone, '.');
  return std::all_of(labels.begin(), labels.end(), IsLabel);
}

// "127.x.y.z:port": plain DNS has no credentials, so it stays on this machine.
bool IsLoopbackListener(absl::string_view text) {
  const std::vector<absl::string_view> parts = absl::StrSplit(text, ':');
  int port = 0;
  if (parts.size() != 2 || !ParseByte(parts[1], 65'535, &port) || port == 0) return false;
  const std::vector<absl::string_view> bytes = absl::StrSplit(parts[0], '.');
  int byte = 0;
  return bytes.size() == 4 && bytes[0] == "127" &&
         std::all_of(bytes.begin(), bytes.end(),
                     [&](absl::string_view b) { return ParseByte(b, 255, &byte); });
}

// The resolver's flags that the cluster's own settings make, or that say where it belongs.
constexpr absl::string_view kOwnResolverFlags[] = {
    "admin_port", "controlplane",   "dir",           "dns_listen", "grpc_port",          "help",
    "log_level",  "probe_interval", "probe_timeout", "ready_file", "tolerated_failures", "ttl",
    "token_file", "version",        "zone"};

// "rrl=0", "ede": what follows the dashes of a flag. Whether there is such a flag, only the resolver knows.
absl::Status CheckResolverFlag(const std::string& flag) {
  const absl::string_view all = flag;
  const std::string name = absl::StrReplaceAll(all.substr(0, all.find('=')), {{"-", "_"}});
  const bool word = !name.empty() && absl::ascii_islower(static_cast<unsigned char>(name[0])) &&
                    std::all_of(name.begin(), name.end(), [](char c) {
                      return absl::ascii_islower(static_cast<unsigned char>(c)) ||
                             absl::ascii_isdigit(static_cast<unsigned char>(c)) || c == '_';
                    });
  const bool printable = std::all_of(
      flag.begin(), flag.end(), [](char c) { return absl::ascii_isprint(static_cast<unsigned char>(c)); });
  if (!word || !printable || flag.size() > kResolverFlagBytesMax) {
    return BadSetting("resolver-flag", flag,
                      "must be NAME=VALUE or NAME, as nonet-dnsresolver --help lists them");
  }
  if (std::find(std::begin(kOwnResolverFlags), std::end(kOwnResolverFlags), name) !=
      std::end(kOwnResolverFlags)) {
    return BadSetting("resolver-flag", flag, "is the cluster's own; nonet up --help lists what it takes");
  }
  return absl::OkStatus();
}

std::string Text(const std::string& value) { return value; }
std::string Text(int value) { return absl::StrCat(value); }
std::string Text(int64_t ns) { return DurationText(ns); }
std::string Text(const std::vector<std::string>& value) { return absl::StrJoin(value, ","); }

// Calls visit(flag name, what was given, where it goes) for each setting.
template <typename Visit>
absl::Status ForEach(const GivenSettings& given, Settings& settings, Visit visit) {
  RETURN_IF_ERROR(visit("cluster", given.cluster, settings.cluster));
  RETURN_IF_ERROR(visit("net", given.net, settings.net));
  RETURN_IF_ERROR(visit("zone", given.zone, settings.zone));
  RETURN_IF_ERROR(visit("base-port", given.base_port, settings.base_port));
  RETURN_IF_ERROR(visit("ttl", given.ttl_ns, settings.ttl_ns));
  RETURN_IF_ERROR(visit("probe-interval", given.probe_interval_ns, settings.probe_interval_ns));
  RETURN_IF_ERROR(visit("probe-timeout", given.probe_timeout_ns, settings.probe_timeout_ns));
  RETURN_IF_ERROR(visit("tolerated-failures", given.tolerated_failures, settings.tolerated_failures));
  RETURN_IF_ERROR(visit("dns-listen", given.dns_listen, settings.dns_listen));
  return visit("wan", given.wan, settings.wan);
}

}  // namespace

std::string DurationText(int64_t ns) { return absl::FormatDuration(absl::Nanoseconds(ns)); }

absl::Status ValidateSettings(const Settings& s) {
  if (!IsValidId(s.cluster)) {
    return BadSetting("cluster", s.cluster,
                      "a name has 3 to 63 letters, digits and hyphens, starts with a letter and does not end "
                      "with a hyphen");
  }
  if (!IsNet(s.net)) {
    return BadSetting("net", s.net, "must be 127.1 to 127.127 or 127.186 to 127.255, two numbers and a dot");
  }
  if (!IsZone(s.zone)) {
    return BadSetting("zone", s.zone,
                      absl::StrCat("must be a DNS name in lower case, without a dot at its end, of at most ",
                                   kZoneLengthMax, " characters"));
  }
  if (s.base_port < kBasePortMin || s.base_port > kBasePortMax) {
    return BadSetting("base-port", absl::StrCat(s.base_port),
                      absl::StrCat("must be ", kBasePortMin, " to ", kBasePortMax));
  }
  if (s.ttl_ns < kNanosPerSecond || s.ttl_ns > kTtlMaxNs || s.ttl_ns % kNanosPerSecond != 0) {
    return BadSetting("ttl", DurationText(s.ttl_ns), "must be whole seconds, 1s to 24h");
  }
  for (const auto& [flag, ns] :
       {std::pair("probe-interval", s.probe_interval_ns), std::pair("probe-timeout", s.probe_timeout_ns)}) {
    if (ns < kProbeMinNs || ns > kProbeMaxNs) {
      return BadSetting(flag, DurationText(ns), "must be 10ms to 1h");
    }
  }
  if (s.tolerated_failures < 0 || s.tolerated_failures > kToleratedFailuresMax) {
    return BadSetting("tolerated-failures", absl::StrCat(s.tolerated_failures),
                      absl::StrCat("must be 0 to ", kToleratedFailuresMax));
  }
  if (s.dns_listen.size() > kDnsListenMax) {
    return BadSetting("dns-listen", Text(s.dns_listen),
                      absl::StrCat("at most ", kDnsListenMax, " addresses"));
  }
  if (s.wan != "off" && s.wan != "measured") return BadSetting("wan", s.wan, "must be off or measured");
  for (const std::string& listener : s.dns_listen) {
    if (!IsLoopbackListener(listener)) {
      return BadSetting("dns-listen", listener, "must be a loopback address and a port, like 127.80.0.53:53");
    }
  }
  if (s.resolver_flags.size() > kResolverFlagsMax) {
    return BadSetting("resolver-flag", Text(s.resolver_flags), absl::StrCat("at most ", kResolverFlagsMax));
  }
  for (const std::string& flag : s.resolver_flags) RETURN_IF_ERROR(CheckResolverFlag(flag));
  if (s.when_full != "drop-oldest" && s.when_full != "refuse") {
    return BadSetting("when-full", s.when_full, "must be drop-oldest or refuse");
  }
  if (s.joins_wait_ns < 0 || s.joins_wait_ns > kJoinsWaitMaxNs) {
    return BadSetting("joins-wait", DurationText(s.joins_wait_ns), "must be 0 to 2s");
  }
  return absl::OkStatus();
}

absl::StatusOr<Settings> DecideSettings(const std::optional<Settings>& kept, const GivenSettings& given,
                                        absl::string_view dir) {
  Settings settings = kept.value_or(Settings{});
  RETURN_IF_ERROR(
      ForEach(given, settings, [&](absl::string_view flag, const auto& value, auto& target) -> absl::Status {
        if (!value.has_value() || *value == target) return absl::OkStatus();
        if (kept.has_value()) return SettingDiffers(flag, Text(*value), Text(target), dir);
        target = *value;
        return absl::OkStatus();
      }));
  settings.open = given.open.value_or(settings.open);
  settings.peer_tls = given.peer_tls.value_or(settings.peer_tls);
  settings.resolver_flags = given.resolver_flags.value_or(settings.resolver_flags);
  settings.when_full = given.when_full.value_or(settings.when_full);
  settings.joins_wait_ns = given.joins_wait_ns.value_or(settings.joins_wait_ns);
  RETURN_IF_ERROR(ValidateSettings(settings));
  return settings;
}

}  // namespace nonet::supervisor
