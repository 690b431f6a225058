#include "tools/cli/commands/change.h"

#include <thread>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "common/base/error.h"
#include "common/base/names.h"
#include "common/base/status_macros.h"
#include "common/real/entropy.h"
#include "tools/cli/args/duration.h"
#include "tools/cli/errors.h"
#include "tools/cli/render/arm.h"

namespace nonet::cli {
namespace {

using resource::v1::WaitForConvergenceRequest;
using resource::v1::WaitForConvergenceResponse;

// The server's sentence when it answered; otherwise who has not acknowledged, as far as it can be known.
absl::Status TimedOut(ControlClient& control, const absl::Status& status, const std::string& name,
                      int64_t timeout_ns) {
  if (!ErrorReason(status).empty() && ErrorReason(status) != "DEADLINE") {
    return errors::TimedOut(status.message(), "nonet status");
  }
  std::vector<std::string> missing;
  if (const auto subscribers = control.Subscribers(kGlance); subscribers.ok()) {
    for (const auto& subscriber : subscribers->subscribers()) {
      if (!subscriber.converged()) missing.push_back(InstanceId(subscriber.subscriber()));
    }
  }
  return errors::TimedOut(
      absl::StrCat(
          InstanceId(name), " is not in effect everywhere after ", FormatDuration(timeout_ns),
          missing.empty() ? "" : absl::StrCat("; not acknowledged by ", absl::StrJoin(missing, ", "))),
      "nonet status");
}

}  // namespace

std::string RequestId(const ChangeOptions& change) {
  return change.request_id.empty() ? RandomUuid() : change.request_id;
}

absl::StatusOr<bool> ShowOperations(const Context& context, ControlClient& control,
                                    const std::vector<std::string>& names) {
  std::vector<resource::v1::Operation> operations;
  for (const std::string& name : names) {
    if (name.empty()) continue;
    resource::v1::GetOperationRequest request;
    request.set_name(name);
    ASSIGN_OR_RETURN(resource::v1::Operation operation, control.Get(request));
    operations.push_back(std::move(operation));
  }
  if (operations.empty()) return false;
  Print(context, operations.size() == 1 ? OneOperation(operations[0]) : OperationList(operations));
  return true;
}

absl::StatusOr<bool> FinishChild(const Context& context, ControlClient& control, const ChangeOptions& change,
                                 const std::string& operation, const Awaited& awaited) {
  if (change.dry_run) {
    Say(context, "dry run: nothing was changed");
    return false;
  }
  if (change.no_wait) {
    ASSIGN_OR_RETURN(const bool shown, ShowOperations(context, control, {operation}));
    return !shown;
  }
  RETURN_IF_ERROR(AwaitEverybody(control, {awaited}, change.timeout_ns).status());
  return true;
}

absl::StatusOr<bool> AwaitEverybody(ControlClient& control, const std::vector<Awaited>& changes,
                                    int64_t timeout_ns) {
  std::vector<absl::StatusOr<WaitForConvergenceResponse>> answers(
      changes.size(), absl::StatusOr<WaitForConvergenceResponse>(absl::UnknownError("")));
  {
    std::vector<std::jthread> threads;
    for (size_t i = 0; i < changes.size(); ++i) {
      threads.emplace_back([&, i] {
        WaitForConvergenceRequest request;
        request.set_name(changes[i].name);
        uint64_t revision = 0;
        if (absl::SimpleAtoi(changes[i].etag, &revision)) request.set_revision(revision);
        answers[i] = control.Wait(request, Within(timeout_ns));
      });
    }
  }
  bool resolver_seen = true;
  for (size_t i = 0; i < changes.size(); ++i) {
    if (!answers[i].ok()) {
      if (answers[i].status().code() == absl::StatusCode::kDeadlineExceeded) {
        return TimedOut(control, answers[i].status(), changes[i].name, timeout_ns);
      }
      return answers[i].status();
    }
    resolver_seen = resolver_seen && answers[i]->dnsresolver_seen();
  }
  return resolver_seen;
}

absl::Status AwaitConvergence(const Context& context, ControlClient& control,
                              const std::vector<Awaited>& changes, int64_t timeout_ns) {
  ASSIGN_OR_RETURN(const bool resolver_seen, AwaitEverybody(control, changes, timeout_ns));
  if (!resolver_seen) Say(context, "warning: no DNS resolver is connected; it will follow when it is back");
  return absl::OkStatus();
}

absl::StatusOr<std::vector<resource::v1::Resource>> AllResources(ControlClient& control,
                                                                 const std::string& group,
                                                                 CallPolicy policy) {
  resource::v1::ListResourcesRequest request;
  request.set_resource_group(group);
  std::vector<resource::v1::Resource> all;
  do {
    ASSIGN_OR_RETURN(const resource::v1::ListResourcesResponse page, control.List(request, policy));
    all.insert(all.end(), page.resources().begin(), page.resources().end());
    request.set_page_token(page.next_page_token());
  } while (!request.page_token().empty());
  return all;
}

absl::StatusOr<std::vector<resource::v1::Replica>> AllReplicas(ControlClient& control,
                                                               const std::string& parent,
                                                               const std::string& group, CallPolicy policy) {
  resource::v1::ListReplicasRequest request;
  request.set_parent(parent);
  request.set_resource_group(group);
  std::vector<resource::v1::Replica> all;
  do {
    ASSIGN_OR_RETURN(const resource::v1::ListReplicasResponse page, control.List(request, policy));
    all.insert(all.end(), page.replicas().begin(), page.replicas().end());
    request.set_page_token(page.next_page_token());
  } while (!request.page_token().empty());
  return all;
}

absl::StatusOr<resource::v1::Resource> FindResource(ControlClient& control, const std::string& id,
                                                    const std::string& group) {
  if (!id.empty()) {
    resource::v1::GetResourceRequest request;
    request.set_name(ResourceName(id));
    request.set_resource_group(group);
    return control.Get(request);
  }
  ASSIGN_OR_RETURN(const std::vector<resource::v1::Resource> list, AllResources(control, group));
  if (list.size() == 1) return list[0];
  if (list.empty() && !group.empty()) {
    return errors::Usage(absl::StrCat("there is no resource in group ", group), "nonet resource list");
  }
  if (list.empty()) {
    return errors::Usage("there is no resource yet",
                         "nonet resource create --name contoso --location eastus");
  }
  std::vector<std::string> names;
  for (const resource::v1::Resource& resource : list) names.push_back(InstanceId(resource.name()));
  return errors::Usage(absl::StrCat("which resource? There are ", absl::StrJoin(names, ", ")),
                       absl::StrCat("--name ", names[0]));
}

absl::Status ShowEffective(const Context& context, ControlClient& control, const std::string& name) {
  resource::v1::GetEffectiveConfigurationRequest request;
  request.set_name(name);
  ASSIGN_OR_RETURN(const resource::v1::EffectiveConfiguration configuration, control.Effective(request));
  Print(context, Effective(configuration));
  return absl::OkStatus();
}

}  // namespace nonet::cli
