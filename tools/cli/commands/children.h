// `nonet hub`, `nonet private-link`, `nonet operation`.
#pragma once

#include "absl/status/status.h"
#include "tools/cli/args/options.h"
#include "tools/cli/client/child_client.h"
#include "tools/cli/client/control_client.h"
#include "tools/cli/commands/context.h"

namespace nonet::cli {

absl::Status RunHub(const Context& context, ControlClient& control, ChildClient& children,
                    const HubOptions& options);
absl::Status RunLink(const Context& context, ControlClient& control, ChildClient& children,
                     const LinkOptions& options);
absl::Status RunOperation(const Context& context, ControlClient& control, const OperationOptions& options);

}  // namespace nonet::cli
