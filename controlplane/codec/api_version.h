// The api-versions of Microsoft.SignalRService that the door reads. Every one has the shape of 2024-03-01
// with additions, hence one codec for all; older ones kept event handlers within the resource. Pure. Source:
// Azure's template reference of Microsoft.SignalRService/webPubSub, its change log.
#pragma once

#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"

namespace nonet::controlplane::arm {

// What @azure/arm-webpubsub 1.2.0 sends, and what our own links say.
inline constexpr absl::string_view kApiVersion = "2024-03-01";

// OK, or which ones there are for that type (ArmPath::type). Empty: missing. Compared without case.
absl::Status CheckApiVersion(absl::string_view version, absl::string_view type);
std::vector<std::string> ApiVersionsOf(absl::string_view type);

}  // namespace nonet::controlplane::arm
