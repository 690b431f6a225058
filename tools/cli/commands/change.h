// What the object commands have in common: request ids, waiting until a change is in effect everywhere,
// finding the resource that is meant.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "nonet/resource/v1/resource.pb.h"
#include "tools/cli/args/options.h"
#include "tools/cli/client/control_client.h"
#include "tools/cli/commands/context.h"
#include "tools/cli/render/children.h"

namespace nonet::cli {

// The one that was given, or a fresh UUID. One a mutation, kept across its transport retries.
std::string RequestId(const ChangeOptions& change = {});

struct Awaited {
  std::string name;  // The object's.
  std::string etag;  // Of the change.
};

// Waits for all of them at once until every subscriber has acknowledged. TIMED_OUT names who is missing.
// Whether the resolver was among them.
absl::StatusOr<bool> AwaitEverybody(ControlClient& control, const std::vector<Awaited>& changes,
                                    int64_t timeout_ns);

// The same; warns on stderr when the resolver was not among them.
absl::Status AwaitConvergence(const Context& context, ControlClient& control,
                              const std::vector<Awaited>& changes, int64_t timeout_ns);

// --no-wait: prints the operations that were named; empty names are of changes that had nothing to do. False
// when there is none to print.
absl::StatusOr<bool> ShowOperations(const Context& context, ControlClient& control,
                                    const std::vector<std::string>& names);

// What follows the change of a child: says that a dry run changed nothing, shows the operation without
// waiting, or waits until it is in effect everywhere, and only then answers true.
absl::StatusOr<bool> FinishChild(const Context& context, ControlClient& control, const ChangeOptions& change,
                                 const std::string& operation, const Awaited& awaited);

// The warnings of a change's answer, on stderr.
template <typename Object>
void SayWarnings(const Context& context, const Object& object) {
  for (const resource::v1::Warning& warning : object.warnings()) {
    Say(context, absl::StrCat("warning: ", WarningSentence(warning)));
  }
}

// The resource's object: `id`, or the only one there is. A usage error lists them when there are several.
absl::StatusOr<resource::v1::Resource> FindResource(ControlClient& control, const std::string& id,
                                                    const std::string& group);

// All pages of a list.
absl::StatusOr<std::vector<resource::v1::Resource>> AllResources(ControlClient& control,
                                                                 const std::string& group,
                                                                 CallPolicy policy = {});
// `parent` is the resource's name, "resources/contoso".
absl::StatusOr<std::vector<resource::v1::Replica>> AllReplicas(ControlClient& control,
                                                               const std::string& parent,
                                                               const std::string& group,
                                                               CallPolicy policy = {});

// Prints every setting of one instance with where it comes from. `name` is the object's.
absl::Status ShowEffective(const Context& context, ControlClient& control, const std::string& name);

}  // namespace nonet::cli
