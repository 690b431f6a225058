#include "tools/cli/commands/up.h"

#include <poll.h>
#include <unistd.h>

#include <optional>
#include <ostream>

#include "absl/base/thread_annotations.h"
#include "absl/strings/str_cat.h"
#include "absl/synchronization/mutex.h"
#include "common/base/status_macros.h"
#include "common/real/real_clock.h"
#include "tools/cli/commands/commands.h"
#include "tools/cli/commands/events.h"
#include "tools/cli/commands/lifecycle.h"
#include "tools/cli/commands/links.h"
#include "tools/cli/errors.h"
#include "tools/cli/machine/cluster_file.h"
#include "tools/cli/machine/processes.h"
#include "tools/cli/machine/signals.h"

namespace nonet::cli {
namespace {

constexpr int kExitInterrupted = 130;  // 128 + SIGINT, as a shell would say.
constexpr int64_t kLivenessCheckNs = kNanosPerSecond;
// Links may be broken on purpose, so they are waited for no longer; a round trip around the world is 0.4 s.
constexpr int64_t kLinksWaitNs = 2 * kNanosPerSecond;
constexpr int kLinksPauseMs = 10;

void PrintCluster(const Context& context, bool already) {
  const std::optional<ClusterFileContent> file = ReadClusterFile(context.dir);
  if (!file) return;
  if (already) Say(context, absl::StrCat("already running in ", context.dir));
  Print(context, ClusterView(*file));
  if (context.format != Format::kTable || file->resources.empty()) return;
  const ClusterFileContent::Resource& resource = file->resources[0];
  Say(context,
      absl::StrCat(
          "\n", resource.host_name, " is answered by the DNS at ", file->dns_address, "\n", "  eval \"$(",
          WithDir("nonet env --from westeurope", context.dir),
          ")\"   a client in that region, in this shell\n  ",
          WithDir(absl::StrCat("nonet resolve ", resource.name, " --from westeurope --explain"), context.dir),
          "\n  ", WithDir("nonet status", context.dir), "   and   ", WithDir("nonet down", context.dir)));
}

// Who reacts to Ctrl-C: before everything is up, the end; while following, the follower.
class Interrupt {
 public:
  explicit Interrupt(const Context& context) : context_(context), signals_([this] { OnSignal(); }) {}

  // From now on a signal stops this pump; nullptr: it ends the program again.
  void Follow(EventPump* pump) ABSL_LOCKS_EXCLUDED(mu_) {
    absl::MutexLock lock(&mu_);
    pump_ = pump;
  }

 private:
  void OnSignal() ABSL_LOCKS_EXCLUDED(mu_) {
    absl::MutexLock lock(&mu_);
    if (pump_ != nullptr) {
      pump_->Stop();
      return;
    }
    Say(context_, "interrupted: stopping what was started");
    StopEverything(context_.dir).IgnoreError();
    _exit(kExitInterrupted);
  }

  const Context& context_;
  absl::Mutex mu_;
  EventPump* pump_ ABSL_GUARDED_BY(mu_) = nullptr;
  Signals signals_;  // Last: its thread uses all of the above.
};

// Prints events until Ctrl-C, then stops everything. Ends too when somebody else stops the cluster.
absl::StatusOr<int> FollowThenStop(const Context& context, const Cluster& cluster, Interrupt& interrupt) {
  Say(context, "Ctrl-C stops everything; the state stays");
  EventPump pump(cluster, RealClock().WallNs());
  interrupt.Follow(&pump);
  const std::vector<FoundProcess> supervisor = {
      {.pid = cluster.addresses.supervisor_pid, .program = "nonet-supervisor"}};
  bool ended = false;
  while (!pump.stopped() && !ended) {
    const std::optional<EventView> event = pump.Next(kLivenessCheckNs);
    // A probe that succeeds is no news; `nonet watch` shows these too.
    if (event && event->tone != Tone::kDim) {
      context.err << RenderEvent(*event, Format::kTable, context.err_style) << std::flush;
    }
    ended = AwaitEnd(supervisor, 0);
  }
  interrupt.Follow(nullptr);
  if (ended && !FindProcesses("/proc", context.dir).empty()) {
    return errors::Local("SUPERVISOR_ENDED", "the supervisor ended; the other processes go on",
                         WithDir("nonet up", context.dir));
  }
  ASSIGN_OR_RETURN(const int stopped, StopEverything(context.dir));
  Say(context, absl::StrCat("stopped ", stopped, " processes"));
  return kExitDone;
}

// Until every instance that answers is linked with the others of its resource, so that messages go everywhere
// from the first one on.
void AwaitLinks(const std::string& dir) {
  const auto doors = OpenDoors(dir, "");
  if (!doors.ok()) return;
  const int64_t deadline = RealClock().SteadyNs() + kLinksWaitNs;
  while (!LookAtLinks(*doors).unlinked.empty() && RealClock().SteadyNs() < deadline) {
    poll(nullptr, 0, kLinksPauseMs);
  }
}

absl::StatusOr<Cluster> Start(const Context& context, const UpOptions& options, const std::string& name,
                              const std::optional<Addresses>& running) {
  Addresses addresses;
  if (running) {
    addresses = *running;
  } else {
    SayProgress(context, absl::StrCat("starting in ", context.dir));
    ASSIGN_OR_RETURN(addresses, StartSupervisor(context.dir, options.given, options.timeout_ns));
  }
  absl::StatusOr<Cluster> cluster = AwaitControlPlane(context.dir, addresses, options.timeout_ns);
  if (!cluster.ok() && !running) StopEverything(context.dir).IgnoreError();
  RETURN_IF_ERROR(cluster.status());
  RETURN_IF_ERROR(MakeResources(context, *cluster, name, options));
  AwaitLinks(context.dir);
  return cluster;
}

}  // namespace

absl::StatusOr<int> Run(const Context& context, const UpOptions& options) {
  ASSIGN_OR_RETURN(const std::optional<supervisor::Settings> kept, ReadSettings(context.dir));
  // What the supervisor calls the cluster is the resource's name here.
  if (kept && options.given.cluster && *options.given.cluster != kept->cluster) {
    return errors::SettingsDiffer("--name", kept->cluster, *options.given.cluster, context.dir);
  }
  const auto settings = supervisor::DecideSettings(kept, options.given, context.dir);
  if (!settings.ok()) return errors::AsUsage(settings.status());
  const std::optional<Addresses> running = FindSupervisor(context.dir);
  if (running && kept && *settings != *kept) {
    return errors::Local("RUNNING",
                         absl::StrCat("the cluster in ", context.dir,
                                      " runs with another --open, --peer-tls, --when-full, --joins-wait or "
                                      "--resolver-flag; they count from its next start"),
                         WithDir("nonet down", context.dir));
  }
  std::optional<Interrupt> interrupt;  // Before the first call: gRPC's threads have to inherit the mask.
  if (!options.detach && !running) interrupt.emplace(context);
  ASSIGN_OR_RETURN(const Cluster cluster, Start(context, options, settings->cluster, running));
  PrintCluster(context, running.has_value());
  if (options.detach || running) return kExitDone;
  return FollowThenStop(context, cluster, *interrupt);
}

}  // namespace nonet::cli
