#include "dnsresolver/server/tcp_listener.h"

#include <array>
#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/buffer.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/write.hpp>
#include <cstring>
#include <list>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "common/base/random.h"
#include "common/process/log.h"
#include "dnsresolver/core/errors.h"
#include "dnsresolver/core/responder.h"

namespace nonet::dns {
namespace {

namespace asio = boost::asio;
using asio::ip::tcp;
using boost::system::error_code;

constexpr size_t kReadBytes = 4096;
constexpr size_t kLengthBytes = 2;
constexpr int64_t kAcceptRetryNs = 100 * kNanosPerMilli;  // After "too many open files" and the like.

SocketAddress FromEndpoint(const tcp::endpoint& endpoint) {
  sockaddr_storage storage{};
  std::memcpy(&storage, endpoint.data(), endpoint.size());
  return SocketAddress::FromSockaddr(storage);
}

tcp::endpoint ToEndpoint(const SocketAddress& address) {
  tcp::endpoint endpoint;
  sockaddr_storage storage;
  const socklen_t length = address.ToSockaddr(storage);
  std::memcpy(endpoint.data(), &storage, length);
  endpoint.resize(length);
  return endpoint;
}

}  // namespace

struct TcpListener::Impl : std::enable_shared_from_this<Impl> {
  struct Connection;

  Impl(EventLoop& l, std::function<std::shared_ptr<const AnswerTable>()> t, QueryMetrics& m,
       TcpListenerOptions o)
      : loop(l),
        table(std::move(t)),
        metrics(m),
        options(std::move(o)),
        draws(options.draw_seed),
        acceptor(l.executor()) {}

  void Accept();
  void Admit(tcp::socket socket);
  void Remove(Connection& connection);
  void CloseAll();

  EventLoop& loop;
  const std::function<std::shared_ptr<const AnswerTable>()> table;
  QueryMetrics& metrics;
  const TcpListenerOptions options;
  Random draws;
  CookieKeeper::Copy secrets;
  tcp::acceptor acceptor;
  std::list<std::shared_ptr<Connection>> connections;
  std::map<std::string, size_t> per_address;
  EventLoop::TimerId retry = 0;
  bool closed = false;
};

// One client. Either a read or a write is under way, never both: who does not take its answers is not read
// any further.
struct TcpListener::Impl::Connection : std::enable_shared_from_this<Connection> {
  Connection(Impl& l, tcp::socket s, SocketAddress p)
      : listener(&l), socket(std::move(s)), peer(std::move(p)) {}

  void Read();
  void OnRead(size_t bytes);
  // Answers whole queries from `input`. False when the connection is to end.
  bool AnswerQueries();
  void Write();
  void Touch();
  void Close();

