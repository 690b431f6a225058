// An error as Azure Resource Manager says it: an HTTP status and {"error": {code, message, target, details,
// additionalInfo}}. The code is Azure's where Azure has one; our id, the next step and the metadata are in
// additionalInfo. Pure.
#pragma once

#include <string>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "controlplane/codec/json.h"

namespace nonet::controlplane::arm {

// 400 ... 504 for a status that is not OK.
int HttpStatusOf(const absl::Status& status);
// "ResourceNotFound", "Conflict", ...
std::string ArmCodeOf(const absl::Status& status);
// {"code": ..., "message": ..., ...}: what is within "error", also of a failed operation.
Json ErrorBody(const absl::Status& status);
// {"error": ErrorBody(status)}
Json ErrorEnvelope(const absl::Status& status);

}  // namespace nonet::controlplane::arm
