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
    absl::AnyInvocable<void(absl::Status)> on_end;                  // Once, last.
  };

  // Starts the call and the first read. `channel` and `loop` outlive the stream.
  static std::unique_ptr<WatchStream> Open(EventLoop& loop, const std::shared_ptr<grpc::Channel>& channel,
                                           Callbacks callbacks);
  // Cancels; no callback follows. Returns when gRPC has let go of the call.
  virtual ~WatchStream() = default;
  // Leaves at the end of the turn, together with what else is written in it. What is still waiting for a
  // write before it to end is replaced by a newer one of its kind.
  virtual void Write(watch::v1::WatchRequest request) = 0;
  virtual void ReadNext() = 0;
};

}  // namespace nonet
