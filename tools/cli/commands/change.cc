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

std::string RequestId() { return RandomUuid(); }

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

absl::StatusOr<resource::v1::Resource> FindResource(ControlClient& control, const std::string& id,
                                                    const std::string& group) {
  if (!id.empty()) {
    resource::v1::GetResourceRequest request;
    request.set_name(ResourceName(id));
    request.set_resource_group(group);
    return control.Get(request);
  }
  resource::v1::ListResourcesRequest request;
  request.set_resource_group(group);
  ASSIGN_OR_RETURN(const resource::v1::ListResourcesResponse list, control.List(request));
  if (list.resources_size() == 1) return list.resources(0);
  if (list.resources().empty() && !group.empty()) {
    return errors::Usage(absl::StrCat("there is no resource in group ", group), "nonet resource list");
  }
  if (list.resources().empty()) {
    return errors::Usage("there is no resource yet",
                         "nonet resource create --name contoso --location eastus");
  }
  std::vector<std::string> names;
  for (const resource::v1::Resource& resource : list.resources())
    names.push_back(InstanceId(resource.name()));
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
