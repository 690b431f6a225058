// DIR/cluster.json: where everything is, for SDK users and scripts. The shape is part of the public surface:
// fields may be added, never renamed. A door that does not exist is null.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "nonet/watch/v1/watch.pb.h"
#include "tools/supervisor/core/settings.h"
#include "tools/supervisor/core/types.h"

namespace nonet::supervisor {

// Resources and instances that are being deleted are left out.
std::string RenderClusterFile(const Settings& settings, const std::string& dir,
                              const std::vector<ProcessView>& processes,
                              const std::map<std::string, watch::v1::Event>& objects);

// "127.0.0.1:7800"
std::string LocalAddress(const Settings& settings, int offset);

}  // namespace nonet::supervisor
