#include "common/http/server.h"

#include <boost/asio/ip/tcp.hpp>
#include <utility>

#include "absl/strings/str_cat.h"
#include "common/base/error.h"
#include "common/http/connection.h"
#include "common/http/shared.h"

namespace nonet::http {
namespace {

namespace asio = boost::asio;
using asio::ip::tcp;
using boost::system::error_code;

// When no connection can be accepted (no file descriptors are left), look again after this.
constexpr int64_t kAcceptRetryNs = 100 * kNanosPerMilli;

// Accepts for one server. Shared: its pending accept holds it.
class Listener final : public std::enable_shared_from_this<Listener> {
 public:
  explicit Listener(std::shared_ptr<Shared> shared)
      : shared_(std::move(shared)), acceptor_(shared_->loop.executor()) {}

  error_code Open(const tcp::endpoint& endpoint) {
    error_code error;
    acceptor_.open(endpoint.protocol(), error);
    if (!error) acceptor_.set_option(tcp::acceptor::reuse_address(true), error);
    if (!error) acceptor_.bind(endpoint, error);
    if (!error) acceptor_.listen(asio::socket_base::max_listen_connections, error);
    if (error) return error;
    port_ = acceptor_.local_endpoint(error).port();
    return error;
  }

  uint16_t port() const { return port_; }

  void Accept() {
    acceptor_.async_accept([self = shared_from_this()](const error_code& error, tcp::socket socket) {
      if (self->stopped_) return;
      if (error == asio::error::no_descriptors || error == asio::error::no_buffer_space ||
          error == asio::error::no_memory) {
        self->shared_->loop.RunAfter(kAcceptRetryNs, [weak = self->weak_from_this()] {
          const auto listener = weak.lock();
          if (listener != nullptr && !listener->stopped_) listener->Accept();
        });
        return;
      }
      if (!error) self->Open(std::move(socket));  // Else: gone again before we looked.
      self->Accept();
    });
  }

  void Stop() {
    stopped_ = true;
    error_code ignored;
    acceptor_.close(ignored);
  }

 private:
  void Open(tcp::socket socket) {
    error_code error;
    const ServerOptions& options = shared_->options;
    if (shared_->open.size() >= options.connections_max || shared_->handshakes >= options.handshakes_max) {
      socket.close(error);
      return;
    }
    const tcp::endpoint peer = socket.remote_endpoint(error);
    if (error) return;
    socket.set_option(tcp::no_delay(true), error);
    socket.non_blocking(true, error);
    if (error) return;
    const std::string address = peer.address().to_string();
    Lines lines = shared_->options.lines ? shared_->options.lines(address) : Lines();
    auto connection = std::make_shared<Connection>(shared_, std::move(socket), address, std::move(lines));
    shared_->open.insert(connection);
    connection->Start();
  }

  const std::shared_ptr<Shared> shared_;
  tcp::acceptor acceptor_;
  uint16_t port_ = 0;
  bool stopped_ = false;
};

class LoopServer final : public Server {
 public:
  LoopServer(std::shared_ptr<Shared> shared, std::shared_ptr<Listener> listener)
      : shared_(std::move(shared)), listener_(std::move(listener)) {}

  ~LoopServer() override {
    listener_->Stop();
    const auto open = std::exchange(shared_->open, {});
    for (const auto& socket : open) socket->AbortNow();
    shared_->dirty.clear();  // They hold us, too.
  }

  uint16_t port() const override { return listener_->port(); }
  void StopListening() override { listener_->Stop(); }

 private:
  const std::shared_ptr<Shared> shared_;
  const std::shared_ptr<Listener> listener_;
};

}  // namespace

const std::string* Request::Header(absl::string_view name) const {
  for (const auto& [key, value] : headers) {
    if (key == name) return &value;
  }
  return nullptr;
}

absl::StatusOr<std::unique_ptr<Server>> Server::Listen(EventLoop& loop, ServerOptions options,
                                                       Handler handler, UpgradeHandler upgrade) {
  error_code error;
  const asio::ip::address address = asio::ip::make_address(options.address, error);
  if (error) {
    return MakeError(absl::StatusCode::kInvalidArgument, "BAD_ADDRESS",
                     absl::StrCat("'", options.address, "' is not an IP address"));
  }
  const tcp::endpoint endpoint(address, options.port);
  const auto shared =
      std::make_shared<Shared>(loop, std::move(options), std::move(handler), std::move(upgrade));
  auto listener = std::make_shared<Listener>(shared);
  if (const error_code failed = listener->Open(endpoint)) {
    return MakeError(
        absl::StatusCode::kUnavailable, "CANNOT_LISTEN",
        absl::StrCat("cannot listen on ", address.to_string(), ":", endpoint.port(), ": ", failed.message()));
  }
  listener->Accept();
  return std::make_unique<LoopServer>(shared, std::move(listener));
}

}  // namespace nonet::http
