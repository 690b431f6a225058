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
ABSL_FLAG(std::string, vantage, "centralus", "the region that probes come from");

namespace nonet::dns {
namespace {

Settings ReadFlags() {
  return {.dns_listen = absl::GetFlag(FLAGS_dns_listen),
          .zone = absl::GetFlag(FLAGS_zone),
          .ttl = absl::GetFlag(FLAGS_ttl),
          .probe_interval = absl::GetFlag(FLAGS_probe_interval),
          .probe_timeout = absl::GetFlag(FLAGS_probe_timeout),
          .tolerated_failures = absl::GetFlag(FLAGS_tolerated_failures),
          .vantage = absl::GetFlag(FLAGS_vantage)};
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
  std::unique_ptr<nonet::dns::App> app;
  return daemon.Run([&](nonet::Daemon& d) { return nonet::dns::Start(d, *settings, app); });
}
