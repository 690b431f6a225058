#include "dnsresolver/server/verdict_file.h"

#include "common/process/files.h"
#include "common/process/log.h"
#include "nonet/steering/v1/steering.pb.h"

namespace nonet::dns {

VerdictFile ReadVerdicts(const std::string& path) {
  VerdictFile verdicts;
  if (path.empty()) return verdicts;
  const absl::StatusOr<std::string> content = ReadFile(path);
  if (absl::IsNotFound(content.status())) return verdicts;
  steering::v1::ListEndpointsResponse list;
  if (!content.ok() || !list.ParseFromString(*content)) {
    log::Warning("starting without the last verdicts", {{"file", path}});
    return verdicts;
  }
  for (const steering::v1::EndpointStatus& endpoint : list.endpoints()) {
    if (ParseMonitorStatus(endpoint.monitor_status()) == MonitorStatus::kDegraded) {
      verdicts.degraded.emplace(endpoint.name(), endpoint.address());
    }
  }
  return verdicts;
}

absl::Status WriteVerdicts(const std::string& path, const Topology& topology, const Health& health) {
  steering::v1::ListEndpointsResponse list;
  list.set_revision(topology.revision);
  for (size_t i = 0; i < topology.resources.size(); ++i) {
    for (size_t j = 0; j < topology.resources[i].endpoints.size(); ++j) {
      const Endpoint& endpoint = topology.resources[i].endpoints[j];
      steering::v1::EndpointStatus& out = *list.add_endpoints();
      out.set_name(endpoint.name);
      out.set_monitor_status(std::string(MonitorStatusName(health[i][j])));
      if (endpoint.address.has_value()) out.set_address(FormatIpv4(*endpoint.address));
    }
  }
  return WriteFileAtomic(path, list.SerializeAsString());
}

}  // namespace nonet::dns
