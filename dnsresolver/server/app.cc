#include "dnsresolver/server/app.h"

#include <utility>

#include "common/base/random.h"
#include "common/base/status_macros.h"
#include "common/rpc/server.h"
#include "common/watch/watch_client.h"
#include "dnsresolver/server/cookie_keeper.h"
#include "dnsresolver/server/dns_listeners.h"
#include "dnsresolver/server/resolver.h"
#include "dnsresolver/server/steering_service.h"

namespace nonet::dns {

struct App::Impl {  // In the order of construction; destroyed in reverse.
  ~Impl() {
    feed.Close();
    if (resolver) resolver->SetOnFacts(nullptr);
  }

  void Watch(EventLoop& loop, const Options& options);
  absl::Status Listen(EventLoop& loop, Metrics& metrics, const Options& options);

  EventFeed feed;
  StatusBoard board;
  CacheJournal caches;
  std::unique_ptr<Resolver> resolver;
  std::unique_ptr<CookieKeeper> cookies;
  std::unique_ptr<DnsListeners> listeners;
  std::unique_ptr<SteeringService> service;
  std::unique_ptr<rpc::Server> server;
  std::unique_ptr<WatchClient> watch;
};

void App::Impl::Watch(EventLoop& loop, const Options& options) {
  WatchClient::Options watch_options;
  watch_options.target = options.controlplane;
  watch_options.role = watch::v1::ROLE_DNSRESOLVER;
  watch_options.subscriber = "dnsresolver";
  watch_options.epoch = options.epoch;
  watch_options.state_file = options.directory + "/state.pb";
  watch = std::make_unique<WatchClient>(
      loop, std::move(watch_options),
      [this](const watch::v1::Event& event) {
        const auto held = watch->objects().find(event.name());
        return resolver->Validate(event, held == watch->objects().end() ? nullptr : &held->second);
      },
      [this](const WatchClient::Objects& objects, const WatchClient::Delta& delta,
             std::function<void()> applied) { resolver->Apply(objects, delta, std::move(applied)); });
  resolver->SetOnFacts([this](watch::v1::Facts facts) { watch->SetFacts(std::move(facts)); });
  watch->Start();
}

absl::Status App::Impl::Listen(EventLoop& loop, Metrics& metrics, const Options& options) {
  const CheckedSettings& settings = options.settings;
  if (settings.cookies) cookies = std::make_unique<CookieKeeper>(loop, options.directory + "/cookies");
  DnsListenerOptions listener_options{.udp_threads = settings.udp_threads,
                                      .cookies = cookies.get(),
                                      .rate_limit = settings.rate_limit,
                                      .tcp_idle_ns = settings.tcp_idle_ns,
                                      .caches = &caches};
  Random random(options.seed);
  for (uint8_t& byte : listener_options.rate_limit_key) byte = static_cast<uint8_t>(random.Next());
  listener_options.draw_seed = random.Next();
  ASSIGN_OR_RETURN(listeners, DnsListeners::Start(loop, settings.listen, resolver->publisher(), metrics,
                                                  std::move(listener_options)));
  return absl::OkStatus();
}

App::App(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
App::~App() = default;

absl::StatusOr<std::unique_ptr<App>> App::Start(EventLoop& loop, Metrics& metrics, Options options) {
  auto impl = std::make_unique<Impl>();
  ResolverOptions resolver_options;
  resolver_options.answers = options.settings.answers;
  resolver_options.monitor = options.settings.monitor;
  resolver_options.probes = options.settings.probes;
  ASSIGN_OR_RETURN(resolver_options.prefixes, ReadClientMap(options.settings.clients));
  resolver_options.verdict_file = options.directory + "/verdicts.pb";
  resolver_options.history_directory = options.directory + "/history";
  resolver_options.seed = options.seed;
  impl->resolver =
      std::make_unique<Resolver>(loop, std::move(resolver_options), metrics, impl->feed, impl->board);
  RETURN_IF_ERROR(impl->Listen(loop, metrics, options));
  impl->service = std::make_unique<SteeringService>(impl->board, impl->resolver->history(), impl->feed,
                                                    options.settings.monitor, &impl->caches);
  ASSIGN_OR_RETURN(impl->server, rpc::Server::Start({.port = options.grpc_port}, {impl->service->grpc()}));
  impl->Watch(loop, options);
  impl->server->SetServing(true);
  return std::unique_ptr<App>(new App(std::move(impl)));
}

const std::vector<SocketAddress>& App::dns_addresses() const { return impl_->listeners->addresses(); }
std::string App::grpc_address() const { return impl_->server->address(); }
bool App::configured() const { return impl_->resolver->configured(); }

void App::StopCalls(absl::AnyInvocable<void()> done) {
  impl_->feed.Close();
  impl_->server->ShutdownAsync(kNanosPerSecond, std::move(done));
}

}  // namespace nonet::dns
