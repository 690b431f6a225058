// Nine instances in virtual time: their cores, the streams between them, and what can go wrong with either.
// Everything is drawn from one seed, so a run replays exactly. Not thread-safe.
//
//   Mesh mesh(seed, settings);
//   mesh.Step();  // 10 ms.
#pragma once

#include <array>
#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <variant>
#include <vector>

#include "common/base/random.h"
#include "replica/core/replica_core.h"

namespace nonet::sync_sim {

inline constexpr int kInstances = 9;
inline constexpr int64_t kStepNs = 10 * kNanosPerMilli;

// What one direction between two instances is like.
struct LinkState {
  int64_t delay_ns = 20 * kNanosPerMilli;
  bool cut = false;  // Nothing gets through, and nobody is told.
  // Of a frame; streams do not do that, whatever is wrong inside them might.
  uint32_t lost_percent = 0;
  uint32_t twice_percent = 0;
  uint32_t late_percent = 0;
};

struct Faults {
  uint64_t cuts = 0, breaks = 0, kills = 0, pauses = 0, slowed = 0;
  uint64_t frames_lost = 0, frames_twice = 0, frames_late = 0;

  uint64_t kinds() const {
    return (cuts > 0) + (breaks > 0) + (kills > 0) + (pauses > 0) + (slowed > 0) + (frames_lost > 0) +
           (frames_twice > 0) + (frames_late > 0);
  }
};

class Mesh {
 public:
  using OnEffects = std::function<void(int instance, const replica::Effects&)>;

  Mesh(uint64_t seed, replica::SyncSettings settings, OnEffects on_effects);
  void StartAll();  // First of all.

  // ---- Time ----
  void Step();
  int64_t now_ns() const { return now_ns_; }
  // As that instance sees it: the clocks differ.
  replica::Now NowAt(int i) const;

  // ---- Instances ----
  bool alive(int i) const { return nodes_[i].core != nullptr; }
  bool acts(int i) const { return alive(i) && now_ns_ >= nodes_[i].paused_until_ns; }
  int life(int i) const { return nodes_[i].life; }
  std::string epoch(int i) const { return EpochOf(i, nodes_[i].life); }
  static std::string EpochOf(int i, int life);
  static const std::string& NameOf(int i);
  static std::string TagOf(int i);
  replica::ReplicaCore& core(int i) { return *nodes_[i].core; }
  const replica::ReplicaCore& core(int i) const { return *nodes_[i].core; }
  // Runs a step of the core and applies its effects.
  void Do(int i, const std::function<void(replica::ReplicaCore&, replica::Effects*)>& step);
  // The stream that i dials to j is welcomed at both ends.
  bool Linked(int i, int j) const;

  // ---- Faults ----
  void Kill(int i);
  void Start(int i);
  void Pause(int i, int64_t until_ns);
  void SlowDown(int i, int64_t until_ns, bool no_credit);
  void Break(int i, int j);
  LinkState& link(int i, int j) { return links_[i][j]; }
  Faults& faults() { return faults_; }
  // Nobody dials between these two any more.
  void Forbid(int i, int j) { forbidden_[i][j] = true; }

  Random& random() { return random_; }
  // Of everything that went over the streams.
  uint64_t digest() const { return digest_; }
  void Mix(uint64_t value) { digest_ = (digest_ ^ value) * 0x100000001B3u; }
  uint64_t frames() const { return frames_; }
  // Errors that a core returned for what another core had said. Replayed epochs and frames out of order are
  // to be expected where frames get lost.
  uint64_t refused() const { return refused_; }

 private:
  struct Close {};
  using Payload =
      std::variant<replica::Hello, replica::Welcome, replica::PeerRequest, replica::PeerResponse, Close>;
  struct Frame {
    int64_t at_ns;
    Payload payload;
  };
  struct Stream {
    int from, to;
    bool dialer_open = true, dialer_welcomed = false;  // The dialer's end.
    bool acceptor_open = false;                        // The acceptor's, after a good Hello.
    int64_t dialed_ns = 0;
    int64_t dialer_heard_ns = 0, acceptor_heard_ns = 0;
    std::deque<Frame> there, back;
    int64_t last_there_ns = 0, last_back_ns = 0;
  };
  using StreamPtr = std::shared_ptr<Stream>;
  struct Node {
    std::unique_ptr<replica::ReplicaCore> core;
    int life = 0;
    int64_t clock_ns = 0;  // How far its wall clock is off.
    int64_t paused_until_ns = 0, slow_until_ns = 0;
    bool no_credit = false;
    int64_t timer_ns = 0;
    int64_t check_ns = 0;
    std::array<StreamPtr, kInstances> dial, accept;
    std::array<int64_t, kInstances> redial_ns{};
  };

  void Send(Stream& stream, bool there, Payload payload);
  void Put(std::deque<Frame>* queue, int64_t at_ns, Payload payload);
  void DeliverDue(const StreamPtr& stream);
  void OnThere(const StreamPtr& stream, Payload payload);
  void OnBack(const StreamPtr& stream, Payload payload);
  void OnHello(const StreamPtr& stream, const replica::Hello& hello);
  void CloseDialer(Stream& stream, bool tell);
  void CloseAcceptor(Stream& stream, bool tell);
  void Pump(int i);
  void Redial(int i);
  void CheckSilence(int i);

  Random random_;
  const replica::SyncSettings settings_;
  const OnEffects on_effects_;
  int64_t now_ns_ = kNanosPerSecond;
  std::array<Node, kInstances> nodes_;
  std::array<std::array<LinkState, kInstances>, kInstances> links_;
  std::array<std::array<bool, kInstances>, kInstances> forbidden_{};
  std::vector<StreamPtr> streams_;
  Faults faults_;
  uint64_t digest_ = 0xCBF29CE484222325u;
  uint64_t frames_ = 0;
  uint64_t refused_ = 0;
};

}  // namespace nonet::sync_sim
