#include "tools/cli/commands/links.h"

#include <algorithm>
#include <optional>
#include <utility>

#include "absl/strings/str_cat.h"
#include "common/base/names.h"
#include "common/base/status_macros.h"
#include "tools/cli/errors.h"
#include "tools/cli/machine/cluster_file.h"

namespace nonet::cli {
namespace {

constexpr CallPolicy kLinksGlance = {.timeout_ns = 500 * kNanosPerMilli, .retry_ns = 0};

// What `a` says of its links to and from `b`.
bool Linked(const inspect::v1::Audit& a, const inspect::v1::Audit& b) {
  const auto to = [&](const inspect::v1::LinkAudit& l) { return l.linked() && l.peer() == b.instance(); };
  const auto from = [&](const inspect::v1::OriginAudit& o) {
    return o.linked() && o.origin() == b.instance();
  };
  return std::any_of(a.to().begin(), a.to().end(), to) && std::any_of(a.from().begin(), a.from().end(), from);
}

bool ArePeers(const inspect::v1::Audit& a, const inspect::v1::Audit& b) {
  const auto one = ParseName(a.instance()), other = ParseName(b.instance());
  return one && other && one->resource_id == other->resource_id && a.instance() != b.instance();
}

}  // namespace

absl::StatusOr<std::vector<InstanceDoor>> OpenDoors(const std::string& dir, const std::string& resource) {
  const std::optional<ClusterFileContent> file = ReadClusterFile(dir);
  if (!file) return errors::NotRunning(dir);
  std::vector<InstanceDoor> doors;
  bool named = resource.empty();
  for (const ClusterFileContent::Resource& each : file->resources) {
    if (!resource.empty() && each.name != resource) continue;
    named = true;
    for (const ClusterFileContent::Instance& instance : each.instances) {
      if (instance.grpc.empty()) continue;
      InspectTarget target = {.name = instance.name, .address = instance.grpc};
      if (file->peer_tls) {
        target.certificates = dir + "/tls";
        target.authority_file = file->authority_file;
        target.object = instance.name == each.name
                            ? absl::StrCat("resources/", each.name)
                            : absl::StrCat("resources/", each.name, "/replicas/", instance.name);
      }
      ASSIGN_OR_RETURN(std::unique_ptr<InspectClient> client, ConnectInspect(target));
      doors.push_back({instance.name, std::move(client)});
    }
  }
  if (!named) {
    return errors::Local("UNKNOWN_RESOURCE", absl::StrCat("the cluster has no resource ", resource),
                         "nonet resource list");
  }
  return doors;
}

LinksLook LookAtLinks(const std::vector<InstanceDoor>& doors) {
  LinksLook look;
  std::vector<inspect::v1::Audit> audits;
  for (const InstanceDoor& door : doors) {
    auto audit = door.client->GetAudit(kLinksGlance);
    if (audit.ok()) {
      audits.push_back(*std::move(audit));
    } else if (look.silent.empty()) {
      look.silent = absl::StrCat(door.name, " does not answer: ", audit.status().message());
    }
  }
  for (const inspect::v1::Audit& a : audits) {
    for (const inspect::v1::Audit& b : audits) {
      if (!ArePeers(a, b) || Linked(a, b)) continue;
      look.unlinked =
          absl::StrCat(InstanceId(a.instance()), " and ", InstanceId(b.instance()), " are not linked");
      return look;
    }
  }
  return look;
}

}  // namespace nonet::cli
