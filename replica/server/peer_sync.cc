#include "replica/server/peer_sync.h"

#include <algorithm>
#include <map>
#include <set>
#include <utility>

#include "common/base/status_macros.h"
#include "common/process/log.h"
#include "common/rpc/tls.h"
#include "replica/codec/peer_wire.h"
#include "replica/core/errors.h"
#include "replica/server/link_table.h"
#include "replica/server/peer_streams.h"

namespace nonet::replica {
namespace {

// A stream that was not welcomed after so long, by a peer that lives.
constexpr int64_t kDialHangsNs = 500 * kNanosPerMilli;

template <class... F>
struct Overloaded : F... {
  using F::operator()...;
};
template <class... F>
Overloaded(F...) -> Overloaded<F...>;

// Takes a stream's message once it is through the link: at once, or later.
template <typename Inbound, typename Take>
void Arrive(const std::shared_ptr<LinkStream>& line, absl::StatusOr<Inbound> message, bool whole, Take take) {
  if (line == nullptr || line->clear() || !message.ok()) return take(std::move(message));
  const size_t bytes = message->bytes;
  const int64_t sent_ns = message->sent_ns;
  line->Push(bytes, sent_ns, whole, [held = *std::move(message), take = std::move(take)](bool again) mutable {
    take(again ? absl::StatusOr<Inbound>(held) : absl::StatusOr<Inbound>(std::move(held)));
  });
}

// What a link may lose or repeat as a whole.
bool HasBatch(const PeerRequestOrHello& message) {
  const auto* request = std::get_if<PeerRequest>(&message);
  return request != nullptr && !request->batch.empty();
}

}  // namespace

struct PeerSync::Impl : public std::enable_shared_from_this<PeerSync::Impl> {
  // Towards and from one other instance. Kept while it is a target.
  struct Peer {
    PeerTarget target;
    std::string dial_address;    // Where `dial` goes.
    DialStream* dial = nullptr;  // Deletes itself; cleared by its on_closed.
    bool dialed = false;
    int64_t dial_started_ns = 0;
    int64_t redial_ns = kRedialNsMin;
    EventLoop::TimerId redial_timer = 0;
    int64_t dial_heard_ns = 0;  // Last message on it, or last time nothing was owed.

    AcceptStream* accept = nullptr;  // The one after a good Hello.
    int64_t accept_heard_ns = 0;
  };

  Impl(EventLoop& l, ReplicaCore& c, Options o, Hooks h)
      : loop(l), core(c), options(std::move(o)), hooks(std::move(h)) {}

  absl::StatusOr<uint16_t> Listen(const std::string& address, uint16_t port) {
    ASSIGN_OR_RETURN(transport, PeerTransport::Make(loop, options.tls));
    ASSIGN_OR_RETURN(listener, PeerListener::Listen(
                                   transport, address, port, [weak = weak_from_this()](AcceptStream* stream) {
                                     const auto self = weak.lock();
                                     if (self != nullptr && !self->stopping) return self->Adopt(stream);
                                     stream->Close(absl::UnavailableError("this instance is stopping"));
                                   }));
    return listener->port();
  }

  // ---- The streams that we dial ----

  void Dial(const std::string& name) {
    const auto it = peers.find(name);
    if (it == peers.end() || stopping) return;
    Peer& peer = it->second;
    if (peer.dial != nullptr || peer.target.address.empty()) return;
    loop.Cancel(peer.redial_timer);
    peer.redial_timer = 0;
    StreamEvents events;
    const std::weak_ptr<Impl> weak = weak_from_this();
    // The stream is known to the events only after it is made.
    auto self_stream = std::make_shared<DialStream*>(nullptr);
    const std::shared_ptr<LinkStream> line = Line(name, self_stream);
    events.on_message = [weak, name, self_stream, line](const std::string& bytes) {
      Arrive(line, DecodeResponse(bytes), /*whole=*/false,
             [weak, name, self_stream](absl::StatusOr<InboundResponse> response) {
               const auto self = weak.lock();
               if (self == nullptr || !(*self_stream)->open()) return;
               self->OnResponse(name, *self_stream, std::move(response));
             });
      if (line != nullptr && line->full()) (*self_stream)->SetReading(false);
    };
    events.on_writable = [weak, name, self_stream] {
      if (const auto self = weak.lock()) self->OnDialWritable(name, *self_stream);
    };
    events.on_closed = [weak, name, self_stream](const absl::Status& why) {
      if (const auto self = weak.lock()) self->OnDialClosed(name, *self_stream, why);
    };
    auto* stream = new DialStream(
        transport, {peer.target.address, options.local_address, rpc::UriOf(peer.target.instance)},
        std::move(events));
    *self_stream = stream;
    peer.dial = stream;
    peer.dial_address = peer.target.address;
    peer.dial_heard_ns = peer.dial_started_ns = loop.clock().SteadyNs();
    dial_streams.insert(stream);
    stream->Write(EncodeRequest(core.sync().MakeHello(name), loop.clock().SteadyNs()));
  }

