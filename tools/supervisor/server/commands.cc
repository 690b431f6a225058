#include "tools/supervisor/server/commands.h"

#include <algorithm>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "tools/supervisor/core/limits.h"
#include "tools/supervisor/core/names.h"
#include "tools/supervisor/server/certificates.h"
#include "tools/supervisor/server/cluster_file.h"
#include "tools/supervisor/server/token_file.h"

namespace nonet::supervisor {
namespace {

// Azure Traffic Manager probes from everywhere; ours from one region, so that distances stay comparable.
constexpr absl::string_view kVantageRegion = "centralus";
constexpr const char* kPrograms[] = {"nonet-controlplane", "nonet-dnsresolver", "nonet-replica"};

std::vector<std::string> ControlplaneArguments(const Settings& s) {
  return {absl::StrCat("--grpc_port=", s.base_port + kControlplaneGrpcOffset),
          absl::StrCat("--admin_port=", s.base_port + kControlplaneAdminOffset),
          absl::StrCat("--zone=", s.zone)};
}

std::vector<std::string> DoorArguments(const Settings& s, const Places& places) {
  const CertificateFiles files = CertificateFilesOf(places.dir, kControlplaneKey);
  std::vector<std::string> arguments = {
      absl::StrCat("--arm_http_port=", s.base_port + kControlplaneHttpOffset),
      absl::StrCat("--arm_https_port=", s.base_port + kControlplaneHttpsOffset),
      absl::StrCat("--tls_cert=", files.certificate), absl::StrCat("--tls_key=", files.key)};
  // The path only: arguments and environment can be read by others.
  if (!s.open) arguments.push_back(absl::StrCat("--token_file=", TokenFile(places.dir)));
  return arguments;
}

std::vector<std::string> DnsresolverArguments(const Settings& s) {
  std::vector<std::string> listeners = {LocalAddress(s, kDnsOffset)};
  listeners.insert(listeners.end(), s.dns_listen.begin(), s.dns_listen.end());
  return {absl::StrCat("--dns_listen=", absl::StrJoin(listeners, ",")),
          absl::StrCat("--grpc_port=", s.base_port + kDnsGrpcOffset),
          absl::StrCat("--admin_port=", s.base_port + kDnsAdminOffset),
          absl::StrCat("--controlplane=", LocalAddress(s, kControlplaneGrpcOffset)),
          absl::StrCat("--zone=", s.zone),
          absl::StrCat("--ttl=", DurationText(s.ttl_ns)),
          absl::StrCat("--probe_interval=", DurationText(s.probe_interval_ns)),
          absl::StrCat("--probe_timeout=", DurationText(s.probe_timeout_ns)),
          absl::StrCat("--tolerated_failures=", s.tolerated_failures),
          absl::StrCat("--vantage=", kVantageRegion)};
}

std::vector<std::string> ReplicaArguments(const Launch& launch, const Settings& s, const std::string& dir) {
  std::vector<std::string> arguments = {
      absl::StrCat("--name=", launch.instance.object),
      absl::StrCat("--region=", launch.instance.region),
      absl::StrCat("--address=", launch.address),
      absl::StrCat("--http_port=", kInstanceHttpPort),
      absl::StrCat("--https_port=", kInstanceHttpsPort),
      absl::StrCat("--grpc_port=", kInstanceGrpcPort),
      absl::StrCat("--peer_port=", kInstancePeerPort),
      absl::StrCat("--admin_port=", kInstanceAdminPort),
      absl::StrCat("--controlplane=", LocalAddress(s, kControlplaneGrpcOffset)),
      absl::StrCat("--generation=", launch.generation),
      absl::StrCat("--links=", LinksFile(dir)),
      absl::StrCat("--when_full=", s.when_full),
      absl::StrCat("--joins_wait=", DurationText(s.joins_wait_ns))};
  if (launch.blackhole) arguments.push_back("--blackhole");
  return arguments;
}

std::vector<std::string> CertificateArguments(const InstanceSpec& instance, const Places& places) {
  const CertificateFiles files = CertificateFilesOf(places.dir, FileStem(ProcessKind::kInstance, instance));
  return {absl::StrCat("--tls_cert=", files.certificate), absl::StrCat("--tls_key=", files.key),
          absl::StrCat("--tls_ca=", files.authority)};
}

void Append(std::vector<std::string> more, std::vector<std::string>& arguments) {
  for (std::string& argument : more) arguments.push_back(std::move(argument));
}

}  // namespace

Command CommandFor(const Launch& launch, const Settings& settings, const Places& places) {
  Command command;
  command.program = absl::StrCat(places.program_dir, "/", kPrograms[static_cast<int>(launch.kind)]);
  switch (launch.kind) {
    case ProcessKind::kControlplane:
      command.arguments = ControlplaneArguments(settings);
      Append(DoorArguments(settings, places), command.arguments);
      break;
    case ProcessKind::kDnsresolver:
      command.arguments = DnsresolverArguments(settings);
      // Last, so that they count.
      for (const std::string& flag : settings.resolver_flags) {
        command.arguments.push_back(absl::StrCat("--", flag));
      }
      break;
    case ProcessKind::kInstance:
      command.arguments = ReplicaArguments(launch, settings, places.dir);
      Append(CertificateArguments(launch.instance, places), command.arguments);
      if (settings.peer_tls) command.arguments.push_back("--peer_tls");
      break;
  }
  const std::string stem = FileStem(launch.kind, launch.instance);
  command.arguments.push_back(absl::StrCat("--dir=", places.dir));
  command.arguments.push_back(absl::StrCat("--ready_file=", places.dir, "/run/", stem, ".json"));
  if (!places.log_level.empty()) command.arguments.push_back(absl::StrCat("--log_level=", places.log_level));
  command.log_file = absl::StrCat(places.dir, "/logs/", stem, ".log");
  return command;
}

std::vector<Identity> FindStrays(const ProcReader& proc, absl::string_view dir,
                                 const std::vector<Identity>& known) {
  std::vector<Identity> strays;
  const std::string dir_argument = absl::StrCat("--dir=", dir);
  for (const int32_t pid : proc.Pids()) {
    const std::vector<std::string> arguments = proc.Arguments(pid);
    if (arguments.empty()) continue;
    const bool ours = std::any_of(std::begin(kPrograms), std::end(kPrograms), [&](const char* program) {
      return absl::EndsWith(arguments[0], absl::StrCat("/", program));
    });
    if (!ours || std::find(arguments.begin(), arguments.end(), dir_argument) == arguments.end()) continue;
    const absl::StatusOr<ProcStat> stat = proc.Stat(pid);
    if (!stat.ok() || stat->ended) continue;
    const Identity identity{.pid = pid, .start_time = stat->start_time};
    if (std::find(known.begin(), known.end(), identity) == known.end()) strays.push_back(identity);
  }
  return strays;
}

}  // namespace nonet::supervisor
