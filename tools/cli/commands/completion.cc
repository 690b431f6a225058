#include "tools/cli/render/completion.h"

#include <algorithm>
#include <ostream>

#include "common/regions/regions.h"
#include "tools/cli/args/parse.h"
#include "tools/cli/commands/cluster.h"
#include "tools/cli/commands/commands.h"
#include "tools/cli/errors.h"
#include "tools/cli/machine/cluster_file.h"

namespace nonet::cli {

absl::StatusOr<int> Run(const Context& context, const CompletionOptions& options) {
  context.out << (options.shell == "zsh" ? ZshCompletion(Surface()) : BashCompletion(Surface()));
  return kExitDone;
}

namespace {

// What only the control plane knows, if it answers at once: a key press must not wait for it.
std::vector<std::string> AskForWords(const Context& context, const std::string& kind) {
  constexpr CallPolicy kAtOnce = {.timeout_ns = 300 * kNanosPerMilli, .retry_ns = 0};
  std::vector<std::string> words;
  const absl::StatusOr<Cluster> cluster = Connect(context.dir);
  if (!cluster.ok()) return words;
  if (kind == "operation") {
    const auto list = cluster->control->List(resource::v1::ListOperationsRequest(), kAtOnce);
    if (!list.ok()) return words;
    for (const auto& operation : list->operations()) words.push_back(operation.name());
    return words;
  }
  const auto list = cluster->control->List(resource::v1::ListResourcesRequest(), kAtOnce);
  if (!list.ok()) return words;
  for (const resource::v1::Resource& resource : list->resources()) {
    for (const auto& hub : resource.hubs()) {
      if (kind == "hub") words.push_back(hub.hub());
    }
    for (const auto& link : resource.shared_private_links()) {
      if (kind == "link") words.push_back(link.name());
    }
  }
  return words;
}

}  // namespace

// From cluster.json where that has it.
absl::StatusOr<int> Run(const Context& context, const WordsOptions& options) {
  std::vector<std::string> words;
  if (options.kind == "hub" || options.kind == "link" || options.kind == "operation") {
    words = AskForWords(context, options.kind);
  }
  if (options.kind == "region") {
    for (const Region& region : Regions()) words.emplace_back(region.name);
  }
  if (options.kind == "process") words = {"controlplane", "dnsresolver"};
  const std::optional<ClusterFileContent> cluster = ReadClusterFile(context.dir);
  for (const auto& resource : cluster ? cluster->resources : std::vector<ClusterFileContent::Resource>()) {
    if (options.kind == "resource") words.push_back(resource.name);
    for (const ClusterFileContent::Instance& instance : resource.instances) {
      if (options.kind == "process" || (options.kind == "replica" && instance.role == "replica")) {
        words.push_back(instance.name);
      }
    }
  }
  for (const std::string& word : words) context.out << word << "\n";
  return kExitDone;
}

}  // namespace nonet::cli
