// The Azure Resource Manager door: HTTP and, where there is a certificate, HTTPS. Authorises, reads, runs
// every call as one piece of work of the engine, and answers in ARM's envelopes. A poll of an operation that
// still runs is held for up to a second, so that a caller who awaits something quick is not told to come
// again.
//
//   ASSIGN_OR_RETURN(auto arm, arm::ArmServer::Start(engine, waiters, metrics, {.http_port = 7801}));
//
// The loop thread only.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>

#include "absl/status/statusor.h"
#include "common/clock/clock.h"
#include "common/process/metrics.h"
#include "controlplane/server/convergence.h"
#include "controlplane/server/engine.h"

namespace nonet::tls {
class Context;
}

namespace nonet::controlplane::arm {

inline constexpr size_t kConnectionsMax = 1'000;
inline constexpr size_t kBodyBytesMax = 1024 * 1024;
inline constexpr size_t kHeaderBytesMax = 16 * 1024;  // All headers together, with the request line.
inline constexpr int64_t kHoldNs = kNanosPerSecond;   // Of a poll that finds its operation running.
inline constexpr int64_t kOneCallNs =
    60 * kNanosPerSecond;               // Of a change that Azure answers when it is done.
inline constexpr int kRetryAfterS = 1;  // Whole seconds, and SDKs pass over 0.

class ArmServer {
 public:
  struct Options {
    std::string address = "127.0.0.1";
    std::optional<uint16_t> http_port;  // 0 picks a free one; without a value nothing listens.
    std::optional<uint16_t> https_port;
    std::shared_ptr<const tls::Context> tls;  // With https_port.
    std::string token;  // That every call has to carry (common/base/bearer.h). Empty: open.
  };
  // Engine, waiters and metrics outlive it. UNAVAILABLE when a port cannot be bound.
  static absl::StatusOr<std::unique_ptr<ArmServer>> Start(Engine& engine, ConvergenceWaiters& waiters,
                                                          Metrics& metrics, Options options);
  virtual ~ArmServer() = default;  // Aborts every connection.

  // "127.0.0.1:7801"; empty where nothing listens.
  virtual std::string http_address() const = 0;
  virtual std::string https_address() const = 0;
  // Takes no more connections; calls that were taken in are answered.
  virtual void StopListening() = 0;
};

}  // namespace nonet::controlplane::arm
