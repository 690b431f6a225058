#include "tools/cli/env/env.h"

#include <filesystem>
#include <fstream>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "common/base/status_macros.h"
#include "common/process/files.h"
#include "tools/cli/commands/commands.h"
#include "tools/cli/errors.h"
#include "tools/cli/machine/cluster_file.h"

namespace nonet::cli {
namespace {

absl::StatusOr<ClusterFileContent::Resource> Choose(const ClusterFileContent& cluster,
                                                    const EnvOptions& options) {
  std::vector<std::string> names;
  std::vector<const ClusterFileContent::Resource*> fitting;
  for (const ClusterFileContent::Resource& resource : cluster.resources) {
    names.push_back(resource.name);
    if (!options.name.empty() && !absl::EqualsIgnoreCase(resource.name, options.name)) continue;
    if (!options.group.empty() && !absl::EqualsIgnoreCase(resource.group, options.group)) continue;
    fitting.push_back(&resource);
  }
  if (fitting.size() == 1) return *fitting[0];
  if (names.empty())
    return errors::Usage("there is no resource yet", "nonet resource create --name contoso -l eastus");
  const std::string list = absl::StrJoin(names, ", ");
  if (fitting.empty())
    return errors::Usage(absl::StrCat("there is no such resource; there is ", list), "--name NAME");
  return errors::Usage(absl::StrCat("which resource? There are ", list), absl::StrCat("--name ", names[0]));
}

// The primary's region: where whoever matches no prefix is taken to be.
absl::StatusOr<const Region*> RegionOf(const EnvOptions& options,
                                       const ClusterFileContent::Resource& resource) {
  std::string name = options.from;
  for (const ClusterFileContent::Instance& instance : resource.instances) {
    if (name.empty() && instance.role == "primary") name = instance.region;
  }
  const Region* region = FindRegion(name);
  if (region == nullptr) return errors::UnknownRegion(name);
  return region;
}

// "contoso.webpubsub.azure.com" is in "webpubsub.azure.com".
std::string ZoneOf(const ClusterFileContent::Resource& resource) {
  return resource.host_name.substr(resource.host_name.find('.') + 1);
}

}  // namespace

// Works while processes are down: it reads files only.
absl::StatusOr<int> Run(const Context& context, const EnvOptions& options) {
  const std::optional<ClusterFileContent> cluster = ReadClusterFile(context.dir);
  if (!cluster) return errors::NotRunning(context.dir);
  ASSIGN_OR_RETURN(const ClusterFileContent::Resource resource, Choose(*cluster, options));
  ClientPlace place{.connection_string = resource.connection_string,
                    .authority_file = cluster->authority_file,
                    .dns = cluster->dns_address,
                    .zone = ZoneOf(resource),
                    .region = nullptr,
                    .preload_path = ""};
  ASSIGN_OR_RETURN(place.region, RegionOf(options, resource));
  place.preload_path = absl::StrCat(context.dir, "/env/preload-", place.region->name, ".cjs");
  RETURN_IF_ERROR(MakeDirectories(absl::StrCat(context.dir, "/env")));
  RETURN_IF_ERROR(WriteFileAtomic(place.preload_path, PreloadScript()));

  const auto environment = EnvironmentOf(place);
  View view{.document = Json::object(), .table = {}, .text = ShellLines(environment), .names = {}};
  for (const auto& [name, value] : environment) {
    view.document[name] = value;
    view.names.push_back(name);
  }
  Print(context, view);
  return kExitDone;
}

}  // namespace nonet::cli
