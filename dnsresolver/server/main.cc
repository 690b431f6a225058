// nonet-dnsresolver: authoritative DNS that steers every client to its nearest healthy replica.

#include <memory>
#include <string>
#include <utility>

#include "absl/flags/flag.h"
#include "absl/time/time.h"
#include "common/base/status_macros.h"
#include "common/process/daemon.h"
#include "common/process/files.h"
#include "common/real/entropy.h"
#include "common/rpc/lone_poller.h"
#include "dnsresolver/server/app.h"
#include "dnsresolver/server/options.h"

ABSL_FLAG(std::string, dns_listen, "127.0.0.1:7853",
          "ip:port[,ip:port...], loopback only; UDP and TCP on each; port 0 picks a free one");
ABSL_FLAG(uint16_t, grpc_port, 7854, "port of the steering service on 127.0.0.1; 0 picks a free one");
ABSL_FLAG(std::string, controlplane, "127.0.0.1:7800", "ip:port of the control plane's gRPC");
ABSL_FLAG(std::string, zone, "webpubsub.azure.com", "the DNS zone answered for");
ABSL_FLAG(absl::Duration, ttl, absl::Seconds(90), "TTL of a resource's CNAME, whole seconds, 0s or more");
ABSL_FLAG(absl::Duration, probe_interval, absl::Seconds(30), "from one health probe's start to the next");
ABSL_FLAG(absl::Duration, probe_timeout, absl::Seconds(10), "after which an unanswered probe has failed");
ABSL_FLAG(int, tolerated_failures, 3, "consecutive failed probes that do not make Degraded yet, 0 to 9");
ABSL_FLAG(std::string, vantage, "centralus",
          "the regions that probes come from, separated by commas; more than half of them make Degraded");
ABSL_FLAG(std::string, probe_protocol, "http", "http, https (any certificate will do) or tcp");
ABSL_FLAG(std::string, probe_path, "/api/health", "what HTTP(S) probes ask for");
ABSL_FLAG(int, probe_port, 0, "where probes go; 0: the instance's own port, by protocol");
ABSL_FLAG(std::string, probe_status, "200",
          "the status codes that are a success, at most 8 codes or ranges: 200-299,301");
ABSL_FLAG(std::string, probe_headers, "",
          "sent with every HTTP(S) probe, at most 8: 'name: value,name: value'; host replaces the host name");
ABSL_FLAG(int, probe_samples, 0,
          "count as Front Door does: healthy by the last so many probes; 0: by failures in a row");
ABSL_FLAG(int, probe_good_samples, 0, "how many of the last --probe_samples have to be good");
ABSL_FLAG(std::string, client_prefixes, "", "a file of lines prefix,region: where clients are");
ABSL_FLAG(std::string, client_mmdb, "",
          "a MaxMind City database: clients count as in the Azure region nearest to their coordinates");
ABSL_FLAG(std::string, inactive_answer, "nodata",
          "nodata or nxdomain: when every endpoint of a profile is disabled or stopped");
ABSL_FLAG(std::string, subnet_none_answer, "nodata",
          "nodata or nxdomain: subnet routing, when no subnet holds the client and there is no fallback");
ABSL_FLAG(std::string, subnet_unhealthy_answer, "nxdomain",
          "nodata or nxdomain: subnet routing, when the subnet's endpoint is not healthy");
ABSL_FLAG(
    std::string, chain, "direct",
    "what a resource's name leads to: direct, or trafficmanager (through an alias, <resource>.tm.<zone>)");
ABSL_FLAG(std::string, nsid, "",
          "the server's identity for NSID and id.server; empty: program and vantage; none: not given out");
ABSL_FLAG(bool, chaos, true, "answer version.bind and id.server of class CHAOS");
ABSL_FLAG(bool, ede, false,
          "say why in extended DNS errors and in TXT explain.<name>; costs time and memory a query");
ABSL_FLAG(bool, cookies, true, "answer DNS cookies; the secrets are kept in the directory");
ABSL_FLAG(int, udp_threads, 1, "threads that answer UDP, for each address listened on");
ABSL_FLAG(int, rrl, 20, "UDP answers a second of one kind to one /24 or /56; 0: no limit");
ABSL_FLAG(int, rrl_slip, 2, "over that limit, every so many goes out truncated; 0: none does");
ABSL_FLAG(std::string, rrl_exempt, "127.0.0.0/8,::1", "prefixes that the limit does not apply to");
ABSL_FLAG(absl::Duration, tcp_idle, absl::Seconds(20), "after which a silent TCP connection is closed");
ABSL_FLAG(bool, check_flags, false, "only check the flags: end with 0, or with 2 and what is wrong");

