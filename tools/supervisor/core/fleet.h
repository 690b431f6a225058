// Everything the supervisor decides: which processes should run, on which addresses, when a crashed one is
// started again, what a fault overrides, and when a change of configuration has been carried out. Pure: it
// takes inputs with the time and appends effects; the shell carries them out in order and reports back.
//
//   Fleet fleet({.net = "127.80"});
//   fleet.Start(now, effects);                          // controlplane and dnsresolver
//   fleet.SetInstances(specs, token, now, effects);     // Launch..., later Acknowledge{token}
//   fleet.OnLaunched(key, identity, now, effects);
//
// One owner; not thread-safe. Iteration is by key, so the same inputs give the same effects.
#pragma once

#include <cstdint>
#include <deque>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "tools/supervisor/core/addresses.h"
#include "tools/supervisor/core/names.h"
#include "tools/supervisor/core/types.h"

namespace nonet::supervisor {

class Fleet {
 public:
  struct Options {
    std::string net;  // The first two bytes of instance addresses: "127.80".
  };
  explicit Fleet(Options options);

  // ---- Life ----

  // What an earlier supervisor left; before Start. Identities of processes that are gone must be cleared.
  void Restore(const State& state, Now now);
  // Starts what should run, ends what should not.
  void Start(Now now, Effects& effects);
  // Ends everything; AllStopped follows when that is done. Faults stay.
  void Shutdown(Now now, Effects& effects);
  State state(Now now) const;

  // ---- What the control plane wants ----

  // Replaces the list of instances; those missing from it are gone for good. `token` comes back in
  // Acknowledge. Tokens rise.
  void SetInstances(const std::vector<InstanceSpec>& instances, uint64_t token, Now now, Effects& effects);

  // ---- What happens to processes ----

  // Ignored for a process that is not known or not that identity.
  void OnLaunched(const std::string& key, const absl::StatusOr<Identity>& result, Now now, Effects& effects);
  void OnReady(const std::string& key, int32_t pid, Effects& effects);
  // `how`: "killed by signal 9".
  void OnExited(const std::string& key, const Identity& identity, absl::string_view how, Now now,
                Effects& effects);
  void OnTimer(Now now, Effects& effects);

  // ---- Faults; the errors of proto/nonet/fault/v1 ----

  absl::StatusOr<Fault> SetRegionDown(absl::string_view region, RegionDownMode mode, Now now,
                                      Effects& effects);
  absl::Status SetRegionUp(absl::string_view region, Now now, Effects& effects);
  absl::StatusOr<Fault> Kill(absl::string_view process, bool hold, Now now, Effects& effects);
  absl::StatusOr<Fault> Pause(absl::string_view process, Now now, Effects& effects);
  absl::Status Resume(absl::string_view process, Now now, Effects& effects);
  // `a` and `b` as people name them. An amount of 0 ends the fault (but a partition, which has none); it is
  // shown with that amount.
  absl::StatusOr<Fault> SetLinkFault(LinkFaultKind kind, absl::string_view a, absl::string_view b,
                                     bool one_way, uint64_t amount, Now now, Effects& effects);
  absl::StatusOr<std::vector<Fault>> HealLink(absl::string_view a, absl::string_view b, Effects& effects);
  std::vector<LinkFault> LinkFaults() const;
  // How people name it: a region's name, an instance's, "clients", "dnsresolver".
  std::string SideName(const LinkSide& side) const;
  std::vector<Fault> ListFaults() const;  // By name.
  // Whether what a fault ends has ended, and what it puts in its place stands.
  bool TookEffect(const Fault& fault) const;
  std::vector<Fault> ClearFaults(Now now, Effects& effects);

  // ---- Views ----

  std::vector<ProcessView> List(Now now) const;  // controlplane, dnsresolver, then instances by name.
  // Object names of instances whose process runs (not as a black hole).
  std::vector<std::string> RunningObjects() const;
  // "westus (starting)": processes that should run and are not ready. Empty: all is ready. The control plane
  // and the resolver are always among those that should.
  std::vector<std::string> Missing(Now now) const;
  const ProcessNames& names() const { return names_; }

 private:
  struct Entry {
    State::Process durable;
    bool gone = false;                      // Its object is: forget it once it has ended.
    std::optional<InstanceSpec> successor;  // Of the same name, once this one is forgotten.
    bool launching = false;                 // Between Launch and OnLaunched.
    bool ready = false;
    bool stopping = false;  // It was told to end.
    bool kill_sent = false;
    bool killed = false;        // By a fault that does not last; it comes back as after a crash.
    int64_t kill_at_ns = 0;     // Steady; while stopping gently.
    int64_t started_at_ns = 0;  // Steady; 0 for one adopted.
    int failures = 0;           // Ends by itself, in a row.
    int64_t restart_at_ns = 0;  // Steady; not before.
    std::string last_exit;
    bool running() const { return durable.identity.pid != 0; }
  };
  enum class Want { kNothing, kReal, kBlackhole };
  struct Verdict {
    Want want = Want::kNothing;
    bool at_once = false;  // What runs instead is killed, not asked.
    std::string why = {};
  };
  using FaultKey = std::pair<Fault::Kind, std::string>;

  Entry& AddEntry(const std::string& key, ProcessKind kind, const InstanceSpec& instance);
  Verdict Judge(const Entry& entry) const;
  void Reconcile(Entry& entry, Now now, Effects& effects);
  void ReconcileAll(Now now, Effects& effects);
  void Stop(Entry& entry, bool at_once, Now now, Effects& effects);
  void LaunchIt(Entry& entry, Want want, Now now, Effects& effects);
  void BackOff(Entry& entry, Now now);
  // Removes the entry, or turns it into its successor.
  void Forget(const std::string& key, Now now, Effects& effects);
  // What every input ends with: acknowledgements that are due, the end of a shutdown, the next timer.
  void Settle(Now now, Effects& effects);
  void Rename();

  void AddFault(Fault fault, Effects& effects);
  bool EndFault(const FaultKey& key, Effects& effects);
  absl::StatusOr<LinkSide> ParseSide(absl::string_view text) const;
  absl::Status ParseSides(absl::string_view a, absl::string_view b, LinkFault* link) const;
  bool Paused(const std::string& key) const { return faults_.contains({Fault::Kind::kPause, key}); }
  Fault Named(Fault fault) const;
  ProcessView View(const Entry& entry, Now now) const;

  const Options options_;
  AddressPool addresses_;
  ProcessNames names_;
  std::map<std::string, Entry> entries_;
  std::map<FaultKey, Fault> faults_;
  struct PendingChange {
    uint64_t token = 0;
    std::set<std::string> stopping;  // Keys whose processes have to end first.
  };
  std::deque<PendingChange> pending_;
  bool started_ = false;
  bool shutting_down_ = false;
  bool stopped_told_ = false;
  int64_t timer_ns_ = 0;  // Steady; the one last set.
};

}  // namespace nonet::supervisor
