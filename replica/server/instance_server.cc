#include "replica/server/instance_server.h"

#include <algorithm>
#include <map>
#include <utility>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "common/base/names.h"
#include "common/base/status_macros.h"
#include "common/http/server.h"
#include "common/process/log.h"
#include "common/real/entropy.h"
#include "common/rpc/server.h"
#include "replica/core/errors.h"
#include "replica/core/replica_core.h"
#include "replica/server/client_connection.h"
#include "replica/server/fault_agent.h"
#include "replica/server/inspection_service.h"
#include "replica/server/link_table.h"
#include "replica/server/peer_sync.h"
#include "replica/server/replica_metrics.h"
#include "replica/server/rest_handler.h"
#include "replica/server/upgrade_decision.h"

namespace nonet::replica {
namespace {

constexpr size_t kSocketsMax = 50'000;
// How long links may keep an instance from serving.
constexpr int64_t kLinkWaitNs = kNanosPerSecond;
constexpr int64_t kTickNs = kNanosPerSecond;
// How long clients have to take their close frame when the instance stops.
constexpr int64_t kClientsStopNs = 2 * kNanosPerSecond;
constexpr int64_t kPeersStopNs = kNanosPerSecond;

std::string ResourceOf(const std::string& instance) {
  const auto parsed = ParseName(instance);
  return parsed ? ResourceName(parsed->resource_id) : instance;
}

SyncSettings SettingsOf(const InstanceServer::Options& options) {
  SyncSettings settings;
  settings.when_full = options.refuse_when_full ? WhenFull::kRefusePublisher : WhenFull::kDropOldest;
  settings.joins_wait = options.joins_wait_ns > 0;
  settings.join_wait_ns = options.joins_wait_ns;
  return settings;
}

}  // namespace

struct InstanceServer::Impl : public std::enable_shared_from_this<InstanceServer::Impl> {
  Impl(EventLoop& l, Metrics& m, Options o)
      : loop(l),
        options(std::move(o)),
        core(Identity{ResourceOf(options.instance), options.instance, options.epoch, ""},
             SettingsOf(options)),
        metrics(m),
        links(
            l,
            LinkEnd{.kind = LinkEnd::Kind::kInstance, .instance = options.instance, .region = options.region},
            RandomSeed()),
        fault_agent(l, links, options.peer_tls),
        inspection(l, core, [this] { return NowHere(); }) {
    links.SetPlan(options.links);
  }

  void Init() {
    RestHandler::Hooks rest_hooks;
    rest_hooks.context = [this] {
      return RestContext{config, stopping ? "this instance is stopping" : Unhealthy(), loop.clock().WallNs()};
    };
    rest_hooks.now = [this] { return NowHere(); };
    rest_hooks.run = [this](const std::function<void(Effects*)>& step) { Run(step); };
    rest = std::make_unique<RestHandler>(core, metrics, std::move(rest_hooks));
    PeerSync::Hooks hooks;
    hooks.now = [this] { return NowHere(); };
    hooks.run = [this](const std::function<void(Effects*)>& step) { Run(step); };
    hooks.on_links_changed = [this] { UpdateServing(); };
    peers = std::make_unique<PeerSync>(
        loop, core, PeerSync::Options{options.peer_local_address, &links, options.peer_tls}, hooks);
    links.OnPlan([this] {
      if (!stopping) peers->Redial();
    });
  }

  Now NowHere() const { return {loop.clock().SteadyNs(), loop.clock().WallNs()}; }

  // ---- Steps of the core ----

  void Run(const std::function<void(Effects*)>& step) {
    Effects effects = std::move(spare);
    effects.Clear();
    step(&effects);
    Apply(effects);
    spare = std::move(effects);
    SchedulePump();
  }

  void Apply(Effects& effects) {
    std::vector<ConnectionKey> too_slow;
    for (auto& effect : effects.list) {
      if (auto* deliver = std::get_if<Deliver>(&effect)) {
        DeliverTo(*deliver, effects.recipients, &too_slow);
      } else if (auto* reply = std::get_if<Reply>(&effect)) {
        if (ClientConnection* client = Find(reply->key); client != nullptr && !client->Send(*reply)) {
          too_slow.push_back(reply->key);
        }
      } else if (auto* close = std::get_if<CloseConnection>(&effect)) {
        if (ClientConnection* client = Find(close->key)) {
          client->Close(close->code, close->reason);
          metrics.ConnectionClosed("going_away");
        }
      } else if (auto* done_asking = std::get_if<AskDone>(&effect)) {
        rest->Done(done_asking->result);
      } else if (auto* timer = std::get_if<SetTimer>(&effect)) {
        SetCoreTimer(timer->at_steady_ns);
      }
    }
    for (const ConnectionKey key : too_slow) {
      core.Closed(key);
      metrics.ConnectionClosed("slow");
    }
  }

