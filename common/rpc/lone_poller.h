// Leaves gRPC's callbacks to one thread.
//
// gRPC 1.51 polls for its callback API with two threads or more. Whichever finds something to do wakes
// another to poll in its place, and a completion wakes one that is not at work; between two cores such a wake
// costs more than most callbacks do. While a LonePoller lives, all but one of these threads sleep. For a
// process whose callbacks are short; what one of them waits for must not be another. With any other version
// of gRPC it does nothing. See docs/decisions/0022-turns-and-pollers.md.
#pragma once

#include <memory>

namespace nonet::rpc {

class LonePoller {
 public:
  LonePoller();   // Returns when they sleep. At most one at a time.
  ~LonePoller();  // They poll again. Not from a callback.
  LonePoller(const LonePoller&) = delete;
  LonePoller& operator=(const LonePoller&) = delete;

 private:
  struct Impl;
  const std::unique_ptr<Impl> impl_;
};

}  // namespace nonet::rpc
