// The values the supervisor's core works with: what should run, what runs, faults, and the effects that
// make the one into the other. Plain and copyable.
#pragma once

#include <compare>
#include <cstdint>
#include <string>
#include <variant>
#include <vector>

namespace nonet::supervisor {

// Steady time measures and sets timers; wall time is for what outlives this process.
struct Now {
  int64_t steady_ns = 0;
  int64_t wall_ns = 0;
};

// A process beyond doubt: pids are reused, the pair is not (until the next boot).
struct Identity {
  int32_t pid = 0;          // 0: none.
  uint64_t start_time = 0;  // Clock ticks since boot, field 22 of /proc/PID/stat.
  friend bool operator==(const Identity&, const Identity&) = default;
};

enum class ProcessKind { kControlplane, kDnsresolver, kInstance };
inline constexpr char kControlplaneKey[] = "controlplane";
inline constexpr char kDnsresolverKey[] = "dnsresolver";

// What the control plane says about one instance.
struct InstanceSpec {
  std::string object = {};       // "resources/contoso/replicas/westus"
  std::string resource_id = {};  // "contoso"
  std::string replica_id = {};   // "westus"; empty for the primary's.
  std::string region = {};
  std::string uid = {};  // Another uid under the same name is another instance.
  uint64_t generation = 0;
  bool stopped = false;   // resource_stopped
  bool deleting = false;  // Provisioning state DELETING.
  friend bool operator==(const InstanceSpec&, const InstanceSpec&) = default;
};

enum class RegionDownMode { kRefuse, kHang };

// What lies between two sides: nonet.fault.v1.LinkFault in plain values.
enum class LinkFaultKind { kPartition, kLatency, kLoss, kDuplicate, kReorder, kBandwidth };
struct LinkSide {
  enum class Kind { kRegion, kInstance, kClients, kProbes };
  Kind kind = Kind::kRegion;
  std::string name = {};  // The region, or the instance's object name.
  friend auto operator<=>(const LinkSide&, const LinkSide&) = default;
};
struct LinkFault {
  LinkFaultKind kind = LinkFaultKind::kPartition;
  LinkSide a = {};
  LinkSide b = {};
  bool one_way = false;  // Only from a to b; else a is the lesser of the two.
  uint64_t amount = 0;   // As in nonet.fault.v1.LinkFault.
  friend bool operator==(const LinkFault&, const LinkFault&) = default;
};

struct Fault {
  enum class Kind { kRegionDown, kPause, kKill, kLink };
  Kind kind = Kind::kRegionDown;
  std::string subject = {};  // The region, the process's key, or a link's own.
  RegionDownMode mode = RegionDownMode::kRefuse;
  int64_t start_wall_ns = 0;
  std::string name = {};  // "region-down/eastus", "pause/westus"; filled in when shown.
  LinkFault link = {};    // Of kLink.
};

// What survives the supervisor: written at every change.
struct State {
  struct Process {
    std::string key = {};  // "controlplane", "dnsresolver", or the object's name.
    ProcessKind kind = ProcessKind::kInstance;
    InstanceSpec instance = {};
    std::string address = {};   // Of an instance, once it has one.
    Identity identity = {};     // Of the running process.
    uint64_t generation = 0;    // That it runs.
    bool blackhole = false;     // It only holds the ports of a region that hangs.
    int64_t start_wall_ns = 0;  // Of the running process.
    uint32_t launches = 0;      // Ever.
  };
  struct ReleasedAddress {
    std::string address = {};
    int64_t wall_ns = 0;
  };
  std::vector<Process> processes;
  std::vector<Fault> faults;
  std::vector<ReleasedAddress> released;
};

enum class ProcessState { kStarting, kReady, kPaused, kHeld, kBackoff };

// One process as people see it.
struct ProcessView {
  std::string name = {};  // "controlplane", "contoso", "westus", "contoso/westus"
  std::string key = {};
  ProcessKind kind = ProcessKind::kInstance;
  ProcessState state = ProcessState::kStarting;
  Identity identity = {};
  int64_t start_wall_ns = 0;
  uint32_t restarts = 0;
  std::string region = {};
  std::string address = {};
  std::string detail = {};
};

// ---- Effects, in the order to be carried out ----

// Start a process; answer with Fleet::OnLaunched before any other input.
struct Launch {
  std::string key = {};
  ProcessKind kind = ProcessKind::kInstance;
  InstanceSpec instance = {};
  std::string address = {};
  uint64_t generation = 0;
  bool blackhole = false;
};
enum class Signal { kTerminate, kKill, kStop, kContinue };
struct SendSignal {
  std::string key = {};
  Identity identity = {};
  Signal signal = Signal::kTerminate;
};
// The state changed: write Fleet::state() before the effects that follow.
struct Persist {};
// The instance is gone for good: remove its state directory.
struct RemoveState {
  InstanceSpec instance = {};
};
// Call Fleet::OnTimer at this steady time. Replaces the earlier one.
struct SetTimer {
  int64_t steady_ns = 0;
};
// For WatchEvents and the log.
struct Record {
  std::string name = {};
  std::string what = {};  // "started", "ready", "exited", "fault set", "fault cleared"
  std::string detail = {};
};
// The change that came with this token, and all before it, have been carried out.
struct Acknowledge {
  uint64_t token = 0;
};
// After Shutdown: nothing runs any more.
struct AllStopped {};

using Effect =
    std::variant<Launch, SendSignal, Persist, RemoveState, SetTimer, Record, Acknowledge, AllStopped>;
using Effects = std::vector<Effect>;

}  // namespace nonet::supervisor
