#include "tools/supervisor/server/supervisor.h"

#include <utility>
#include <variant>

#include "absl/strings/str_cat.h"
#include "common/base/error.h"
#include "common/base/names.h"
#include "common/base/status_macros.h"
#include "common/process/files.h"
#include "common/process/log.h"
#include "common/regions/regions.h"
#include "tools/supervisor/core/errors.h"
#include "tools/supervisor/core/limits.h"
#include "tools/supervisor/server/cluster_file.h"
#include "tools/supervisor/server/state_file.h"

namespace nonet::supervisor {
namespace {

using resource::v1::PROVISIONING_STATE_DELETING;

template <typename Object>
InstanceSpec SpecOf(const Object& object) {
  const ParsedName name = *ParseName(object.name());  // Validate has seen it.
  return {.object = object.name(),
          .resource_id = name.resource_id,
          .replica_id = name.replica_id,
          .region = object.location(),
          .uid = object.uid(),
          .generation = object.restart_generation(),
          .stopped = object.resource_stopped(),
          .deleting = object.provisioning_state() == PROVISIONING_STATE_DELETING};
}

std::vector<InstanceSpec> SpecsOf(const WatchClient::Objects& objects) {
  std::vector<InstanceSpec> specs;
  for (const auto& [name, event] : objects) {
    if (event.has_resource()) specs.push_back(SpecOf(event.resource()));
    if (event.has_replica()) specs.push_back(SpecOf(event.replica()));
  }
  return specs;
}

}  // namespace

Supervisor::Supervisor(EventLoop& loop, Options options, Launcher& launcher, const ProcReader& proc,
                       Metrics& metrics)
    : loop_(loop),
      options_(std::move(options)),
      launcher_(launcher),
      proc_(proc),
      metrics_(metrics),
      fleet_({.net = options_.settings.net}),
      links_(options_.links) {}

Supervisor::~Supervisor() {
  loop_.Cancel(timer_);
  loop_.Cancel(waiters_timer_);
}

Now Supervisor::now() const {
  return {.steady_ns = loop_.clock().SteadyNs(), .wall_ns = loop_.clock().WallNs()};
}

template <typename Input>
auto Supervisor::Feed(Input input) {
  Effects effects;
  auto result = input(effects);
  CarryOut(std::move(effects));
  return result;
}

// ---- Start ----

absl::Status Supervisor::Start() {
  const std::string& dir = options_.places.dir;
  for (const char* directory : {"/supervisor", "/run", "/logs", "/instances"}) {
    RETURN_IF_ERROR(MakeDirectories(dir + directory));
  }
  ASSIGN_OR_RETURN(ready_files_, ReadyFiles::Watch(loop_, dir + "/run", [this](const std::string& stem) {
                     CheckReadyFile(stem);
                   }));
  ASSIGN_OR_RETURN(certificates_, Certificates::Open(dir, options_.settings, now().wall_ns));
  RETURN_IF_ERROR(certificates_->ForSupervisor(now().wall_ns).status());
  RETURN_IF_ERROR(Load());
  // Before anything starts: an instance begins with the links that it should have.
  RETURN_IF_ERROR(WriteLinks());
  // A cluster that was complete once stays described, also across our own death.
  const absl::StatusOr<std::string> existing = ReadFile(ClusterFile());
  cluster_file_on_ = existing.ok();
  if (existing.ok()) cluster_file_ = *existing;
  Feed([&](Effects& effects) {
    fleet_.Start(now(), effects);
    return 0;
  });
  CheckReadyFile("");
  if (options_.follow) Follow();
  return absl::OkStatus();
}

absl::Status Supervisor::Load() {
  const absl::StatusOr<std::string> text = ReadFile(StateFile());
  if (absl::IsNotFound(text.status())) {
    KillStrays({});
    return absl::OkStatus();
  }
  RETURN_IF_ERROR(text.status());
  ASSIGN_OR_RETURN(State state, DecodeState(*text, StateFile()));
  restored_ = true;
  KillStrays(state);
  for (State::Process& process : state.processes) {
    keys_by_stem_[FileStem(process.kind, process.instance)] = process.key;
    if (process.identity.pid == 0) continue;
    const absl::Status adopted =
        launcher_.Adopt(process.identity, [this, key = process.key, identity = process.identity](
                                              const std::string& how) { OnExit(key, identity, how); });
    log::Info(adopted.ok() ? "adopted a running process" : "a process ended meanwhile",
              {{"process", process.key}, {"pid", process.identity.pid}});
    if (!adopted.ok()) process.identity = {};
  }
  fleet_.Restore(state, now());
  return absl::OkStatus();
}

void Supervisor::KillStrays(const State& state) {
  std::vector<Identity> known;
  for (const State::Process& process : state.processes) known.push_back(process.identity);
  for (const Identity& stray : FindStrays(proc_, options_.places.dir, known)) {
    log::Warning("ending a process of this directory that nobody wrote down", {{"pid", stray.pid}});
    // A stray that has ended meanwhile is what was wanted.
    if (launcher_.Adopt(stray, [](const std::string&) {}).ok()) (void)launcher_.Send(stray, Signal::kKill);
  }
}

void Supervisor::Follow() {
  watch_ = std::make_unique<WatchClient>(
      loop_,
      WatchClient::Options{.target = LocalAddress(options_.settings, kControlplaneGrpcOffset),
                           .role = watch::v1::ROLE_SUPERVISOR,
                           .subscriber = "supervisor",
                           .epoch = options_.epoch,
                           .state_file = options_.places.dir + "/supervisor/watch.pb"},
      &Supervisor::Validate,
      [this](const WatchClient::Objects& objects, const WatchClient::Delta& delta,
             std::function<void()> applied) { Apply(objects, delta, std::move(applied)); });
  Refresh();
  watch_->Start();
}

// ---- The control plane ----

absl::Status Supervisor::Validate(const watch::v1::Event& event) {
  const std::optional<ParsedName> name = ParseName(event.name());
  const auto refuse = [&](absl::string_view why) {
    return MakeError(absl::StatusCode::kInvalidArgument, "UNUSABLE_OBJECT",
                     absl::StrCat(event.name(), ": ", why));
  };
  // Ids become parts of paths.
  if (!name.has_value() || !IsValidId(name->resource_id) ||
      (!name->replica_id.empty() && !IsValidId(name->replica_id))) {
    return refuse("not an object's name");
  }
  if (!event.has_resource() && !event.has_replica()) return absl::OkStatus();
  const std::string& object = event.has_resource() ? event.resource().name() : event.replica().name();
  if (object != event.name()) return refuse(absl::StrCat("holds an object called ", object));
  const std::string& region = event.has_resource() ? event.resource().location() : event.replica().location();
  return FindRegion(region) == nullptr ? UnknownRegion(region) : absl::OkStatus();
}

void Supervisor::Apply(const WatchClient::Objects& objects, const WatchClient::Delta& delta,
                       std::function<void()> applied) {
  objects_ = objects;
  // Our own state is written before a change is acknowledged, the subscriber's file after it: what that file
  // says may be older, and whatever it lacks comes again.
  if (delta.from_disk && restored_) {
    Refresh();
    applied();
    return;
  }
  const uint64_t token = ++last_token_;
  applied_[token] = std::move(applied);
  Feed([&](Effects& effects) {
    fleet_.SetInstances(SpecsOf(objects), token, now(), effects);
    return 0;
  });
}

// ---- Faults ----

void Supervisor::SetRegionDown(absl::string_view region, RegionDownMode mode, FaultDone done) {
  WhenItTookEffect(Feed([&](Effects& effects) { return fleet_.SetRegionDown(region, mode, now(), effects); }),
                   std::move(done));
}

void Supervisor::SetRegionUp(absl::string_view region, FaultsEnded done) {
  absl::StatusOr<Fault> ended =
      Feed([&](Effects& effects) { return fleet_.SetRegionUp(region, now(), effects); });
  if (!ended.ok()) return done(ended.status());
  WhenTheyAreBack(std::vector<Fault>{*std::move(ended)}, std::move(done));
}

void Supervisor::Kill(absl::string_view process, bool hold, FaultDone done) {
  WhenItTookEffect(Feed([&](Effects& effects) { return fleet_.Kill(process, hold, now(), effects); }),
                   std::move(done));
}

absl::StatusOr<Fault> Supervisor::Pause(absl::string_view process) {
  return Feed([&](Effects& effects) { return fleet_.Pause(process, now(), effects); });
}

void Supervisor::Resume(absl::string_view process, FaultsEnded done) {
  WhenTheyAreBack(Feed([&](Effects& effects) { return fleet_.Resume(process, now(), effects); }),
                  std::move(done));
}

std::vector<Fault> Supervisor::ListFaults() const { return fleet_.ListFaults(); }

void Supervisor::ClearFaults(FaultsEnded done) {
  WhenTheyAreBack(Feed([&](Effects& effects) { return fleet_.ClearFaults(now(), effects); }),
                  std::move(done));
}

// ---- Effects ----

void Supervisor::CarryOut(Effects effects) {
  std::vector<std::function<void()>> acknowledgements;
  bool unsaved = false;
  // Grows while it is worked through: a launch answers at once.
  for (size_t i = 0; i < effects.size(); ++i) {
    const Effect effect = effects[i];
    if (std::holds_alternative<Persist>(effect)) unsaved = true;
    // Launches come in groups, so their state is written once, before anything that depends on it.
    const bool may_wait = std::holds_alternative<Launch>(effect) || std::holds_alternative<Record>(effect) ||
                          std::holds_alternative<Persist>(effect) || std::holds_alternative<SetTimer>(effect);
    if (unsaved && !may_wait) {
      Save();
      unsaved = false;
    }
    if (const auto* launch = std::get_if<Launch>(&effect)) {
      DoLaunch(*launch, effects);
    } else if (const auto* send = std::get_if<SendSignal>(&effect)) {
      DoSignal(*send);
    } else if (const auto* remove = std::get_if<RemoveState>(&effect)) {
      DoRemoveState(remove->instance);
    } else if (const auto* timer = std::get_if<SetTimer>(&effect)) {
      loop_.Cancel(timer_);
      timer_ = loop_.RunAt(timer->steady_ns, [this] {
        Feed([&](Effects& more) {
          fleet_.OnTimer(now(), more);
          return 0;
        });
      });
    } else if (const auto* record = std::get_if<Record>(&effect)) {
      DoRecord(*record);
    } else if (const auto* acknowledge = std::get_if<Acknowledge>(&effect)) {
      while (!applied_.empty() && applied_.begin()->first <= acknowledge->token) {
        acknowledgements.push_back(std::move(applied_.begin()->second));
        applied_.erase(applied_.begin());
      }
    } else if (std::holds_alternative<AllStopped>(effect)) {
      all_stopped_ = true;
    }
  }
  if (unsaved) Save();
  Refresh();
  for (const std::function<void()>& acknowledge : acknowledgements) acknowledge();
  if (all_stopped_) DoAllStopped();
}

// ---- What happens ----

void Supervisor::OnExit(const std::string& key, const Identity& identity, const std::string& how) {
  for (const auto& [stem, stem_key] : keys_by_stem_) {
    if (stem_key != key) continue;
    const absl::StatusOr<int32_t> pid = ready_files_->ReadPid(stem);
    if (pid.ok() && *pid == identity.pid) (void)RemoveFile(ready_files_->PathOf(stem));  // Best effort.
  }
  Feed([&](Effects& effects) {
    fleet_.OnExited(key, identity, how, now(), effects);
    return 0;
  });
}

void Supervisor::CheckReadyFile(const std::string& stem) {
  Feed([&](Effects& effects) {
    for (const auto& [known, key] : keys_by_stem_) {
      if (!stem.empty() && known != stem) continue;
      const absl::StatusOr<int32_t> pid = ready_files_->ReadPid(known);
      if (pid.ok()) fleet_.OnReady(key, *pid, effects);
    }
    return 0;
  });
}

void Supervisor::Shutdown(absl::AnyInvocable<void()> done) {
  shutdown_done_.push_back(std::move(done));
  shutting_down_ = true;
  watch_.reset();
  applied_.clear();
  Feed([&](Effects& effects) {
    fleet_.Shutdown(now(), effects);
    return 0;
  });
}

void Supervisor::DoAllStopped() {
  for (const auto& [stem, key] : keys_by_stem_) (void)RemoveFile(ready_files_->PathOf(stem));  // Best effort.
  const absl::Status removed = RemoveFile(ClusterFile());
  if (!removed.ok()) log::Warning("cannot remove cluster.json", {{"error", removed.message()}});
  std::vector<absl::AnyInvocable<void()>> done = std::move(shutdown_done_);
  shutdown_done_.clear();
  for (absl::AnyInvocable<void()>& call : done) call();
}

}  // namespace nonet::supervisor
