#include "common/watch/watch_stream.h"

#include <grpcpp/grpcpp.h>

#include <algorithm>
#include <utility>
#include <vector>

#include "absl/synchronization/mutex.h"
#include "common/base/check.h"
#include "common/rpc/complete_here.h"
#include "common/rpc/status.h"
#include "nonet/watch/v1/watch.grpc.pb.h"

namespace nonet {
namespace {

using watch::v1::WatchRequest;
using watch::v1::WatchResponse;

// What the reactor, on gRPC's threads, and the stream, on the loop's, both hold.
struct Link {  // Thread-safe. Nothing is called with `mu` held but EventLoop::Post, which only enqueues.
  explicit Link(EventLoop& l) : loop(&l) {}

  void Post(absl::AnyInvocable<void(WatchStream::Callbacks&)> task) {
    absl::MutexLock lock(&mu);
    if (loop == nullptr) return;
    loop->Post([self = this->self.lock(), task = std::move(task)]() mutable {
      if (self->callbacks) task(*self->callbacks);
    });
  }

  std::weak_ptr<Link> self;
  absl::Mutex mu;
  EventLoop* loop ABSL_GUARDED_BY(mu);                // nullptr once the stream is gone.
  bool done ABSL_GUARDED_BY(mu) = false;              // The reactor is gone.
  std::unique_ptr<WatchStream::Callbacks> callbacks;  // Loop thread only.
};

class Reactor final : public grpc::ClientBidiReactor<WatchRequest, WatchResponse> {
 public:
  Reactor(std::shared_ptr<Link> link, const std::shared_ptr<grpc::Channel>& channel)
      : link_(std::move(link)), stub_(watch::v1::ConfigWatch::NewStub(channel)) {}

  void Start() {
    stub_->async()->Watch(&context_, this);
    AddHold();  // Writes and reads start outside reactions; let go in OnReadDone(false).
    StartRead(&response_);
    StartCall();
  }

  // Whether the caller has to see to a Flush.
  bool Add(WatchRequest request) {
    absl::MutexLock lock(&mu_);
    const bool first = waiting_.empty();
    const auto same = std::find_if(waiting_.begin(), waiting_.end(), [&](const WatchRequest& other) {
      return other.kind_case() == request.kind_case();
    });
    if (same != waiting_.end()) {
      *same = std::move(request);
    } else {
      waiting_.push_back(std::move(request));
    }
    return first && !writing_;
  }

  void Flush() {
    absl::MutexLock lock(&mu_);
    WriteNext();
  }

  void Read() {
    absl::MutexLock lock(&mu_);
    if (!ended_) StartRead(&response_);
  }

  void Cancel() { context_.TryCancel(); }

  // When nothing is being read, no reaction would notice the end of the call; let go of the hold here.
  void Release() {
    absl::MutexLock lock(&mu_);
    if (!std::exchange(ended_, true)) RemoveHold();
  }

 private:
  void OnReadDone(bool ok) override {
    if (!ok) {
      Release();
      return;
    }
    link_->Post([response = std::move(response_)](WatchStream::Callbacks& callbacks) mutable {
      callbacks.on_message(std::move(response));
    });
  }

  void OnWriteDone(bool ok) override {
    if (!ok) return;  // The call is over; OnDone says why.
    absl::MutexLock lock(&mu_);
    writing_ = false;
    WriteNext();
  }

  // gRPC never runs a reaction inside a Start call of its own thread's reaction, nor of another thread, so
  // the lock may be held.
  void WriteNext() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mu_) {
    if (ended_ || writing_ || waiting_.empty()) return;
    request_ = std::move(waiting_.front());
    waiting_.erase(waiting_.begin());
    writing_ = true;
    grpc::WriteOptions options;
    if (!waiting_.empty()) options.set_buffer_hint();  // All of a turn's in one packet.
    StartWrite(&request_, options);
  }

  void OnDone(const grpc::Status& status) override {
    link_->Post([status = rpc::FromGrpc(status, "control plane")](WatchStream::Callbacks& callbacks) {
      callbacks.on_end(status);
    });
    const std::shared_ptr<Link> link = std::move(link_);
    absl::MutexLock lock(&link->mu);  // So that the stream sees either a live reactor or `done`.
    delete this;
    link->done = true;
  }

  std::shared_ptr<Link> link_;
  std::unique_ptr<watch::v1::ConfigWatch::Stub> stub_;
  grpc::ClientContext context_;
  WatchRequest request_;    // In flight.
  WatchResponse response_;  // Being read.
  absl::Mutex mu_;
  bool ended_ ABSL_GUARDED_BY(mu_) = false;
  bool writing_ ABSL_GUARDED_BY(mu_) = false;
  std::vector<WatchRequest> waiting_ ABSL_GUARDED_BY(mu_);  // At most one of each kind.
};

class Stream final : public WatchStream {
 public:
  Stream(EventLoop& loop, const std::shared_ptr<grpc::Channel>& channel, Callbacks callbacks)
      : loop_(loop), link_(std::make_shared<Link>(loop)) {
    link_->self = link_;
    link_->callbacks = std::make_unique<Callbacks>(std::move(callbacks));
    reactor_ = new Reactor(link_, channel);  // Deletes itself in OnDone.
    reactor_->Start();
  }

  ~Stream() override {
    link_->callbacks.reset();
    absl::MutexLock lock(&link_->mu);
    link_->loop = nullptr;
    if (link_->done) return;
    reactor_->Cancel();
    reactor_->Release();
    link_->mu.Await(absl::Condition(&link_->done));
  }

  void Write(WatchRequest request) override {
    absl::MutexLock lock(&link_->mu);
    if (link_->done || !reactor_->Add(std::move(request))) return;
    loop_.Post([weak = std::weak_ptr<Link>(link_), reactor = reactor_] {
      const auto link = weak.lock();
      if (link == nullptr) return;
      const rpc::CompleteHere here;  // Ends when the lock is free again.
      absl::MutexLock lock(&link->mu);
      if (link->loop != nullptr && !link->done) reactor->Flush();
    });
  }

  void ReadNext() override {
    absl::MutexLock lock(&link_->mu);
    if (!link_->done) reactor_->Read();
  }

 private:
  EventLoop& loop_;
  const std::shared_ptr<Link> link_;
  Reactor* reactor_;  // Valid until link_->done; then it has deleted itself.
};

}  // namespace

std::unique_ptr<WatchStream> WatchStream::Open(EventLoop& loop, const std::shared_ptr<grpc::Channel>& channel,
                                               Callbacks callbacks) {
  return std::make_unique<Stream>(loop, channel, std::move(callbacks));
}

}  // namespace nonet
