// What `nonet dns` says. Pure; thread-safe.
#pragma once

#include "nonet/steering/v1/steering.pb.h"
#include "tools/cli/render/format.h"

namespace nonet::cli {

View TableHistory(const steering::v1::ListTablesResponse& tables);
// `a`, `b`: as they were typed.
View TableChanges(const steering::v1::DiffTablesResponse& diff, absl::string_view a, absl::string_view b);
View DnsEndpoints(const steering::v1::ListEndpointsResponse& endpoints);

}  // namespace nonet::cli