  void DeliverTo(const Deliver& deliver, const std::vector<Recipient>& recipients,
                 std::vector<ConnectionKey>* too_slow) {
    const Message& message = *deliver.message;
    MessageFrame::View view;
    view.from_group = message.target == Target::kGroup;
    view.group = message.target_name;
    view.from_user_id = message.from_user_id;
    view.data_type = message.data_type;
    view.data = message.data;
    view.metadata = &message.metadata;
    frame.Reset(view);
    for (size_t i = deliver.first; i < deliver.first + deliver.count; ++i) {
      ClientConnection* client = Find(recipients[i].key);
      if (client == nullptr) continue;
      if (!client->Deliver(frame, recipients[i].sequence_id)) too_slow->push_back(recipients[i].key);
    }
  }

  void SetCoreTimer(int64_t at_ns) {
    loop.Cancel(core_timer);
    core_timer = loop.RunAt(at_ns, [weak = weak_from_this()] {
      if (const auto self = weak.lock()) {
        self->Run([&](Effects* effects) { self->core.OnTimer(self->NowHere(), effects); });
      }
    });
  }

  // Once a turn, so that what one turn accepted leaves in one batch a peer.
  void SchedulePump() {
    if (std::exchange(pump_scheduled, true)) return;
    loop.Post([weak = weak_from_this()] {
      if (const auto self = weak.lock()) {
        self->pump_scheduled = false;
        self->peers->Pump();
      }
    });
  }

  // ---- Clients ----

  ClientConnection* Find(ConnectionKey key) {
    const auto it = clients.find(key);
    return it == clients.end() ? nullptr : it->second.get();
  }

  void OnUpgrade(http::Request request, std::unique_ptr<http::Upgrade> upgrade) {
    UpgradeDecision decision = DecideUpgrade(request, config, loop.clock().WallNs());
    if (stopping) decision = RestError(503, "ServiceUnavailable", "This instance is stopping.");
    if (auto* response = std::get_if<http::Response>(&decision)) {
      metrics.Refused("websocket", response->status);
      upgrade->Refuse(std::move(*response));
      return;
    }
    const ConnectionKey key = next_key++;
    ClientConnection::Info info;
    info.key = key;
    if (auto* recovery = std::get_if<RefuseRecovery>(&decision)) {
      info.encoding = recovery->encoding;
      clients[key] = MakeClient(std::move(info), upgrade->Accept(recovery->subprotocol));
      clients[key]->Start();
      clients[key]->Close(close_code::kPolicyViolation, "The session is not known here");
      metrics.Refused("recovery", close_code::kPolicyViolation);
      return;
    }
    AcceptClient& accept = std::get<AcceptClient>(decision);
    info.id = absl::StrCat(RandomHex(12), ".", config.tag);
    info.user_id = accept.user_id;
    info.reliable = accept.reliable;
    info.encoding = accept.encoding;
    if (accept.reliable) info.reconnection_token = RandomHex(16);
    info.keep_alive_ns = config.Hub(accept.hub).keep_alive_ns;
    ConnectionSpec spec;
    spec.key = key;
    spec.hub = std::move(accept.hub);
    spec.id = info.id;
    spec.user_id = std::move(accept.user_id);
    spec.reliable = accept.reliable;
    spec.permissions = std::move(accept.permissions);
    spec.groups = std::move(accept.groups);
    clients[key] = MakeClient(std::move(info), upgrade->Accept(accept.subprotocol));
    Run([&](Effects* effects) { core.Open(std::move(spec), NowHere(), effects); });
    if (ClientConnection* client = Find(key)) client->Start();
  }

  std::unique_ptr<ClientConnection> MakeClient(ClientConnection::Info info,
                                               std::unique_ptr<http::Stream> stream) {
    ClientConnection::Callbacks callbacks;
    callbacks.on_frame = [this](ConnectionKey key, ClientFrame& client_frame) {
      Run([&](Effects* effects) { core.Receive(key, std::move(client_frame), input_now, effects); });
    };
    callbacks.on_ended = [this](ConnectionKey key, absl::string_view cause) {
      core.Closed(key);
      metrics.ConnectionClosed(cause);
      SchedulePump();
    };
    callbacks.on_gone = [this](ConnectionKey key) {
      loop.Post([weak = weak_from_this(), key] {
        if (const auto self = weak.lock()) {
          self->clients.erase(key);
          self->MaybeClientsGone();
        }
      });
    };
    callbacks.steady_ns = [this] {
      input_now = NowHere();  // Of all frames that came with these bytes.
      return input_now.steady_ns;
    };
    return std::make_unique<ClientConnection>(std::move(info), std::move(stream), parser,
                                              std::move(callbacks));
  }

