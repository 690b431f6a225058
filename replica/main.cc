// nonet-replica: one data-plane instance, or, with --blackhole, what stands in for it while it hangs.

#include <cstdint>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/flags/declare.h"
#include "absl/flags/flag.h"
#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "absl/time/time.h"
#include "common/base/error.h"
#include "common/base/names.h"
#include "common/base/status_macros.h"
#include "common/process/daemon.h"
#include "common/process/files.h"
#include "common/process/log.h"
#include "common/regions/regions.h"
#include "common/rpc/tls.h"
#include "common/tls/authority.h"
#include "common/tls/session.h"
#include "common/watch/watch_client.h"
#include "replica/core/limits.h"
#include "replica/server/blackhole.h"
#include "replica/server/instance_server.h"
#include "replica/server/link_codec.h"

ABSL_FLAG(std::string, name, "",
          "object name: resources/contoso or resources/contoso/replicas/westus; required");
ABSL_FLAG(std::string, region, "", "Azure's programmatic region name, eastus; required");
ABSL_FLAG(std::string, address, "127.0.0.1", "address of all of its ports");
ABSL_FLAG(uint16_t, http_port, 8080, "port of WebSocket clients and REST; 0 picks a free one");
ABSL_FLAG(uint16_t, https_port, 8443, "port of the same over TLS, with --tls_cert; 0 picks a free one");
ABSL_FLAG(uint16_t, grpc_port, 8081, "port of inspection and faults; 0 picks a free one");
ABSL_FLAG(uint16_t, peer_port, 8083, "port of the peer streams; 0 picks a free one");
ABSL_FLAG(std::string, controlplane, "127.0.0.1:7800", "ip:port of the control plane");
ABSL_FLAG(uint64_t, generation, 0, "the object's restart_generation that this start fulfils");
ABSL_FLAG(
    std::string, links, "",
    "file with the links to begin with (a serialised nonet.fault.v1.LinkPlan); later plans come by gRPC");
ABSL_FLAG(std::string, tls_cert, "", "certificate of this instance, PEM; with --tls_key and --tls_ca");
ABSL_FLAG(std::string, tls_key, "", "its key, PEM");
ABSL_FLAG(std::string, tls_ca, "", "the cluster's authority, PEM");
ABSL_FLAG(bool, peer_tls, false,
          "mutual TLS on the gRPC port: whoever calls it shows a certificate of the authority's");
ABSL_FLAG(std::string, when_full, "drop-oldest",
          "when the log of a peer is full: drop-oldest, or refuse the publisher");
ABSL_FLAG(absl::Duration, joins_wait, absl::Nanoseconds(nonet::replica::kInterestWaitNs),
          "how long acks of joins and connects wait until live peers heed them; 0: they do not");
ABSL_FLAG(bool, blackhole, false, "accept connections on all ports and never answer");

ABSL_DECLARE_FLAG(uint16_t, admin_port);  // common/process/daemon.cc

namespace nonet::replica {
namespace {

// The address in a region's loopback prefix that its instances dial peers from.
constexpr int kPeerSourceHost = 8;
constexpr size_t kPemFileBytesMax = 64 * 1024;

absl::Status BadFlag(absl::string_view message, absl::string_view next_step) {
  return MakeError(absl::StatusCode::kInvalidArgument, "BAD_FLAG", message,
                   {.next_step = std::string(next_step)});
}

struct Flags {
  std::string name = absl::GetFlag(FLAGS_name);
  std::string region = absl::GetFlag(FLAGS_region);
  std::string address = absl::GetFlag(FLAGS_address);
  uint16_t http_port = absl::GetFlag(FLAGS_http_port);
  uint16_t https_port = absl::GetFlag(FLAGS_https_port);
  uint16_t grpc_port = absl::GetFlag(FLAGS_grpc_port);
  uint16_t peer_port = absl::GetFlag(FLAGS_peer_port);
  std::string tls_cert = absl::GetFlag(FLAGS_tls_cert);
  std::string tls_key = absl::GetFlag(FLAGS_tls_key);
  std::string tls_ca = absl::GetFlag(FLAGS_tls_ca);
  bool peer_tls = absl::GetFlag(FLAGS_peer_tls);
  std::string when_full = absl::GetFlag(FLAGS_when_full);
  absl::Duration joins_wait = absl::GetFlag(FLAGS_joins_wait);

