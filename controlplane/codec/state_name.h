// Azure's names of states. Pure.
#pragma once

#include "absl/strings/string_view.h"
#include "nonet/resource/v1/operation.pb.h"
#include "nonet/resource/v1/resource.pb.h"

namespace nonet::controlplane {

// "Creating"; "Unknown" for what a newer server may say.
absl::string_view StateName(resource::v1::ProvisioningState state);
// "Running".
absl::string_view StateName(resource::v1::OperationState state);

}  // namespace nonet::controlplane