  // Clients and REST, in the clear or over TLS: the same in everything else. The sockets' limit is each
  // one's.
  absl::StatusOr<std::unique_ptr<http::Server>> ListenHttp(uint16_t port,
                                                           std::shared_ptr<const tls::Context> tls) {
    http::ServerOptions http;
    http.address = options.address;
    http.port = port;
    http.connections_max = kSocketsMax;
    http.body_bytes_max = kMessageBytesMax;
    http.tls = std::move(tls);
    http.lines = [this](const std::string& address) { return links.WithClient(address); };
    return http::Server::Listen(
        loop, http,
        [this](http::Request request, http::Reply reply) {
          rest->Handle(std::move(request), std::move(reply));
        },
        [this](http::Request request, std::unique_ptr<http::Upgrade> upgrade) {
          OnUpgrade(std::move(request), std::move(upgrade));
        });
  }

  // ---- Configuration and facts ----

  absl::string_view Unhealthy() const {
    return config.complete ? absl::string_view()
                           : "this instance has no configuration yet: it never reached the control plane";
  }

  void ApplyConfig(InstanceConfig next) {
    config = std::move(next);
    core.sync().SetTag(config.tag);
    if (config.complete && serving_deadline_ns == 0) {
      serving_deadline_ns = loop.clock().SteadyNs() + kLinkWaitNs;
      loop.RunAt(serving_deadline_ns, [weak = weak_from_this()] {
        if (const auto self = weak.lock()) self->UpdateServing();
      });
    }
    std::vector<PeerConfig> peer_configs;
    for (const PeerTarget& target : config.peers) peer_configs.push_back({target.instance, target.tag});
    absl::Status applied;
    Run([&](Effects* effects) { applied = core.SetPeers(peer_configs, NowHere(), effects); });
    if (applied.ok()) {
      std::map<std::string, std::string> region_of;
      for (const PeerTarget& target : config.peers) region_of[target.instance] = target.region;
      links.SetRegions(std::move(region_of));
      peers->SetTargets(config.peers);
    } else {
      log::Error("the peers stay as they were", {{"error", applied.message()}});
    }
    UpdateServing();
  }

  void UpdateServing() {
    if (serving || http == nullptr || serving_deadline_ns == 0) return;
    bool linked = true;
    for (const PeerSync::Link& link : peers->links()) {
      if (link.has_address && !(link.dialed && link.accepted)) linked = false;
    }
    if (!linked && loop.clock().SteadyNs() < serving_deadline_ns) return;
    serving = true;
    if (grpc != nullptr) grpc->SetServing(true);
    log::Info("serving", {{"instance", options.instance}, {"linked", linked ? "all" : "not all"}});
    if (options.on_facts) options.on_facts();
  }

  void ScheduleTick() {
    loop.RunAfter(kTickNs, [weak = weak_from_this()] {
      if (const auto self = weak.lock(); self != nullptr && !self->stopping) {
        self->Tick();
        self->ScheduleTick();
      }
    });
  }

  void Tick() {
    const int64_t now = loop.clock().SteadyNs();
    std::vector<ConnectionKey> silent;
    for (const auto& [key, client] : clients) {
      if (!client->CheckAlive(now)) silent.push_back(key);
    }
    std::sort(silent.begin(), silent.end());
    for (const ConnectionKey key : silent) {
      Find(key)->Close(close_code::kPolicyViolation, "The client did not answer pings, or reads too slowly");
      core.Closed(key);
      metrics.ConnectionClosed("silent");
      SchedulePump();
    }
    metrics.Update(core, peers->links(), serving);
    if (core.connections() != told_connections) {
      told_connections = core.connections();
      if (options.on_facts) options.on_facts();
    }
  }

  // ---- Stopping ----

  void Stop(absl::AnyInvocable<void()> on_done) {
    stopping = true;
    done = std::move(on_done);
    if (http != nullptr) http->StopListening();
    if (https != nullptr) https->StopListening();
    Run([&](Effects* effects) {
      core.CloseAll(close_code::kGoingAway, "The service instance is stopping", effects);
    });
    loop.RunAfter(kClientsStopNs, [weak = weak_from_this()] {
      if (const auto self = weak.lock()) {
        self->clients.clear();
        self->MaybeClientsGone();
      }
    });
    MaybeClientsGone();
  }

