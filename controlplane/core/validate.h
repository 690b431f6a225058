// Whether an object is one that could exist by itself, and its missing values filled in. What depends on
// other objects (limits, locations, Premium) is resource_set's business. Pure.
#pragma once

#include <string>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "nonet/resource/v1/resource.pb.h"

namespace nonet::controlplane {

// Each answers INVALID_ARGUMENT (errors.h) or leaves the value complete: defaults filled in, output-only
// parts computed.
absl::Status NormalizeResource(resource::v1::Resource& resource);
absl::Status NormalizeReplica(resource::v1::Replica& replica);
absl::Status NormalizeSku(resource::v1::Sku& sku);

absl::Status ValidateId(absl::string_view what, absl::string_view id);
absl::Status ValidateRegion(absl::string_view region);
absl::Status ValidateRequestId(absl::string_view request_id);  // Empty is valid: not repeatable.
absl::Status ValidateResourceGroup(absl::string_view group);

// FAILED_PRECONDITION when the resource has settings that only a Premium one can have.
absl::Status CheckPremiumSettings(const resource::v1::Resource& resource);
bool IsPremium(const resource::v1::Sku& sku);

}  // namespace nonet::controlplane
