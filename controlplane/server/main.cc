// nonet-controlplane: what should exist, kept and told.
#include <sys/stat.h>

#include <memory>
#include <string>

#include "absl/flags/flag.h"
#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/time/time.h"
#include "common/base/status_macros.h"
#include "common/process/daemon.h"
#include "common/process/files.h"
#include "controlplane/server/control_plane_server.h"
#include "controlplane/store/rocksdb_store.h"

ABSL_FLAG(uint16_t, grpc_port, 7800, "gRPC port on 127.0.0.1; 0 picks a free one");
ABSL_FLAG(std::string, zone, "webpubsub.azure.com", "DNS zone of the resources, without a trailing dot");
ABSL_FLAG(absl::Duration, provisioning_timeout, absl::Seconds(30),
          "how long a new or restarted instance may take to report in before it is Failed");

namespace {

using nonet::controlplane::ControlPlaneServer;
using nonet::controlplane::RocksDbStore;

bool IsZone(absl::string_view zone) {
  for (const char c : zone) {
    if (!absl::ascii_islower(c) && !absl::ascii_isdigit(c) && c != '-' && c != '.') return false;
  }
  return !zone.empty() && zone.size() <= 180 && !absl::StartsWith(zone, ".") && !absl::EndsWith(zone, ".") &&
         !absl::StrContains(zone, "..");
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
  std::unique_ptr<RocksDbStore> store;
  std::unique_ptr<ControlPlaneServer> server;
  return daemon.Run([&](nonet::Daemon& d) -> absl::Status {
    const std::string directory = d.dir() + "/controlplane";
    RETURN_IF_ERROR(nonet::MakeDirectories(directory));
    ASSIGN_OR_RETURN(store, RocksDbStore::Open(directory + "/db"));
    ControlPlaneServer::Options options;
    options.port = absl::GetFlag(FLAGS_grpc_port);
    options.engine.resources.zone = zone;
    options.engine.resources.provisioning_timeout_ns = absl::ToInt64Nanoseconds(timeout);
    ASSIGN_OR_RETURN(server, ControlPlaneServer::Start(d.loop(), *store, d.metrics(), options,
                                                       [&d](absl::Status why) { d.Fail(std::move(why)); }));
    d.OnStopAsync([&](auto done) { server->Stop(std::move(done)); });
    d.Ready({{"grpc", server->address()}});
    return absl::OkStatus();
  });
}
