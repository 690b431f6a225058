// nonet-supervisor: what really runs on this machine.
#include <signal.h>
#include <unistd.h>

#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/flags/declare.h"
#include "absl/flags/flag.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_split.h"
#include "absl/time/time.h"
#include "common/base/status_macros.h"
#include "common/process/daemon.h"
#include "common/process/files.h"
#include "common/rpc/server.h"
#include "common/rpc/tls.h"
#include "tools/supervisor/core/errors.h"
#include "tools/supervisor/core/limits.h"
#include "tools/supervisor/core/settings.h"
#include "tools/supervisor/server/certificates.h"
#include "tools/supervisor/server/check_flags.h"
#include "tools/supervisor/server/commands.h"
#include "tools/supervisor/server/directory_lock.h"
#include "tools/supervisor/server/launcher.h"
#include "tools/supervisor/server/link_pusher.h"
#include "tools/supervisor/server/proc.h"
#include "tools/supervisor/server/services.h"
#include "tools/supervisor/server/state_file.h"
#include "tools/supervisor/server/supervisor.h"
#include "tools/supervisor/server/token_file.h"

// Fixed at the first start in --dir; later, repeat or leave out.
ABSL_FLAG(std::optional<std::string>, cluster, std::nullopt, "name of the cluster (contoso)");
ABSL_FLAG(std::optional<std::string>, net, std::nullopt, "first two bytes of instance addresses (127.80)");
ABSL_FLAG(std::optional<std::string>, zone, std::nullopt, "DNS zone (webpubsub.azure.com)");
ABSL_FLAG(std::optional<int>, base_port, std::nullopt,
          "first port of the control plane, resolver and supervisor (7800)");
ABSL_FLAG(std::optional<absl::Duration>, ttl, std::nullopt, "TTL of DNS answers (90s)");
ABSL_FLAG(std::optional<absl::Duration>, probe_interval, std::nullopt, "time between health probes (30s)");
ABSL_FLAG(std::optional<absl::Duration>, probe_timeout, std::nullopt, "timeout of a health probe (10s)");
ABSL_FLAG(std::optional<int>, tolerated_failures, std::nullopt,
          "failed probes in a row that change nothing (3)");
ABSL_FLAG(std::optional<std::vector<std::string>>, dns_listen, std::nullopt,
          "further addresses of the resolver, separated by commas (127.80.0.53:53)");
ABSL_FLAG(std::optional<std::string>, wan, std::nullopt,
          "delays between regions: off, or measured, as Azure's are (off)");

ABSL_FLAG(std::optional<bool>, open, std::nullopt, "changes need no bearer token (false)");
ABSL_FLAG(std::optional<bool>, peer_tls, std::nullopt, "mutual TLS between instances (false)");
ABSL_FLAG(std::optional<std::string>, when_full, std::nullopt,
          "when an instance's log for a peer is full: drop-oldest, or refuse the publisher (drop-oldest)");
ABSL_FLAG(std::optional<absl::Duration>, joins_wait, std::nullopt,
          "how long acks of joins and connects wait until live peers heed them; 0: they do not (2s)");
ABSL_FLAG(std::optional<std::string>, resolver_flags, std::nullopt,
          "further flags of nonet-dnsresolver, one a line, without dashes; empty: none");

ABSL_DECLARE_FLAG(uint16_t, admin_port);
ABSL_DECLARE_FLAG(std::string, ready_file);
ABSL_DECLARE_FLAG(std::string, log_level);

