#include "common/rpc/complete_here.h"

#include <grpc/grpc.h>
#include <grpcpp/completion_queue.h>
#include <grpcpp/version_info.h>

namespace nonet::rpc {

#if GRPC_CPP_VERSION_MAJOR == 1 && GRPC_CPP_VERSION_MINOR == 51

namespace {

// The queue that gRPC's callbacks come from is counted by those who use it, and private. An explicit
// instantiation may name what is private.
using Acquire = grpc::CompletionQueue* (*)();
using Release = void (*)(grpc::CompletionQueue*);
Acquire AcquireFunction();
Release ReleaseFunction();
template <Acquire kAcquire, Release kRelease>
struct CallbackQueue {
  friend Acquire AcquireFunction() { return kAcquire; }
  friend Release ReleaseFunction() { return kRelease; }
};
template struct CallbackQueue<&grpc::CompletionQueue::CallbackAlternativeCQ,
                              &grpc::CompletionQueue::ReleaseCallbackAlternativeCQ>;

}  // namespace

CompleteHere::CompleteHere() : queue_(AcquireFunction()()) {
  grpc_completion_queue_thread_local_cache_init(queue_->cq());
}

CompleteHere::~CompleteHere() {
  void* tag = nullptr;
  int ok = 0;
  if (grpc_completion_queue_thread_local_cache_flush(queue_->cq(), &tag, &ok) != 0) {
    auto* callback = static_cast<grpc_completion_queue_functor*>(tag);
    callback->functor_run(callback, ok);
  }
  ReleaseFunction()(queue_);
}

#else

CompleteHere::CompleteHere() : queue_(nullptr) {}
CompleteHere::~CompleteHere() = default;

#endif

}  // namespace nonet::rpc
