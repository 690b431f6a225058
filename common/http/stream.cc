#include "common/http/stream.h"

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <sys/uio.h>

#include <algorithm>
#include <array>
#include <boost/asio/buffer.hpp>
#include <cerrno>
#include <utility>

#include "absl/cleanup/cleanup.h"

namespace nonet::http {
namespace {

namespace asio = boost::asio;
using boost::system::error_code;

// One readable socket takes at most this many reads before the others get their turn.
constexpr int kReadsPerTurn = 4;
// One send system call takes about this much at most.
constexpr size_t kSendBytesMax = 1024 * 1024;
// As much is sealed at a time: what a slow peer leaves queued is not held twice.
constexpr size_t kSealBytesMax = 256 * 1024;
constexpr size_t kBuffersPerSend = 64;
// Shared bytes up to this size are copied: an entry of their own in the gathered send costs more.
constexpr size_t kCopiedBytesMax = 1024;
// Entries of the queue that are sent, before their places are taken back.
constexpr size_t kSentChunksMax = 256;

class StreamHandle final : public Stream {
 public:
  explicit StreamHandle(std::shared_ptr<StreamCore> core) : core_(std::move(core)) {}
  ~StreamHandle() override { core_->Detach(); }
  void Start(Callbacks callbacks) override { core_->Start(std::move(callbacks)); }
  void Append(absl::string_view bytes) override { core_->Append(bytes); }
  void Write(std::shared_ptr<const std::string> bytes) override { core_->Write(std::move(bytes)); }
  size_t queued_bytes() const override { return core_->queued_bytes(); }
  void SetReading(bool reading) override { core_->SetReading(reading); }
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
  loop.Post([self = shared_from_this()] {
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
      closed_(!socket_.is_open()) {
  // A model-based congestion control paces; between processes of one machine, or within one network, that
  // only costs. Where the kernel has no cubic, its default stays.
  constexpr char kCongestionControl[] = "cubic";
  if (!closed_) {
    (void)setsockopt(socket_.native_handle(), IPPROTO_TCP, TCP_CONGESTION, kCongestionControl,
                     sizeof(kCongestionControl) - 1);
  }
}

void StreamCore::Start(Stream::Callbacks callbacks) {
  callbacks_ = std::make_shared<Stream::Callbacks>(std::move(callbacks));
  if (closed_) return NotifyClosedLater();
  shared_->loop.Post([self = shared_from_this()] {
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
  if (closed_ || reading_ || end_of_input_ || (paused_ && !closing_)) return;
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
    if (n < shared_->scratch.size() || paused_) break;
  }
  // A system call, so behind what was posted meanwhile: what came in goes on first.
  shared_->loop.Post([self = shared_from_this()] { self->WaitReadable(); });
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

void StreamCore::SetReading(bool reading) {
  paused_ = !reading;
  if (reading && callbacks_ != nullptr) WaitReadable();
}

void StreamCore::OnEndOfInput() {
  end_of_input_ = true;
  // Whoever is closing still says its last words; else a peer that hung up hears nothing any more.
  if (!closing_ || (queued_bytes_ == 0)) Close(/*reset=*/false);
}

void StreamCore::FlushLater() {
  // What waits for room in the socket takes these along.
  if (flush_scheduled_ || writing_) return;
  flush_scheduled_ = true;
  shared_->FlushLater(shared_from_this());
}

void StreamCore::Append(absl::string_view bytes) {
  if (closed_ || closing_ || bytes.empty()) return;
  queued_bytes_ += bytes.size();
  if (queue_.size() == first_ || queue_.back().shared != nullptr ||
      queue_.back().own.size() + bytes.size() > kChunkBytes) {
    Chunk chunk;
    if (!shared_->spare_chunks.empty()) {
      chunk.own = std::move(shared_->spare_chunks.back());
      shared_->spare_chunks.pop_back();
    }
    queue_.push_back(std::move(chunk));
  }
  queue_.back().own.append(bytes.data(), bytes.size());
  FlushLater();
}

void StreamCore::Write(std::shared_ptr<const std::string> bytes) {
  if (bytes->size() <= kCopiedBytesMax) return Append(*bytes);
  if (closed_ || closing_) return;
  queued_bytes_ += bytes->size();
  queue_.push_back({{}, std::move(bytes)});
  FlushLater();
}

void StreamCore::Flush() {
  flush_scheduled_ = false;
  if (closed_ || writing_ || queued_bytes_ == 0) return;
  if (!(tls_ != nullptr ? FlushSealed() : FlushPlain())) return;
  queue_.clear();
  first_ = 0;
  if (closing_) return BeginLinger();
  if (const auto callbacks = callbacks_; callbacks != nullptr && callbacks->on_drained)
    callbacks->on_drained();
}

bool StreamCore::Send(const iovec* buffers, size_t count, size_t* sent) {
  msghdr message{};
  message.msg_iov = const_cast<iovec*>(buffers);
  message.msg_iovlen = count;
  while (true) {
    const ssize_t n = sendmsg(socket_.native_handle(), &message, MSG_NOSIGNAL | MSG_DONTWAIT);
    if (n >= 0) {
      *sent = static_cast<size_t>(n);
      return true;
    }
    if (errno == EINTR) continue;
    if (errno == EAGAIN || errno == EWOULDBLOCK) {
      WaitWritable();
    } else {
      Close(/*reset=*/true);
    }
    return false;
  }
}

bool StreamCore::FlushPlain() {
  while (first_ < queue_.size()) {
    std::array<iovec, kBuffersPerSend> buffers;
    size_t count = 0, bytes = 0;
    for (size_t i = first_; i < queue_.size() && count < buffers.size() && bytes < kSendBytesMax; ++i) {
      const std::string& chunk = queue_[i].bytes();
      const size_t from = i == first_ ? front_sent_ : 0;
      buffers[count++] = {const_cast<char*>(chunk.data()) + from, chunk.size() - from};
      bytes += chunk.size() - from;
    }
    size_t sent = 0;
    if (!Send(buffers.data(), count, &sent)) return false;
    queued_bytes_ -= sent;
    Pop(sent);
  }
  return true;
}

bool StreamCore::FlushSealed() {
  while (true) {
    while (wire_sent_ < wire_.size()) {
      const iovec rest = {wire_.data() + wire_sent_, wire_.size() - wire_sent_};
      size_t sent = 0;
      if (!Send(&rest, 1, &sent)) return false;
      wire_sent_ += sent;
    }
    wire_ = {};
    wire_sent_ = 0;
    queued_bytes_ -= std::exchange(sealed_bytes_, 0);
    if (first_ == queue_.size()) return true;
    Seal();
  }
}

// Small messages share a record, and with it the cost of one.
void StreamCore::Seal() {
  std::string& plain = shared_->plain_out;
  plain.clear();
  for (size_t i = first_; i < queue_.size() && plain.size() < kSealBytesMax; ++i) {
    const size_t from = i == first_ ? front_sent_ : 0;
    plain.append(queue_[i].bytes(), from, kSealBytesMax - plain.size());
  }
  Pop(plain.size());
  sealed_bytes_ = plain.size();
  tls_->Send(plain);
  wire_ = tls_->TakeOutput();
}

void StreamCore::Pop(size_t n) {
  n += front_sent_;
  while (first_ < queue_.size() && n >= queue_[first_].bytes().size()) {
    Chunk& chunk = queue_[first_++];
    n -= chunk.bytes().size();
    if (chunk.shared == nullptr && shared_->spare_chunks.size() < kChunksKept) {
      chunk.own.clear();
      shared_->spare_chunks.push_back(std::move(chunk.own));
    }
    chunk = Chunk();
  }
  front_sent_ = n;
  if (first_ > kSentChunksMax) {
    queue_.erase(queue_.begin(), queue_.begin() + static_cast<ptrdiff_t>(first_));
    first_ = 0;
  }
}

void StreamCore::WaitWritable() {
  writing_ = true;
  socket_.async_wait(asio::ip::tcp::socket::wait_write, [self = shared_from_this()](const error_code& error) {
    self->writing_ = false;
    if (self->closed_) return;
    if (error) return self->Close(/*reset=*/true);
    self->Flush();
  });
}

void StreamCore::DropQueue() {
  queue_.clear();
  wire_ = {};
  first_ = front_sent_ = wire_sent_ = sealed_bytes_ = queued_bytes_ = 0;
}

void StreamCore::CloseAfterWrites() {
  if (closed_ || closing_) return;
  closing_ = true;
  linger_timer_ = shared_->loop.RunAfter(kLingerNs, [weak = weak_from_this()] {
    if (const auto self = weak.lock()) self->AbortNow();
  });
  // With nothing on its way: later, so that on_closed never comes from inside.
  shared_->loop.Post([self = shared_from_this()] {
    if (!self->closed_ && self->queued_bytes_ == 0) self->BeginLinger();
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
    const std::string goodbye = tls_->TakeOutput();
    socket_.write_some(asio::buffer(goodbye), ignored);  // Everything else has been taken, so there is room.
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
  DropQueue();
  shared_->open.erase(shared_from_this());
  NotifyClosedLater();
}

void StreamCore::NotifyClosedLater() {
  if (callbacks_ == nullptr) return;
  // A loop that turns no more destroys this without running it. The callbacks, which may own the Stream that
  // owns us, go then too.
  absl::Cleanup drop = [self = shared_from_this()] { self->callbacks_.reset(); };
  shared_->loop.Post([self = shared_from_this(), drop = std::move(drop)] {
    const auto callbacks = std::exchange(self->callbacks_, nullptr);
    if (callbacks != nullptr && callbacks->on_closed) callbacks->on_closed();
  });
}

}  // namespace nonet::http
