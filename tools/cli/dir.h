// Where a cluster's state lives and which files are in it. Thread-safe.
#pragma once

#include <string>

#include "absl/strings/string_view.h"

namespace nonet::cli {

// NONET_DIR, else $XDG_STATE_HOME/nonet/default, else ~/.local/state/nonet/default.
std::string DefaultDir();
// Absolute, symbolic links of what exists resolved, no trailing slash: what daemons carry in --dir.
std::string AbsoluteDir(absl::string_view dir);

std::string ClusterFile(absl::string_view dir);                          // DIR/cluster.json
std::string ReadyFile(absl::string_view dir, absl::string_view daemon);  // DIR/run/<daemon>.json
std::string LogFile(absl::string_view dir, absl::string_view process);   // DIR/logs/<process>.log
// The bearer token in DIR/token (common/base/bearer.h); empty when there is none that can be read.
std::string ReadToken(absl::string_view dir);
std::string SettingsFile(absl::string_view dir);  // DIR/supervisor/settings.json: it marks a DIR as ours.

}  // namespace nonet::cli
