// What the object commands have in common: request ids, waiting until a change is in effect everywhere,
// finding the resource that is meant.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "nonet/resource/v1/resource.pb.h"
#include "tools/cli/client/control_client.h"
#include "tools/cli/commands/context.h"

namespace nonet::cli {

// A fresh UUID. One a mutation, kept across its transport retries.
std::string RequestId();

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

// The resource's object: `id`, or the only one there is. A usage error lists them when there are several.
absl::StatusOr<resource::v1::Resource> FindResource(ControlClient& control, const std::string& id,
                                                    const std::string& group);

// Prints every setting of one instance with where it comes from. `name` is the object's.
absl::Status ShowEffective(const Context& context, ControlClient& control, const std::string& name);

}  // namespace nonet::cli
