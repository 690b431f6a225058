// What the supervisor tells: the cluster, cluster.json, facts for the control plane, readiness.
#include <utility>

#include "absl/strings/str_cat.h"
#include "common/process/files.h"
#include "common/process/log.h"
#include "tools/supervisor/core/errors.h"
#include "tools/supervisor/core/limits.h"
#include "tools/supervisor/server/cluster_file.h"
#include "tools/supervisor/server/supervisor.h"

namespace nonet::supervisor {
namespace {

// While somebody waits for readiness, the link to the control plane is looked at this often.
constexpr int64_t kWaitersCheckNs = 20 * kNanosPerMilli;

v1::State ToProto(ProcessState state) {
  switch (state) {
    case ProcessState::kStarting:
      return v1::STATE_STARTING;
    case ProcessState::kReady:
      return v1::STATE_READY;
    case ProcessState::kPaused:
      return v1::STATE_PAUSED;
    case ProcessState::kHeld:
      return v1::STATE_HELD;
    case ProcessState::kBackoff:
      return v1::STATE_BACKOFF;
  }
  return v1::STATE_UNSPECIFIED;
}

v1::Process ToProto(const ProcessView& view, const Settings& settings) {
  v1::Process process;
  process.set_name(view.name);
  process.set_state(ToProto(view.state));
  process.set_pid(view.identity.pid);
  if (view.start_wall_ns != 0) {
    process.mutable_start_time()->set_seconds(view.start_wall_ns / kNanosPerSecond);
    process.mutable_start_time()->set_nanos(static_cast<int32_t>(view.start_wall_ns % kNanosPerSecond));
  }
  process.set_restarts(view.restarts);
  process.set_region(view.region);
  process.set_detail(view.detail);
  resource::v1::Endpoint& endpoint = *process.mutable_endpoint();
  if (view.kind == ProcessKind::kInstance) {
    process.set_object(view.key);
    if (view.address.empty()) return process;
    endpoint.set_host(view.address);
    endpoint.set_http_port(kInstanceHttpPort);
    endpoint.set_https_port(kInstanceHttpsPort);
    endpoint.set_grpc_port(kInstanceGrpcPort);
    endpoint.set_admin_port(kInstanceAdminPort);
    endpoint.set_peer_port(kInstancePeerPort);
    return process;
  }
  const bool dns = view.kind == ProcessKind::kDnsresolver;
  endpoint.set_host("127.0.0.1");
  endpoint.set_grpc_port(settings.base_port + (dns ? kDnsGrpcOffset : kControlplaneGrpcOffset));
  endpoint.set_admin_port(settings.base_port + (dns ? kDnsAdminOffset : kControlplaneAdminOffset));
  return process;
}

}  // namespace

v1::Cluster Supervisor::GetCluster() const {
  const Settings& settings = options_.settings;
  v1::Cluster cluster;
  cluster.set_cluster(settings.cluster);
  cluster.set_dir(options_.places.dir);
  cluster.set_zone(settings.zone);
  for (const ProcessView& view : fleet_.List(now())) *cluster.add_processes() = ToProto(view, settings);
  v1::Addresses& addresses = *cluster.mutable_addresses();
  addresses.set_controlplane_grpc(LocalAddress(settings, kControlplaneGrpcOffset));
  addresses.set_controlplane_admin(LocalAddress(settings, kControlplaneAdminOffset));
  addresses.set_dns(LocalAddress(settings, kDnsOffset));
  addresses.set_dns_grpc(LocalAddress(settings, kDnsGrpcOffset));
  addresses.set_dns_admin(LocalAddress(settings, kDnsAdminOffset));
  addresses.set_supervisor_grpc(LocalAddress(settings, kSupervisorGrpcOffset));
  addresses.set_supervisor_admin(LocalAddress(settings, kSupervisorAdminOffset));
  return cluster;
}

void Supervisor::Refresh() {
  if (watch_ != nullptr) {
    std::vector<std::string> running = fleet_.RunningObjects();
    if (!facts_sent_ || running != facts_) {
      facts_sent_ = true;
      facts_ = std::move(running);
      watch::v1::Facts facts;
      for (const std::string& object : facts_) facts.mutable_supervisor()->add_running(object);
      facts.mutable_supervisor();  // Nothing running is a fact too.
      watch_->SetFacts(std::move(facts));
    }
  }
  if (cluster_file_on_ && !shutting_down_) WriteClusterFile();
  RefreshLinks();
  AnswerWaiters();
  AnswerFaultWaiters();
}

void Supervisor::WriteClusterFile() {
  std::string content =
      RenderClusterFile(options_.settings, options_.places.dir, fleet_.List(now()), objects_);
  if (content == cluster_file_) return;
  const absl::Status status = WriteFileAtomic(ClusterFile(), content);
  if (!status.ok()) {
    log::Error("cannot write cluster.json", {{"error", status.message()}});
    return;
  }
  cluster_file_ = std::move(content);
}

// ---- Waiting ----

std::vector<std::string> Supervisor::Missing() const {
  std::vector<std::string> missing = fleet_.Missing(now());
  // Before the supervisor follows the control plane, a change could not be carried out.
  if (missing.empty() && options_.follow && (watch_ == nullptr || !watch_->connected())) {
    missing.push_back("supervisor (does not follow the control plane yet)");
  }
  return missing;
}

void Supervisor::WaitUntilReady(uint64_t waiter, int64_t deadline_steady_ns, ReadyDone done) {
  if (waiters_.size() >= kReadyWaitersMax) {
    done(TooManyCallers("WaitUntilReady", kReadyWaitersMax));
    return;
  }
  waiters_[waiter] = {.deadline_ns = deadline_steady_ns, .done = std::move(done)};
  AnswerWaiters();
}

void Supervisor::CancelWait(uint64_t waiter) {
  auto node = waiters_.extract(waiter);
  if (!node.empty()) node.mapped().done(absl::CancelledError("the caller went away"));
}

void Supervisor::AnswerWaiters() {
  if (waiters_.empty()) return;
  const std::vector<std::string> missing = Missing();
  const bool ready = missing.empty() && !shutting_down_;
  if (ready && !cluster_file_on_) {
    // A new directory has no resource until `nonet up` has made it; then the file waits for it.
    const bool has_resource = !objects_.empty();
    if (has_resource || !options_.new_directory) {
      cluster_file_on_ = true;
      WriteClusterFile();
    }
  }
  const int64_t steady_ns = now().steady_ns;
  for (auto it = waiters_.begin(); it != waiters_.end();) {
    const bool late = steady_ns >= it->second.deadline_ns;
    if (!ready && !late && !shutting_down_) {
      ++it;
      continue;
    }
    ReadyDone done = std::move(it->second.done);
    it = waiters_.erase(it);
    if (ready) {
      done(GetCluster());
    } else {
      done(shutting_down_ ? ShuttingDown() : NotReady(missing));
    }
  }
  if (waiters_.empty() || waiters_timer_ != 0) return;
  waiters_timer_ = loop_.RunAfter(kWaitersCheckNs, [this] {
    waiters_timer_ = 0;
    AnswerWaiters();
  });
}

void Supervisor::WhenItTookEffect(absl::StatusOr<Fault> fault, FaultDone done) {
  if (!fault.ok()) return done(fault.status());
  // A black hole that cannot be started must not hold the answer up for ever.
  AwaitFault(
      kFaultEffectWaitNs, [this, fault = *fault] { return fleet_.TookEffect(fault); },
      [fault = *fault, done = std::move(done)]() mutable { done(std::move(fault)); });
}

void Supervisor::WhenTheyAreBack(absl::StatusOr<std::vector<Fault>> ended, FaultsEnded done) {
  if (!ended.ok()) return done(ended.status());
  const auto faults = std::make_shared<std::vector<Fault>>(*std::move(ended));  // Shared by both callbacks.
  AwaitFault(
      kFaultEndWaitNs, [this, faults] { return fleet_.NotBack(*faults, now()).empty(); },
      [this, faults, done = std::move(done)]() mutable {
        const std::vector<std::string> missing = fleet_.NotBack(*faults, now());
        if (missing.empty()) return done(std::move(*faults));
        done(closed_ ? ShuttingDown() : NotReady(missing));
      });
}

void Supervisor::AwaitFault(int64_t wait_ns, absl::AnyInvocable<bool()> come_true,
                            absl::AnyInvocable<void()> answer) {
  if (fault_waiters_.size() >= kFaultEffectWaitersMax) return answer();
  fault_waiters_.push_back({.deadline_ns = now().steady_ns + wait_ns,
                            .come_true = std::move(come_true),
                            .answer = std::move(answer)});
  loop_.RunAfter(wait_ns, [this, alive = std::weak_ptr<int>(alive_)] {
    if (!alive.expired()) AnswerFaultWaiters();
  });
  AnswerFaultWaiters();
}

void Supervisor::AnswerFaultWaiters() {
  const int64_t steady_ns = now().steady_ns;
  std::vector<FaultWaiter> due;
  for (auto it = fault_waiters_.begin(); it != fault_waiters_.end();) {
    if (steady_ns < it->deadline_ns && !closed_ && !it->come_true()) {
      ++it;
      continue;
    }
    due.push_back(std::move(*it));
    it = fault_waiters_.erase(it);
  }
  for (FaultWaiter& waiter : due) waiter.answer();
}

void Supervisor::Close() {
  closed_ = true;
  AnswerFaultWaiters();
  AnswerLinkWaiters();
  std::map<uint64_t, Waiter> waiters = std::move(waiters_);
  waiters_.clear();
  for (auto& [id, waiter] : waiters) waiter.done(ShuttingDown());
  events_.Close();
}

}  // namespace nonet::supervisor
