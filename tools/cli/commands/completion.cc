#include "tools/cli/render/completion.h"

#include <algorithm>
#include <ostream>

#include "common/regions/regions.h"
#include "tools/cli/args/parse.h"
#include "tools/cli/commands/commands.h"
#include "tools/cli/errors.h"
#include "tools/cli/machine/cluster_file.h"

namespace nonet::cli {

absl::StatusOr<int> Run(const Context& context, const CompletionOptions& options) {
  context.out << (options.shell == "zsh" ? ZshCompletion(Surface()) : BashCompletion(Surface()));
  return kExitDone;
}

// From cluster.json alone: a key press must not wait for a server.
absl::StatusOr<int> Run(const Context& context, const WordsOptions& options) {
  std::vector<std::string> words;
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
