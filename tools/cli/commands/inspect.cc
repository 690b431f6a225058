// status, fault, resource, replica, key: ask, show.
#include <thread>

#include "absl/strings/str_cat.h"
#include "common/base/names.h"
#include "common/base/status_macros.h"
#include "tools/cli/commands/change.h"
#include "tools/cli/commands/children.h"
#include "tools/cli/commands/cluster.h"
#include "tools/cli/commands/commands.h"
#include "tools/cli/commands/objects.h"
#include "tools/cli/errors.h"
#include "tools/cli/render/faults.h"
#include "tools/cli/render/status.h"

namespace nonet::cli {
namespace {

// The value, or a sentence in `silent`.
template <typename T>
std::optional<T> OrSilent(absl::StatusOr<T> answer, std::vector<std::string>& silent) {
  if (answer.ok()) return *std::move(answer);
  silent.emplace_back(answer.status().message());
  return std::nullopt;
}

absl::StatusOr<std::vector<ResourceTree>> ReadTrees(ControlClient& control) {
  ASSIGN_OR_RETURN(std::vector<resource::v1::Resource> resources, AllResources(control, "", kGlance));
  std::vector<ResourceTree> trees;
  for (resource::v1::Resource& resource : resources) {
    ASSIGN_OR_RETURN(std::vector<resource::v1::Replica> replicas,
                     AllReplicas(control, resource.name(), "", kGlance));
    trees.push_back({std::move(resource), std::move(replicas)});
  }
  return trees;
}

// Whose units would not do if a region fell. A control plane that cannot say leaves it out.
void GatherCapacity(const Cluster& cluster, StatusReport& report) {
  for (const ResourceTree& tree : *report.resources) {
    resource::v1::GetCapacityReportRequest request;
    request.set_name(tree.resource.name());
    absl::StatusOr<resource::v1::CapacityReport> capacity = cluster.control->Capacity(request, kGlance);
    if (capacity.ok()) report.capacity.push_back(*std::move(capacity));
  }
}

// Asks all four at once: the screen takes as long as the slowest, not as the sum.
StatusReport Gather(const Context& context, const Cluster& cluster) {
  StatusReport report;
  report.dir = context.dir;
  report.dns_address = cluster.addresses.dns;
  report.supervisor_pid = cluster.addresses.supervisor_pid;
  std::vector<std::string> from_control, from_steering, from_supervisor;
  {
    std::jthread control([&] {
      report.resources = OrSilent(ReadTrees(*cluster.control), from_control);
      if (!report.resources) return;
      report.subscribers = OrSilent(cluster.control->Subscribers(kGlance), from_control);
      GatherCapacity(cluster, report);
    });
    std::jthread steering([&] {
      report.endpoints = OrSilent(
          cluster.steering->ListEndpoints(steering::v1::ListEndpointsRequest(), kGlance), from_steering);
    });
    if (report.supervisor_pid != 0) {
      report.cluster = OrSilent(cluster.supervisor->GetCluster(kGlance), from_supervisor);
      if (report.cluster) report.faults = OrSilent(cluster.fault->List(kGlance), from_supervisor);
    }
  }
  for (const auto* silent : {&from_control, &from_steering, &from_supervisor}) {
    report.silent.insert(report.silent.end(), silent->begin(), silent->end());
  }
  return report;
}

absl::StatusOr<std::vector<fault::v1::Fault>> ReadFaults(absl::StatusOr<fault::v1::ListFaultsResponse> list) {
  RETURN_IF_ERROR(list.status());
  return std::vector<fault::v1::Fault>(list->faults().begin(), list->faults().end());
}

absl::Status SetFault(const Context& context, FaultClient& client, const FaultOptions& options) {
  absl::StatusOr<fault::v1::Fault> fault;
  if (options.verb == FaultVerb::kRegionDown) {
    fault::v1::SetRegionDownRequest request;
    request.set_region(options.subject);
    request.set_mode(options.hang ? fault::v1::REGION_DOWN_MODE_HANG : fault::v1::REGION_DOWN_MODE_REFUSE);
    fault = client.RegionDown(request);
  } else if (options.verb == FaultVerb::kKill) {
    fault::v1::KillRequest request;
    request.set_process(options.subject);
    request.set_hold(options.hold);
    fault = client.Kill(request);
  } else if (options.verb == FaultVerb::kLink) {
    fault::v1::SetLinkFaultRequest request;
    request.set_kind(static_cast<fault::v1::LinkFaultKind>(static_cast<int>(options.link) +
                                                           fault::v1::LINK_FAULT_KIND_PARTITION));
    request.set_a(options.a);
    request.set_b(options.b);
    request.set_one_way(options.one_way);
    request.set_amount(options.amount);
    fault = client.SetLink(request);
  } else {
    fault::v1::PauseRequest request;
    request.set_process(options.subject);
    fault = client.Pause(request);
  }
  RETURN_IF_ERROR(fault.status());
  Print(context, OneFault(*fault));
  return absl::OkStatus();
}

absl::Status EndFault(const Context& context, FaultClient& client, const FaultOptions& options) {
  if (options.verb == FaultVerb::kRegionUp) {
    fault::v1::SetRegionUpRequest request;
    request.set_region(options.subject);
    RETURN_IF_ERROR(client.RegionUp(request));
    Say(context, absl::StrCat("region ", options.subject, " is back"));
    return absl::OkStatus();
  }
  fault::v1::ResumeRequest request;
  request.set_process(options.subject);
  RETURN_IF_ERROR(client.Resume(request));
  Say(context, absl::StrCat(options.subject, " goes on"));
  return absl::OkStatus();
}

}  // namespace

absl::StatusOr<int> Run(const Context& context, const StatusOptions&) {
  const absl::StatusOr<Cluster> cluster = Connect(context.dir);
  if (!cluster.ok()) {
    context.err << ErrorText(cluster.status(), context.err_style.colour);
    return kExitUnhealthy;
  }
  const StatusReport report = Gather(context, *cluster);
  Print(context, Status(report, context.out_style));
  return Unhealthy(report).empty() ? kExitDone : kExitUnhealthy;
}

absl::StatusOr<int> Run(const Context& context, const ObjectOptions& options) {
  ASSIGN_OR_RETURN(const Cluster cluster, Connect(context.dir));
  RETURN_IF_ERROR(options.replica ? RunReplica(context, *cluster.control, options)
                                  : RunResource(context, *cluster.control, options));
  return kExitDone;
}

absl::StatusOr<int> Run(const Context& context, const HubOptions& options) {
  ASSIGN_OR_RETURN(const Cluster cluster, Connect(context.dir));
  RETURN_IF_ERROR(RunHub(context, *cluster.control, *cluster.children, options));
  return kExitDone;
}

absl::StatusOr<int> Run(const Context& context, const LinkOptions& options) {
  ASSIGN_OR_RETURN(const Cluster cluster, Connect(context.dir));
  RETURN_IF_ERROR(RunLink(context, *cluster.control, *cluster.children, options));
  return kExitDone;
}

absl::StatusOr<int> Run(const Context& context, const OperationOptions& options) {
  ASSIGN_OR_RETURN(const Cluster cluster, Connect(context.dir));
  RETURN_IF_ERROR(RunOperation(context, *cluster.control, options));
  return kExitDone;
}

absl::StatusOr<int> Run(const Context& context, const KeyOptions& options) {
  ASSIGN_OR_RETURN(const Cluster cluster, Connect(context.dir));
  RETURN_IF_ERROR(RunKey(context, *cluster.control, options));
  return kExitDone;
}

absl::StatusOr<int> Run(const Context& context, const FaultOptions& options) {
  ASSIGN_OR_RETURN(const Cluster cluster, Connect(context.dir));
  FaultClient& client = *cluster.fault;
  switch (options.verb) {
    case FaultVerb::kRegionDown:
    case FaultVerb::kKill:
    case FaultVerb::kPause:
    case FaultVerb::kLink:
      RETURN_IF_ERROR(SetFault(context, client, options));
      return kExitDone;
    case FaultVerb::kRegionUp:
    case FaultVerb::kResume:
      RETURN_IF_ERROR(EndFault(context, client, options));
      return kExitDone;
    case FaultVerb::kHeal:
    case FaultVerb::kList:
    case FaultVerb::kClear:
      break;
  }
  const bool ends = options.verb != FaultVerb::kList;
  fault::v1::HealLinkRequest heal;
  heal.set_a(options.a);
  heal.set_b(options.b);
  ASSIGN_OR_RETURN(const std::vector<fault::v1::Fault> faults,
                   ReadFaults(options.verb == FaultVerb::kHeal    ? client.Heal(heal)
                              : options.verb == FaultVerb::kClear ? client.Clear()
                                                                  : client.List()));
  if (ends) Say(context, absl::StrCat("ended ", faults.size(), faults.size() == 1 ? " fault" : " faults"));
  Print(context, FaultList(faults));
  return kExitDone;
}

}  // namespace nonet::cli
