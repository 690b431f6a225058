#include "common/http/stream.h"

#include <algorithm>
#include <boost/asio/buffer.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/write.hpp>
#include <utility>

#include "absl/cleanup/cleanup.h"

namespace nonet::http {
namespace {

namespace asio = boost::asio;
using boost::system::error_code;

// One readable socket takes at most this many reads before the others get their turn.
constexpr int kReadsPerTurn = 4;
// One send system call takes at most this much (Asio's own default is 64 KiB).
constexpr size_t kSendBytesMax = 1024 * 1024;
// As much is sealed at a time: what a slow peer leaves queued is not held twice.
constexpr size_t kSealBytesMax = 256 * 1024;

class StreamHandle final : public Stream {
 public:
  explicit StreamHandle(std::shared_ptr<StreamCore> core) : core_(std::move(core)) {}
  ~StreamHandle() override { core_->Detach(); }
  void Start(Callbacks callbacks) override { core_->Start(std::move(callbacks)); }
  void Write(std::shared_ptr<const std::string> bytes) override { core_->Write(std::move(bytes)); }
  size_t queued_bytes() const override { return core_->queued_bytes(); }
  void CloseAfterWrites() override { core_->CloseAfterWrites(); }
  void Abort() override { core_->AbortNow(); }

 private:
  const std::shared_ptr<StreamCore> core_;
};

}  // namespace

std::unique_ptr<Stream> MakeStream(std::shared_ptr<StreamCore> core) {
  return std::make_unique<StreamHandle>(std::move(core));
}

void Shared::FlushLater(std::shared_ptr<StreamCore> stream) {
  dirty.push_back(std::move(stream));
  if (dirty.size() > 1) return;
  asio::post(loop.io(), [self = shared_from_this()] {
    std::vector<std::shared_ptr<StreamCore>> streams;
    streams.swap(self->dirty);
    for (const auto& each : streams) each->Flush();
  });
}

StreamCore::StreamCore(std::shared_ptr<Shared> shared, asio::ip::tcp::socket socket,
                       std::unique_ptr<tls::Session> tls, std::string early)
    : shared_(std::move(shared)),
      socket_(std::move(socket)),
      tls_(std::move(tls)),
      early_(std::move(early)),
      closed_(!socket_.is_open()) {}

void StreamCore::Start(Stream::Callbacks callbacks) {
  callbacks_ = std::make_shared<Stream::Callbacks>(std::move(callbacks));
  if (closed_) return NotifyClosedLater();
  asio::post(shared_->loop.io(), [self = shared_from_this()] {
    if (!self->closed_) self->DeliverEarly();
  });
}

void StreamCore::DeliverEarly() {
  if (!early_.empty() && !closing_) {
    const std::string bytes = std::exchange(early_, {});
    if (const auto callbacks = callbacks_) callbacks->on_data(bytes);
  }
  // The peer's goodbye may have come with its upgrade request.
  if (tls_ != nullptr && tls_->state() == tls::Session::State::kEnded && !closed_) return OnEndOfInput();
  WaitReadable();
}

void StreamCore::WaitReadable() {
  if (closed_ || reading_ || end_of_input_) return;
  reading_ = true;
  socket_.async_wait(asio::ip::tcp::socket::wait_read, [self = shared_from_this()](const error_code& error) {
    self->reading_ = false;
    if (self->closed_) return;
    if (error) return self->Close(/*reset=*/true);
    self->OnReadable();
  });
}

void StreamCore::OnReadable() {
  for (int i = 0; i < kReadsPerTurn; ++i) {
    error_code error;
    const size_t n = socket_.read_some(asio::buffer(shared_->scratch), error);
    if (error == asio::error::would_block || error == asio::error::interrupted) break;
    if (error == asio::error::eof) return OnEndOfInput();
    if (error) return Close(/*reset=*/true);
    const absl::string_view bytes(shared_->scratch.data(), n);
    if (tls_ != nullptr) {
      if (!DeliverFromWire(bytes)) return;
    } else if (const auto callbacks = callbacks_; callbacks != nullptr && !closing_) {
      callbacks->on_data(bytes);
    }
    if (closed_) return;
    if (n < shared_->scratch.size()) break;
  }
  WaitReadable();
}

// False when nothing more is to be read.
bool StreamCore::DeliverFromWire(absl::string_view wire) {
  std::string& plain = shared_->plain_in;
  plain.clear();
  const tls::Session::State state = tls_->Receive(wire, &plain);
  const auto callbacks = callbacks_;
  if (!plain.empty() && callbacks != nullptr && !closing_) callbacks->on_data(plain);
  if (closed_) return false;
  if (state == tls::Session::State::kOpen) return true;
  if (state == tls::Session::State::kEnded) {
    OnEndOfInput();
  } else {
    Close(/*reset=*/true);
  }
  return false;
}

void StreamCore::OnEndOfInput() {
  end_of_input_ = true;
  // Whoever is closing still says its last words; else a peer that hung up hears nothing any more.
  if (!closing_ || (waiting_.empty() && sending_.empty())) Close(/*reset=*/false);
}

void StreamCore::Write(std::shared_ptr<const std::string> bytes) {
  if (closed_ || closing_ || bytes->empty()) return;
  queued_bytes_ += bytes->size();
  waiting_.push_back(std::move(bytes));
  if (flush_scheduled_ || !sending_.empty()) return;  // What is on its way takes these along when it is done.
  flush_scheduled_ = true;
  shared_->FlushLater(shared_from_this());
}

void StreamCore::Flush() {
  flush_scheduled_ = false;
  if (closed_ || waiting_.empty() || !sending_.empty()) return;
  sending_.swap(waiting_);
  if (tls_ != nullptr) return SendSealed();
  std::vector<asio::const_buffer> buffers;
  buffers.reserve(sending_.size());
  for (const auto& bytes : sending_) buffers.push_back(asio::buffer(*bytes));
  const auto limit = [](const error_code& error, size_t) { return error ? size_t{0} : kSendBytesMax; };
  asio::async_write(socket_, std::move(buffers), limit,
                    [self = shared_from_this()](const error_code& error, size_t) {
                      self->OnWritten(static_cast<bool>(error));
                    });
}

// Small messages share a record, and with it the cost of one.
void StreamCore::SendSealed() {
  std::string& plain = shared_->plain_out;
  plain.clear();
  while (sealed_messages_ < sending_.size() && plain.size() < kSealBytesMax) {
    const std::string& message = *sending_[sealed_messages_];
    const size_t n = std::min(message.size() - sealed_bytes_, kSealBytesMax - plain.size());
    plain.append(message, sealed_bytes_, n);
    sealed_bytes_ += n;
    if (sealed_bytes_ < message.size()) break;
    ++sealed_messages_;
    sealed_bytes_ = 0;
  }
  const bool last = sealed_messages_ == sending_.size();
  if (last) sealed_messages_ = 0;
  tls_->Send(plain);
  wire_ = tls_->TakeOutput();
  asio::async_write(socket_, asio::buffer(wire_),
                    [self = shared_from_this(), last](const error_code& error, size_t) {
                      self->wire_ = {};
                      if (error || last || self->closed_) return self->OnWritten(static_cast<bool>(error));
                      self->SendSealed();
                    });
}

void StreamCore::OnWritten(bool failed) {
  for (const auto& bytes : sending_) queued_bytes_ -= bytes->size();
  sending_.clear();
  if (closed_) return;
  if (failed) return Close(/*reset=*/true);
  if (!waiting_.empty()) return Flush();
  if (closing_) return BeginLinger();
  if (const auto callbacks = callbacks_; callbacks != nullptr && callbacks->on_drained)
    callbacks->on_drained();
}

void StreamCore::CloseAfterWrites() {
  if (closed_ || closing_) return;
  closing_ = true;
  linger_timer_ = shared_->loop.RunAfter(kLingerNs, [weak = weak_from_this()] {
    if (const auto self = weak.lock()) self->AbortNow();
  });
  // With nothing on its way: later, so that on_closed never comes from inside.
  asio::post(shared_->loop.io(), [self = shared_from_this()] {
    if (!self->closed_ && self->waiting_.empty() && self->sending_.empty()) self->BeginLinger();
  });
}

// Closing a socket with unread input would reset the connection and may take our last bytes with it.
void StreamCore::BeginLinger() {
  if (lingering_) return;
  lingering_ = true;
  if (end_of_input_) return Close(/*reset=*/false);
  error_code ignored;
  if (tls_ != nullptr) {
    tls_->End();
    wire_ = tls_->TakeOutput();
    socket_.write_some(asio::buffer(wire_), ignored);  // Everything else has been taken, so there is room.
  }
  socket_.shutdown(asio::ip::tcp::socket::shutdown_send, ignored);
  WaitReadable();
}

void StreamCore::AbortNow() { Close(/*reset=*/true); }

void StreamCore::Detach() {
  callbacks_.reset();
  AbortNow();
}

void StreamCore::Close(bool reset) {
  if (closed_) return;
  closed_ = true;
  error_code ignored;
  if (reset) socket_.set_option(asio::socket_base::linger(true, 0), ignored);
  socket_.close(ignored);
  if (linger_timer_ != 0) shared_->loop.Cancel(linger_timer_);
  for (const auto& bytes : waiting_) queued_bytes_ -= bytes->size();
  waiting_.clear();
  shared_->open.erase(shared_from_this());
  NotifyClosedLater();
}

void StreamCore::NotifyClosedLater() {
  if (callbacks_ == nullptr) return;
  // A loop that turns no more destroys this without running it. The callbacks, which may own the Stream that
  // owns us, go then too.
  absl::Cleanup drop = [self = shared_from_this()] { self->callbacks_.reset(); };
  asio::post(shared_->loop.io(), [self = shared_from_this(), drop = std::move(drop)] {
    const auto callbacks = std::exchange(self->callbacks_, nullptr);
    if (callbacks != nullptr && callbacks->on_closed) callbacks->on_closed();
  });
}

}  // namespace nonet::http