  absl::Status Check() const {
    const auto parsed = ParseName(name);
    if (!parsed || parsed->kind == ParsedName::Kind::kKeys) {
      return BadFlag(absl::StrCat("--name '", name, "' is no resource or replica"),
                     "--name resources/contoso/replicas/westus");
    }
    const bool all = !tls_cert.empty() && !tls_key.empty() && !tls_ca.empty();
    if (!all && !(tls_cert.empty() && tls_key.empty() && tls_ca.empty())) {
      return BadFlag("--tls_cert, --tls_key and --tls_ca belong together", "give all three or none");
    }
    if (peer_tls && !all) {
      return BadFlag("--peer_tls without a certificate", "--tls_cert, --tls_key and --tls_ca with it");
    }
    if (when_full != "drop-oldest" && when_full != "refuse") {
      return BadFlag(absl::StrCat("--when_full '", when_full, "' is unknown"),
                     "--when_full drop-oldest or --when_full refuse");
    }
    if (joins_wait < absl::ZeroDuration() || joins_wait > absl::Nanoseconds(kInterestWaitNs)) {
      return BadFlag(absl::StrCat("--joins_wait ", absl::FormatDuration(joins_wait), " is not 0 to ",
                                  absl::FormatDuration(absl::Nanoseconds(kInterestWaitNs))),
                     "--joins_wait 500ms");
    }
    if (FindRegion(region) == nullptr) {
      return BadFlag(absl::StrCat("--region '", region, "' is unknown"),
                     absl::StrCat("--region ", NearestRegionName(region)));
    }
    return absl::OkStatus();
  }
};

absl::Status StartBlackhole(Daemon& daemon, const Flags& flags) {
  auto hole = std::make_shared<Blackhole>(daemon.loop());
  uint16_t http = 0, grpc = 0, peer = 0;
  RETURN_IF_ERROR(hole->Hold(flags.address, flags.http_port, &http));
  if (!flags.tls_cert.empty()) RETURN_IF_ERROR(hole->Hold(flags.address, flags.https_port));
  RETURN_IF_ERROR(hole->Hold(flags.address, flags.grpc_port, &grpc));
  RETURN_IF_ERROR(hole->Hold(flags.address, flags.peer_port, &peer));
  daemon.OnStop([hole]() mutable { hole.reset(); });
  daemon.Ready({{"http", absl::StrCat(flags.address, ":", http)},
                {"grpc", absl::StrCat(flags.address, ":", grpc)},
                {"peer", absl::StrCat(flags.address, ":", peer)}});
  return absl::OkStatus();
}

// What clients are shown. FAILED_PRECONDITION when the files are not this instance's, of this cluster's
// authority.
absl::StatusOr<std::shared_ptr<const tls::Context>> ReadCertificateOf(const Flags& flags) {
  tls::KeyPair pair;
  ASSIGN_OR_RETURN(pair.certificate_pem, ReadFile(flags.tls_cert, kPemFileBytesMax));
  ASSIGN_OR_RETURN(pair.key_pem, ReadFile(flags.tls_key, kPemFileBytesMax));
  ASSIGN_OR_RETURN(const std::string authority_pem, ReadFile(flags.tls_ca, kPemFileBytesMax));
  RETURN_IF_ERROR(tls::CheckIssued(pair.certificate_pem, authority_pem, tls::ObjectUri(flags.name)));
  return tls::Context::Server(pair);
}

// What lives as long as the daemon's loop turns.
struct Running {
  std::unique_ptr<InstanceServer> server;
  std::unique_ptr<WatchClient> watch;
};

watch::v1::Facts FactsOf(const InstanceServer& server, const Flags& flags) {
  watch::v1::Facts facts;
  auto* instance = facts.mutable_instance();
  instance->mutable_endpoint()->set_host(flags.address);
  instance->mutable_endpoint()->set_http_port(server.http_port());
  instance->mutable_endpoint()->set_https_port(server.https_port());
  instance->mutable_endpoint()->set_grpc_port(server.grpc_port());
  instance->mutable_endpoint()->set_peer_port(server.peer_port());
  instance->mutable_endpoint()->set_admin_port(absl::GetFlag(FLAGS_admin_port));
  instance->set_serving(server.serving());
  instance->set_connections(server.connections());
  instance->set_generation(absl::GetFlag(FLAGS_generation));
  return facts;
}

absl::Status StartInstance(Daemon& daemon, const Flags& flags) {
  const auto parsed = ParseName(flags.name);
  const std::string directory =
      absl::StrCat(daemon.dir(), "/instances/", parsed->resource_id, "/", InstanceId(flags.name));
  RETURN_IF_ERROR(MakeDirectories(directory));

  auto running = std::make_shared<Running>();
  InstanceServer::Options options;
  options.instance = flags.name;
  options.epoch = daemon.epoch();
  options.address = flags.address;
  options.http_port = flags.http_port;
  options.https_port = flags.https_port;
  options.grpc_port = flags.grpc_port;
  options.peer_port = flags.peer_port;
  options.region = flags.region;
  options.refuse_when_full = flags.when_full == "refuse";
  options.joins_wait_ns = absl::ToInt64Nanoseconds(flags.joins_wait);
  if (const std::string file = absl::GetFlag(FLAGS_links); !file.empty()) {
    // Whatever it says must hold from the first packet: without it, a cut instance would start connected.
    ASSIGN_OR_RETURN(const std::string bytes, ReadFile(file));
    ASSIGN_OR_RETURN(options.links, LinkPlanFromBytes(bytes));
  }
  if (!flags.tls_cert.empty()) {
    ASSIGN_OR_RETURN(options.tls, ReadCertificateOf(flags));
  }
  if (flags.peer_tls) {
    ASSIGN_OR_RETURN(options.peer_tls, rpc::ReadTlsIdentity(flags.tls_cert, flags.tls_key, flags.tls_ca));
    if (!options.peer_tls->holder.Is(rpc::UriOf(flags.name))) {
      return BadFlag(absl::StrCat(flags.tls_cert, " is not the certificate of ", flags.name),
                     "--tls_cert with this instance's own certificate");
    }
  }
  options.peer_local_address = LoopbackAddress(*FindRegion(flags.region), kPeerSourceHost);
  options.on_facts = [weak = std::weak_ptr<Running>(running), flags] {
    const auto self = weak.lock();
    if (self != nullptr && self->watch != nullptr) self->watch->SetFacts(FactsOf(*self->server, flags));
  };
  running->server = std::make_unique<InstanceServer>(daemon.loop(), daemon.metrics(), std::move(options));
  RETURN_IF_ERROR(running->server->Listen());

  WatchClient::Options watch;
  watch.target = absl::GetFlag(FLAGS_controlplane);
  watch.role = watch::v1::ROLE_INSTANCE;
  watch.subscriber = flags.name;
  watch.epoch = daemon.epoch();
  watch.state_file = directory + "/state.pb";
  InstanceServer* server = running->server.get();
  running->watch = std::make_unique<WatchClient>(
      daemon.loop(), watch, ValidateObject,
      [server, flags](const WatchClient::Objects& objects, const WatchClient::Delta& delta,
                      std::function<void()> applied) {
        log::Info("configuration",
                  {{"revision", delta.revision}, {"from", delta.from_disk ? "disk" : "stream"}});
        server->ApplyConfig(BuildConfig(objects, flags.name));
        applied();
      });
  running->watch->SetFacts(FactsOf(*server, flags));

  daemon.AddReadinessCheck("serving", [server] { return server->serving(); });
  daemon.OnStopAsync([running](absl::AnyInvocable<void()> done) {
    running->watch.reset();
    running->server->Stop([running, done = std::move(done)]() mutable { done(); });
  });
  running->watch->Start();
  std::vector<std::pair<std::string, std::string>> addresses = {
      {"http", absl::StrCat(flags.address, ":", server->http_port())},
      {"grpc", absl::StrCat(flags.address, ":", server->grpc_port())},
      {"peer", absl::StrCat(flags.address, ":", server->peer_port())}};
  if (server->https_port() != 0) {
    addresses.emplace_back("https", absl::StrCat(flags.address, ":", server->https_port()));
  }
  daemon.Ready(std::move(addresses));
  return absl::OkStatus();
}

}  // namespace
}  // namespace nonet::replica

int main(int argc, char** argv) {
  nonet::Daemon daemon(
      argc, argv,
      {.name = "nonet-replica",
       .summary = "One data-plane instance of a Web PubSub resource: WebSocket clients, REST "
                  "sends, message syncing with the other instances."});
  const nonet::replica::Flags flags;
  daemon.SetAdminAddress(flags.address);
  return daemon.Run([&](nonet::Daemon& d) -> absl::Status {
    RETURN_IF_ERROR(flags.Check());
    return absl::GetFlag(FLAGS_blackhole) ? StartBlackhole(d, flags) : StartInstance(d, flags);
  });
}