namespace nonet::dns {
namespace {

Settings ReadFlags() {
  return {.dns_listen = absl::GetFlag(FLAGS_dns_listen),
          .zone = absl::GetFlag(FLAGS_zone),
          .ttl = absl::GetFlag(FLAGS_ttl),
          .probe_interval = absl::GetFlag(FLAGS_probe_interval),
          .probe_timeout = absl::GetFlag(FLAGS_probe_timeout),
          .tolerated_failures = absl::GetFlag(FLAGS_tolerated_failures),
          .vantage = absl::GetFlag(FLAGS_vantage),
          .probes = {.protocol = absl::GetFlag(FLAGS_probe_protocol),
                     .path = absl::GetFlag(FLAGS_probe_path),
                     .port = absl::GetFlag(FLAGS_probe_port),
                     .status = absl::GetFlag(FLAGS_probe_status),
                     .headers = absl::GetFlag(FLAGS_probe_headers),
                     .samples = absl::GetFlag(FLAGS_probe_samples),
                     .good_samples = absl::GetFlag(FLAGS_probe_good_samples)},
          .clients = {.csv = absl::GetFlag(FLAGS_client_prefixes), .mmdb = absl::GetFlag(FLAGS_client_mmdb)},
          .inactive_answer = absl::GetFlag(FLAGS_inactive_answer),
          .subnet_none_answer = absl::GetFlag(FLAGS_subnet_none_answer),
          .subnet_unhealthy_answer = absl::GetFlag(FLAGS_subnet_unhealthy_answer),
          .chain = absl::GetFlag(FLAGS_chain),
          .nsid = absl::GetFlag(FLAGS_nsid),
          .chaos = absl::GetFlag(FLAGS_chaos),
          .ede = absl::GetFlag(FLAGS_ede),
          .cookies = absl::GetFlag(FLAGS_cookies),
          .udp_threads = absl::GetFlag(FLAGS_udp_threads),
          .rrl = absl::GetFlag(FLAGS_rrl),
          .rrl_slip = absl::GetFlag(FLAGS_rrl_slip),
          .rrl_exempt = absl::GetFlag(FLAGS_rrl_exempt),
          .tcp_idle = absl::GetFlag(FLAGS_tcp_idle)};
}

absl::Status Start(Daemon& daemon, CheckedSettings settings, std::unique_ptr<App>& app) {
  App::Options options;
  options.settings = std::move(settings);
  options.directory = daemon.dir() + "/dnsresolver";
  options.controlplane = absl::GetFlag(FLAGS_controlplane);
  options.grpc_port = absl::GetFlag(FLAGS_grpc_port);
  options.epoch = daemon.epoch();
  options.seed = RandomSeed();
  RETURN_IF_ERROR(MakeDirectories(options.directory));
  ASSIGN_OR_RETURN(app, App::Start(daemon.loop(), daemon.metrics(), std::move(options)));
  daemon.AddReadinessCheck("configuration", [&app] { return app != nullptr && app->configured(); });
  daemon.OnStop([poller = std::make_unique<rpc::LonePoller>()]() mutable { poller.reset(); });
  daemon.OnStop([&app] { app.reset(); });
  daemon.OnStopAsync([&app](absl::AnyInvocable<void()> done) { app->StopCalls(std::move(done)); });  // First.
  daemon.Ready({{"dns", app->dns_addresses().front().ToText()}, {"grpc", app->grpc_address()}});
  return absl::OkStatus();
}

}  // namespace
}  // namespace nonet::dns

int main(int argc, char** argv) {
  nonet::Daemon daemon(argc, argv,
                       {.name = "nonet-dnsresolver",
                        .summary = "Authoritative DNS that steers clients to the nearest healthy replica."});
  const auto settings = nonet::dns::CheckSettings(nonet::dns::ReadFlags());
  if (!settings.ok()) daemon.BadFlag(settings.status().message());
  if (absl::GetFlag(FLAGS_check_flags)) return 0;
  std::unique_ptr<nonet::dns::App> app;
  return daemon.Run([&](nonet::Daemon& d) { return nonet::dns::Start(d, *settings, app); });
}
