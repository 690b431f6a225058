// The whole resolver of one process, put together: resolver, DNS listeners, steering service, configuration
// stream. main.cc and the contract tests start it alike.
//
//   auto app = App::Start(loop, metrics, options);
//   (*app)->dns_addresses().front();
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "absl/functional/any_invocable.h"
#include "absl/status/statusor.h"
#include "common/loop/event_loop.h"
#include "common/process/metrics.h"
#include "dnsresolver/server/options.h"

namespace nonet::dns {

class App {  // The loop thread only.
 public:
  struct Options {
    CheckedSettings settings;
    std::string directory;     // For state.pb and verdicts.pb; exists.
    std::string controlplane;  // "ip:port".
    uint16_t grpc_port = 0;
    std::string epoch;
    uint64_t seed = 0;
  };

  // Loop and metrics outlive the app. Serves from the last good state when it returns.
  static absl::StatusOr<std::unique_ptr<App>> Start(EventLoop& loop, Metrics& metrics, Options options);
  ~App();  // StopCalls first, or it waits for open calls, at most 1 s.

  const std::vector<SocketAddress>& dns_addresses() const;
  std::string grpc_address() const;
  // Whether a configuration has been seen.
  bool configured() const;

  // Ends watchers and takes no more calls; `done` comes from another thread. At most once.
  void StopCalls(absl::AnyInvocable<void()> done);

 private:
  struct Impl;
  explicit App(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace nonet::dns
