#include "tools/cli/render/status.h"

#include <algorithm>
#include <map>

#include "absl/strings/str_cat.h"
#include "common/base/names.h"
#include "tools/cli/render/arm.h"
#include "tools/cli/render/children.h"
#include "tools/cli/render/faults.h"
#include "tools/cli/render/time.h"

namespace nonet::cli {
namespace {

using supervisor::v1::Process;

// One instance, joined over the services by its object's name.
struct InstanceRow {
  std::string object, resource, name, role, region, host_name, address;
  resource::v1::ProvisioningState provisioning = resource::v1::PROVISIONING_STATE_UNSPECIFIED;
  bool enabled = true, stopped = false;
  std::string monitor_status, last_probe;
  std::optional<uint64_t> connections;
  std::optional<bool> converged;
};

template <typename Object>
InstanceRow MakeRow(const Object& object, const std::string& resource, const char* role) {
  return {.object = object.name(),
          .resource = resource,
          .name = InstanceId(object.name()),
          .role = role,
          .region = object.location(),
          .host_name = object.instance().host_name(),
          .address = object.instance().endpoint().host(),
          .provisioning = object.provisioning_state(),
          .enabled = !object.has_region_endpoint_enabled() || object.region_endpoint_enabled(),
          .stopped = object.resource_stopped(),
          .monitor_status = "",
          .last_probe = "",
          .connections = std::nullopt,
          .converged = std::nullopt};
}

std::vector<InstanceRow> Rows(const StatusReport& report) {
  std::vector<InstanceRow> rows;
  if (!report.resources) return rows;
  for (const ResourceTree& tree : *report.resources) {
    const std::string resource = InstanceId(tree.resource.name());
    rows.push_back(MakeRow(tree.resource, resource, "primary"));
    for (const resource::v1::Replica& replica : tree.replicas)
      rows.push_back(MakeRow(replica, resource, "replica"));
  }
  for (InstanceRow& row : rows) {
    if (report.endpoints) {
      for (const steering::v1::EndpointStatus& endpoint : report.endpoints->endpoints()) {
        if (endpoint.name() != row.object) continue;
        row.monitor_status = endpoint.monitor_status();
        row.last_probe = endpoint.last_probe();
      }
    }
    if (report.subscribers) {
      for (const auto& subscriber : report.subscribers->subscribers()) {
        if (subscriber.subscriber() != row.object) continue;
        row.connections = subscriber.connections();
        row.converged = subscriber.connected() && subscriber.converged();
      }
    }
  }
  return rows;
}

// Objects that are down because somebody stopped them.
bool StoppedOnPurpose(const std::vector<InstanceRow>& rows, const std::string& object) {
  for (const InstanceRow& row : rows) {
    if (row.object == object && row.stopped) return true;
  }
  return false;
}

std::string EndpointText(const resource::v1::Endpoint& endpoint) {
  if (endpoint.host().empty()) return "";
  const uint32_t port = endpoint.http_port() != 0 ? endpoint.http_port() : endpoint.grpc_port();
  return port == 0 ? endpoint.host() : absl::StrCat(endpoint.host(), ":", port);
}

// Where a process listens: an instance's HTTP, else the port it is asked on.
std::string AddressOf(const Process& process, const supervisor::v1::Addresses& addresses) {
  if (process.name() == "controlplane") return addresses.controlplane_grpc();
  if (process.name() == "dnsresolver") return addresses.dns();
  return EndpointText(process.endpoint());
}

Json ProcessJson(const Process& process, const supervisor::v1::Addresses& addresses) {
  return {{"name", process.name()},
          {"object", process.object()},
          {"state", ProcessStateName(process.state())},
          {"pid", process.pid()},
          {"address", AddressOf(process, addresses)},
          {"region", process.region()},
          {"restarts", process.restarts()},
          {"startTime", TimeText(process.start_time())},
          {"detail", process.detail()}};
}

Json InstanceJson(const InstanceRow& row) {
  Json json = {{"name", row.name},
               {"object", row.object},
               {"resource", row.resource},
               {"role", row.role},
               {"region", row.region},
               {"hostName", row.host_name},
               {"address", row.address},
               {"provisioningState", ProvisioningStateName(row.provisioning)},
               {"regionEndpointEnabled", row.enabled ? "Enabled" : "Disabled"},
               {"resourceStopped", row.stopped ? "true" : "false"},
               {"endpointMonitorStatus", row.monitor_status},
               {"lastProbe", row.last_probe}};
  json["connections"] = row.connections ? Json(*row.connections) : Json();
  json["converged"] = row.converged ? Json(*row.converged) : Json();
  return json;
}

Json SubscriberJson(const resource::v1::ListSubscribersResponse::Subscriber& subscriber) {
  const std::map<std::string, std::string> refusals(subscriber.refusals().begin(),
                                                    subscriber.refusals().end());
  return {{"subscriber", subscriber.subscriber()},
          {"connected", subscriber.connected()},
          {"acknowledgedRevision", subscriber.acknowledged_revision()},
          {"converged", subscriber.converged()},
          {"refusals", refusals}};
}

Json DnsJson(const StatusReport& report) {
  const steering::v1::ListEndpointsResponse& settings = *report.endpoints;
  return {{"address", report.dns_address},
          {"zone", report.cluster ? report.cluster->zone() : ""},
          {"ttl", SpanText(settings.ttl())},
          {"probeInterval", SpanText(settings.probe_interval())},
          {"probeTimeout", SpanText(settings.probe_timeout())},
          {"toleratedFailures", settings.tolerated_failures()},
          {"revision", settings.revision()}};
}

Json Document(const StatusReport& report, const std::vector<InstanceRow>& rows,
              const std::vector<std::string>& unhealthy) {
  Json processes = Json::array();
  processes.push_back({{"name", "supervisor"},
                       {"state", report.supervisor_pid == 0 ? "down" : "ready"},
                       {"pid", report.supervisor_pid},
                       {"address", report.cluster ? report.cluster->addresses().supervisor_grpc() : ""}});
  if (report.cluster) {
    for (const Process& process : report.cluster->processes()) {
      processes.push_back(ProcessJson(process, report.cluster->addresses()));
    }
  }
  Json instances = Json::array();
  for (const InstanceRow& row : rows) instances.push_back(InstanceJson(row));
  Json subscribers = Json::array();
  if (report.subscribers) {
    for (const auto& subscriber : report.subscribers->subscribers())
      subscribers.push_back(SubscriberJson(subscriber));
  }
  Json faults = Json::array();
  if (report.faults) {
    for (const fault::v1::Fault& fault : report.faults->faults()) faults.push_back(FaultJson(fault));
  }
  return {{"cluster", report.cluster ? report.cluster->cluster() : ""},
          {"dir", report.dir},
          {"healthy", unhealthy.empty()},
          {"unhealthy", unhealthy},
          {"warnings", Warnings(report)},
          {"revision", report.subscribers ? Json(report.subscribers->revision()) : Json()},
          {"processes", std::move(processes)},
          {"instances", std::move(instances)},
          {"subscribers", std::move(subscribers)},
          {"faults", std::move(faults)},
          {"dns", report.endpoints ? DnsJson(report) : Json()}};
}

Tone ToneOf(supervisor::v1::State state) {
  switch (state) {
    case supervisor::v1::STATE_READY:
      return Tone::kGood;
    case supervisor::v1::STATE_STARTING:
      return Tone::kPlain;
    default:
      return Tone::kBad;
  }
}

std::string ProcessTable(const StatusReport& report, const Style& style) {
  Table table{
      .columns = {"PROCESS", "STATE", "PID", "ADDRESS", "RESTARTS", ""}, .rows = {}, .when_empty = ""};
  const bool running = report.supervisor_pid != 0;
  table.rows.push_back(
      {Cell("supervisor"), Cell(running ? "ready" : "down", running ? Tone::kGood : Tone::kBad),
       Cell(running ? absl::StrCat(report.supervisor_pid) : "-"),
       Cell(report.cluster ? report.cluster->addresses().supervisor_grpc() : "-"), Cell("-"), Cell("")});
  if (report.cluster) {
    for (const Process& process : report.cluster->processes()) {
      const std::string address = AddressOf(process, report.cluster->addresses());
      table.rows.push_back({Cell(process.name()),
                            Cell(ProcessStateName(process.state()), ToneOf(process.state())),
                            Cell(process.pid() == 0 ? "-" : absl::StrCat(process.pid())),
                            Cell(address.empty() ? "-" : address), Cell(absl::StrCat(process.restarts())),
                            Cell(process.detail(), Tone::kDim)});
    }
  }
  return RenderTable(table, style);
}

// The replica's name, with its resource where another replica is called the same.
std::string ShownName(const InstanceRow& row, const std::vector<InstanceRow>& rows) {
  const auto same =
      std::count_if(rows.begin(), rows.end(), [&](const auto& other) { return other.name == row.name; });
  return same > 1 && row.role == "replica" ? absl::StrCat(row.resource, "/", row.name) : row.name;
}

std::string InstanceTable(const std::vector<InstanceRow>& rows, const Style& style) {
  Table table{.columns = {"INSTANCE", "REGION", "ROLE", "PROVISIONING", "ENDPOINT", "MONITOR", "CONNECTIONS",
                          "CONVERGED"},
              .rows = {},
              .when_empty = "no resources\n"};
  for (const InstanceRow& row : rows) {
    const Tone monitor = row.monitor_status == "Online"     ? Tone::kGood
                         : row.monitor_status == "Degraded" ? Tone::kBad
                                                            : Tone::kPlain;
    const Tone provisioning = row.provisioning == resource::v1::PROVISIONING_STATE_SUCCEEDED ? Tone::kGood
                              : row.provisioning == resource::v1::PROVISIONING_STATE_FAILED  ? Tone::kBad
                                                                                             : Tone::kPlain;
    table.rows.push_back({Cell(ShownName(row, rows)), Cell(row.region), Cell(row.role),
                          Cell(ProvisioningStateName(row.provisioning), provisioning),
                          Cell(row.stopped   ? "stopped"
                               : row.enabled ? "enabled"
                                             : "disabled"),
                          Cell(row.monitor_status.empty() ? "-" : row.monitor_status, monitor),
                          Cell(row.connections ? absl::StrCat(*row.connections) : "-"),
                          Cell(!row.converged   ? "-"
                               : *row.converged ? "yes"
                                                : "no")});
  }
  return RenderTable(table, style);
}

std::string Text(const StatusReport& report, const std::vector<InstanceRow>& rows,
                 const std::vector<std::string>& unhealthy, const Style& style) {
  std::string text;
  if (report.cluster) {
    absl::StrAppend(&text, "cluster ", report.cluster->cluster(), " in ", report.dir, "\n\n");
  } else {
    absl::StrAppend(&text, "cluster in ", report.dir, "\n\n");
  }
  absl::StrAppend(&text, ProcessTable(report, style));
  if (report.resources) absl::StrAppend(&text, "\n", InstanceTable(rows, style));
  if (report.endpoints) {
    const steering::v1::ListEndpointsResponse& dns = *report.endpoints;
    absl::StrAppend(&text, "\nDNS ", report.dns_address,
                    report.cluster ? absl::StrCat(" for ", report.cluster->zone()) : "", ": TTL ",
                    SpanText(dns.ttl()), ", probes every ", SpanText(dns.probe_interval()), " (timeout ",
                    SpanText(dns.probe_timeout()), "), Degraded after ", dns.tolerated_failures() + 1,
                    " failures in a row\n");
  }
  if (report.faults) {
    for (const fault::v1::Fault& fault : report.faults->faults()) {
      absl::StrAppend(&text, "fault ", fault.name(), ": ", FaultSentence(fault), " since ",
                      ClockText(fault.start_time()), "\n");
    }
  }
  for (const std::string& sentence : Warnings(report)) {
    absl::StrAppend(&text, "warning: ", sentence, "\n");
  }
  for (const std::string& sentence : unhealthy) {
    absl::StrAppend(&text, Paint("unhealthy", Tone::kBad, style), ": ", sentence, "\n");
  }
  return text;
}

}  // namespace

std::string ProcessStateName(supervisor::v1::State state) {
  switch (state) {
    case supervisor::v1::STATE_STARTING:
      return "starting";
    case supervisor::v1::STATE_READY:
      return "ready";
    case supervisor::v1::STATE_PAUSED:
      return "paused";
    case supervisor::v1::STATE_HELD:
      return "held";
    case supervisor::v1::STATE_BACKOFF:
      return "backoff";
    default:
      return "unknown";
  }
}

std::vector<std::string> Unhealthy(const StatusReport& report) {
  std::vector<std::string> sentences;
  if (report.supervisor_pid == 0) sentences.push_back("the supervisor is not running");
  for (const std::string& silent : report.silent) sentences.push_back(silent);
  const std::vector<InstanceRow> rows = Rows(report);
  if (report.cluster) {
    for (const Process& process : report.cluster->processes()) {
      if (process.state() == supervisor::v1::STATE_READY || StoppedOnPurpose(rows, process.object()))
        continue;
      sentences.push_back(absl::StrCat(process.name(), " is ", ProcessStateName(process.state()),
                                       process.detail().empty() ? "" : ": ", process.detail()));
    }
  }
  for (const InstanceRow& row : rows) {
    if (row.provisioning == resource::v1::PROVISIONING_STATE_FAILED) {
      sentences.push_back(absl::StrCat(row.name, " is provisioned as Failed"));
    }
    if (row.monitor_status == "Degraded") {
      sentences.push_back(
          absl::StrCat(row.name, " is Degraded", row.last_probe.empty() ? "" : ": ", row.last_probe));
    }
  }
  return sentences;
}

std::vector<std::string> Warnings(const StatusReport& report) {
  std::vector<std::string> sentences;
  for (const resource::v1::CapacityReport& capacity : report.capacity) {
    for (const resource::v1::Warning& warning : capacity.warnings()) {
      sentences.push_back(WarningSentence(warning));
    }
  }
  return sentences;
}

View Status(const StatusReport& report, const Style& style) {
  const std::vector<InstanceRow> rows = Rows(report);
  const std::vector<std::string> unhealthy = Unhealthy(report);
  View view{.document = Document(report, rows, unhealthy),
            .table = {},
            .text = Text(report, rows, unhealthy, style),
            .names = {}};
  if (report.cluster) {
    for (const Process& process : report.cluster->processes()) view.names.push_back(process.name());
  }
  return view;
}

}  // namespace nonet::cli
