// `nonet wait`: looks, then looks again at each event of the resolver or the supervisor, and now and then
// where no event tells of a change (a replica's provisioning state).
#include <algorithm>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "common/base/names.h"
#include "common/base/status_macros.h"
#include "common/real/real_clock.h"
#include "tools/cli/args/duration.h"
#include "tools/cli/commands/change.h"
#include "tools/cli/commands/commands.h"
#include "tools/cli/commands/events.h"
#include "tools/cli/commands/links.h"
#include "tools/cli/errors.h"
#include "tools/cli/render/arm.h"
#include "tools/cli/render/status.h"

namespace nonet::cli {
namespace {

constexpr int64_t kRecheckNs = 200 * kNanosPerMilli;

// Whether the condition holds, and what is the case instead.
struct Look {
  bool holds = false;
  std::string instead;
};

Look Compare(const std::string& wanted, const std::string& found) {
  return {.holds = wanted == found, .instead = absl::StrCat("it is ", found)};
}

absl::StatusOr<Look> LookAtReplica(const Cluster& cluster, const WaitOptions& wait) {
  ASSIGN_OR_RETURN(const resource::v1::Resource parent, FindResource(*cluster.control, wait.name, ""));
  // The primary's instance is asked for by its resource's name.
  if (InstanceId(parent.name()) == wait.condition.subject) {
    return Compare(wait.condition.value, ProvisioningStateName(parent.provisioning_state()));
  }
  resource::v1::GetReplicaRequest request;
  request.set_name(ReplicaName(InstanceId(parent.name()), wait.condition.subject));
  const absl::StatusOr<resource::v1::Replica> replica = cluster.control->Get(request, kGlance);
  if (absl::IsNotFound(replica.status())) {
    return Look{.holds = wait.condition.value == "deleted", .instead = "there is no such replica"};
  }
  RETURN_IF_ERROR(replica.status());
  return Compare(wait.condition.value, ProvisioningStateName(replica->provisioning_state()));
}

bool IsMeant(const std::string& object, const WaitOptions& wait) {
  const auto parsed = ParseName(object);
  if (!wait.name.empty() && parsed && parsed->resource_id != wait.name) return false;
  return InstanceId(object) == wait.condition.subject || object == wait.condition.subject;
}

absl::StatusOr<Look> LookAtEndpoint(const Cluster& cluster, const WaitOptions& wait) {
  ASSIGN_OR_RETURN(const steering::v1::ListEndpointsResponse list,
                   cluster.steering->ListEndpoints(steering::v1::ListEndpointsRequest(), kGlance));
  for (const steering::v1::EndpointStatus& endpoint : list.endpoints()) {
    if (IsMeant(endpoint.name(), wait)) return Compare(wait.condition.value, endpoint.monitor_status());
  }
  return Look{.holds = false, .instead = "the resolver knows no such endpoint"};
}

// Which resource's name the answer is of; asked once, and not of the control plane, which may be down.
absl::StatusOr<std::string> AnsweringResource(const Cluster& cluster, const WaitOptions& wait) {
  if (!wait.name.empty()) return wait.name;
  ASSIGN_OR_RETURN(const steering::v1::ListEndpointsResponse list,
                   cluster.steering->ListEndpoints(steering::v1::ListEndpointsRequest(), kGlance));
  std::string found;
  for (const steering::v1::EndpointStatus& endpoint : list.endpoints()) {
    const auto parsed = ParseName(endpoint.name());
    if (!parsed) continue;
    if (!found.empty() && found != parsed->resource_id) {
      return errors::Usage(absl::StrCat("which resource? There are ", found, " and ", parsed->resource_id),
                           "--name");
    }
    found = parsed->resource_id;
  }
  if (found.empty()) return absl::NotFoundError("the resolver knows no resource");
  return found;
}

absl::StatusOr<Look> LookAtAnswer(const Cluster& cluster, const WaitOptions& wait) {
  steering::v1::ResolveRequest request;
  ASSIGN_OR_RETURN(const std::string resource, AnsweringResource(cluster, wait));
  request.set_name(resource);
  request.set_region(wait.condition.subject);
  ASSIGN_OR_RETURN(const steering::v1::ExplainResponse explanation,
                   cluster.steering->Explain(request, kGlance));
  for (const steering::v1::Candidate& candidate : explanation.candidates()) {
    if (!candidate.chosen()) continue;
    const std::string& wanted = wait.condition.value;
    const bool holds = wanted == InstanceId(candidate.name()) || wanted == candidate.name() ||
                       wanted == candidate.host_name();
    return Look{.holds = holds, .instead = absl::StrCat("it is ", InstanceId(candidate.name()))};
  }
  return Look{.holds = false, .instead = "there is no answer"};
}

absl::StatusOr<Look> LookAtProcess(const Cluster& cluster, const WaitOptions& wait) {
  ASSIGN_OR_RETURN(const supervisor::v1::Cluster view, cluster.supervisor->GetCluster(kGlance));
  for (const supervisor::v1::Process& process : view.processes()) {
    if (process.name() == wait.condition.subject || process.object() == wait.condition.subject) {
      return Compare(wait.condition.value, ProcessStateName(process.state()));
    }
  }
  return Compare(wait.condition.value, "gone");
}

// Everything that can converge. The resolver does not get keys, so these are apart.
struct Everything {
  std::vector<Awaited> objects;
  std::vector<Awaited> keys;
};

absl::StatusOr<Everything> ListEverything(ControlClient& control, const WaitOptions& wait) {
  ASSIGN_OR_RETURN(const std::vector<resource::v1::Resource> resources, AllResources(control, "", kGlance));
  Everything all;
  for (const resource::v1::Resource& resource : resources) {
    if (!wait.name.empty() && InstanceId(resource.name()) != wait.name) continue;
    all.objects.push_back({resource.name(), ""});
    all.keys.push_back({KeysName(InstanceId(resource.name())), ""});
    ASSIGN_OR_RETURN(const std::vector<resource::v1::Replica> replicas,
                     AllReplicas(control, resource.name(), "", kGlance));
    for (const resource::v1::Replica& replica : replicas) all.objects.push_back({replica.name(), ""});
  }
  return all;
}

// Whether everybody has everything, the resolver included, which a change does not insist on.
absl::StatusOr<Look> LookAtConvergence(const Cluster& cluster, const WaitOptions& wait, int64_t left_ns) {
  ASSIGN_OR_RETURN(const Everything all, ListEverything(*cluster.control, wait));
  RETURN_IF_ERROR(AwaitEverybody(*cluster.control, all.keys, left_ns).status());
  ASSIGN_OR_RETURN(const bool resolver_seen, AwaitEverybody(*cluster.control, all.objects, left_ns));
  return Look{.holds = resolver_seen, .instead = "no DNS resolver is connected"};
}

// Whether messages go everywhere.
absl::StatusOr<Look> LookAtInstances(const std::string& dir, const WaitOptions& wait) {
  ASSIGN_OR_RETURN(const std::vector<InstanceDoor> doors, OpenDoors(dir, wait.name));
  const LinksLook look = LookAtLinks(doors);
  return Look{.holds = look.silent.empty() && look.unlinked.empty(),
              .instead = look.silent.empty() ? look.unlinked : look.silent};
}

// `left_ns`: how long a look that waits by itself may take.
absl::StatusOr<Look> LookAt(const std::string& dir, const Cluster& cluster, const WaitOptions& wait,
                            int64_t left_ns) {
  switch (wait.condition.kind) {
    case Condition::Kind::kConverged:
      return LookAtConvergence(cluster, wait, left_ns);
    case Condition::Kind::kLinked:
      return LookAtInstances(dir, wait);
    case Condition::Kind::kReplica:
      return LookAtReplica(cluster, wait);
    case Condition::Kind::kEndpoint:
      return LookAtEndpoint(cluster, wait);
    case Condition::Kind::kAnswer:
      return LookAtAnswer(cluster, wait);
    default:
      return LookAtProcess(cluster, wait);
  }
}

// What cannot pass by waiting ends it; a service that is away for a moment does not.
bool IsPassing(const absl::Status& status) {
  return absl::IsUnavailable(status) || absl::IsDeadlineExceeded(status) || absl::IsNotFound(status);
}

absl::Status Expired(const WaitOptions& wait, absl::string_view instead) {
  return errors::TimedOut(absl::StrCat(wait.condition.text, " did not come true in ",
                                       FormatDuration(wait.timeout_ns), instead.empty() ? "" : ": ", instead),
                          "nonet status");
}

absl::Status WaitByLooking(const std::string& dir, const WaitOptions& wait) {
  const int64_t deadline = RealClock().SteadyNs() + wait.timeout_ns;
  ASSIGN_OR_RETURN(Cluster cluster, Connect(dir));
  std::optional<EventPump> pump;
  while (true) {
    const absl::StatusOr<Look> look =
        LookAt(dir, cluster, wait, std::max(deadline - RealClock().SteadyNs(), kNanosPerMilli));
    if (look.ok() && look->holds) return absl::OkStatus();
    if (!look.ok() && !IsPassing(look.status())) return look.status();
    const int64_t left = deadline - RealClock().SteadyNs();
    if (left <= 0) return Expired(wait, look.ok() ? look->instead : std::string(look.status().message()));
    if (absl::IsUnavailable(look.status())) {
      // It may be starting: its address is known when it is ready. The pump goes before the cluster it reads.
      pump.reset();
      ASSIGN_OR_RETURN(cluster, Connect(dir));
    }
    if (!pump) pump.emplace(cluster, RealClock().WallNs());
    pump->Next(std::min(left, kRecheckNs));
  }
}

// The supervisor answers when it is so. Asked again while it is not there itself.
absl::Status WaitUntilReady(const std::string& dir, const WaitOptions& wait) {
  const int64_t deadline = RealClock().SteadyNs() + wait.timeout_ns;
  while (true) {
    ASSIGN_OR_RETURN(const Cluster cluster, Connect(dir));
    const int64_t left = std::max(deadline - RealClock().SteadyNs(), kNanosPerMilli);
    const auto ready =
        cluster.supervisor->WaitUntilReady({.timeout_ns = left, .retry_ns = std::min(left, kRecheckNs)});
    if (ready.ok()) return absl::OkStatus();
    if (!IsPassing(ready.status())) return ready.status();
    if (RealClock().SteadyNs() >= deadline - kRecheckNs) return Expired(wait, ready.status().message());
  }
}

}  // namespace

absl::StatusOr<int> Run(const Context& context, const WaitOptions& options) {
  const bool ready = options.condition.kind == Condition::Kind::kReady;
  RETURN_IF_ERROR(ready ? WaitUntilReady(context.dir, options) : WaitByLooking(context.dir, options));
  return kExitDone;
}

}  // namespace nonet::cli
