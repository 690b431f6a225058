// A server's stream of events, read on a thread of its own until destroyed.
#pragma once

namespace nonet::cli {

class EventStream {
 public:
  virtual ~EventStream() = default;  // Ends the call and joins the thread.
};

}  // namespace nonet::cli
