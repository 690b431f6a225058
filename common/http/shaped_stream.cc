#include "common/http/shaped_stream.h"

#include <string>
#include <utility>

#include "absl/cleanup/cleanup.h"

namespace nonet::http {
namespace {

// Held by the handle, by the inner stream's callbacks and by what is on its way out: like a kernel's socket,
// it outlives the one who closed it until its last bytes are through.
struct ShapedCore : std::enable_shared_from_this<ShapedCore> {
  ShapedCore(EventLoop& l, std::unique_ptr<Stream> s, Lines lines_in)
      : loop(l), inner(std::move(s)), lines(std::move(lines_in)) {}

  void Start(Stream::Callbacks callbacks_in) {
    callbacks = std::make_shared<Stream::Callbacks>(std::move(callbacks_in));
    Stream::Callbacks own;
    own.on_data = [self = shared_from_this()](absl::string_view bytes) { self->OnData(bytes); };
    own.on_closed = [self = shared_from_this()] { self->OnInnerClosed(); };
    own.on_drained = [self = shared_from_this()] { self->OnDrained(); };
    if (lines.in != nullptr) {
      lines.in->OnRoom([weak = weak_from_this()] {
        if (const auto self = weak.lock()) self->inner->SetReading(true);
      });
    }
    inner->Start(std::move(own));
  }

  void OnData(absl::string_view bytes) {
    if (left) return;
    if (lines.in->clear()) return Deliver(bytes);
    lines.in->Push(bytes.size(), [weak = weak_from_this(), copy = std::string(bytes)] {
      if (const auto self = weak.lock()) self->Deliver(copy);
    });
    if (lines.in->full()) inner->SetReading(false);
  }
  void Deliver(absl::string_view bytes) {
    if (const auto to = callbacks; to != nullptr) to->on_data(bytes);
  }

  // The client's end takes as long as its bytes.
  void OnInnerClosed() {
    if (left || lines.in->clear()) return NotifyClosed();
    lines.in->Push(0, [weak = weak_from_this()] {
      if (const auto self = weak.lock()) self->NotifyClosed();
    });
  }
  void OnDrained() {
    const auto to = callbacks;
    if (held_out == 0 && to != nullptr && to->on_drained) to->on_drained();
  }
  void NotifyClosed() {
    const auto to = std::exchange(callbacks, nullptr);
    if (to != nullptr && to->on_closed) to->on_closed();
  }

  template <typename Put>
  void Write(size_t bytes, Put put) {
    if (left) return;
    held_out += bytes;
    lines.out->Push(bytes, [self = shared_from_this(), bytes, put = std::move(put)] {
      self->held_out -= bytes;
      put(*self->inner);
    });
  }

  // The owner is done with it. Unless nothing is in between, it ends later, by itself.
  void Leave(bool abort) {
    if (std::exchange(left, true)) return;
    if (lines.out->clear()) return abort ? inner->Abort() : inner->CloseAfterWrites();
    // Dropped without running: nothing will ever get through, so its socket is not kept for it.
    absl::Cleanup drop = [self = shared_from_this()] { self->inner->Abort(); };
    lines.out->Push(0, [self = shared_from_this(), abort, drop = std::move(drop)]() mutable {
      std::move(drop).Cancel();
      abort ? self->inner->Abort() : self->inner->CloseAfterWrites();
    });
    http::Line& out = *lines.out;
    out.OutliveOwner(std::move(lines.out));
    lines.in.reset();
    loop.Post([self = shared_from_this()] { self->NotifyClosed(); });
  }

  EventLoop& loop;
  const std::unique_ptr<Stream> inner;
  Lines lines;
  // Shared: a callback may destroy the handle that it was called from.
  std::shared_ptr<Stream::Callbacks> callbacks;
  size_t held_out = 0;
  bool left = false;
};

class ShapedStream final : public Stream {
 public:
  explicit ShapedStream(std::shared_ptr<ShapedCore> core) : core_(std::move(core)) {}
  ~ShapedStream() override {
    core_->callbacks.reset();
    core_->Leave(/*abort=*/true);
  }
  void Start(Callbacks callbacks) override { core_->Start(std::move(callbacks)); }
  void Append(absl::string_view bytes) override {
    if (core_->left) return;
    if (core_->lines.out->clear()) return core_->inner->Append(bytes);
    core_->Write(bytes.size(), [copy = std::string(bytes)](Stream& inner) { inner.Append(copy); });
  }
  void Write(std::shared_ptr<const std::string> bytes) override {
    if (core_->left) return;
    if (core_->lines.out->clear()) return core_->inner->Write(std::move(bytes));
    const size_t size = bytes->size();
    core_->Write(size, [bytes = std::move(bytes)](Stream& inner) { inner.Write(bytes); });
  }
  size_t queued_bytes() const override { return core_->inner->queued_bytes() + core_->held_out; }
  void SetReading(bool reading) override { core_->inner->SetReading(reading); }
  void CloseAfterWrites() override { core_->Leave(/*abort=*/false); }
  void Abort() override { core_->Leave(/*abort=*/true); }

 private:
  const std::shared_ptr<ShapedCore> core_;
};

}  // namespace

std::unique_ptr<Stream> ShapeStream(EventLoop& loop, std::unique_ptr<Stream> inner, Lines lines) {
  return std::make_unique<ShapedStream>(
      std::make_shared<ShapedCore>(loop, std::move(inner), std::move(lines)));
}

}  // namespace nonet::http
