#include "replica/server/blackhole.h"

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <vector>

#include "absl/strings/str_cat.h"

namespace nonet::replica {

using boost::asio::ip::tcp;

namespace {

// One port. Kept alive by its pending accept.
struct Port : std::enable_shared_from_this<Port> {
  explicit Port(boost::asio::any_io_executor executor) : acceptor(std::move(executor)) {}

  void AcceptNext() {
    if (held.size() >= kBlackholeConnectionsMax) return;
    acceptor.async_accept(
        [self = shared_from_this()](const boost::system::error_code& error, tcp::socket socket) {
          if (error == boost::asio::error::operation_aborted || !self->acceptor.is_open()) return;
          if (!error) self->held.push_back(std::move(socket));
          self->AcceptNext();
        });
  }

  tcp::acceptor acceptor;
  std::vector<tcp::socket> held;
};

}  // namespace

struct Blackhole::Impl {
  explicit Impl(EventLoop& l) : loop(l) {}
  EventLoop& loop;
  std::vector<std::shared_ptr<Port>> ports;
};

Blackhole::Blackhole(EventLoop& loop) : impl_(std::make_unique<Impl>(loop)) {}

Blackhole::~Blackhole() {
  for (const auto& port : impl_->ports) {
    boost::system::error_code ignored;
    port->acceptor.close(ignored);
    port->held.clear();
  }
}

absl::Status Blackhole::Hold(const std::string& address, uint16_t number, uint16_t* bound) {
  boost::system::error_code error;
  const auto ip = boost::asio::ip::make_address(address, error);
  if (error) return absl::InvalidArgumentError(absl::StrCat("'", address, "' is no IP address"));
  const tcp::endpoint endpoint(ip, number);
  auto port = std::make_shared<Port>(impl_->loop.executor());
  port->acceptor.open(endpoint.protocol(), error);
  if (!error) port->acceptor.set_option(tcp::acceptor::reuse_address(true), error);
  if (!error) port->acceptor.bind(endpoint, error);
  if (!error) port->acceptor.listen(boost::asio::socket_base::max_listen_connections, error);
  if (error) {
    return absl::UnavailableError(
        absl::StrCat("cannot listen on ", address, ":", number, ": ", error.message()));
  }
  if (bound != nullptr) *bound = port->acceptor.local_endpoint(error).port();
  port->AcceptNext();
  impl_->ports.push_back(std::move(port));
  return absl::OkStatus();
}

}  // namespace nonet::replica
