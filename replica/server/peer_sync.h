// The peer streams of one instance (nonet.peer.v1): dials every other instance, accepts their streams, and
// carries what the sync engine says.
//
//   PeerSync peers(loop, core, options, hooks);
//   ASSIGN_OR_RETURN(port, peers.Listen("127.80.15.1", 8083));
//   peers.SetTargets(config.peers);
//   ... after whatever the core did: peers.Pump();
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "absl/functional/any_invocable.h"
#include "absl/status/statusor.h"
#include "common/loop/event_loop.h"
#include "replica/core/replica_core.h"
#include "replica/server/instance_config.h"

namespace nonet::rpc {
struct TlsIdentity;
}

namespace nonet::replica {

class LinkTable;

// A peer that owes an acknowledgement and says nothing for so long is taken for dead: its streams are ended,
// and nobody waits for it any more. The dialling side tries again.
inline constexpr int64_t kPeerSilenceNs = 4 * kNanosPerSecond;
// From an accepted stream to its Hello.
inline constexpr int64_t kPeerHelloNs = 4 * kNanosPerSecond;
inline constexpr int64_t kRedialNsMin = 50 * kNanosPerMilli;
inline constexpr int64_t kRedialNsMax = 2 * kNanosPerSecond;

class PeerSync {  // The loop thread only.
 public:
  struct Options {
    std::string local_address;   // Source of the dialled connections; the system's choice when empty.
    LinkTable* links = nullptr;  // What lies between us and the peers; outlives it. nullptr: nothing.
    // Peers have to be who they say they are; empty: plain.
    std::shared_ptr<const rpc::TlsIdentity> tls = {};
  };
  struct Hooks {
    std::function<Now()> now;
    // Runs a step of the core, applies its effects, and calls Pump later in the turn.
    std::function<void(const std::function<void(Effects*)>&)> run;
    // A link came up or went down.
    std::function<void()> on_links_changed;
  };

  PeerSync(EventLoop& loop, ReplicaCore& core, Options options, Hooks hooks);
  ~PeerSync();  // Shut down first.

  // Before SetTargets. The port that others dial; UNAVAILABLE when it cannot be bound, FAILED_PRECONDITION
  // when the TLS identity does not fit.
  absl::StatusOr<uint16_t> Listen(const std::string& address, uint16_t port);
  // All other instances; call core.SetPeers first. A changed address or epoch is dialled at once.
  void SetTargets(const std::vector<PeerTarget>& targets);
  // Writes what the engine has, where no write is under way. Cheap when there is nothing.
  void Pump();
  // Dials at once whoever waits for the next attempt: a link may be back.
  void Redial();

  struct Link {
    std::string instance;
    bool has_address = false;
    bool dialed = false;    // Our stream is welcomed.
    bool accepted = false;  // Its stream is welcomed.
  };
  std::vector<Link> links() const;  // Sorted by name.

  // Ends every stream; `done` runs on the loop once the last is gone. Nothing is dialled any more.
  void Shutdown(absl::AnyInvocable<void()> done);

 private:
  struct Impl;
  std::shared_ptr<Impl> impl_;
};

}  // namespace nonet::replica