  Impl* listener;  // nullptr once closed.
  tcp::socket socket;
  const SocketAddress peer;
  std::array<uint8_t, kReadBytes> read_buffer;
  std::vector<uint8_t> input;   // At most one query and one read.
  std::vector<uint8_t> output;  // At most kTcpPendingAnswerBytesMax and one answer.
  bool ending = false;          // Send what there is, then close.
  EventLoop::TimerId idle = 0;
};

void TcpListener::Impl::Connection::Touch() {
  listener->loop.Cancel(idle);
  idle = listener->loop.RunAfter(listener->options.idle_ns, [weak = weak_from_this()] {
    if (const auto self = weak.lock()) self->Close();
  });
}

void TcpListener::Impl::Connection::Close() {
  if (listener == nullptr) return;
  Impl* const owner = std::exchange(listener, nullptr);
  owner->loop.Cancel(idle);
  error_code ignored;
  socket.close(ignored);
  owner->Remove(*this);
}

void TcpListener::Impl::Connection::Read() {
  Touch();
  socket.async_read_some(asio::buffer(read_buffer),
                         [self = shared_from_this()](error_code error, size_t bytes) {
                           if (self->listener == nullptr) return;
                           if (error) return self->Close();
                           self->OnRead(bytes);
                         });
}

void TcpListener::Impl::Connection::OnRead(size_t bytes) {
  input.insert(input.end(), read_buffer.begin(), read_buffer.begin() + static_cast<std::ptrdiff_t>(bytes));
  ending = !AnswerQueries();
  if (!output.empty()) return Write();
  if (ending) return Close();
  Read();
}

bool TcpListener::Impl::Connection::AnswerQueries() {
  const std::shared_ptr<const AnswerTable> table = listener->table();
  const EndpointCounters* endpoints = listener->options.counters ? listener->options.counters() : nullptr;
  Asker asker{.source = peer.ip, .transport = Transport::kTcp, .tcp_idle_ns = listener->options.idle_ns};
  if (listener->options.cookies != nullptr) {
    asker.cookies = &listener->options.cookies->Refresh(listener->secrets);
    asker.wall_s = listener->loop.clock().WallNs() / kNanosPerSecond;
  }
  QueryCounts counts;
  size_t at = 0;
  bool go_on = true;
  while (input.size() - at >= kLengthBytes && output.size() < kTcpPendingAnswerBytesMax) {
    const size_t length = ReadU16(input, at);
    if (length == 0) {
      go_on = false;
      break;
    }
    if (input.size() - at - kLengthBytes < length) break;
    const Bytes query = Bytes(input).subspan(at + kLengthBytes, length);
    at += kLengthBytes + length;
    std::array<uint8_t, kAnswerBytesMax> answer;
    asker.draw = static_cast<uint32_t>(listener->draws.Next() >> 32);
    const Response response = Respond(*table, query, asker, answer);
    counts.Add(query.size(), response);
    if (endpoints != nullptr && response.endpoint >= 0) {
      endpoints->Add(endpoints->SeriesOf(response.resource, response.endpoint), 1);
    }
    if (listener->options.caches != nullptr) {
      listener->options.caches->Note(table->plan().topology().revision, response, peer.ip,
                                     listener->loop.clock().WallNs() / kNanosPerSecond,
                                     table->plan().settings().ttl_s);
    }
    if (response.bytes == 0) {  // A stream of what is no query is not worth reading on.
      go_on = false;
      break;
    }
    output.push_back(static_cast<uint8_t>(response.bytes >> 8));
    output.push_back(static_cast<uint8_t>(response.bytes));
    output.insert(output.end(), answer.begin(), answer.begin() + static_cast<std::ptrdiff_t>(response.bytes));
  }
  input.erase(input.begin(), input.begin() + static_cast<std::ptrdiff_t>(at));
  listener->metrics.Add(counts);
  return go_on;
}

void TcpListener::Impl::Connection::Write() {
  Touch();
  asio::async_write(socket, asio::buffer(output), [self = shared_from_this()](error_code error, size_t) {
    if (self->listener == nullptr) return;
    self->output.clear();
    if (error || self->ending) return self->Close();
    // What was left unanswered because of the limit comes first.
    self->OnRead(0);
  });
}

void TcpListener::Impl::Accept() {
  acceptor.async_accept([self = shared_from_this()](error_code error, tcp::socket socket) {
    if (self->closed) return;
    if (error) {
      log::Warning("cannot accept a DNS connection", {{"error", error.message()}});
      self->retry = self->loop.RunAfter(kAcceptRetryNs, [self] { self->Accept(); });
      return;
    }
    self->Admit(std::move(socket));
    self->Accept();
  });
}

void TcpListener::Impl::Admit(tcp::socket socket) {
  error_code error;
  const tcp::endpoint remote = socket.remote_endpoint(error);
  if (error || connections.size() >= options.connections_max) return;
  const SocketAddress peer = FromEndpoint(remote);
  size_t& of_address = per_address[peer.IpText()];
  if (of_address >= options.connections_per_address_max) return;
  ++of_address;
  socket.set_option(tcp::no_delay(true), error);
  connections.push_back(std::make_shared<Connection>(*this, std::move(socket), peer));
  connections.back()->Read();
}

void TcpListener::Impl::Remove(Connection& connection) {
  if (const auto it = per_address.find(connection.peer.IpText()); --it->second == 0) per_address.erase(it);
  connections.remove_if([&](const auto& other) { return other.get() == &connection; });
}

void TcpListener::Impl::CloseAll() {
  closed = true;
  loop.Cancel(retry);
  error_code ignored;
  acceptor.close(ignored);
  while (!connections.empty()) {
    const std::shared_ptr<Connection> connection = connections.front();
    connection->Close();
  }
}

TcpListener::TcpListener(std::shared_ptr<Impl> impl) : impl_(std::move(impl)) {}
TcpListener::~TcpListener() { impl_->CloseAll(); }
SocketAddress TcpListener::address() const {
  error_code ignored;
  return FromEndpoint(impl_->acceptor.local_endpoint(ignored));
}
size_t TcpListener::connections() const { return impl_->connections.size(); }

absl::StatusOr<std::unique_ptr<TcpListener>> TcpListener::Listen(
    EventLoop& loop, const SocketAddress& address, std::function<std::shared_ptr<const AnswerTable>()> table,
    QueryMetrics& metrics, TcpListenerOptions options) {
  auto impl = std::make_shared<Impl>(loop, std::move(table), metrics, std::move(options));
  const tcp::endpoint endpoint = ToEndpoint(address);
  error_code error;
  impl->acceptor.open(endpoint.protocol(), error);
  if (!error) impl->acceptor.set_option(tcp::acceptor::reuse_address(true), error);
  if (!error) impl->acceptor.bind(endpoint, error);
  if (!error) impl->acceptor.listen(asio::socket_base::max_listen_connections, error);
  if (error) return errors::CannotListen(address.ToText() + "/tcp", error.message());
  impl->Accept();
  return std::unique_ptr<TcpListener>(new TcpListener(std::move(impl)));
}

}  // namespace nonet::dns
