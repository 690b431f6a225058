// The main of every Nonet daemon: flags, logs, the loop, the admin port, signals, the ready line.
//
//   int main(int argc, char** argv) {
//     nonet::Daemon daemon(argc, argv, {.name = "nonet-dnsresolver", .summary = "..."});
//     return daemon.Run([](nonet::Daemon& d) -> absl::Status { ...start...; d.Ready({{"dns", addr}}); ... });
//   }
//
// Flags are absl flags; these are common to all: --dir (required), --admin_port, --ready_file, --log_level,
// --help, --version. An unknown flag or a bad value prints one line saying what to do and exits 2.
// Underscores and dashes are the same in flag names: --admin-port works.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/functional/any_invocable.h"
#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "common/loop/event_loop.h"
#include "common/process/metrics.h"

namespace nonet {

class Daemon {
 public:
  struct Spec {
    std::string name;                         // "nonet-replica"
    std::string summary;                      // For --help.
    std::string admin_address = "127.0.0.1";  // Where the admin port listens unless set before Run's start.
  };

  Daemon(int argc, char** argv, Spec spec);  // Exits on --help, --version and bad flags.
  ~Daemon();

  // Runs `start` on the loop thread, then the loop until SIGTERM, SIGINT or Fail. A failed start prints
  // the error and gives exit code 1. On the way out the stop functions run in reverse order; the whole stop
  // takes at most 5 s, then the process ends by itself. SIGPIPE is ignored.
  int Run(std::function<absl::Status(Daemon&)> start);

  // Where the admin port listens: before Run, when a flag of the program says so.
  void SetAdminAddress(std::string address);
  // Prints "error[BAD_FLAG]: <what> / try: <name> --help" and exits 2: before Run, for values that parse but
  // make no sense.
  [[noreturn]] void BadFlag(absl::string_view what) const;

  EventLoop& loop();
  Metrics& metrics();
  const std::string& dir() const;    // --dir, absolute; exists, mode 0700.
  const std::string& epoch() const;  // This process's life: 16 hex digits; a later life's are larger.

  // Extra checks behind /readyz; /healthz answers 200 while the loop turns.
  void AddReadinessCheck(std::string name, absl::AnyInvocable<bool()> check);
  // Runs on the loop thread when the process is asked to stop.
  void OnStop(absl::AnyInvocable<void()> stop);
  // The same for what takes a while: the next one waits for `done` (from any thread, once); the loop turns
  // meanwhile. A gRPC server stops so, because its open calls may need the loop to finish.
  using StopStep = absl::AnyInvocable<void(absl::AnyInvocable<void()> done)>;
  void OnStopAsync(StopStep stop);
  // Prints "ready name=address ..." (with admin=) to stdout, and writes --ready_file, when given, as
  // {"pid": n, "addresses": {"name": "ip:port", ...}}; removed again on a clean stop.
  void Ready(std::vector<std::pair<std::string, std::string>> addresses);
  // Ends the process with exit code 1. Thread-safe.
  void Fail(absl::Status why);

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

// The version that --version prints.
absl::string_view Version();

}  // namespace nonet