  // What lies between us and that peer, inbound, for a stream that may be made later.
  template <typename Stream>
  std::shared_ptr<LinkStream> Line(const std::string& name, const std::shared_ptr<Stream*>& stream) {
    if (options.links == nullptr) return nullptr;
    std::shared_ptr<LinkStream> line = options.links->FromPeer(name);
    line->OnRoom([stream] { (*stream)->SetReading(true); });  // The stream owns the line.
    return line;
  }

  void OnResponse(const std::string& name, DialStream* stream, absl::StatusOr<InboundResponse> response) {
    const auto it = peers.find(name);
    if (it == peers.end() || it->second.dial != stream) return;
    Peer& peer = it->second;
    peer.dial_heard_ns = loop.clock().SteadyNs();
    absl::Status status = response.status();
    if (response.ok()) {
      status = std::visit(Overloaded{[&](const Welcome& welcome) { return OnWelcome(peer, welcome); },
                                     [&](PeerResponse& value) { return OnPeerOutput(name, value); }},
                          response->value);
    }
    if (!status.ok()) {
      log::Warning("peer stream ended: bad answer", {{"peer", name}, {"error", status.message()}});
      stream->Close();
    }
  }

  absl::Status OnWelcome(Peer& peer, const Welcome& welcome) {
    if (peer.dialed) return errors::BadPeerMessage("a second welcome");
    if (const absl::Status status = core.sync().OnWelcome(peer.target.instance, welcome, hooks.now());
        !status.ok()) {
      return status;
    }
    peer.dialed = true;
    peer.redial_ns = kRedialNsMin;
    log::Info("peer linked", {{"peer", peer.target.instance}, {"address", peer.target.address}});
    hooks.on_links_changed();
    Pump();
    return absl::OkStatus();
  }

  void OnDialWritable(const std::string& name, DialStream* stream) {
    const auto it = peers.find(name);
    if (it != peers.end() && it->second.dial == stream) PumpRequest(it->second, hooks.now());
  }

  void OnDialClosed(const std::string& name, DialStream* stream, const absl::Status& why) {
    dial_streams.erase(stream);
    const auto it = peers.find(name);
    if (it != peers.end() && it->second.dial == stream) {
      Peer& peer = it->second;
      peer.dial = nullptr;
      const bool was_dialed = std::exchange(peer.dialed, false);
      core.sync().OnDialClosed(name);
      if (was_dialed) {
        log::Info("peer link lost", {{"peer", name}, {"reason", why.message()}});
        hooks.on_links_changed();
      }
      if (!stopping) ScheduleRedial(peer);
    }
    MaybeDone();
  }

  void Redial() {
    for (auto& [name, peer] : peers) {
      peer.redial_ns = kRedialNsMin;
      Dial(name);
    }
  }

  void ScheduleRedial(Peer& peer) {
    loop.Cancel(peer.redial_timer);
    peer.redial_timer = loop.RunAfter(peer.redial_ns, [weak = weak_from_this(), name = peer.target.instance] {
      if (const auto self = weak.lock()) self->Dial(name);
    });
    peer.redial_ns = std::min(peer.redial_ns * 2, kRedialNsMax);
  }

