// One write at a time on a stream whose owner and whose completions are on different threads. Whoever found
// it busy is told when it is free; nobody is woken for nothing. Thread-safe.
//
//   if (gate.Free()) { gate.Begin(); StartWrite(...); }     // The owner.
//   if (gate.End()) loop.Post([...] { on_writable(); });    // The completion.
#pragma once

#include <atomic>
#include <cstdint>

namespace nonet::replica {

class WriteGate {
 public:
  // Owner. When it is not, End will say that somebody asked.
  bool Free() {
    State busy = State::kBusy;
    state_.compare_exchange_strong(busy, State::kAwaited);
    return busy == State::kFree;
  }
  // Owner, once it is free.
  void Begin() { state_.store(State::kBusy); }
  // Completion. Whether the owner asked meanwhile.
  bool End() { return state_.exchange(State::kFree) == State::kAwaited; }

 private:
  enum class State : uint8_t { kFree, kBusy, kAwaited };
  std::atomic<State> state_{State::kFree};
};

}  // namespace nonet::replica
