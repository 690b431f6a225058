// nonet.fault.v1 <-> the values of link plans. Pure; thread-safe.
#pragma once

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "nonet/fault/v1/link.pb.h"
#include "replica/core/link_plan.h"
#include "replica/server/link_table.h"

namespace nonet::replica {

// INVALID_ARGUMENT names what is wrong: an unknown kind, side or region, an amount out of range, too many.
absl::StatusOr<LinkPlan> FromProto(const fault::v1::LinkPlan& in);
// Of a serialised nonet.fault.v1.LinkPlan, as the supervisor leaves it for instances that start.
absl::StatusOr<LinkPlan> LinkPlanFromBytes(absl::string_view bytes);

fault::v1::LinkState ToProto(const LinkTable& links);

}  // namespace nonet::replica
