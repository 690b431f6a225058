// nonet-dnsresolver: authoritative DNS that steers every client to its nearest healthy replica.

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/flags/flag.h"
#include "absl/strings/str_cat.h"
#include "absl/time/time.h"
#include "common/base/status_macros.h"
#include "common/process/daemon.h"
#include "common/process/files.h"
#include "common/process/log.h"
#include "common/real/entropy.h"
#include "common/rpc/server.h"
#include "common/watch/watch_client.h"
#include "dnsresolver/server/dns_listeners.h"
#include "dnsresolver/server/options.h"
#include "dnsresolver/server/resolver.h"
#include "dnsresolver/server/steering_service.h"

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

// Everything of one process, in the order of construction.
struct Process {
  EventFeed feed;
  StatusBoard board;
  std::unique_ptr<Resolver> resolver;
  std::unique_ptr<DnsListeners> listeners;
  std::unique_ptr<SteeringService> service;
  std::unique_ptr<rpc::Server> server;
  std::unique_ptr<WatchClient> watch;
};

void StartWatching(Daemon& daemon, Process& process, const std::string& directory) {
  WatchClient::Options options;
  options.target = absl::GetFlag(FLAGS_controlplane);
  options.role = watch::v1::ROLE_DNSRESOLVER;
  options.subscriber = "dnsresolver";
  options.epoch = daemon.epoch();
  options.state_file = directory + "/state.pb";
  Process* const p = &process;
  process.watch = std::make_unique<WatchClient>(
      daemon.loop(), std::move(options),
      [p](const watch::v1::Event& event) {
        const auto held = p->watch->objects().find(event.name());
        return p->resolver->Validate(event, held == p->watch->objects().end() ? nullptr : &held->second);
      },
      [p](const WatchClient::Objects& objects, const WatchClient::Delta& delta,
          std::function<void()> applied) { p->resolver->Apply(objects, delta, applied); });
  process.resolver->SetOnFacts([p](watch::v1::Facts facts) { p->watch->SetFacts(std::move(facts)); });
  process.watch->Start();
}

void StopCleanly(Daemon& daemon, Process& process) {
  Process* const p = &process;
  daemon.OnStop([p] {
    p->resolver->SetOnFacts(nullptr);
    p->watch.reset();
    p->listeners.reset();
    p->resolver.reset();
  });
  // Runs first: watchers end, then the server takes no more calls.
  daemon.OnStop([p] {
    p->feed.Close();
    p->server.reset();
    p->service.reset();
  });
}

absl::Status Start(Daemon& daemon, const CheckedSettings& settings, Process& process) {
  const std::string directory = daemon.dir() + "/dnsresolver";
  RETURN_IF_ERROR(MakeDirectories(directory));
  ResolverOptions options;
  options.answers = settings.answers;
  options.monitor = settings.monitor;
  options.probe_from = settings.probe_from;
  options.verdict_file = directory + "/verdicts.pb";
  options.seed = RandomSeed();
  process.resolver = std::make_unique<Resolver>(daemon.loop(), std::move(options), daemon.metrics(),
                                                process.feed, process.board);
  ASSIGN_OR_RETURN(process.listeners, DnsListeners::Start(daemon.loop(), settings.listen,
                                                          process.resolver->publisher(), daemon.metrics()));
  process.service = std::make_unique<SteeringService>(process.board, process.feed, settings.monitor);
  ASSIGN_OR_RETURN(process.server,
                   rpc::Server::Start({.port = absl::GetFlag(FLAGS_grpc_port)}, {process.service->grpc()}));
  StartWatching(daemon, process, directory);
  StopCleanly(daemon, process);
  Process* const p = &process;
  daemon.AddReadinessCheck("configuration", [p] { return p->resolver && p->resolver->configured(); });
  process.server->SetServing(true);
  daemon.Ready(
      {{"dns", process.listeners->addresses().front().ToText()}, {"grpc", process.server->address()}});
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
  nonet::dns::Process process;
  return daemon.Run([&](nonet::Daemon& d) { return nonet::dns::Start(d, *settings, process); });
}
