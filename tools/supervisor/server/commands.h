// What to execute for each kind of process, and who among the running processes was started that way.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "absl/strings/string_view.h"
#include "tools/supervisor/core/settings.h"
#include "tools/supervisor/core/types.h"
#include "tools/supervisor/server/launcher.h"
#include "tools/supervisor/server/proc.h"

namespace nonet::supervisor {

struct Places {
  std::string dir;          // DIR, absolute.
  std::string program_dir;  // Where the sibling programs are.
  std::string log_level;    // Passed on; empty: their default.
};

// What instances begin with: DIR/supervisor/links.pb, a nonet.fault.v1.LinkPlan.
std::string LinksFile(const std::string& dir);

Command CommandFor(const Launch& launch, const Settings& settings, const Places& places);

// Processes of this directory (by program name and --dir) that are not in `known`: started by a supervisor
// that died before it could write them down.
std::vector<Identity> FindStrays(const ProcReader& proc, absl::string_view dir,
                                 const std::vector<Identity>& known);

}  // namespace nonet::supervisor
