#include "replica/server/peer_connection.h"

#include <grpcpp/support/status.h>
#include <netinet/tcp.h>
#include <sys/socket.h>

#include <algorithm>
#include <boost/asio/buffer.hpp>
#include <cerrno>
#include <utility>
#include <vector>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "common/base/error.h"
#include "common/base/status_macros.h"
#include "common/rpc/status.h"

namespace nonet::replica {
namespace {

namespace asio = boost::asio;
using asio::ip::tcp;
using boost::system::error_code;

// One readable socket takes at most this many reads before the others get their turn.
constexpr int kReadsPerTurn = 4;
// A dead machine is noticed after so long: asked when silent, and by what it does not acknowledge.
constexpr int kKeepAliveIdleS = 10, kKeepAliveIntervalS = 5, kKeepAliveProbes = 2;
constexpr unsigned kUnacknowledgedMs = 20'000;

template <typename T>
void SetOption(int fd, int level, int name, T value) {
  (void)setsockopt(fd, level, name, &value, sizeof(value));
}

void SetUp(tcp::socket& socket) {
  const int fd = socket.native_handle();
  SetOption(fd, IPPROTO_TCP, TCP_NODELAY, 1);
  SetOption(fd, SOL_SOCKET, SO_KEEPALIVE, 1);
  SetOption(fd, IPPROTO_TCP, TCP_KEEPIDLE, kKeepAliveIdleS);
  SetOption(fd, IPPROTO_TCP, TCP_KEEPINTVL, kKeepAliveIntervalS);
  SetOption(fd, IPPROTO_TCP, TCP_KEEPCNT, kKeepAliveProbes);
  SetOption(fd, IPPROTO_TCP, TCP_USER_TIMEOUT, kUnacknowledgedMs);
  // A model-based congestion control paces; between processes of one machine, or within one network, that
  // only costs. Where the kernel has no cubic, its default stays.
  constexpr char kCongestionControl[] = "cubic";
  (void)setsockopt(fd, IPPROTO_TCP, TCP_CONGESTION, kCongestionControl, sizeof(kCongestionControl) - 1);
  error_code ignored;
  socket.non_blocking(true, ignored);
}

// "127.80.15.1:8083" or "[::1]:8083".
absl::StatusOr<tcp::endpoint> Parse(absl::string_view address) {
  const size_t colon = address.rfind(':');
  uint32_t port = 0;
  error_code error;
  if (colon != absl::string_view::npos && absl::SimpleAtoi(address.substr(colon + 1), &port) &&
      port < 65536) {
    absl::string_view host = address.substr(0, colon);
    if (host.size() > 2 && host.front() == '[' && host.back() == ']') host = host.substr(1, host.size() - 2);
    const asio::ip::address ip = asio::ip::make_address(std::string(host), error);
    if (!error) return tcp::endpoint(ip, static_cast<uint16_t>(port));
  }
  return absl::UnavailableError(absl::StrCat("'", address, "' is no address of a peer"));
}

h2::CallEnd EndOf(const absl::Status& why) {
  const grpc::Status status = rpc::ToGrpc(why);
  return {static_cast<int>(status.error_code()), status.error_message(), status.error_details()};
}

absl::Status StatusOf(const h2::CallEnd& end) {
  return rpc::FromGrpc(grpc::Status(static_cast<grpc::StatusCode>(end.code), end.message, end.details));
}

}  // namespace

absl::StatusOr<std::shared_ptr<PeerTransport>> PeerTransport::Make(
    EventLoop& loop, std::shared_ptr<const rpc::TlsIdentity> identity) {
  auto transport = std::make_shared<PeerTransport>(loop, std::move(identity));
  if (const auto& ours = transport->identity; ours != nullptr) {
    const tls::KeyPair pair{ours->certificate_pem, ours->key_pem};
    ASSIGN_OR_RETURN(transport->server, tls::Context::PeerServer(pair, ours->authorities_pem));
    ASSIGN_OR_RETURN(transport->client, tls::Context::PeerClient(pair, ours->authorities_pem));
  }
  return transport;
}

PeerConnection::PeerConnection(std::shared_ptr<PeerTransport> transport, tcp::socket socket,
                               h2::GrpcSession::Side side)
    : transport_(std::move(transport)), socket_(std::move(socket)), session_(side, Events()) {}

PeerConnection::~PeerConnection() = default;

std::shared_ptr<PeerConnection> PeerConnection::Accept(std::shared_ptr<PeerTransport> transport,
                                                       tcp::socket socket, OnCall on_call) {
  const std::shared_ptr<PeerConnection> self(
      new PeerConnection(std::move(transport), std::move(socket), h2::GrpcSession::Side::kServer));
  self->on_call_ = std::move(on_call);
  SetUp(self->socket_);
  self->CloseWhenIdle();
  self->Begin(/*dialed=*/false);
  return self;
}

std::shared_ptr<PeerConnection> PeerConnection::Dial(std::shared_ptr<PeerTransport> transport, Target target,
                                                     const std::string& path, PeerCall* call) {
  tcp::socket socket(transport->loop.executor());
  const std::shared_ptr<PeerConnection> self(
      new PeerConnection(std::move(transport), std::move(socket), h2::GrpcSession::Side::kClient));
  self->wanted_uri_ = target.uri;
  self->dialed_call_ =
      self->session_.Call(path, target.address, self->transport_->client != nullptr ? "https" : "http");
  self->calls_[self->dialed_call_] = {call};
  self->Connect(target);
  self->transport_->loop.RunAfter(kPeerGreetingNs, [weak = self->weak_from_this()] {
    const auto held = weak.lock();
    if (held != nullptr && !held->session_.greeted())
      held->Close(absl::UnavailableError("the peer does not greet"));
  });
  return self;
}

void PeerConnection::Connect(const Target& target) {
  const auto fail = [this](absl::Status why) {
    transport_->loop.Post([self = shared_from_this(), why = std::move(why)] { self->Close(why); });
  };
  const absl::StatusOr<tcp::endpoint> to = Parse(target.address);
  if (!to.ok()) return fail(to.status());
  error_code error;
  socket_.open(to->protocol(), error);
  if (!error && !target.local_address.empty()) {
    const asio::ip::address from = asio::ip::make_address(target.local_address, error);
    if (!error) socket_.bind({from, 0}, error);
  }
  if (error) return fail(absl::UnavailableError(error.message()));
  SetUp(socket_);
  socket_.async_connect(*to, [self = shared_from_this()](const error_code& failed) {
    if (self->closed_) return;
    if (failed) return self->Close(absl::UnavailableError(failed.message()));
    self->Begin(/*dialed=*/true);
  });
}

void PeerConnection::Begin(bool dialed) {
  if (dialed && transport_->client != nullptr) {
    tls_.emplace(transport_->client, "");
  } else if (!dialed && transport_->server != nullptr) {
    tls_.emplace(transport_->server);
  } else {
    known_ = true;
  }
  Flush();
  WaitReadable();
}

h2::GrpcSession::Events PeerConnection::Events() {
  h2::GrpcSession::Events events;
  events.on_call = [this](h2::CallId id, const std::string& path) {
    if (!closed_) on_call_(shared_from_this(), id, path);
  };
  events.on_message = [this](h2::CallId id, std::string bytes) {
    if (const auto it = calls_.find(id); it != calls_.end()) it->second.call->OnMessage(std::move(bytes));
  };
  events.on_last_message = [this](h2::CallId id) {
    if (const auto it = calls_.find(id); it != calls_.end()) it->second.call->OnLastMessage();
  };
  events.on_end = [this](h2::CallId id, const h2::CallEnd& end) {
    const auto it = calls_.find(id);
    if (it == calls_.end()) return;
    PeerCall* const call = it->second.call;
    Forget(id);
    call->OnEnd(end.code == 0 ? absl::CancelledError("the peer ended the stream") : StatusOf(end));
  };
  return events;
}

void PeerConnection::Adopt(h2::CallId id, PeerCall* call) { calls_[id] = {call}; }

void PeerConnection::Forget(h2::CallId id) {
  if (calls_.erase(id) > 0 && calls_.empty() && dialed_call_ == 0) CloseWhenIdle();
}

void PeerConnection::CloseWhenIdle() {
  transport_->loop.RunAfter(kPeerIdleNs, [weak = weak_from_this()] {
    const auto self = weak.lock();
    if (self != nullptr && self->calls_.empty()) self->Close(absl::OkStatus());
  });
}

bool PeerConnection::CanWrite(h2::CallId id) {
  if (closed_) return false;
  if (session_.Written(id) && out_.empty()) return true;
  if (const auto it = calls_.find(id); it != calls_.end()) it->second.awaits_room = true;
  return false;
}

void PeerConnection::Write(h2::CallId id, std::string message) {
  session_.Write(id, std::move(message));
  Flush();
}

void PeerConnection::SetReading(h2::CallId id, bool reading) {
  const auto held = shared_from_this();
  session_.SetReading(id, reading);
  if (reading) Flush();
}

void PeerConnection::Finish(h2::CallId id, const absl::Status& why) {
  session_.Finish(id, EndOf(why));
  Forget(id);
  Flush();
}

// ---- The socket ----

void PeerConnection::WaitReadable() {
  if (closed_ || reading_) return;
  reading_ = true;
  socket_.async_wait(tcp::socket::wait_read, [self = shared_from_this()](const error_code& error) {
    self->reading_ = false;
    if (self->closed_) return;
    if (error) return self->Close(absl::UnavailableError(error.message()));
    self->OnReadable();
  });
}

void PeerConnection::OnReadable() {
  for (int i = 0; i < kReadsPerTurn; ++i) {
    error_code error;
    auto& scratch = transport_->scratch;
    const size_t n = socket_.read_some(asio::buffer(scratch), error);
    if (error == asio::error::would_block || error == asio::error::interrupted) break;
    if (error == asio::error::eof) return Close(absl::UnavailableError("the peer closed the connection"));
    if (error) return Close(absl::UnavailableError(error.message()));
    if (!Take(absl::string_view(scratch.data(), n))) return;
    if (n < scratch.size()) break;
  }
  Flush();
  if (closed_) return;
  if (session_.over()) return Close(absl::UnavailableError("the HTTP/2 session has ended"));
  // A system call, so behind what was posted meanwhile: what came in goes on first.
  transport_->loop.Post([self = shared_from_this()] { self->WaitReadable(); });
}

bool PeerConnection::Take(absl::string_view wire) {
  absl::Status status, end;
  if (tls_.has_value()) {
    transport_->plain_in.clear();
    const tls::Session::State state = tls_->Receive(wire, &transport_->plain_in);
    if (state == tls::Session::State::kFailed) {
      status = absl::UnavailableError(absl::StrCat("TLS: ", tls_->error()));
    } else if (state == tls::Session::State::kEnded) {
      end = absl::UnavailableError("the peer closed the connection");  // After what it said before.
    } else if (state == tls::Session::State::kOpen && !known_) {
      status = CheckOther();
    }
    wire = transport_->plain_in;
  }
  if (status.ok() && known_ && !wire.empty()) status = session_.Receive(wire);
  if (status.ok()) status = end;
  if (!status.ok()) Close(status);
  return !closed_;
}

// Whose certificate it is. Who calls us is told in the answer to its call that it may not.
absl::Status PeerConnection::CheckOther() {
  caller_ = rpc::HolderOf(tls_->peer_certificate_pem());
  if (caller_.ok()) {
    if (const absl::Status status = rpc::CheckHolder(*caller_, *transport_->identity, wanted_uri_);
        !status.ok()) {
      caller_ = status;
    }
  }
  known_ = caller_.ok() || dialed_call_ == 0;
  return known_ ? absl::OkStatus() : caller_.status();
}

bool PeerConnection::Send() {
  while (out_sent_ < out_.size()) {
    const ssize_t n = send(socket_.native_handle(), out_.data() + out_sent_, out_.size() - out_sent_,
                           MSG_NOSIGNAL | MSG_DONTWAIT);
    if (n > 0) {
      out_sent_ += static_cast<size_t>(n);
    } else if (errno == EAGAIN || errno == EWOULDBLOCK) {
      return false;
    } else if (errno != EINTR) {
      out_sent_ = out_.size();  // The read that is pending says what it is.
    }
  }
  out_.clear();
  out_sent_ = 0;
  return true;
}

void PeerConnection::Flush() {
  if (closed_ || writing_ || !socket_.is_open()) return;
  while (true) {
    if (!Send()) return WaitWritable();
    if (!tls_.has_value()) {
      if (!known_) return;
      session_.TakeOutput(&out_);
    } else {
      if (known_) {
        transport_->plain_out.clear();
        session_.TakeOutput(&transport_->plain_out);
        tls_->Send(transport_->plain_out);
      }
      out_ = tls_->TakeOutput();
    }
    if (out_.empty()) break;
  }
  TellWritable();
}

void PeerConnection::WaitWritable() {
  writing_ = true;
  socket_.async_wait(tcp::socket::wait_write, [self = shared_from_this()](const error_code& error) {
    self->writing_ = false;
    if (self->closed_) return;
    if (error) return self->Close(absl::UnavailableError(error.message()));
    self->Flush();
  });
}

void PeerConnection::TellWritable() {
  for (auto& [id, told] : calls_) {
    if (!told.awaits_room || !session_.Written(id)) continue;
    told.awaits_room = false;
    transport_->loop.Post([self = shared_from_this(), id = id] {
      if (const auto it = self->calls_.find(id); it != self->calls_.end()) it->second.call->OnWritable();
    });
  }
}

void PeerConnection::Close(const absl::Status& why) {
  if (closed_) return;
  Flush();
  closed_ = true;
  error_code ignored;
  socket_.shutdown(tcp::socket::shutdown_send, ignored);
  socket_.close(ignored);
  const auto held = shared_from_this();
  for (const auto& [id, told] : std::exchange(calls_, {})) told.call->OnEnd(why);
}

}  // namespace nonet::replica