  // Ends the stream and forgets it at once, so that a new one can take its place.
  void DropDial(Peer& peer) {
    loop.Cancel(std::exchange(peer.redial_timer, 0));
    if (peer.dial == nullptr) return;
    std::exchange(peer.dial, nullptr)->Close();
    core.sync().OnDialClosed(peer.target.instance);
    if (std::exchange(peer.dialed, false)) hooks.on_links_changed();
  }

  // ---- The streams that peers dial ----

  void Adopt(AcceptStream* stream) {
    if (!stream->caller().ok()) return stream->Close(stream->caller().status());
    const rpc::Holder holder = *stream->caller();
    accept_streams.insert(stream);
    StreamEvents events;
    const std::weak_ptr<Impl> weak = weak_from_this();
    auto name = std::make_shared<std::string>();  // Known after the Hello.
    // Known when the Hello came, which has to get through as well.
    auto line = std::make_shared<std::shared_ptr<LinkStream>>();
    events.on_message = [weak, stream, name, line, holder](std::string bytes) {
      auto message = DecodeRequest(std::move(bytes));
      const Hello* hello = message.ok() ? std::get_if<Hello>(&message->value) : nullptr;
      if (const auto self = weak.lock(); self != nullptr && *line == nullptr && hello != nullptr) {
        *line = self->Line(hello->origin, std::make_shared<AcceptStream*>(stream));
      }
      const bool whole = message.ok() && HasBatch(message->value);
      Arrive(*line, std::move(message), whole,
             [weak, stream, name, holder](absl::StatusOr<InboundRequest> request) {
               const auto self = weak.lock();
               // Closed meanwhile, it may be told nothing any more.
               if (self != nullptr && self->accept_streams.contains(stream) && stream->open()) {
                 self->OnRequest(stream, name.get(), holder, std::move(request));
               }
             });
      if (*line != nullptr && (*line)->full()) stream->SetReading(false);
    };
    events.on_writable = [weak, stream, name] {
      if (const auto self = weak.lock()) self->OnAcceptWritable(*name, stream);
    };
    events.on_closed = [weak, stream, name](const absl::Status&) {
      if (const auto self = weak.lock()) self->OnAcceptClosed(stream, *name);
    };
    stream->SetEvents(std::move(events));
    loop.RunAfter(kPeerHelloNs, [weak, stream, name] {
      const auto self = weak.lock();
      if (self == nullptr || !name->empty() || !self->accept_streams.contains(stream)) return;
      stream->Close(absl::DeadlineExceededError("no Hello came"));
    });
  }

  void OnRequest(AcceptStream* stream, std::string* name, const rpc::Holder& holder,
                 absl::StatusOr<InboundRequest> request) {
    absl::Status status = request.status();
    if (request.ok()) {
      if (const auto* hello = std::get_if<Hello>(&request->value)) {
        status = MayCallItself(holder, hello->origin);
        if (status.ok()) status = OnHello(stream, name, *hello);
      } else {
        const auto it = peers.find(*name);
        if (it == peers.end() || it->second.accept != stream) {
          status = errors::BadPeerMessage("it does not begin with Hello");
        } else {
          it->second.accept_heard_ns = loop.clock().SteadyNs();
          status = OnPeerInput(*name, std::get<PeerRequest>(request->value));
        }
      }
    }
    if (!status.ok()) {
      log::Warning("peer stream refused", {{"peer", *name}, {"error", status.message()}});
      if (const auto it = peers.find(*name); it != peers.end() && it->second.accept == stream) {
        DropAccept(it->second, status);
      } else {
        stream->Close(status);
      }
    }
  }

  absl::Status OnPeerInput(const std::string& name, PeerRequest& message) {
    absl::Status status;
    hooks.run(
        [&](Effects* effects) { status = core.OnRequest(name, std::move(message), hooks.now(), effects); });
    return status;
  }

  absl::Status OnPeerOutput(const std::string& name, PeerResponse& message) {
    absl::Status status;
    hooks.run(
        [&](Effects* effects) { status = core.OnResponse(name, std::move(message), hooks.now(), effects); });
    return status;
  }

