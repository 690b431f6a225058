// The shell around Fleet: carries out its effects with a Launcher and files, feeds it what happens, follows
// the control plane, and keeps cluster.json true.
//
//   Supervisor supervisor(loop, {...}, launcher, proc, metrics);
//   RETURN_IF_ERROR(supervisor.Start());
//
// The loop thread only.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "absl/functional/any_invocable.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "common/loop/event_loop.h"
#include "common/process/metrics.h"
#include "common/watch/watch_client.h"
#include "nonet/supervisor/v1/supervisor.pb.h"
#include "tools/supervisor/core/fleet.h"
#include "tools/supervisor/core/settings.h"
#include "tools/supervisor/server/commands.h"
#include "tools/supervisor/server/event_hub.h"
#include "tools/supervisor/server/launcher.h"
#include "tools/supervisor/server/link_plan.h"
#include "tools/supervisor/server/proc.h"
#include "tools/supervisor/server/ready_files.h"

namespace nonet::supervisor {

class Supervisor {
 public:
  struct Options {
    Places places;
    Settings settings;
    bool new_directory = false;   // No supervisor has been here before.
    std::string epoch;            // 16 hex digits.
    bool follow = true;           // Subscribe to the control plane; tests feed Apply themselves.
    LinkPusher* links = nullptr;  // Tells running instances; outlives the supervisor. Empty: nobody is told.
  };
  // All references outlive it.
  Supervisor(EventLoop& loop, Options options, Launcher& launcher, const ProcReader& proc, Metrics& metrics);
  ~Supervisor();  // The processes go on.

  // Adopts what an earlier supervisor left running, then starts what should run. DATA_LOSS when that one's
  // state cannot be read.
  absl::Status Start();

  // Whether an object of the control plane can be applied. Pure.
  static absl::Status Validate(const watch::v1::Event& event);
  // WatchClient's Apply.
  void Apply(const WatchClient::Objects& objects, const WatchClient::Delta& delta,
             std::function<void()> applied);

  // ---- Faults; errors as in proto/nonet/fault/v1 ----
  // `done` is called once the fault took effect (the processes are gone, the black holes stand).
  using FaultDone = absl::AnyInvocable<void(absl::StatusOr<Fault>)>;
  void SetRegionDown(absl::string_view region, RegionDownMode mode, FaultDone done);
  absl::Status SetRegionUp(absl::string_view region);
  void Kill(absl::string_view process, bool hold, FaultDone done);
  absl::StatusOr<Fault> Pause(absl::string_view process);
  absl::Status Resume(absl::string_view process);
  // `done` is called once every running instance does it, or after kLinkPushWaitNs.
  void SetLinkFault(LinkFaultKind kind, absl::string_view a, absl::string_view b, bool one_way,
                    uint64_t amount, FaultDone done);
  void HealLink(absl::string_view a, absl::string_view b,
                absl::AnyInvocable<void(absl::StatusOr<std::vector<Fault>>)> done);
  void WhenLinksTold(absl::AnyInvocable<void()> done);
  std::string SideName(const LinkSide& side) const { return fleet_.SideName(side); }
  std::vector<Fault> ListFaults() const;
  std::vector<Fault> ClearFaults();

  // ---- The cluster ----
  v1::Cluster GetCluster() const;
  // Calls `done` once: OK when all is ready, DEADLINE_EXCEEDED naming what is not at that steady time.
  // `waiter` is the caller's number for CancelWait.
  using ReadyDone = absl::AnyInvocable<void(absl::StatusOr<v1::Cluster>)>;
  void WaitUntilReady(uint64_t waiter, int64_t deadline_steady_ns, ReadyDone done);
  void CancelWait(uint64_t waiter);
  // Ends every process, then calls `done`.
  void Shutdown(absl::AnyInvocable<void()> done);
  // Answers those who wait; for the end of this process.
  void Close();
  EventHub& events() { return events_; }

 private:
  Now now() const;
  // Runs `input(effects)` and carries out what comes of it.
  template <typename Input>
  auto Feed(Input input);
  void CarryOut(Effects effects);
  void DoLaunch(const Launch& launch, Effects& effects);
  void DoSignal(const SendSignal& send);
  void DoRemoveState(const InstanceSpec& instance);
  void DoRecord(const Record& record);
  void DoAllStopped();
  void Save();
  absl::Status Load();
  void KillStrays(const State& state);
  void OnExit(const std::string& key, const Identity& identity, const std::string& how);
  void CheckReadyFile(const std::string& stem);
  void Follow();
  // After every change: facts, cluster.json, those who wait.
  void Refresh();
  void WriteClusterFile();
  std::vector<std::string> Missing() const;
  void AnswerWaiters();
  void WhenItTookEffect(absl::StatusOr<Fault> fault, FaultDone done);
  void AnswerFaultWaiters();
  // Writes the plan for instances that start, when it changed.
  absl::Status WriteLinks();
  // The same, and tells the instances that run.
  void RefreshLinks();
  void OnLinksTold(const std::string& key, const Identity& identity, absl::StatusOr<uint64_t> number);
  void AnswerLinkWaiters();
  std::string StateFile() const { return options_.places.dir + "/supervisor/state.json"; }
  std::string ClusterFile() const { return options_.places.dir + "/cluster.json"; }

  EventLoop& loop_;
  const Options options_;
  Launcher& launcher_;
  const ProcReader& proc_;
  Metrics& metrics_;
  EventHub events_;
  Fleet fleet_;
  bool restored_ = false;  // From a state file.
  std::unique_ptr<ReadyFiles> ready_files_;
  std::map<std::string, std::string> keys_by_stem_;
  std::unique_ptr<WatchClient> watch_;
  WatchClient::Objects objects_;

  // Changes that Fleet has not acknowledged. Bounded by WatchClient.
  uint64_t last_token_ = 0;
  std::map<uint64_t, std::function<void()>> applied_;
  std::vector<std::string> facts_;
  bool facts_sent_ = false;

  bool cluster_file_on_ = false;
  std::string cluster_file_;  // As last written.

  struct Waiter {
    int64_t deadline_ns = 0;
    ReadyDone done;
  };
  std::map<uint64_t, Waiter> waiters_;
  EventLoop::TimerId waiters_timer_ = 0;
  struct FaultWaiter {
    Fault fault;
    int64_t deadline_ns = 0;
    FaultDone done;
  };
  std::vector<FaultWaiter> fault_waiters_;

  LinkPusher* const links_;
  std::string links_content_;  // Of the plan, without its number.
  uint64_t links_number_ = 0;
  struct Told {
    Identity identity = {};
    uint64_t number = 0;
    bool calling = false;
  };
  std::map<std::string, Told> told_links_;  // By key; bounded by the instances there were.
  struct LinkWaiter {
    int64_t deadline_ns = 0;
    absl::AnyInvocable<void()> done;
  };
  std::vector<LinkWaiter> link_waiters_;
  EventLoop::TimerId timer_ = 0;
  const std::shared_ptr<int> alive_ = std::make_shared<int>(0);  // Timers may outlive us.
  bool closed_ = false;
  bool shutting_down_ = false;
  bool all_stopped_ = false;
  std::vector<absl::AnyInvocable<void()>> shutdown_done_;
};

}  // namespace nonet::supervisor
