// The control plane as a process has it: engine, streams and services on one gRPC port.
//
//   ASSIGN_OR_RETURN(auto server, ControlPlaneServer::Start(loop, *store, metrics, {.port = 7800}, fail));
//
// The loop thread only.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>

#include "absl/functional/any_invocable.h"
#include "absl/status/statusor.h"
#include "common/loop/event_loop.h"
#include "common/process/metrics.h"
#include "controlplane/server/arm_server.h"
#include "controlplane/server/engine.h"
#include "controlplane/store/store.h"

namespace nonet::controlplane {

class ControlPlaneServer {
 public:
  struct Options {
    uint16_t port = 0;
    std::string token;  // What changes something over gRPC needs it; open when empty.
    Engine::Options engine;
    size_t queue_bytes_max = kSubscriberQueueBytesMax;
    arm::ArmServer::Options arm;   // Azure Resource Manager REST; nothing listens unless it has ports.
    std::string backup_directory;  // For what is being sent, on the store's disk; no backups when empty.
  };
  // Loads the store, then serves on 127.0.0.1. Loop, store and metrics outlive it. `fail` is called when a
  // commit fails: the process must end.
  static absl::StatusOr<std::unique_ptr<ControlPlaneServer>> Start(EventLoop& loop, Store& store,
                                                                   Metrics& metrics, Options options,
                                                                   std::function<void(absl::Status)> fail);
  virtual ~ControlPlaneServer() = default;  // After Stop's `done`, or when the loop will not run again.

  // "127.0.0.1:7800".
  virtual std::string address() const = 0;
  // Of Azure Resource Manager REST: "127.0.0.1:7801", "127.0.0.1:7802"; empty where nothing listens.
  virtual std::string arm_http_address() const = 0;
  virtual std::string arm_https_address() const = 0;
  // Finishes what was taken in, ends every stream and call, then calls `done` on some thread.
  virtual void Stop(absl::AnyInvocable<void()> done) = 0;
};

}  // namespace nonet::controlplane
