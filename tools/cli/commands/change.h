// What every change has in common: one request id, and waiting until it is in effect everywhere.
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

// Waits for all of them at once until every subscriber has acknowledged; warns on stderr when no resolver was
// among them. TIMED_OUT names who is missing.
absl::Status AwaitConvergence(const Context& context, ControlClient& control,
                              const std::vector<Awaited>& changes, int64_t timeout_ns);

// The resource's object: `id`, or the only one there is. A usage error lists them when there are several.
absl::StatusOr<resource::v1::Resource> FindResource(ControlClient& control, const std::string& id,
                                                    const std::string& group);

}  // namespace nonet::cli
