// nonet-controlplane: what should exist, kept and told.
#include <sys/stat.h>

#include <cstdio>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/flags/flag.h"
#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/time/time.h"
#include "common/base/bearer.h"
#include "common/base/error.h"
#include "common/base/status_macros.h"
#include "common/process/daemon.h"
#include "common/process/files.h"
#include "common/rpc/lone_poller.h"
#include "common/tls/session.h"
#include "controlplane/server/control_plane_server.h"
#include "controlplane/store/restore.h"
#include "controlplane/store/rocksdb_store.h"

ABSL_FLAG(uint16_t, grpc_port, 7800, "gRPC port on 127.0.0.1; 0 picks a free one");
ABSL_FLAG(int, arm_http_port, -1,
          "HTTP port of Azure Resource Manager REST on 127.0.0.1; 0 picks a free one, -1 for none");
ABSL_FLAG(int, arm_https_port, -1, "the same over TLS; needs --tls_cert and --tls_key");
ABSL_FLAG(std::string, tls_cert, "", "PEM file: the certificate of the doors, then its issuers");
ABSL_FLAG(std::string, tls_key, "", "PEM file: the private key of --tls_cert");
ABSL_FLAG(std::string, token_file, "",
          "file with the bearer token that changes over gRPC and all of Azure Resource Manager REST need; "
          "both are open when empty");
ABSL_FLAG(std::string, zone, "webpubsub.azure.com", "DNS zone of the resources, without a trailing dot");
ABSL_FLAG(absl::Duration, provisioning_timeout, absl::Seconds(30),
          "how long a new or restarted instance may take to report in before it is Failed");

ABSL_FLAG(std::string, restore, "", "put this backup in the place of the store in DIR, then end");
ABSL_FLAG(bool, force, false, "with --restore: also over a newer store, another cluster's, a damaged one");

namespace {

using nonet::controlplane::ControlPlaneServer;
using nonet::controlplane::RocksDbStore;
using nonet::controlplane::arm::ArmServer;

bool IsZone(absl::string_view zone) {
  for (const char c : zone) {
    if (!absl::ascii_islower(c) && !absl::ascii_isdigit(c) && c != '-' && c != '.') return false;
  }
  return !zone.empty() && zone.size() <= 180 && !absl::StartsWith(zone, ".") && !absl::EndsWith(zone, ".") &&
         !absl::StrContains(zone, "..");
}

// `nonet restore` runs this program so, while none serves.
int Restore(const nonet::Daemon& daemon) {
  const std::string directory = daemon.dir() + "/controlplane";
  absl::Status status = nonet::MakeDirectories(directory);
  if (status.ok()) {
    const auto manifest = nonet::controlplane::RestoreStore(directory + "/db", absl::GetFlag(FLAGS_restore),
                                                            absl::GetFlag(FLAGS_force));
    if (manifest.ok()) {
      std::printf("restored revision=%lu cluster=%s\n", manifest->revision(), manifest->cluster().c_str());
      return 0;
    }
    status = manifest.status();
  }
  std::fprintf(stderr, "%s\n", nonet::FormatError(status).c_str());
  return 64 + static_cast<int>(status.code());  // The nonet command ends so for a server's error.
}

std::optional<uint16_t> PortOf(const nonet::Daemon& daemon, absl::string_view flag, int value) {
  if (value == -1) return std::nullopt;
  if (value < 0 || value > 65'535) daemon.BadFlag(absl::StrCat("--", flag, " must be a port, 0 or -1"));
  return static_cast<uint16_t>(value);
}

// What the flags say of Azure Resource Manager REST; reads the files they name.
absl::StatusOr<ArmServer::Options> ArmOptions(ArmServer::Options options) {
  if (options.https_port) {
    nonet::tls::KeyPair pair;
    ASSIGN_OR_RETURN(pair.certificate_pem, nonet::ReadFile(absl::GetFlag(FLAGS_tls_cert)));
    ASSIGN_OR_RETURN(pair.key_pem, nonet::ReadFile(absl::GetFlag(FLAGS_tls_key)));
    ASSIGN_OR_RETURN(options.tls, nonet::tls::Context::Server(pair));
  }
  const std::string token_file = absl::GetFlag(FLAGS_token_file);
  if (!token_file.empty()) {
    ASSIGN_OR_RETURN(const std::string content, nonet::ReadFile(token_file));
    ASSIGN_OR_RETURN(options.token, nonet::ParseTokenFile(content, token_file));
  }
  return options;
}

}  // namespace

int main(int argc, char** argv) {
  umask(0077);  // The store holds keys.
  nonet::Daemon daemon(argc, argv,
                       {.name = "nonet-controlplane",
                        .summary = "Keeps what should exist in RocksDB and streams it to its subscribers."});
  const std::string zone = absl::GetFlag(FLAGS_zone);
  if (!IsZone(zone)) daemon.BadFlag(absl::StrCat("--zone '", zone, "' is not a lower-case DNS name"));
  const absl::Duration timeout = absl::GetFlag(FLAGS_provisioning_timeout);
  if (timeout <= absl::ZeroDuration() || timeout > absl::Hours(1)) {
    daemon.BadFlag("--provisioning_timeout must be above 0 and at most 1h");
  }
  ArmServer::Options arm;
  arm.http_port = PortOf(daemon, "arm_http_port", absl::GetFlag(FLAGS_arm_http_port));
  arm.https_port = PortOf(daemon, "arm_https_port", absl::GetFlag(FLAGS_arm_https_port));
  if (arm.https_port && (absl::GetFlag(FLAGS_tls_cert).empty() || absl::GetFlag(FLAGS_tls_key).empty())) {
    daemon.BadFlag("--arm_https_port needs --tls_cert and --tls_key");
  }
  if (!absl::GetFlag(FLAGS_restore).empty()) return Restore(daemon);
  std::unique_ptr<RocksDbStore> store;
  std::unique_ptr<ControlPlaneServer> server;
  return daemon.Run([&](nonet::Daemon& d) -> absl::Status {
    const std::string directory = d.dir() + "/controlplane";
    RETURN_IF_ERROR(nonet::MakeDirectories(directory));
    ASSIGN_OR_RETURN(store, RocksDbStore::Open(directory + "/db"));
    ControlPlaneServer::Options options;
    options.port = absl::GetFlag(FLAGS_grpc_port);
    options.backup_directory = directory + "/backup";
    options.engine.resources.zone = zone;
    options.engine.resources.provisioning_timeout_ns = absl::ToInt64Nanoseconds(timeout);
    ASSIGN_OR_RETURN(options.arm, ArmOptions(arm));
    options.token = options.arm.token;
    ASSIGN_OR_RETURN(server, ControlPlaneServer::Start(d.loop(), *store, d.metrics(), options,
                                                       [&d](absl::Status why) { d.Fail(std::move(why)); }));
    d.OnStop([poller = std::make_unique<nonet::rpc::LonePoller>()]() mutable { poller.reset(); });
    d.OnStopAsync([&](auto done) { server->Stop(std::move(done)); });
    std::vector<std::pair<std::string, std::string>> addresses = {{"grpc", server->address()}};
    if (arm.http_port) addresses.emplace_back("http", server->arm_http_address());
    if (arm.https_port) addresses.emplace_back("https", server->arm_https_address());
    d.Ready(std::move(addresses));
    return absl::OkStatus();
  });
}
