#include "common/http/connection.h"

#include <boost/asio/buffer.hpp>
#include <boost/asio/write.hpp>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "common/http/handshake.h"
#include "common/http/response.h"
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
    if (loop_->InLoopThread()) {
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

Connection::Connection(std::shared_ptr<Shared> shared, asio::ip::tcp::socket socket, std::string peer_address)
    : shared_(std::move(shared)), socket_(std::move(socket)), peer_address_(std::move(peer_address)) {}

void Connection::Start() {
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
  // The peer's goodbye came with its last request, which has been answered.
  if (tls_ != nullptr && tls_->state() == tls::Session::State::kEnded && state_ != State::kDraining) {
    return Close(/*reset=*/false);
  }
  socket_.async_wait(asio::ip::tcp::socket::wait_read, [self = shared_from_this()](const error_code& error) {
    if (self->state_ == State::kGone) return;
    if (error) return self->Close(/*reset=*/true);
    self->OnReadable();
  });
}

void Connection::OnReadable() {
  error_code error;
  const size_t n = socket_.read_some(asio::buffer(shared_->scratch), error);
  if (error == asio::error::would_block || error == asio::error::interrupted) return WaitReadable();
  if (error) return Close(/*reset=*/false);  // The peer's end.
  if (state_ == State::kDraining) return WaitReadable();
  if (tls_ != nullptr) return OnWire(absl::string_view(shared_->scratch.data(), n));
  in_.append(shared_->scratch.data(), n);
  Advance();
}

// ---- TLS ----

void Connection::OnWire(absl::string_view bytes) {
  // RFC 8446 section 5.1: a client begins with a record of type 22. HTTP begins with the name of a method.
  if (state_ == State::kHandshake && !greeted_ && absl::ascii_isalpha(static_cast<unsigned char>(bytes[0]))) {
    return RefusePlain();
  }
  greeted_ = true;
  tls_->Receive(bytes, &in_);
  if (state_ == State::kHandshake) return ContinueHandshake();
  if (tls_->state() == tls::Session::State::kFailed) return Close(/*reset=*/true);
  Advance();
}

void Connection::ContinueHandshake() {
  out_ = tls_->TakeOutput();
  if (tls_->state() == tls::Session::State::kFailed) {
    error_code ignored;  // Whoever hears the alert knows why; nobody waits for that.
    socket_.write_some(asio::buffer(out_), ignored);
    return Close(/*reset=*/false);
  }
  if (tls_->state() != tls::Session::State::kHandshake) {
    EndHandshake();
    state_ = State::kIdle;
    SetDeadline(shared_->options.idle_timeout_ns);
  }
  if (out_.empty()) return Advance();
  asio::async_write(socket_, asio::buffer(out_),
                    [self = shared_from_this()](const error_code& error, size_t) {
                      if (self->state_ == State::kGone) return;
                      if (error) return self->Close(/*reset=*/true);
                      self->Advance();
                    });
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
  out_ = Seal(std::move(bytes), /*last=*/!keep_alive_);
  SetDeadline(shared_->options.idle_timeout_ns);
  asio::async_write(socket_, asio::buffer(out_),
                    [self = shared_from_this()](const error_code& error, size_t) {
                      if (self->state_ != State::kGone) self->OnWritten(static_cast<bool>(error));
                    });
}

void Connection::OnWritten(bool failed) {
  out_ = {};
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
  out_ = Seal("HTTP/1.1 100 Continue\r\n\r\n", /*last=*/false);
  asio::async_write(socket_, asio::buffer(out_),
                    [self = shared_from_this()](const error_code& error, size_t) {
                      if (self->state_ == State::kGone) return;
                      if (error) return self->Close(/*reset=*/true);
                      self->WaitReadable();
                    });
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
        std::make_shared<StreamCore>(shared_, asio::ip::tcp::socket(shared_->loop.io()), nullptr, ""));
  }
  state_ = State::kGone;
  ClearDeadline();
  shared_->open.erase(self);
  auto core =
      std::make_shared<StreamCore>(shared_, std::move(socket_), std::move(tls_), std::exchange(in_, {}));
  shared_->open.insert(core);
  core->Write(std::make_shared<const std::string>(FormatSwitchingProtocols(accept_key_, subprotocol)));
  return MakeStream(std::move(core));
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
  error_code ignored;
  if (reset) socket_.set_option(asio::socket_base::linger(true, 0), ignored);
  socket_.close(ignored);
  shared_->open.erase(shared_from_this());
}

}  // namespace nonet::http
