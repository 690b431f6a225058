// Faults as `nonet fault` shows them. Pure; thread-safe.
#pragma once

#include <vector>

#include "nonet/fault/v1/fault.pb.h"
#include "tools/cli/render/format.h"

namespace nonet::cli {

Json FaultJson(const fault::v1::Fault& fault);
View FaultList(const std::vector<fault::v1::Fault>& faults);
View OneFault(const fault::v1::Fault& fault);

// "region eastus is down (refuse)", "westus is paused".
std::string FaultSentence(const fault::v1::Fault& fault);

}  // namespace nonet::cli
