#include "common/http/connection.h"

#include <boost/asio/buffer.hpp>
#include <boost/asio/write.hpp>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "common/http/handshake.h"
#include "common/http/response.h"
#include "common/http/shaped_stream.h"
#include "common/http/stream.h"

namespace nonet::http {
namespace {

namespace asio = boost::asio;
using boost::system::error_code;

// Answers one request. Dropped without an answer, it answers 500.
class ReplyToken {
 public:
  ReplyToken(EventLoop& loop, std::weak_ptr<Connection> connection)
      : loop_(&loop), connection_(std::move(connection)) {}
  ReplyToken(ReplyToken&& other) noexcept
      : loop_(other.loop_), connection_(std::exchange(other.connection_, {})) {}
  ReplyToken& operator=(ReplyToken&&) = delete;
  ~ReplyToken() {
    if (!connection_.expired()) (*this)(ErrorResponse(500, "the request was not answered"));
  }

  void operator()(Response response) {
    std::weak_ptr<Connection> to = std::exchange(connection_, {});
    if (to.expired()) return;
    if (loop_->InTurn()) {
      if (const auto connection = to.lock()) connection->Answer(std::move(response));
      return;
    }
    loop_->Post([to = std::move(to), response = std::move(response)]() mutable {
      if (const auto connection = to.lock()) connection->Answer(std::move(response));
    });
  }

 private:
  EventLoop* loop_;
  std::weak_ptr<Connection> connection_;
};

class UpgradeDecision final : public Upgrade {
 public:
  explicit UpgradeDecision(std::shared_ptr<Connection> connection) : connection_(std::move(connection)) {}
  ~UpgradeDecision() override {
    if (connection_ != nullptr) Refuse(ErrorResponse(500, "the upgrade was not decided"));
  }
  std::unique_ptr<Stream> Accept(absl::string_view subprotocol) override {
    return std::exchange(connection_, nullptr)->AcceptUpgrade(subprotocol);
  }
  void Refuse(Response response) override {
    std::exchange(connection_, nullptr)->Answer(std::move(response));
  }

