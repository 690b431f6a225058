// gaps, audit, why: asks every instance of cluster.json at once and puts the answers together.
#include "tools/cli/render/sync.h"

#include <functional>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "common/base/status_macros.h"
#include "replica/core/audit.h"
#include "tools/cli/client/inspect_client.h"
#include "tools/cli/commands/cluster.h"
#include "tools/cli/commands/commands.h"
#include "tools/cli/commands/links.h"
#include "tools/cli/errors.h"

namespace nonet::cli {
namespace {

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

}  // namespace

absl::StatusOr<int> Run(const Context& context, const SyncOptions& options) {
  ASSIGN_OR_RETURN(const std::vector<InstanceDoor> doors, OpenDoors(context.dir, options.name));
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
