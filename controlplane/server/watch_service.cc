#include "controlplane/server/watch_service.h"

#include <grpcpp/grpcpp.h>

#include <deque>
#include <utility>

#include "absl/synchronization/mutex.h"
#include "common/rpc/status.h"
#include "nonet/watch/v1/watch.grpc.pb.h"

namespace nonet::controlplane {
namespace {

using watch::v1::WatchRequest;
using watch::v1::WatchResponse;

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

  bool Send(WatchResponse response) override {
    absl::MutexLock lock(&mu_);
    if (finished_) return true;  // On its way out; the hub hears of it.
    const bool waiting = queue_.size() > (writing_ ? 1u : 0u);
    if (response.kind() == WatchResponse::KIND_PROGRESS && waiting) {
      // Nothing in scope lies between, so the mark rides on the message before it.
      queue_.back().set_revision(response.revision());
      return true;
    }
    const size_t bytes = response.ByteSizeLong();
    if (response.kind() == WatchResponse::KIND_SNAPSHOT) {
      allowance_ += bytes;
    } else if (queued_bytes_ + bytes > queue_bytes_max_ + allowance_) {
      return false;
    }
    queued_bytes_ += bytes;
    sizes_.push_back(bytes);
    queue_.push_back(std::move(response));
    if (!writing_) WriteFront();
    return true;
  }

  void End(const absl::Status& status) override {
    absl::MutexLock lock(&mu_);
    if (std::exchange(finished_, true)) return;
    queue_.resize(writing_ ? 1 : 0);  // The one in flight is gRPC's.
    sizes_.resize(queue_.size());
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
  void WriteFront() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mu_) {
    writing_ = true;
    StartWrite(&queue_.front());
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
    absl::MutexLock lock(&mu_);
    writing_ = false;
    queue_.pop_front();
    queued_bytes_ -= sizes_.front();
    sizes_.pop_front();
    if (ok && !finished_ && !queue_.empty()) WriteFront();
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
  absl::Mutex mu_;
  std::deque<WatchResponse> queue_ ABSL_GUARDED_BY(mu_);  // The front is in flight while writing_.
  std::deque<size_t> sizes_ ABSL_GUARDED_BY(mu_);         // Bytes of each, as counted.
  size_t queued_bytes_ ABSL_GUARDED_BY(mu_) = 0;
  size_t allowance_ ABSL_GUARDED_BY(mu_) = 0;
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
