// `nonet resource ...` and `nonet replica ...`.
#pragma once

#include "absl/status/status.h"
#include "tools/cli/args/options.h"
#include "tools/cli/client/control_client.h"
#include "tools/cli/commands/context.h"

namespace nonet::cli {

absl::Status RunResource(const Context& context, ControlClient& control, const ObjectOptions& options);
absl::Status RunReplica(const Context& context, ControlClient& control, const ObjectOptions& options);
absl::Status RunKey(const Context& context, ControlClient& control, const KeyOptions& options);

}  // namespace nonet::cli
