// gaps, audit, why: asks every instance of cluster.json at once and puts the answers together. And the wait
// of `up` for links, which asks the same door.
#include "tools/cli/render/sync.h"

#include <poll.h>

#include <algorithm>
#include <functional>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "common/base/names.h"
#include "common/base/status_macros.h"
#include "common/real/real_clock.h"
#include "replica/core/audit.h"
#include "tools/cli/client/inspect_client.h"
#include "tools/cli/commands/cluster.h"
#include "tools/cli/commands/commands.h"
#include "tools/cli/commands/up.h"
#include "tools/cli/errors.h"
#include "tools/cli/machine/cluster_file.h"

namespace nonet::cli {
namespace {

// Links may be broken on purpose, so they are waited for no longer; a round trip around the world is 0.4 s.
constexpr int64_t kLinksWaitNs = 2 * kNanosPerSecond;
constexpr int kLinksPauseMs = 10;
constexpr CallPolicy kLinksGlance = {.timeout_ns = 500 * kNanosPerMilli, .retry_ns = 0};

struct InstanceDoor {
  std::string name;
  std::unique_ptr<InspectClient> client;
};

absl::StatusOr<std::vector<InstanceDoor>> OpenDoors(const Context& context, const SyncOptions& options) {
  const std::optional<ClusterFileContent> file = ReadClusterFile(context.dir);
  if (!file) return errors::NotRunning(context.dir);
  std::vector<InstanceDoor> doors;
  bool named = options.name.empty();
  for (const ClusterFileContent::Resource& resource : file->resources) {
    if (!options.name.empty() && resource.name != options.name) continue;
    named = true;
    for (const ClusterFileContent::Instance& instance : resource.instances) {
      if (instance.grpc.empty()) continue;
      InspectTarget target = {.name = instance.name, .address = instance.grpc};
      if (file->peer_tls) {
        target.certificates = context.dir + "/tls";
        target.authority_file = file->authority_file;
        target.object = instance.name == resource.name
                            ? absl::StrCat("resources/", resource.name)
                            : absl::StrCat("resources/", resource.name, "/replicas/", instance.name);
      }
      ASSIGN_OR_RETURN(std::unique_ptr<InspectClient> client, ConnectInspect(target));
      doors.push_back({instance.name, std::move(client)});
    }
  }
  if (!named) {
    return errors::Local("UNKNOWN_RESOURCE", absl::StrCat("the cluster has no resource ", options.name),
                         "nonet resource list");
  }
  return doors;
}

// What every instance answers, in their order; who does not answer is named on stderr. An error that is not
// silence ends it.
template <typename Answer>
absl::StatusOr<std::vector<Answer>> AskAll(const Context& context, const std::vector<InstanceDoor>& doors,
                                           const std::function<absl::StatusOr<Answer>(InspectClient&)>& ask) {
  std::vector<absl::StatusOr<Answer>> answers(doors.size(), absl::UnknownError("not asked"));
  {
    std::vector<std::jthread> threads;
    for (size_t i = 0; i < doors.size(); ++i) {
      threads.emplace_back([&, i] { answers[i] = ask(*doors[i].client); });
    }
  }
  std::vector<Answer> present;
  for (size_t i = 0; i < doors.size(); ++i) {
    const absl::Status& status = answers[i].status();
    if (answers[i].ok()) {
      present.push_back(*std::move(answers[i]));
    } else if (absl::IsInvalidArgument(status)) {
      return status;
    } else if (!absl::IsNotFound(status)) {
      Say(context, absl::StrCat("no answer: ", status.message()));
    }
  }
  return present;
}

absl::StatusOr<std::vector<replica::Audit>> AuditRound(const Context& context,
                                                       const std::vector<InstanceDoor>& doors) {
  ASSIGN_OR_RETURN(const auto answers, AskAll<inspect::v1::Audit>(context, doors, [](InspectClient& client) {
                     return client.GetAudit(kGlance);
                   }));
  std::vector<replica::Audit> round;
  for (const inspect::v1::Audit& answer : answers) round.push_back(AuditOf(answer));
  return round;
}

absl::StatusOr<int> RunAudit(const Context& context, const std::vector<InstanceDoor>& doors) {
  ASSIGN_OR_RETURN(const std::vector<replica::Audit> first, AuditRound(context, doors));
  ASSIGN_OR_RETURN(const std::vector<replica::Audit> second, AuditRound(context, doors));
  const std::vector<replica::Finding> findings = replica::Judge(first, second);
  Print(context, AuditReport(second, findings));
  bool balanced = true;
  for (const replica::Finding& finding : findings) {
    balanced &= !finding.violation();
    Say(context, absl::StrCat(finding.violation() ? "DOES NOT BALANCE: " : "not judged: ", finding.text));
  }
  if (second.empty()) return errors::NotAnswering("every instance", "none answered");
  if (balanced) Say(context, "the sums balance");
  return balanced ? kExitDone : kExitUnhealthy;
}

// Those that answer, both ways.
bool AllLinked(const std::vector<InstanceDoor>& doors) {
  std::vector<inspect::v1::Audit> audits;
  for (const InstanceDoor& door : doors) {
    if (auto audit = door.client->GetAudit(kLinksGlance); audit.ok()) audits.push_back(*std::move(audit));
  }
  const auto linked = [](const inspect::v1::Audit& a, const inspect::v1::Audit& b) {
    const auto to = [&](const inspect::v1::LinkAudit& l) { return l.linked() && l.peer() == b.instance(); };
    const auto from = [&](const inspect::v1::OriginAudit& o) {
      return o.linked() && o.origin() == b.instance();
    };
    return std::any_of(a.to().begin(), a.to().end(), to) &&
           std::any_of(a.from().begin(), a.from().end(), from);
  };
  for (const inspect::v1::Audit& a : audits) {
    for (const inspect::v1::Audit& b : audits) {
      const auto one = ParseName(a.instance()), other = ParseName(b.instance());
      const bool peers =
          one && other && one->resource_id == other->resource_id && a.instance() != b.instance();
      if (peers && !linked(a, b)) return false;
    }
  }
  return true;
}

}  // namespace

void AwaitLinks(const Context& context) {
  const auto doors = OpenDoors(context, SyncOptions());
  if (!doors.ok()) return;
  const int64_t deadline = RealClock().SteadyNs() + kLinksWaitNs;
  while (!AllLinked(*doors) && RealClock().SteadyNs() < deadline) poll(nullptr, 0, kLinksPauseMs);
}

absl::StatusOr<int> Run(const Context& context, const SyncOptions& options) {
  ASSIGN_OR_RETURN(const std::vector<InstanceDoor> doors, OpenDoors(context, options));
  if (options.verb == SyncVerb::kAudit) return RunAudit(context, doors);
  if (options.verb == SyncVerb::kWhy) {
    ASSIGN_OR_RETURN(const auto answers, AskAll<inspect::v1::Why>(context, doors, [&](InspectClient& client) {
                       return client.GetWhy(options.message_id, kGlance);
                     }));
    if (answers.empty()) {
      return errors::Local("MESSAGE_UNKNOWN",
                           absl::StrCat("no instance that answered knows of ", options.message_id),
                           "nonet gaps lists what was lost; ids of earlier lives are forgotten");
    }
    Print(context, WhyReport(options.message_id, answers));
    return kExitDone;
  }
  ASSIGN_OR_RETURN(const auto lists,
                   AskAll<inspect::v1::ListGapsResponse>(
                       context, doors, [](InspectClient& client) { return client.ListGaps(kGlance); }));
  Print(context, Gaps(lists));
  return kExitDone;
}

}  // namespace nonet::cli
