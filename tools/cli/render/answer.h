// What `nonet resolve` says. Pure; thread-safe.
#pragma once

#include "nonet/steering/v1/steering.pb.h"
#include "tools/cli/render/format.h"

namespace nonet::cli {

View Answer(const steering::v1::ResolveResponse& answer);
// Sentences first, then the candidates, nearest first.
View Explanation(const steering::v1::ExplainResponse& explanation, const Style& style);

}  // namespace nonet::cli
