// A control plane on a simulated disk, without process or network: the core and the RocksDB store, driven
// turn by turn as the engine drives them; and the promises that its disk must keep.
//
//   Witness witness;
//   auto node = Node::Open(disk, {}, witness);
//   node->Turn({request...});         // Commits them in one batch; the witness remembers what was promised.
//   problems = witness.Check(**node);  // After a crash: the promises that are broken.
#pragma once

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "controlplane/core/control_plane.h"
#include "controlplane/store/rocksdb_store.h"
#include "tests/crash/simulated_disk.h"

namespace nonet::crash {

using controlplane::Mutation;
using controlplane::Object;

// Every object by canonical name and every operation by its revision, as bytes, at one revision.
struct Image {
  uint64_t revision = 0;
  std::map<std::string, std::string> objects;
  std::map<uint64_t, std::string> operations;
  bool operator==(const Image&) const = default;
};

class Node;

// Remembers what was acknowledged, across crashes. One owner.
class Witness {
 public:
  // The broken promises of a node that has just been opened; empty when all are kept. Sends the remembered
  // requests once more, so the node may have moved on afterwards. `after` names the crash, for the messages.
  std::vector<std::string> Check(Node& node);

  // Of the last committed turn, and of the one that was under way.
  const Image& acknowledged() const { return acknowledged_; }

 private:
  friend class Node;
  struct Promise {
    Mutation request;
    std::string answer;  // Serialised.
  };
  void Begin(Image wanted) { under_way_ = std::move(wanted); }
  void Acknowledge(const std::vector<Mutation>& requests, const std::vector<absl::StatusOr<Object>>& answers);

  void CheckImage(const Image& found, std::vector<std::string>& problems);
  void CheckLog(const controlplane::StoredState& state, std::vector<std::string>& problems) const;
  void CheckRequests(Node& node, std::vector<std::string>& problems);

  Image acknowledged_;
  std::optional<Image> under_way_;  // What the last turn would have made of it; not acknowledged.
  std::vector<Promise> promises_;   // With a request id, in the order acknowledged.
  std::string history_;
};

class Node {
 public:
  struct Options {
    controlplane::RocksDbStore::Options store;  // Its file system is filled in.
    size_t log_events_max = 40;                 // Low, so that compaction is in the game.
  };
  static absl::StatusOr<std::unique_ptr<Node>> Open(SimulatedDisk& disk, Options options, Witness& witness);

  // One turn: all applied in order, one batch. The error of the commit, or each one's answer.
  absl::StatusOr<std::vector<absl::StatusOr<Object>>> Turn(const std::vector<Mutation>& requests);
  const controlplane::ControlPlane& core() const { return core_; }
  absl::StatusOr<controlplane::StoredState> Stored() { return store_->Load(); }
  Image Look() const;

 private:
  Node(std::unique_ptr<controlplane::RocksDbStore> store, size_t log_events_max, Witness& witness)
      : store_(std::move(store)), core_({}, log_events_max), witness_(witness) {}

  std::unique_ptr<controlplane::RocksDbStore> store_;
  controlplane::ControlPlane core_;
  Witness& witness_;
};

}  // namespace nonet::crash
