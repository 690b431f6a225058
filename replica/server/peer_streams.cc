#include "replica/server/peer_streams.h"

#include <algorithm>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "common/base/error.h"
#include "common/process/log.h"

namespace nonet::replica {
namespace {

using boost::asio::ip::tcp;
using boost::system::error_code;

constexpr char kSyncMethod[] = "/nonet.peer.v1.PeerSync/Sync";
// When there are no file descriptors left, accepting is tried again after this long.
constexpr int64_t kAcceptAgainNs = 100 * kNanosPerMilli;

}  // namespace

// ---- Streams ----

void PeerStream::Write(std::string bytes) {
  if (!ended_) connection_->Write(id_, std::move(bytes));
}

void PeerStream::SetReading(bool reading) {
  if (!ended_) connection_->SetReading(id_, reading);
}

void PeerStream::OnMessage(std::string bytes) {
  if (events_.on_message) events_.on_message(std::move(bytes));
}

void PeerStream::OnWritable() {
  if (!ended_ && events_.on_writable) events_.on_writable();
}

void PeerStream::End(const absl::Status& why) {
  if (std::exchange(ended_, true)) return;
  loop_.Post([self = std::unique_ptr<PeerCall>(this), this, why] {
    if (events_.on_closed) events_.on_closed(why);
  });
}

DialStream::DialStream(std::shared_ptr<PeerTransport> transport, PeerConnection::Target target,
                       StreamEvents events)
    : PeerStream(transport->loop) {
  events_ = std::move(events);
  connection_ = PeerConnection::Dial(std::move(transport), std::move(target), kSyncMethod, this);
  id_ = connection_->dialed_call();
}

void DialStream::Close() {
  if (open()) connection_->Close(absl::CancelledError("closed here"));
}

void DialStream::OnEnd(const absl::Status& why) {
  End(why);
  connection_->Close(why);
}

AcceptStream::AcceptStream(EventLoop& loop, std::shared_ptr<PeerConnection> connection, h2::CallId id)
    : PeerStream(loop) {
  connection_ = std::move(connection);
  id_ = id;
  connection_->Adopt(id, this);
}

void AcceptStream::Close(const absl::Status& why) {
  if (!open()) return;
  connection_->Finish(id_, why);
  End(why);
}

// ---- The listener ----

struct PeerListener::Impl : std::enable_shared_from_this<Impl> {
  Impl(std::shared_ptr<PeerTransport> t, std::function<void(AcceptStream*)> a)
      : transport(std::move(t)), adopt(std::move(a)), acceptor(transport->loop.executor()) {}

  void Accept() {
    acceptor.async_accept(
        transport->loop.executor(), [self = shared_from_this()](const error_code& error, tcp::socket socket) {
          if (!self->acceptor.is_open()) return;
          if (error) {
            self->transport->loop.RunAfter(kAcceptAgainNs, [weak = self->weak_from_this()] {
              if (const auto held = weak.lock(); held != nullptr && held->acceptor.is_open()) held->Accept();
            });
            return;
          }
          self->Take(std::move(socket));
          self->Accept();
        });
  }

  void Take(tcp::socket socket) {
    connections.erase(std::remove_if(connections.begin(), connections.end(),
                                     [](const auto& each) { return each->closed(); }),
                      connections.end());
    if (connections.size() >= kPeerConnectionsMax) {
      log::Warning("a peer was turned away: too many connections", {{"connections", connections.size()}});
      return;  // Which closes it.
    }
    connections.push_back(PeerConnection::Accept(
        transport, std::move(socket),
        [weak = weak_from_this()](const std::shared_ptr<PeerConnection>& connection, h2::CallId id,
                                  const std::string& path) {
          const auto self = weak.lock();
          if (self == nullptr) return;
          if (path == kSyncMethod) {
            self->adopt(new AcceptStream(self->transport->loop, connection, id));
          } else {
            connection->Finish(id, absl::UnimplementedError(absl::StrCat("there is no ", path, " here")));
          }
        }));
  }

  const std::shared_ptr<PeerTransport> transport;
  const std::function<void(AcceptStream*)> adopt;
  tcp::acceptor acceptor;
  std::vector<std::shared_ptr<PeerConnection>> connections;
};

absl::StatusOr<std::unique_ptr<PeerListener>> PeerListener::Listen(std::shared_ptr<PeerTransport> transport,
                                                                   const std::string& address, uint16_t port,
                                                                   std::function<void(AcceptStream*)> adopt) {
  error_code error;
  const auto ip = boost::asio::ip::make_address(address, error);
  if (error) return absl::InvalidArgumentError(absl::StrCat("'", address, "' is no IP address"));
  if (transport->identity == nullptr && !ip.is_loopback()) {
    return MakeError(absl::StatusCode::kInvalidArgument, "NOT_LOOPBACK",
                     absl::StrCat("'", address,
                                  "' is not a loopback address: without TLS, peers are not heard from beyond "
                                  "this machine"),
                     {.next_step = "an address of 127.0.0.0/8 or ::1"});
  }
  auto impl = std::make_shared<Impl>(std::move(transport), std::move(adopt));
  const tcp::endpoint at(ip, port);
  impl->acceptor.open(at.protocol(), error);
  if (!error) impl->acceptor.set_option(tcp::acceptor::reuse_address(true), error);
  if (!error) impl->acceptor.bind(at, error);
  if (!error) impl->acceptor.listen(tcp::acceptor::max_listen_connections, error);
  if (error) {
    return MakeError(absl::StatusCode::kUnavailable, "ADDRESS_IN_USE",
                     absl::StrCat("cannot listen for peers on ", address, ":", port, ": ", error.message()),
                     {.next_step = "another port, or end the process that has this one"});
  }
  impl->Accept();
  return std::unique_ptr<PeerListener>(new PeerListener(std::move(impl)));
}

PeerListener::~PeerListener() {
  error_code ignored;
  impl_->acceptor.close(ignored);
  for (const auto& connection : std::exchange(impl_->connections, {})) {
    connection->Close(absl::UnavailableError("this instance is stopping"));
  }
}

uint16_t PeerListener::port() const {
  error_code ignored;
  return impl_->acceptor.local_endpoint(ignored).port();
}

}  // namespace nonet::replica