  // With TLS: the certificate has to be the origin's.
  absl::Status MayCallItself(const rpc::Holder& holder, const std::string& origin) const {
    if (options.tls == nullptr || holder.Is(rpc::UriOf(origin))) return absl::OkStatus();
    return errors::PeerImpersonates(origin, holder.uris.empty() ? "nobody" : holder.uris.front());
  }

  absl::Status OnHello(AcceptStream* stream, std::string* name, const Hello& hello) {
    if (!name->empty()) return errors::BadPeerMessage("a second Hello");
    auto welcome = core.sync().OnHello(hello, hooks.now());
    if (!welcome.ok()) return welcome.status();
    const auto it = peers.find(hello.origin);
    if (it == peers.end()) return errors::UnknownOrigin(hello.origin);
    Peer& peer = it->second;
    if (peer.accept != nullptr)
      std::exchange(peer.accept, nullptr)->Close(errors::PeerReplaced(hello.origin));
    *name = hello.origin;
    peer.accept = stream;
    peer.accept_heard_ns = loop.clock().SteadyNs();
    stream->Write(EncodeResponse(*welcome, loop.clock().SteadyNs()));
    hooks.on_links_changed();
    // It lives: no need to wait for a backoff, nor for a connection attempt to its address that hangs.
    if (!peer.dialed && peer.accept_heard_ns - peer.dial_started_ns > kDialHangsNs) DropDial(peer);
    if (peer.dial == nullptr) Dial(hello.origin);
    Pump();
    return absl::OkStatus();
  }

  void DropAccept(Peer& peer, const absl::Status& why) {
    if (peer.accept == nullptr) return;
    std::exchange(peer.accept, nullptr)->Close(why);
    hooks.run([&](Effects* effects) { core.OnAcceptedClosed(peer.target.instance, hooks.now(), effects); });
    hooks.on_links_changed();
  }

  void OnAcceptWritable(const std::string& name, AcceptStream* stream) {
    const auto it = peers.find(name);
    if (it != peers.end() && it->second.accept == stream) PumpResponse(it->second, hooks.now());
  }

  void OnAcceptClosed(AcceptStream* stream, const std::string& name) {
    accept_streams.erase(stream);
    const auto it = peers.find(name);
    if (it != peers.end() && it->second.accept == stream) {
      it->second.accept = nullptr;
      hooks.run([&](Effects* effects) { core.OnAcceptedClosed(name, hooks.now(), effects); });
      hooks.on_links_changed();
    }
    MaybeDone();
  }

  // ---- Both ----

  // What each stream that can be written to has to say.
  void Pump() {
    const Now now = hooks.now();
    for (auto& [name, peer] : peers) {
      PumpRequest(peer, now);
      PumpResponse(peer, now);
    }
  }

  void PumpRequest(Peer& peer, Now now) {
    if (!peer.dialed || peer.dial == nullptr || !peer.dial->CanWrite()) return;
    if (!core.sync().NextRequest(peer.target.instance, now, &request)) return;
    peer.dial->Write(EncodeRequest(request, now.steady_ns));
  }

  void PumpResponse(Peer& peer, Now now) {
    if (peer.accept == nullptr || !peer.accept->CanWrite()) return;
    if (!core.sync().NextResponse(peer.target.instance, now, &response)) return;
    peer.accept->Write(EncodeResponse(response, now.steady_ns));
  }

  void ScheduleCheck() {
    check_timer = loop.RunAfter(kNanosPerSecond, [weak = weak_from_this()] {
      if (const auto self = weak.lock(); self != nullptr && !self->stopping) {
        self->CheckSilence();
        self->ScheduleCheck();
      }
    });
  }

  // Who owes an answer and gives none is taken for dead. gRPC's own keep-alive would take three times as
  // long.
  void CheckSilence() {
    const int64_t now = loop.clock().SteadyNs();
    for (auto& [name, peer] : peers) {
      if (!core.sync().AwaitsMessageAck(name)) peer.dial_heard_ns = now;
      if (!core.sync().AwaitsInterestAck(name)) peer.accept_heard_ns = now;
      if (peer.dialed && now - peer.dial_heard_ns > kPeerSilenceNs) {
        log::Warning("peer is silent", {{"peer", name}, {"owes", "message acknowledgements"}});
        DropDial(peer);
        ScheduleRedial(peer);
      }
      if (peer.accept != nullptr && now - peer.accept_heard_ns > kPeerSilenceNs) {
        log::Warning("peer is silent", {{"peer", name}, {"owes", "interest acknowledgements"}});
        DropAccept(peer, absl::DeadlineExceededError("no acknowledgement of interest came"));
      }
    }
  }

