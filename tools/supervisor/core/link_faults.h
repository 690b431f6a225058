// The words and keys of link faults. Pure.
#pragma once

#include <string>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "tools/supervisor/core/types.h"

namespace nonet::supervisor {

// "partition", "latency", "loss", "duplicate", "reorder", "bandwidth"
absl::string_view LinkKindName(LinkFaultKind kind);
// The same for what it is about, whatever its amount: "loss|0eastus|1resources/contoso".
std::string LinkKey(const LinkFault& link);
// INVALID_ARGUMENT names the rule of its kind.
absl::Status CheckLinkAmount(LinkFaultKind kind, uint64_t amount);

}  // namespace nonet::supervisor
