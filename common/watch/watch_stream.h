// One ConfigWatch call, made from an event loop: the gRPC side of WatchClient.
//
// Created, used and closed on the loop thread; the callbacks run there too, never inside a call made here.
#pragma once

#include <memory>

#include "absl/functional/any_invocable.h"
#include "absl/status/status.h"
#include "common/loop/event_loop.h"
#include "nonet/watch/v1/watch.pb.h"

namespace grpc {
class Channel;
}

namespace nonet {

class WatchStream {
 public:
  struct Callbacks {
    absl::AnyInvocable<void(watch::v1::WatchResponse)> on_message;  // Then nothing until ReadNext.
    absl::AnyInvocable<void()> on_written;                          // The last Write has left.
    absl::AnyInvocable<void(absl::Status)> on_end;                  // Once, last.
  };

  // Starts the call and the first read. `channel` and `loop` outlive the stream.
  static std::unique_ptr<WatchStream> Open(EventLoop& loop, const std::shared_ptr<grpc::Channel>& channel,
                                           Callbacks callbacks);
  // Cancels; no callback follows. Returns when gRPC has let go of the call.
  virtual ~WatchStream() = default;
  // One at a time: the next one after on_written.
  virtual void Write(watch::v1::WatchRequest request) = 0;
  virtual void ReadNext() = 0;
};

}  // namespace nonet
