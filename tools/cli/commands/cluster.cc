#include "tools/cli/commands/cluster.h"

#include "common/base/status_macros.h"
#include "tools/cli/dir.h"
#include "tools/cli/errors.h"
#include "tools/cli/machine/cluster_file.h"
#include "tools/cli/machine/processes.h"
#include "tools/cli/machine/ready_file.h"

namespace nonet::cli {
namespace {

// Port 0: connecting fails at once, with the usual words.
constexpr char kNowhere[] = "127.0.0.1:0";

std::string AddressIn(const std::string& file, const std::string& name) {
  const std::optional<ReadyFileContent> content = ReadReadyFile(file);
  if (!content) return "";
  const auto found = content->addresses.find(name);
  return found == content->addresses.end() ? "" : found->second;
}

void FillFromClusterFile(const std::string& dir, Addresses& addresses) {
  const std::optional<ClusterFileContent> cluster = ReadClusterFile(dir);
  if (!cluster) return;
  if (addresses.control.empty()) addresses.control = cluster->control_grpc;
  if (addresses.steering.empty()) addresses.steering = cluster->dns_grpc;
  if (addresses.dns.empty()) addresses.dns = cluster->dns_address;
}

}  // namespace

std::optional<Addresses> FindSupervisor(const std::string& dir) {
  const std::optional<ReadyFileContent> content = ReadReadyFile(ReadyFile(dir, "supervisor"));
  if (!content) return std::nullopt;
  for (const FoundProcess& process : FindProcesses("/proc", dir)) {
    if (process.pid != content->pid || process.program != "nonet-supervisor") continue;
    Addresses addresses;
    addresses.supervisor_pid = content->pid;
    addresses.token = ReadToken(dir);
    if (const auto grpc = content->addresses.find("grpc"); grpc != content->addresses.end()) {
      addresses.supervisor = grpc->second;
    }
    return addresses;
  }
  return std::nullopt;
}

absl::StatusOr<Addresses> FindAddresses(const std::string& dir) {
  const std::optional<Addresses> running = FindSupervisor(dir);
  if (!running && FindProcesses("/proc", dir).empty()) return errors::NotRunning(dir);
  Addresses addresses = running.value_or(Addresses());
  addresses.token = ReadToken(dir);
  addresses.control = AddressIn(ReadyFile(dir, "controlplane"), "grpc");
  addresses.steering = AddressIn(ReadyFile(dir, "dnsresolver"), "grpc");
  addresses.dns = AddressIn(ReadyFile(dir, "dnsresolver"), "dns");
  FillFromClusterFile(dir, addresses);
  if (!addresses.supervisor.empty() && (addresses.control.empty() || addresses.steering.empty())) {
    const absl::StatusOr<supervisor::v1::Cluster> cluster =
        ConnectSupervisor(addresses.supervisor)->GetCluster(kGlance);
    if (cluster.ok()) {
      addresses.control = cluster->addresses().controlplane_grpc();
      addresses.steering = cluster->addresses().dns_grpc();
      addresses.dns = cluster->addresses().dns();
    }
  }
  return addresses;
}

Cluster ConnectTo(const Addresses& addresses) {
  const auto or_nowhere = [](const std::string& address) { return address.empty() ? kNowhere : address; };
  return {.addresses = addresses,
          .control = ConnectControl(or_nowhere(addresses.control), addresses.token),
          .children = ConnectChildren(or_nowhere(addresses.control), addresses.token),
          .steering = ConnectSteering(or_nowhere(addresses.steering)),
          .supervisor = ConnectSupervisor(or_nowhere(addresses.supervisor), addresses.token),
          .fault = ConnectFault(or_nowhere(addresses.supervisor), addresses.token)};
}

absl::StatusOr<Cluster> Connect(const std::string& dir) {
  ASSIGN_OR_RETURN(const Addresses addresses, FindAddresses(dir));
  return ConnectTo(addresses);
}

}  // namespace nonet::cli