  void MaybeClientsGone() {
    if (!stopping || !clients.empty() || std::exchange(stopping_peers, true)) return;
    peers->Shutdown([weak = weak_from_this()] {
      const auto self = weak.lock();
      if (self == nullptr) return;
      if (self->grpc == nullptr) {
        self->Finish();
        return;
      }
      self->grpc->ShutdownAsync(kPeersStopNs, [weak, &loop = self->loop] {
        loop.Post([weak] {
          if (const auto self = weak.lock()) self->Finish();
        });
      });
    });
  }

  void Finish() {
    rest->Drop();
    grpc.reset();
    http.reset();
    https.reset();
    if (done) std::exchange(done, nullptr)();
  }

  EventLoop& loop;
  const Options options;
  ReplicaCore core;
  ReplicaMetrics metrics;
  InstanceConfig config;
  ClientFrameParser parser;
  MessageFrame frame;  // Of the message that is being delivered.
  LinkTable links;
  FaultAgent fault_agent;
  InspectionService inspection;
  std::unique_ptr<RestHandler> rest;
  Now input_now;
  std::unique_ptr<PeerSync> peers;
  std::unique_ptr<http::Server> http;
  std::unique_ptr<http::Server> https;  // The same over TLS; nullptr without a certificate.
  std::unique_ptr<rpc::Server> grpc;
  uint16_t http_port = 0;
  uint16_t https_port = 0;
  uint16_t grpc_port = 0;
  uint16_t peer_port = 0;
  absl::flat_hash_map<ConnectionKey, std::unique_ptr<ClientConnection>> clients;
  ConnectionKey next_key = 1;
  Effects spare;
  EventLoop::TimerId core_timer = 0;
  bool pump_scheduled = false;
  bool serving = false;
  int64_t serving_deadline_ns = 0;
  size_t told_connections = 0;
  bool stopping = false;
  bool stopping_peers = false;
  absl::AnyInvocable<void()> done;
};

InstanceServer::InstanceServer(EventLoop& loop, Metrics& metrics, Options options)
    : impl_(std::make_shared<Impl>(loop, metrics, std::move(options))) {
  impl_->Init();
}

InstanceServer::~InstanceServer() {
  impl_->stopping = true;
  impl_->clients.clear();
  impl_->rest->Drop();
  impl_->grpc.reset();
  impl_->http.reset();
  impl_->https.reset();
}

absl::Status InstanceServer::Listen() {
  Impl& impl = *impl_;
  rpc::Server::Options grpc;
  grpc.address = impl.options.address;
  grpc.port = impl.options.grpc_port;
  grpc.tls = impl.options.peer_tls;
  grpc.channelz = true;
  ASSIGN_OR_RETURN(impl.grpc,
                   rpc::Server::Start(grpc, {impl.fault_agent.service(), impl.inspection.service()}));
  impl.grpc_port = impl.grpc->port();
  ASSIGN_OR_RETURN(impl.peer_port, impl.peers->Listen(impl.options.address, impl.options.peer_port));
  ASSIGN_OR_RETURN(impl.http, impl.ListenHttp(impl.options.http_port, nullptr));
  impl.http_port = impl.http->port();
  if (impl.options.tls != nullptr) {
    ASSIGN_OR_RETURN(impl.https, impl.ListenHttp(impl.options.https_port, impl.options.tls));
    impl.https_port = impl.https->port();
  }
  impl.ScheduleTick();
  impl.UpdateServing();
  return absl::OkStatus();
}

uint16_t InstanceServer::http_port() const { return impl_->http_port; }
uint16_t InstanceServer::https_port() const { return impl_->https_port; }
uint16_t InstanceServer::grpc_port() const { return impl_->grpc_port; }
uint16_t InstanceServer::peer_port() const { return impl_->peer_port; }
void InstanceServer::ApplyConfig(InstanceConfig config) { impl_->ApplyConfig(std::move(config)); }
bool InstanceServer::serving() const { return impl_->serving; }
absl::string_view InstanceServer::unhealthy() const { return impl_->Unhealthy(); }
size_t InstanceServer::connections() const { return impl_->core.connections(); }
const GapList& InstanceServer::gaps() const { return impl_->core.sync().gaps(); }
void InstanceServer::Stop(absl::AnyInvocable<void()> done) { impl_->Stop(std::move(done)); }

}  // namespace nonet::replica
