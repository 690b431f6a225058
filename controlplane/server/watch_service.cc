#include "controlplane/server/watch_service.h"

#include <grpcpp/grpcpp.h>

#include <deque>
#include <memory>
#include <utility>

#include "absl/synchronization/mutex.h"
#include "common/rpc/status.h"
#include "nonet/watch/v1/watch.grpc.pb.h"

namespace nonet::controlplane {
namespace {

using watch::v1::WatchRequest;
using watch::v1::WatchResponse;

constexpr size_t kPartBytes = 32;  // Of a message besides its events.

// gRPC's threads run the reactions, the loop's thread the WatchSession side. gRPC runs no reaction inside a
// Start call or Finish made from a thread that is not its own, so those may be made with mu_ held.
class WatchReactor final : public grpc::ServerBidiReactor<WatchRequest, WatchResponse>,
                           public WatchSession,
                           public std::enable_shared_from_this<WatchReactor> {
 public:
  WatchReactor(grpc::CallbackServerContext* context, Engine& engine, WatchHub& hub, size_t queue_bytes_max)
      : context_(context), engine_(engine), hub_(hub), queue_bytes_max_(queue_bytes_max) {}

  void Start() {
    self_ = shared_from_this();  // Let go of in OnDone.
    StartRead(&request_);
  }

  bool Send(FeedPart part) override {
    {
      absl::MutexLock lock(&mu_);
      if (finished_) return true;  // On its way out; the hub hears of it.
      if (part.kind == WatchResponse::KIND_PROGRESS && !queue_.empty()) {
        // Nothing in scope lies between, so the mark rides on the message before it.
        queue_.back().revision = part.revision;
        return true;
      }
      const size_t bytes = BoundedBytes(part);
      if (queued_bytes_ + bytes > queue_bytes_max_) return false;
      queued_bytes_ += bytes;
      queue_.push_back(std::move(part));
      if (std::exchange(writing_, true)) return true;
    }
    WriteNext();
    return true;
  }

  void End(const absl::Status& status) override {
    absl::MutexLock lock(&mu_);
    if (std::exchange(finished_, true)) return;
    queue_.clear();  // The one being written is gRPC's.
    Finish(rpc::ToGrpc(status));
  }

  void Cancel() override {
    absl::MutexLock lock(&mu_);
    if (!done_) context_->TryCancel();
  }

  void ReadNext() override {
    absl::MutexLock lock(&mu_);
    if (!finished_) StartRead(&request_);
  }

 private:
  // A snapshot shares its objects with the model and was asked for: it is as big as it is.
  static size_t BoundedBytes(const FeedPart& part) {
    return part.kind == WatchResponse::KIND_SNAPSHOT ? 0 : part.bytes + kPartBytes;
  }

  // Only by who has set writing_, or is called when a write is done. The message is made without the lock: it
  // may be large, and the loop's thread must not wait for it.
  void WriteNext() ABSL_LOCKS_EXCLUDED(mu_) {
    FeedPart part;
    {
      absl::MutexLock lock(&mu_);
      if (finished_) return;
      part = std::move(queue_.front());
      queue_.pop_front();
    }
    response_bytes_ = BoundedBytes(part);
    response_ = std::make_unique<const WatchResponse>(ToResponse(part));
    absl::MutexLock lock(&mu_);
    if (!finished_) StartWrite(response_.get());
  }

  void OnReadDone(bool ok) override {
    if (!ok) {  // The peer is through, or gone.
      End(absl::OkStatus());
      return;
    }
    const absl::Status taken =
        engine_.Submit([self = self_, request = std::move(request_)](Engine::Turn& turn) {
          self->hub_.Receive(turn, self, request);
        });
    if (!taken.ok()) End(taken);
  }

  void OnWriteDone(bool ok) override {
    response_.reset();
    {
      absl::MutexLock lock(&mu_);
      queued_bytes_ -= response_bytes_;
      writing_ = ok && !finished_ && !queue_.empty();
      if (!writing_) return;
    }
    WriteNext();
  }

  void OnCancel() override { End(absl::CancelledError("the subscriber has gone")); }

  void OnDone() override {
    {
      absl::MutexLock lock(&mu_);
      done_ = true;
    }
    engine_.SubmitEnd([self = self_](Engine::Turn& turn) { self->hub_.Closed(turn, self); });
    const std::shared_ptr<WatchReactor> last = std::move(self_);
  }

  grpc::CallbackServerContext* const context_;  // Valid until OnDone.
  Engine& engine_;
  WatchHub& hub_;
  const size_t queue_bytes_max_;
  std::shared_ptr<WatchReactor> self_;  // While gRPC holds the raw pointer.
  WatchRequest request_;                // Being read.
  // Being written; of whoever may call WriteNext.
  std::unique_ptr<const WatchResponse> response_;
  size_t response_bytes_ = 0;  // As counted in queued_bytes_.
  absl::Mutex mu_;
  std::deque<FeedPart> queue_ ABSL_GUARDED_BY(mu_);
  size_t queued_bytes_ ABSL_GUARDED_BY(mu_) = 0;  // With the one that is being written.
  bool writing_ ABSL_GUARDED_BY(mu_) = false;
  bool finished_ ABSL_GUARDED_BY(mu_) = false;
  bool done_ ABSL_GUARDED_BY(mu_) = false;
};

class WatchService final : public watch::v1::ConfigWatch::CallbackService {
 public:
  WatchService(Engine& engine, WatchHub& hub, size_t queue_bytes_max)
      : engine_(engine), hub_(hub), queue_bytes_max_(queue_bytes_max) {}

  grpc::ServerBidiReactor<WatchRequest, WatchResponse>* Watch(grpc::CallbackServerContext* context) override {
    const auto reactor = std::make_shared<WatchReactor>(context, engine_, hub_, queue_bytes_max_);
    reactor->Start();
    return reactor.get();
  }

 private:
  Engine& engine_;
  WatchHub& hub_;
  const size_t queue_bytes_max_;
};

}  // namespace

std::unique_ptr<grpc::Service> MakeWatchService(Engine& engine, WatchHub& hub, size_t queue_bytes_max) {
  return std::make_unique<WatchService>(engine, hub, queue_bytes_max);
}

}  // namespace nonet::controlplane
