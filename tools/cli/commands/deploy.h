// `nonet deploy`, for tests with fakes too.
#pragma once

#include "absl/status/status.h"
#include "tools/cli/args/options.h"
#include "tools/cli/client/child_client.h"
#include "tools/cli/client/control_client.h"
#include "tools/cli/commands/context.h"

namespace nonet::cli {

absl::Status RunDeploy(const Context& context, ControlClient& control, ChildClient& children,
                       const DeployOptions& options);

}  // namespace nonet::cli
