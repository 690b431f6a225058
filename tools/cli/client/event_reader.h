// The thread behind an EventStream: reads, and when the server goes away asks again for what came after the
// last event. Only the clients of this directory include it.
#pragma once

#include <grpcpp/grpcpp.h>

#include <functional>
#include <memory>
#include <thread>
#include <utility>

#include "absl/base/thread_annotations.h"
#include "absl/synchronization/mutex.h"
#include "absl/time/time.h"
#include "tools/cli/client/call.h"
#include "tools/cli/client/event_stream.h"
#include "tools/cli/render/time.h"

namespace nonet::cli {

template <typename Stub, typename Request, typename Event>
class EventReader final : public EventStream {
 public:
  using Handler = std::function<void(const Event&)>;

  EventReader(std::shared_ptr<grpc::Channel> channel, int64_t after_ns, Handler on_event)
      : channel_(std::move(channel)),
        stub_(channel_),
        on_event_(std::move(on_event)),
        after_ns_(after_ns),
        thread_([this] { Run(); }) {}

  ~EventReader() override {
    {
      absl::MutexLock lock(&mu_);
      stopping_ = true;
      if (context_ != nullptr) context_->TryCancel();
    }
    thread_.join();
  }

 private:
  static constexpr absl::Duration kPause = absl::Milliseconds(100);  // Between two tries.

  void Run() {
    while (true) {
      grpc::ClientContext context;
      {
        absl::MutexLock lock(&mu_);
        if (stopping_) return;
        context_ = &context;
      }
      Request request;
      if (after_ns_ != 0) *request.mutable_after() = FromUnixNs(after_ns_);
      const std::unique_ptr<grpc::ClientReader<Event>> reader = stub_.WatchEvents(&context, request);
      Event event;
      while (reader->Read(&event)) {
        after_ns_ = UnixNs(event.time());
        on_event_(event);
      }
      const grpc::Status ignored = reader->Finish();
      absl::MutexLock lock(&mu_);
      context_ = nullptr;
      mu_.AwaitWithTimeout(absl::Condition(&stopping_), kPause);
    }
  }

  const std::shared_ptr<grpc::Channel> channel_;
  Stub stub_;
  const Handler on_event_;
  int64_t after_ns_;  // The thread's own.
  absl::Mutex mu_;
  bool stopping_ ABSL_GUARDED_BY(mu_) = false;
  grpc::ClientContext* context_ ABSL_GUARDED_BY(mu_) = nullptr;
  std::thread thread_;  // Last: it uses all of the above.
};

}  // namespace nonet::cli
