#include "tools/cli/machine/signals.h"

#include <pthread.h>
#include <signal.h>

#include <atomic>
#include <thread>
#include <utility>

namespace nonet::cli {

struct Signals::Impl {
  std::function<void()> on_signal;
  sigset_t set;
  std::atomic<bool> stopping = false;
  std::thread thread;
};

Signals::Signals(std::function<void()> on_signal) : impl_(std::make_unique<Impl>()) {
  impl_->on_signal = std::move(on_signal);
  sigemptyset(&impl_->set);
  sigaddset(&impl_->set, SIGINT);
  sigaddset(&impl_->set, SIGTERM);
  pthread_sigmask(SIG_BLOCK, &impl_->set, nullptr);
  impl_->thread = std::thread([impl = impl_.get()] {
    while (true) {
      int signal = 0;
      if (sigwait(&impl->set, &signal) != 0 || impl->stopping) return;
      impl->on_signal();
    }
  });
}

Signals::~Signals() {
  impl_->stopping = true;
  pthread_kill(impl_->thread.native_handle(), SIGTERM);
  impl_->thread.join();
}

}  // namespace nonet::cli
