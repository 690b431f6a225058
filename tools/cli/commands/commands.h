// One function a command. Each returns the exit code of a command that did its work (0, or 4 from status), or
// the error to show.
#pragma once

#include "absl/status/statusor.h"
#include "tools/cli/args/options.h"
#include "tools/cli/commands/context.h"

namespace nonet::cli {

absl::StatusOr<int> Run(const Context& context, const UpOptions& options);
absl::StatusOr<int> Run(const Context& context, const StatusOptions& options);
absl::StatusOr<int> Run(const Context& context, const DownOptions& options);
absl::StatusOr<int> Run(const Context& context, const ResetOptions& options);
absl::StatusOr<int> Run(const Context& context, const BackupOptions& options);
absl::StatusOr<int> Run(const Context& context, const RestoreOptions& options);
absl::StatusOr<int> Run(const Context& context, const EnvOptions& options);
absl::StatusOr<int> Run(const Context& context, const LogsOptions& options);
absl::StatusOr<int> Run(const Context& context, const WatchOptions& options);
absl::StatusOr<int> Run(const Context& context, const WaitOptions& options);
absl::StatusOr<int> Run(const Context& context, const ResolveOptions& options);
absl::StatusOr<int> Run(const Context& context, const DnsOptions& options);
absl::StatusOr<int> Run(const Context& context, const ObjectOptions& options);
absl::StatusOr<int> Run(const Context& context, const HubOptions& options);
absl::StatusOr<int> Run(const Context& context, const LinkOptions& options);
absl::StatusOr<int> Run(const Context& context, const OperationOptions& options);
absl::StatusOr<int> Run(const Context& context, const DeployOptions& options);
absl::StatusOr<int> Run(const Context& context, const KeyOptions& options);
absl::StatusOr<int> Run(const Context& context, const FaultOptions& options);
absl::StatusOr<int> Run(const Context& context, const SyncOptions& options);
absl::StatusOr<int> Run(const Context& context, const CompletionOptions& options);
absl::StatusOr<int> Run(const Context& context, const WordsOptions& options);

}  // namespace nonet::cli