namespace nonet::supervisor {
namespace {

std::optional<int64_t> Nanos(const std::optional<absl::Duration>& duration) {
  if (!duration.has_value()) return std::nullopt;
  return absl::ToInt64Nanoseconds(*duration);
}

// A value may hold commas, so they cannot part the flags.
std::optional<std::vector<std::string>> Lines(const std::optional<std::string>& text) {
  if (!text.has_value()) return std::nullopt;
  return std::vector<std::string>(absl::StrSplit(*text, '\n', absl::SkipEmpty()));
}

GivenSettings SettingsFromFlags() {
  return {.cluster = absl::GetFlag(FLAGS_cluster),
          .net = absl::GetFlag(FLAGS_net),
          .zone = absl::GetFlag(FLAGS_zone),
          .base_port = absl::GetFlag(FLAGS_base_port),
          .ttl_ns = Nanos(absl::GetFlag(FLAGS_ttl)),
          .probe_interval_ns = Nanos(absl::GetFlag(FLAGS_probe_interval)),
          .probe_timeout_ns = Nanos(absl::GetFlag(FLAGS_probe_timeout)),
          .tolerated_failures = absl::GetFlag(FLAGS_tolerated_failures),
          .dns_listen = absl::GetFlag(FLAGS_dns_listen),
          .wan = absl::GetFlag(FLAGS_wan),
          .open = absl::GetFlag(FLAGS_open),
          .peer_tls = absl::GetFlag(FLAGS_peer_tls),
          .resolver_flags = Lines(absl::GetFlag(FLAGS_resolver_flags)),
          .when_full = absl::GetFlag(FLAGS_when_full),
          .joins_wait_ns = Nanos(absl::GetFlag(FLAGS_joins_wait))};
}

std::string SettingsFile(const std::string& dir) { return dir + "/supervisor/settings.json"; }

absl::StatusOr<std::optional<Settings>> KeptSettings(const std::string& dir) {
  const absl::StatusOr<std::string> text = ReadFile(SettingsFile(dir));
  if (absl::IsNotFound(text.status())) return std::optional<Settings>();
  RETURN_IF_ERROR(text.status());
  ASSIGN_OR_RETURN(Settings settings, DecodeSettings(*text, SettingsFile(dir)));
  return std::optional<Settings>(std::move(settings));
}

struct Process {
  RealProcReader proc;
  std::unique_ptr<DirectoryLock> lock;
  std::unique_ptr<Launcher> launcher;
  std::unique_ptr<LinkPusher> links;
  std::unique_ptr<Supervisor> supervisor;
  std::unique_ptr<Services> services;
  std::unique_ptr<rpc::Server> server;
};

absl::StatusOr<std::string> ProgramDirectory() {
  std::error_code error;
  const std::filesystem::path self = std::filesystem::read_symlink("/proc/self/exe", error);
  if (error) return absl::InternalError(absl::StrCat("/proc/self/exe: ", error.message()));
  return self.parent_path().string();
}

// What is wrong with them only the resolver knows, and nobody would see it in its log.
absl::Status CheckResolverFlags(const std::string& dir, const Settings& settings) {
  if (settings.resolver_flags.empty()) return absl::OkStatus();
  ASSIGN_OR_RETURN(const std::string program_dir, ProgramDirectory());
  const Command command = CommandFor({.key = kDnsresolverKey, .kind = ProcessKind::kDnsresolver}, settings,
                                     {.dir = dir, .program_dir = program_dir, .log_level = ""});
  const absl::Status status = CheckFlags(command.program, command.arguments);
  if (!absl::IsInvalidArgument(status)) return status;
  return BadSetting("resolver-flag", absl::StrJoin(settings.resolver_flags, ","), status.message());
}

// What the supervisor shows to instances that want a certificate; nullptr when they do not.
absl::StatusOr<std::shared_ptr<const rpc::TlsIdentity>> Identification(Daemon& daemon,
                                                                       const Settings& settings) {
  if (!settings.peer_tls) return std::shared_ptr<const rpc::TlsIdentity>();
  const int64_t now = daemon.loop().clock().WallNs();
  ASSIGN_OR_RETURN(const std::unique_ptr<Certificates> certificates,
                   Certificates::Open(daemon.dir(), settings, now));
  ASSIGN_OR_RETURN(const CertificateFiles files, certificates->ForSupervisor(now));
  return rpc::ReadTlsIdentity(files.certificate, files.key, files.authority);
}

absl::Status Start(Daemon& daemon, Process& process, const Settings& settings, bool new_directory) {
  ASSIGN_OR_RETURN(const Token token, LoadToken(daemon.dir()));
  process.launcher = MakeRealLauncher(daemon.loop(), process.proc);
  ASSIGN_OR_RETURN(const auto identity, Identification(daemon, settings));
  process.links = MakeGrpcLinkPusher(daemon.loop(), identity);
  ASSIGN_OR_RETURN(const std::string program_dir, ProgramDirectory());
  process.supervisor = std::make_unique<Supervisor>(
      daemon.loop(),
      Supervisor::Options{.places = {.dir = daemon.dir(),
                                     .program_dir = program_dir,
                                     .log_level = absl::GetFlag(FLAGS_log_level)},
                          .settings = settings,
                          .new_directory = new_directory,
                          .epoch = daemon.epoch(),
                          .links = process.links.get()},
      *process.launcher, process.proc, daemon.metrics());
  process.services = Services::Make(daemon.loop(), *process.supervisor, [] { kill(getpid(), SIGTERM); });
  // The port first: when it is taken, nothing has been started yet.
  const rpc::Server::Options options{
      .port = static_cast<uint16_t>(settings.base_port + kSupervisorGrpcOffset),
      .token = settings.open ? "" : token.text};
  ASSIGN_OR_RETURN(process.server, rpc::Server::Start(options, process.services->All()));
  RETURN_IF_ERROR(KeepToken(daemon.dir(), token));
  daemon.OnStopAsync([&process](absl::AnyInvocable<void()> done) {
    process.supervisor->Close();
    process.server->ShutdownAsync(kNanosPerSecond, std::move(done));
  });
  RETURN_IF_ERROR(process.supervisor->Start());
  daemon.Ready({{"grpc", process.server->address()}});
  return absl::OkStatus();
}

int Main(int argc, char** argv) {
  Daemon daemon(
      argc, argv,
      {.name = "nonet-supervisor",
       .summary = "Starts and stops the processes of a cluster to match its control plane, restarts crashed "
                  "ones, and injects faults. When it is stopped or killed the processes go on, and the next "
                  "supervisor in the same --dir adopts them; the Shutdown call (nonet down) ends them all."});
  Process process;
  const std::string dir = daemon.dir();
  std::optional<Settings> kept;
  const auto prepare = [&]() -> absl::StatusOr<std::pair<Settings, bool>> {
    ASSIGN_OR_RETURN(process.lock, DirectoryLock::Take(dir));
    ASSIGN_OR_RETURN(kept, KeptSettings(dir));
    ASSIGN_OR_RETURN(Settings settings, DecideSettings(kept, SettingsFromFlags(), dir));
    RETURN_IF_ERROR(CheckResolverFlags(dir, settings));
    RETURN_IF_ERROR(MakeDirectories(dir + "/run"));
    return std::pair(std::move(settings), !kept.has_value());
  };
  absl::StatusOr<std::pair<Settings, bool>> prepared = prepare();
  if (absl::IsInvalidArgument(prepared.status())) daemon.BadFlag(prepared.status().message());
  if (prepared.ok()) {
    const Settings& settings = prepared->first;
    if (absl::GetFlag(FLAGS_admin_port) == 0) {
      absl::SetFlag(&FLAGS_admin_port, static_cast<uint16_t>(settings.base_port + kSupervisorAdminOffset));
    }
    if (absl::GetFlag(FLAGS_ready_file).empty())
      absl::SetFlag(&FLAGS_ready_file, dir + "/run/supervisor.json");
  }
  return daemon.Run([&](Daemon& d) -> absl::Status {
    RETURN_IF_ERROR(prepared.status());
    const auto& [settings, new_directory] = *prepared;
    RETURN_IF_ERROR(Start(d, process, settings, new_directory));
    // Kept only once the start went well, so that a refused one leaves no trace.
    if (kept.has_value() && *kept == settings) return absl::OkStatus();
    return WriteFileAtomic(SettingsFile(dir), EncodeSettings(settings));
  });
}

}  // namespace
}  // namespace nonet::supervisor

int main(int argc, char** argv) { return nonet::supervisor::Main(argc, argv); }
