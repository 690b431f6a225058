// Whether a traffic profile is one that DNS can steer by, and its missing values filled in. Pure.
//
//   RETURN_IF_ERROR(NormalizeProfile(*resource.mutable_traffic_profile()));
#pragma once

#include <span>
#include <string>

#include "absl/status/status.h"
#include "nonet/resource/v1/resource.pb.h"

namespace nonet::controlplane {

// INVALID_ARGUMENT (INVALID_TRAFFIC_PROFILE, with the path of what is wrong), or all defaults filled in.
absl::Status NormalizeProfile(resource::v1::TrafficProfile& profile);

// FAILED_PRECONDITION when the profile names an instance that is not among `instances` (ids, compared
// without case).
absl::Status ValidateProfileTargets(const resource::v1::TrafficProfile& profile,
                                    std::span<const std::string> instances);

}  // namespace nonet::controlplane
