// Ctrl-C and SIGTERM as a function call on a thread of its own. Make one before any other thread starts: it
// blocks both signals for all threads made after it.
#pragma once

#include <functional>
#include <memory>

namespace nonet::cli {

class Signals {
 public:
  // `on_signal` is called on that thread, once for each signal.
  explicit Signals(std::function<void()> on_signal);
  ~Signals();
  Signals(const Signals&) = delete;
  Signals& operator=(const Signals&) = delete;

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace nonet::cli
