// What `nonet resolve` says. Pure; thread-safe.
#pragma once

#include "nonet/steering/v1/steering.pb.h"
#include "tools/cli/render/format.h"

namespace nonet::cli {

View Answer(const steering::v1::ResolveResponse& answer);
// The resolver's sentences, what caches still hold, then the answer. The candidates as data are in the
// document.
View Explanation(const steering::v1::ExplainResponse& explanation);
// "contoso-westus-1a2b3c4d" of an instance's whole host name, whose start says which it is; "nothing" of
// none.
std::string ShortHost(const std::string& host_name);

}  // namespace nonet::cli
