// A gRPC server as every process of Nonet has it: health, reflection, loopback only (without TLS it refuses
// any other address), bounded message size.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "absl/functional/any_invocable.h"
#include "absl/status/statusor.h"

namespace grpc {
class Service;
}

namespace nonet::rpc {

struct TlsIdentity;  // common/rpc/tls.h

class Server {
 public:
  struct Options {
    std::string address = "127.0.0.1";
    uint16_t port = 0;
    int receive_bytes_max = 16 * 1024 * 1024;
    // What changes something needs it (common/rpc/token_guard.h); then `address` is 127.0.0.1. Empty: open.
    std::string token = {};
    // Then callers need a certificate instead of the token; empty: plain.
    std::shared_ptr<const TlsIdentity> tls = {};
    // Tells of channels, sockets and calls (grpc.channelz.v1), once asked for anywhere.
    bool channelz = false;
  };
  // The services outlive the server. UNAVAILABLE when the address cannot be bound.
  static absl::StatusOr<std::unique_ptr<Server>> Start(const Options& options,
                                                       const std::vector<grpc::Service*>& services);
  virtual ~Server() = default;  // Shuts down, waiting at most 1 s for calls; then cancels them.
  virtual uint16_t port() const = 0;
  // "ip:port".
  virtual std::string address() const = 0;
  // What grpc.health.v1 answers.
  virtual void SetServing(bool serving) = 0;
  // Cancels calls after `grace_ns`, then waits until each has finished. Idempotent.
  // It blocks: never call it (or the destructor first) on a loop that open calls need in order to finish.
  virtual void Shutdown(int64_t grace_ns) = 0;
  // The same from a thread of its own, which calls `done` at the end, so that the loop turns meanwhile:
  //   daemon.OnStopAsync([&](auto done) { server->ShutdownAsync(kNanosPerSecond, std::move(done)); });
  // At most once.
  virtual void ShutdownAsync(int64_t grace_ns, absl::AnyInvocable<void()> done) = 0;
};

}  // namespace nonet::rpc
