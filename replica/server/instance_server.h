// One instance: the core, its clients, its REST API and its peer streams on one loop. Loop thread only.
//
//   InstanceServer server(loop, metrics, options);
//   RETURN_IF_ERROR(server.Listen());
//   server.ApplyConfig(BuildConfig(watch.objects(), name));
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>

#include "absl/functional/any_invocable.h"
#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "common/loop/event_loop.h"
#include "common/process/metrics.h"
#include "replica/core/gaps.h"
#include "replica/core/limits.h"
#include "replica/core/link_plan.h"
#include "replica/server/instance_config.h"

namespace nonet::rpc {
struct TlsIdentity;  // common/rpc/tls.h
}
namespace nonet::tls {
class Context;  // common/tls/session.h
}

namespace nonet::replica {

class InstanceServer {
 public:
  struct Options {
    std::string instance;  // Object name.
    std::string epoch;     // 16 hex digits.
    std::string address = "127.0.0.1";
    uint16_t http_port = 0;
    // HTTP and WebSocket over TLS; nullptr: not served.
    std::shared_ptr<const tls::Context> tls;
    uint16_t https_port = 0;
    uint16_t grpc_port = 0;          // Inspection and faults.
    uint16_t peer_port = 0;          // Peer streams.
    std::string peer_local_address;  // Source of peer connections; empty: the system's choice.
    std::function<void()> on_facts;  // serving() or connections() changed.
    std::string region = {};         // Empty: no wide-area delays.
    LinkPlan links = {};             // In force from the start.
    // Peers show certificates; empty: plain.
    std::shared_ptr<const rpc::TlsIdentity> peer_tls = {};
    // When the log of a peer is full: refuse the publisher, or drop the oldest.
    bool refuse_when_full = false;
    // How long acks of joins and connects may wait until live peers heed them; 0: they do not wait.
    int64_t joins_wait_ns = kInterestWaitNs;
  };

  InstanceServer(EventLoop& loop, Metrics& metrics, Options options);
  ~InstanceServer();  // After Stop, or before anything connected.

  absl::Status Listen();
  uint16_t http_port() const;
  uint16_t https_port() const;  // 0 without TLS.
  uint16_t grpc_port() const;
  uint16_t peer_port() const;

  void ApplyConfig(InstanceConfig config);

  // Listening and configured, and linked with every known peer both ways, or 1 s has passed; from then on
  // true.
  bool serving() const;
  // Empty, or why it cannot serve.
  absl::string_view unhealthy() const;
  size_t connections() const;
  const GapList& gaps() const;

  // Closes the clients with 1001 and the peer streams, then calls `done` on the loop. At most once.
  void Stop(absl::AnyInvocable<void()> done);

 private:
  struct Impl;
  std::shared_ptr<Impl> impl_;
};

}  // namespace nonet::replica