 private:
  std::shared_ptr<Connection> connection_;  // Keeps it while the decision is open; nullptr afterwards.
};

}  // namespace

Connection::Connection(std::shared_ptr<Shared> shared, asio::ip::tcp::socket socket, std::string peer_address,
                       Lines lines)
    : shared_(std::move(shared)),
      socket_(std::move(socket)),
      peer_address_(std::move(peer_address)),
      lines_(std::move(lines)) {}

void Connection::Start() {
  if (lines_.in != nullptr) {
    lines_.in->OnRoom([weak = weak_from_this()] {
      if (const auto self = weak.lock()) self->WaitReadable();
    });
  }
  if (shared_->options.tls == nullptr) {
    SetDeadline(shared_->options.idle_timeout_ns);
  } else {
    tls_ = std::make_unique<tls::Session>(shared_->options.tls);
    state_ = State::kHandshake;
    ++shared_->handshakes;
    SetDeadline(shared_->options.handshake_timeout_ns);
  }
  WaitReadable();
}

void Connection::WaitReadable() {
  if (waiting_ || state_ == State::kGone) return;
  // The peer's goodbye came with its last request, which has been answered.
  if (tls_ != nullptr && tls_->state() == tls::Session::State::kEnded && state_ != State::kDraining) {
    return Close(/*reset=*/false);
  }
  waiting_ = true;
  socket_.async_wait(asio::ip::tcp::socket::wait_read, [self = shared_from_this()](const error_code& error) {
    self->waiting_ = false;
    if (self->state_ == State::kGone) return;
    if (error) return self->Close(/*reset=*/true);
    self->OnReadable();
  });
}

void Connection::OnReadable() {
  error_code error;
  const size_t n = socket_.read_some(asio::buffer(shared_->scratch), error);
  if (error == asio::error::would_block || error == asio::error::interrupted) return WaitReadable();
  const bool shaped = lines_.in != nullptr && !lines_.in->clear();
  if (error && !shaped) return Close(/*reset=*/false);  // The peer's end.
  if (error) {
    lines_.in->Push(0, [weak = weak_from_this()] {
      const auto self = weak.lock();
      // While a request is answered, its end is read again afterwards.
      if (self == nullptr || self->state_ == State::kHandling || self->state_ == State::kWriting) return;
      self->Close(/*reset=*/false);
    });
    return;
  }
  const absl::string_view bytes(shared_->scratch.data(), n);
  if (!shaped) return Take(bytes);
  lines_.in->Push(n, [weak = weak_from_this(), copy = std::string(bytes)] {
    if (const auto self = weak.lock()) self->Take(copy);
  });
  // A body goes on arriving while its first bytes are on their way.
  if (!lines_.in->full() && in_.size() < kScratchBytes) WaitReadable();
}

void Connection::Take(absl::string_view bytes) {
  if (state_ == State::kGone) return;
  if (state_ == State::kDraining) return WaitReadable();
  if (tls_ != nullptr) return OnWire(bytes);
  in_.append(bytes.data(), bytes.size());
  if (state_ == State::kIdle || state_ == State::kReading) Advance();
}

void Connection::Transmit(std::string bytes, void (Connection::*done)(bool failed)) {
  const auto held = std::make_shared<const std::string>(std::move(bytes));
  const auto write = [self = shared_from_this(), held, done] {
    if (self->state_ == State::kGone) return;
    asio::async_write(self->socket_, asio::buffer(*held),
                      [self, held, done](const error_code& error, size_t) {
                        if (self->state_ != State::kGone) (*self.*done)(static_cast<bool>(error));
                      });
  };
  if (lines_.out == nullptr || lines_.out->clear()) return write();
  lines_.out->Push(held->size(), write);
}

// ---- TLS ----

void Connection::OnWire(absl::string_view bytes) {
  // RFC 8446 section 5.1: a client begins with a record of type 22. HTTP begins with the name of a method.
  if (state_ == State::kHandshake && !greeted_ && absl::ascii_isalpha(static_cast<unsigned char>(bytes[0]))) {
    return RefusePlain();
  }
  greeted_ = true;
  tls_->Receive(bytes, &in_);
  if (state_ == State::kHandshake) {
    if (!answering_) ContinueHandshake();
    return;
  }
  if (tls_->state() == tls::Session::State::kFailed) return Close(/*reset=*/true);
  if (state_ == State::kIdle || state_ == State::kReading) Advance();
}

void Connection::ContinueHandshake() {
  std::string flight = tls_->TakeOutput();
  if (tls_->state() == tls::Session::State::kFailed) {
    error_code ignored;  // Whoever hears the alert knows why; nobody waits for that.
    socket_.write_some(asio::buffer(flight), ignored);
    return Close(/*reset=*/false);
  }
  if (flight.empty()) return OnFlightSent(/*failed=*/false);
  answering_ = true;
  Transmit(std::move(flight), &Connection::OnFlightSent);
}

void Connection::OnFlightSent(bool failed) {
  answering_ = false;
  if (failed || tls_->state() == tls::Session::State::kFailed) return Close(/*reset=*/true);
  if (tls_->state() != tls::Session::State::kHandshake) {
    EndHandshake();
    state_ = State::kIdle;
    SetDeadline(shared_->options.idle_timeout_ns);
  }
  Advance();
}

void Connection::EndHandshake() { --shared_->handshakes; }

void Connection::RefusePlain() {
  EndHandshake();
  tls_.reset();
  Reject(400, "this port speaks HTTPS: use https:// and wss:// with it");
}

std::string Connection::Seal(std::string bytes, bool last) {
  if (tls_ == nullptr) return bytes;
  tls_->Send(bytes);
  if (last) tls_->End();
  return tls_->TakeOutput();
}

// ---- HTTP ----

void Connection::Advance() {
  if (in_.empty()) return WaitReadable();
  if (state_ == State::kIdle) {
    state_ = State::kReading;
    parser_ =
        std::make_unique<RequestParser>(shared_->options.header_bytes_max, shared_->options.body_bytes_max);
    continue_sent_ = false;
    SetDeadline(shared_->options.request_timeout_ns);
  }
  in_.erase(0, parser_->Put(in_));
  if (parser_->failed()) {
    const ParseError error = parser_->error();
    return Reject(error.status, error.message);
  }
  if (parser_->done()) return Dispatch();
  if (parser_->awaits_continue() && !continue_sent_) return SendContinue();
  WaitReadable();
}

void Connection::Dispatch() {
  keep_alive_ = parser_->keep_alive();
  const bool http_1_1 = parser_->http_1_1();
  Request request = parser_->Take();
  parser_.reset();
  head_ = request.method == "HEAD";
  request.peer_address = peer_address_;
  if (http_1_1 && request.Header("host") == nullptr) return Reject(400, "the Host header is missing");
  ClearDeadline();
  state_ = State::kHandling;
  const auto self = shared_from_this();  // The handler may destroy the server.
  if (!WantsWebSocket(request)) {
    return shared_->handler(std::move(request), ReplyToken(shared_->loop, weak_from_this()));
  }
  if (shared_->upgrade == nullptr) return Reject(400, "nothing here speaks WebSocket");
  absl::StatusOr<std::string> accept =
      http_1_1 ? CheckHandshake(request) : absl::InvalidArgumentError("an upgrade needs HTTP/1.1");
  if (!accept.ok()) {
    keep_alive_ = false;
    Response response = ErrorResponse(400, accept.status().message());
    response.headers.emplace_back("sec-websocket-version", "13");
    return Answer(std::move(response));
  }
  accept_key_ = *std::move(accept);
  shared_->upgrade(std::move(request), std::make_unique<UpgradeDecision>(self));
}

void Connection::Reject(int status, absl::string_view message) {
  state_ = State::kHandling;
  keep_alive_ = false;
  Answer(ErrorResponse(status, message));
}

void Connection::Answer(Response response) {
  if (state_ != State::kHandling) return;
  accept_key_.clear();
  Send(FormatResponse(response, head_, keep_alive_));
}

void Connection::Send(std::string bytes) {
  state_ = State::kWriting;
  SetDeadline(shared_->options.idle_timeout_ns);
  Transmit(Seal(std::move(bytes), /*last=*/!keep_alive_), &Connection::OnWritten);
}

void Connection::OnWritten(bool failed) {
  if (failed) return Close(/*reset=*/true);
  if (!keep_alive_) return Drain();
  state_ = State::kIdle;
  head_ = false;
  SetDeadline(shared_->options.idle_timeout_ns);
  Advance();
}

// RFC 9110 section 10.1.1: the client holds its body back until it hears this.
void Connection::SendContinue() {
  continue_sent_ = true;
  Transmit(Seal("HTTP/1.1 100 Continue\r\n\r\n", /*last=*/false), &Connection::OnContinueSent);
}

void Connection::OnContinueSent(bool failed) {
  if (failed) return Close(/*reset=*/true);
  WaitReadable();
}

// A close with unread input would reset the connection, and the peer might never see the answer.
void Connection::Drain() {
  state_ = State::kDraining;
  in_ = {};
  error_code ignored;
  socket_.shutdown(asio::ip::tcp::socket::shutdown_send, ignored);
  SetDeadline(kLingerNs);
  WaitReadable();
}

std::unique_ptr<Stream> Connection::AcceptUpgrade(absl::string_view subprotocol) {
  const auto self = shared_from_this();
  if (state_ != State::kHandling) {
    return MakeStream(
        std::make_shared<StreamCore>(shared_, asio::ip::tcp::socket(shared_->loop.executor()), nullptr, ""));
  }
  state_ = State::kGone;
  ClearDeadline();
  shared_->open.erase(self);
  auto core =
      std::make_shared<StreamCore>(shared_, std::move(socket_), std::move(tls_), std::exchange(in_, {}));
  shared_->open.insert(core);
  std::unique_ptr<Stream> stream = MakeStream(std::move(core));
  if (lines_.in != nullptr) stream = ShapeStream(shared_->loop, std::move(stream), std::exchange(lines_, {}));
  stream->Write(std::make_shared<const std::string>(FormatSwitchingProtocols(accept_key_, subprotocol)));
  return stream;
}

void Connection::SetDeadline(int64_t after_ns) {
  deadline_ns_ = shared_->loop.clock().SteadyNs() + after_ns;
  if (timer_ != 0 && timer_at_ns_ <= deadline_ns_) return;
  if (timer_ != 0) shared_->loop.Cancel(timer_);
  timer_at_ns_ = deadline_ns_;
  timer_ = shared_->loop.RunAt(deadline_ns_, [weak = weak_from_this()] {
    if (const auto self = weak.lock()) self->OnTimer();
  });
}

void Connection::ClearDeadline() {
  deadline_ns_ = INT64_MAX;
  if (timer_ != 0) shared_->loop.Cancel(std::exchange(timer_, 0));
}

void Connection::OnTimer() {
  timer_ = 0;
  const int64_t now = shared_->loop.clock().SteadyNs();
  if (now < deadline_ns_) return SetDeadline(deadline_ns_ - now);
  switch (state_) {
    case State::kHandshake:
      return Close(/*reset=*/true);
    case State::kIdle:
      return Close(/*reset=*/false);
    case State::kReading:
      return Reject(408, "the request took too long");
    case State::kHandling:
    case State::kGone:
      return;
    case State::kWriting:
    case State::kDraining:
      return Close(/*reset=*/true);
  }
}

void Connection::AbortNow() { Close(/*reset=*/true); }

void Connection::Close(bool reset) {
  if (state_ == State::kGone) return;
  if (state_ == State::kHandshake) EndHandshake();
  state_ = State::kGone;
  ClearDeadline();
  const auto self = shared_from_this();
  shared_->open.erase(self);
  const auto end = [reset](asio::ip::tcp::socket& socket) {
    error_code ignored;
    if (reset) socket.set_option(asio::socket_base::linger(true, 0), ignored);
    socket.close(ignored);
  };
  Lines lines = std::exchange(lines_, {});
  if (lines.out == nullptr || lines.out->clear()) return end(socket_);
  // The end is as long on its way as the last bytes.
  lines.out->Push(
      0, [socket = std::make_shared<asio::ip::tcp::socket>(std::move(socket_)), end] { end(*socket); });
  Line& out = *lines.out;
  out.OutliveOwner(std::move(lines.out));
}

}  // namespace nonet::http