  void SetTargets(const std::vector<PeerTarget>& targets) {
    std::set<std::string> wanted;
    for (const PeerTarget& target : targets) wanted.insert(target.instance);
    for (auto it = peers.begin(); it != peers.end();) {
      if (wanted.contains(it->first)) {
        ++it;
        continue;
      }
      DropDial(it->second);
      if (AcceptStream* stream = std::exchange(it->second.accept, nullptr)) {
        stream->Close(errors::UnknownOrigin(it->first));
      }
      it = peers.erase(it);
    }
    for (const PeerTarget& target : targets) {
      Peer& peer = peers[target.instance];
      const bool moved = peer.target.address != target.address || peer.target.epoch != target.epoch;
      peer.target = target;
      if (moved) {
        // The first report of the life that we are linked to already changes nothing.
        const bool same_life = peer.dialed && core.sync().LifeOf(target.instance) == target.epoch;
        if (same_life && peer.dial_address == target.address) continue;
        DropDial(peer);
        peer.redial_ns = kRedialNsMin;
      }
      Dial(target.instance);
    }
    if (check_timer == 0) ScheduleCheck();
    hooks.on_links_changed();
  }

  void Shutdown(absl::AnyInvocable<void()> on_done) {
    stopping = true;
    done = std::move(on_done);
    loop.Cancel(check_timer);
    for (auto& [name, peer] : peers) {
      loop.Cancel(std::exchange(peer.redial_timer, 0));
      peer.dial = nullptr;
      peer.accept = nullptr;
      peer.dialed = false;
    }
    for (DialStream* stream : dial_streams) stream->Close();
    for (AcceptStream* stream : accept_streams)
      stream->Close(absl::UnavailableError("this instance is stopping"));
    listener.reset();
    MaybeDone();
  }

  void MaybeDone() {
    if (!stopping || !done || !dial_streams.empty() || !accept_streams.empty()) return;
    // Not from inside a stream's own callback.
    loop.Post([run = std::exchange(done, nullptr)]() mutable { run(); });
  }

  EventLoop& loop;
  ReplicaCore& core;
  const Options options;
  const Hooks hooks;
  std::shared_ptr<PeerTransport> transport;  // Once it listens.
  std::unique_ptr<PeerListener> listener;
  std::map<std::string, Peer> peers;
  PeerRequest request;  // What is being written; their memory is kept.
  PeerResponse response;
  std::set<DialStream*> dial_streams;      // Not yet done.
  std::set<AcceptStream*> accept_streams;  // Not yet done.
  EventLoop::TimerId check_timer = 0;
  bool stopping = false;
  absl::AnyInvocable<void()> done;
};

PeerSync::PeerSync(EventLoop& loop, ReplicaCore& core, Options options, Hooks hooks)
    : impl_(std::make_shared<Impl>(loop, core, std::move(options), std::move(hooks))) {}

PeerSync::~PeerSync() { impl_->stopping = true; }

absl::StatusOr<uint16_t> PeerSync::Listen(const std::string& address, uint16_t port) {
  return impl_->Listen(address, port);
}

void PeerSync::SetTargets(const std::vector<PeerTarget>& targets) { impl_->SetTargets(targets); }

void PeerSync::Pump() { impl_->Pump(); }

void PeerSync::Redial() { impl_->Redial(); }

std::vector<PeerSync::Link> PeerSync::links() const {
  std::vector<Link> links;
  for (const auto& [name, peer] : impl_->peers) {
    links.push_back({name, !peer.target.address.empty(), peer.dialed, peer.accept != nullptr});
  }
  return links;
}

void PeerSync::Shutdown(absl::AnyInvocable<void()> done) { impl_->Shutdown(std::move(done)); }

}  // namespace nonet::replica
